"""The messages of a dead-letter queue moved back to the queues that they came from."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from agent.times import clock_time
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import listed, unreadable
from tools.actions.signals import signal_check
from tools.actions.sqs_queues import DeadLetters, consumers, last_arrival, move_tasks, read_dead_letters
from tools.evidence.failures import EXPECTED

CLOCKS_DIFFER = timedelta(seconds=5)
"""By how much SQS's clock and ours may differ."""
FAILED = "FAILED"
RUNNING = "RUNNING"
TAKEN = ("sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
"""What SQS asks of whoever starts the task, on the dead-letter queue."""
QueueName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,75}(\.fifo)?$")]


class SqsRedrive(Model):
    sources: Annotated[tuple[QueueName, ...], BeforeValidator(listed), Field(min_length=1, max_length=10)]
    """Names of the queues that the messages go back to: all of those whose dead letters it keeps."""
    per_second: int = Field(default=10, ge=1, le=100, description="How many messages a second; SQS itself allows 500")


class SqsRedriveKind(ActionKind[SqsRedrive]):
    """SQS takes no token, but lists the last ten tasks of a queue and when each was started."""

    name = "sqs_redrive"
    parameters = SqsRedrive
    risk = Risk.medium
    reversible = False
    service = "sqs"
    resource_type = "queue"

    def title(self, order: Order[SqsRedrive]) -> str:
        return f"Move the messages of {order.target.id} back to {', '.join(order.parameters.sources)}"

    def permissions(self, order: Order[SqsRedrive]) -> tuple[Permission, ...]:
        """One call, for which SQS asks several rights: none of them lets the client make another call."""
        arn = _arn(order, order.target.id)
        sources = tuple(_arn(order, name) for name in order.parameters.sources)
        exactly = (("SourceArn", arn), ("MaxNumberOfMessagesPerSecond", str(order.parameters.per_second)))
        rights = [*((iam, (arn,)) for iam in TAKEN), ("sqs:SendMessage", sources)]
        return tuple(Permission("sqs", "start_message_move_task", iam, arns, exactly=exactly) for iam, arns in rights)

    def preview(self, order: Order[SqsRedrive], aws: AwsSession, now: datetime) -> Preview:
        try:
            letters = read_dead_letters(aws, order.target.id)
            running = (
                any(each["Status"] == RUNNING for each in move_tasks(aws, letters.arn)) if letters.sources else False
            )
            warnings = _warnings(order, aws, letters, now)
        except EXPECTED as error:
            return unreadable(now, error)
        minutes = math.ceil(letters.messages / order.parameters.per_second / 60)
        return Preview(
            at=now,
            before={"messages_at_most": 2 ** letters.messages.bit_length(), "sources": list(letters.sources)},
            after={"sources": list(order.parameters.sources)},
            differences=(
                Difference(
                    field=f"messages in {order.target.id}",
                    before=f"about {letters.messages}",
                    after=f"0, in about {minutes} min at {order.parameters.per_second} a second",
                ),
            ),
            blast_radius=f"Whoever consumes {', '.join(letters.sources)} gets about {letters.messages} messages again",
            affected=letters.messages,
            tags=letters.tags,
            warnings=warnings,
            problems=_problems(order, letters, running),
        )

    def execute(
        self, order: Order[SqsRedrive], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        reply = session.client("sqs").start_message_move_task(
            SourceArn=_arn(order, order.target.id), MaxNumberOfMessagesPerSecond=order.parameters.per_second
        )
        return _result(order, preview, str(reply.get("TaskHandle", "")), now)

    def find_effect(
        self, order: Order[SqsRedrive], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        """A task that is over has no handle any more."""
        earliest = (since - CLOCKS_DIFFER).timestamp() * 1000
        for task in move_tasks(aws, _arn(order, order.target.id)):
            if task.get("StartedTimestamp", 0) >= earliest:
                result = _result(order, preview, str(task.get("TaskHandle", "")), since)
                if task["Status"] != FAILED:
                    return result
                return result.model_copy(update={"succeeded": False, "over": True, "message": _why_failed(task)})
        return None

    def outcome(self, order: Order[SqsRedrive], result: ActionResult, aws: AwsSession) -> ActionResult:
        """That of the newest task since: a queue moves its messages one task at a time."""
        earliest = (result.at - CLOCKS_DIFFER).timestamp() * 1000
        tasks = [each for each in move_tasks(aws, _arn(order, order.target.id)) if each["Status"] != RUNNING]
        own = next((each for each in tasks if each.get("StartedTimestamp", 0) >= earliest), None)
        if own is None or result.over:
            return result
        moved = own.get("ApproximateNumberOfMessagesMoved", 0)
        if own["Status"] == FAILED:
            return result.model_copy(update={"succeeded": False, "over": True, "message": _why_failed(own)})
        message = f"SQS has moved about {moved} messages of {order.target.id} back."
        return result.model_copy(update={"over": True, "message": message})

    def undo(self, order: Order[SqsRedrive], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[SqsRedrive], alert: Alert | None) -> Check:
        return signal_check(alert, f"{order.target.id} is empty, and stays so", "queue", order.target.id)


def _why_failed(task: dict[str, Any]) -> str:
    return f"SQS could not move them ({task.get('FailureReason', 'it does not say why')})."


def _arn(order: Order[SqsRedrive], name: str) -> str:
    return order.arn("sqs", name)


def _problems(order: Order[SqsRedrive], letters: DeadLetters, running: bool) -> tuple[str, ...]:
    problems: list[str] = []
    if not letters.sources:
        problems.append(f"{order.target.id} is no queue's dead-letter queue.")
    elif set(order.parameters.sources) != set(letters.sources):
        problems.append(f"Its messages would go back to {', '.join(letters.sources)}: name exactly these.")
    if not letters.messages:
        problems.append("It is empty.")
    if running:
        problems.append("Its messages are being moved right now.")
    return tuple(problems)


def _warnings(order: Order[SqsRedrive], aws: AwsSession, letters: DeadLetters, now: datetime) -> tuple[str, ...]:
    warnings: list[str] = []
    since = last_arrival(aws, order.target.id, now)
    after = f"since the last message failed ({clock_time(since, now)})" if since else "for a day"
    changed = {name: at for source in letters.sources for name, at in consumers(aws, _arn(order, source)).items()}
    same = [name for name, at in changed.items() if at is None or at < (since or now - timedelta(days=1))]
    if same:
        warnings.append(f"{', '.join(same)} has not changed {after}: what failed for its own sake fails again.")
    if not changed:
        warnings.append("Who consumes the messages is not known: what failed for its own sake fails again.")
    if order.target.id.endswith(".fifo"):
        warnings.append("Messages come after newer ones of their group.")
    if letters.encrypted:
        warnings.append("The queue has a key of yours: the executor's role needs kms:Decrypt on it.")
    return tuple(warnings)


def _result(order: Order[SqsRedrive], preview: Preview, handle: str, at: datetime) -> ActionResult:
    return ActionResult(
        succeeded=True,
        over=False,
        before=preview.before,
        after=preview.after,
        reference=handle[:100],
        message=f"SQS moves the messages of {order.target.id} back to {', '.join(order.parameters.sources)}.",
        at=at,
    )
