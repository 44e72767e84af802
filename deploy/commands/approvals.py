"""`watchkeeper approvals list | approve | reject | reviews | review`: what waits for people, decided without Slack.

A decision becomes a job for the Watchkeeper that is running, which judges it by the same rules as a click on the card.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.errors import InputError
from agent.models import Approval, Job, JobKind, Remediation, Urgency, new_id
from agent.settings import Settings
from deploy.commands.kept import kept_things, now, print_rows, when
from deploy.commands.options import JsonOption, print_result
from deploy.showing import tell

if TYPE_CHECKING:
    from graphs.remediation_reviews import ToReview
    from tools.persistence import Persistence

app = typer.Typer(help="Changes that wait for somebody's approval.", no_args_is_help=True)

AsOption = Annotated[str, typer.Option("--as", help="Your Slack user id (U…); WATCHKEEPER_CLI_USER if none is given.")]
WaitOption = Annotated[float, typer.Option(min=1, max=600, help="How many seconds to wait for the worker.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID")]
_POLL_SECONDS = 0.3
_MENTION = re.compile(r"<@(\w+)>|<!subteam\^(\w+)>")
Waiting = tuple[Approval, Remediation | None]


@app.command("list")
def list_approvals(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50, json_output: JsonOption = False
) -> None:
    """List what waits for approval, oldest first: what it is, who may approve it, and until when."""
    found = asyncio.run(_pending(limit))
    print_result(json_output, lambda: {"approvals": [approval_json(*each) for each in found]}, lambda: _show(found))


@app.command()
def approve(
    approval_id: IdArgument, user: AsOption = "", wait: WaitOption = 120, json_output: JsonOption = False
) -> None:
    """Approve one, as the person that the policy names; the worker that is running judges it and goes on."""
    from slack_app.blocks.approval import APPROVE

    _decide(approval_id, {"action": APPROVE}, user, wait, json_output)


@app.command()
def reject(
    approval_id: IdArgument,
    reason: Annotated[str, typer.Option(help="Why it should not be done.")],
    user: AsOption = "",
    wait: WaitOption = 120,
    json_output: JsonOption = False,
) -> None:
    """Reject one, with a reason."""
    from slack_app.blocks.approval import REJECT

    _decide(approval_id, {"action": REJECT, "reason": reason}, user, wait, json_output)


@app.command()
def reviews(json_output: JsonOption = False) -> None:
    """List what was done by breaking the glass and nobody has reviewed yet, oldest first."""
    found = asyncio.run(_to_review())
    document = {"reviews": [each.model_dump(mode="json") for each in found]}
    print_result(json_output, lambda: document, lambda: _show_reviews(found))


@app.command()
def review(
    approval_id: IdArgument,
    note: Annotated[str, typer.Option(help="What you found.")],
    user: AsOption = "",
    wait: WaitOption = 120,
    json_output: JsonOption = False,
) -> None:
    """Review one, as somebody else than who broke the glass."""
    from slack_app.blocks.approval import REVIEW

    who = _who(user)
    decision = {"action": REVIEW, "reason": note, "user": who}
    found = asyncio.run(_reviewed(approval_id, decision, wait))
    document = {**found.model_dump(mode="json"), "reviewed_by": who, "note": note}
    print_result(json_output, lambda: document, lambda: tell(f"It is reviewed, by {who}.\n"))


def approval_json(approval: Approval, remediation: Remediation | None) -> dict[str, Any]:
    fields = {"id", "incident_id", "remediation_id", "requested_by", "approvers", "needed", "decision", "expires_at"}
    steps = remediation.steps if remediation else ()
    action = next((step.action for step in steps if step.action.id == approval.action_id), None)
    return approval.model_dump(mode="json", include=fields) | {
        "approved_by": [mark.by for mark in approval.approved_by],
        "action": action.type if action else "",
        "target": action.target.id if action else "",
        "parameters": action.parameters if action else {},
        "effect": action.expected_effect if action else "",
    }


def _decide(approval_id: str, decision: dict[str, Any], user: str, wait: float, as_json: bool) -> None:
    approval, remediation = asyncio.run(_decided(approval_id, {**decision, "user": _who(user)}, wait))
    print_result(as_json, lambda: approval_json(approval, remediation), lambda: tell(f"{_became(approval)}\n"))


def _who(user: str) -> str:
    """Whether Slack knows them, the worker finds out."""
    who = user or Settings.read().cli_user
    if not re.fullmatch(r"[UW][A-Z0-9]{1,40}", who):
        raise InputError("Say who you are: --as with your Slack user id (U…), or set WATCHKEEPER_CLI_USER.")
    return who


async def _decided(approval_id: str, decision: dict[str, Any], seconds: float) -> Waiting:
    """The approval afterwards. InputError with the worker's reason when it did not count."""
    async with kept_things() as kept:
        if await kept.approvals.get(approval_id) is None:
            raise InputError(f"There is no approval {approval_id[:80]!r}; `watchkeeper approvals list` shows them.")
        await _judged(kept, approval_id, decision, seconds)
        approval = await kept.approvals.get(approval_id)
        assert approval is not None
        return approval, await kept.remediations.get(approval.remediation_id)


async def _reviewed(approval_id: str, decision: dict[str, Any], seconds: float) -> ToReview:
    from graphs.remediation_reviews import open_reviews

    async with kept_things() as kept:
        found = next((each for each in await open_reviews(kept.state) if each.approval_id == approval_id), None)
        if found is None:
            raise InputError(
                f"There is nothing to review of {approval_id[:80]!r}; `watchkeeper approvals reviews` lists it."
            )
        await _judged(kept, approval_id, decision, seconds)
        return found


async def _judged(kept: Persistence, approval_id: str, decision: dict[str, Any], seconds: float) -> None:
    """By the worker that is running. InputError with its reason when it did not count."""
    from slack_app.handlers.approvals import CLI

    at, name = now(), new_id("job")
    job = Job(
        id=name,
        kind=JobKind.approval,
        idempotency_key=f"{JobKind.approval}:{CLI}:{name}",
        payload={**decision, "approval": approval_id, "via": CLI, "at": f"{at.timestamp():.6f}"},
        urgency=Urgency.critical,
        created_at=at,
    )
    await asyncio.to_thread(kept.queue.send, job)
    if refusal := await _answer(kept, job, seconds):
        raise InputError(refusal)


async def _to_review() -> list[ToReview]:
    from graphs.remediation_reviews import open_reviews

    async with kept_things() as kept:
        return await open_reviews(kept.state)


async def _answer(kept: Persistence, job: Job, seconds: float) -> str:
    """What the worker says against it; "" when it counted."""
    from slack_app.handlers.approvals import answer_key

    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        if (said := await kept.state.get(answer_key(job.id))) is not None:
            return _MENTION.sub(lambda found: found[1] or found[2], str(said.get("said", "")))
        await asyncio.sleep(_POLL_SECONDS)
    raise InputError("No worker took it in time; is Watchkeeper running? It will be judged when one does.")


async def _pending(limit: int) -> list[Waiting]:
    async with kept_things() as kept:
        found = [each for each in await kept.approvals.pending(limit) if each.expires_at > now()]
        return [(each, await kept.remediations.get(each.remediation_id)) for each in found]


def _show(found: list[Waiting]) -> None:
    if not found:
        tell("Nothing waits for approval.\n")
        return
    rows: list[tuple[str, ...]] = []
    for approval, remediation in found:
        said = approval_json(approval, remediation)
        may = ", ".join(approval.approvers) + (f" ({approval.needed} needed)" if approval.needed > 1 else "")
        rows.append((approval.id, str(said["effect"]), may, when(approval.expires_at), approval.incident_id))
    print_rows(("id", "what", "who may approve it", "expires", "incident"), rows)


def _show_reviews(found: list[ToReview]) -> None:
    if not found:
        tell("Nothing waits for a review.\n")
        return
    rows = [(each.approval_id, when(each.at), each.by, each.what, each.reason, each.incident_id) for each in found]
    print_rows(("id", "when", "who broke the glass", "what", "why", "incident"), rows)


def _became(approval: Approval) -> str:
    if approval.decision == "pending":
        return f"Noted: {len(approval.approved_by)} of {approval.needed} have approved it."
    return f"It is {approval.decision}, by {approval.decided_by}."
