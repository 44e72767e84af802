"""Moving messages out of dead-letter queues, which moto lacks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from deploy.local.account.amending import with_resource
from deploy.local.account.cloudwatch.store import MetricKey, MetricStore
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.serverless import MoveTask, SqsQueue
from deploy.local.account.services.forward import backend_of, from_moto
from deploy.local.account.state import Account, Loaded

_FASTEST = 500
_MOST_SHOWN = 10


def start_message_move_task(account: Account, request: Request) -> dict[str, Any]:
    """Back to where the messages came from, or to a queue of one's choice. One task a queue at a time."""
    params = request.params
    loaded, queue = _source(account, request, params["SourceArn"])
    speed = params.get("MaxNumberOfMessagesPerSecond")
    if speed is not None and not 1 <= speed <= _FASTEST:
        raise AwsError("InvalidParameterValue", f"MaxNumberOfMessagesPerSecond must be from 1 to {_FASTEST}.")
    senders = list(_senders(account, request.region, queue.name))
    if not senders:
        raise AwsError("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    if any(_status(account, loaded, task) == "RUNNING" for task in queue.move_tasks):
        message = (
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        )
        raise AwsError("UnsupportedOperation", message)
    destination = _name(params["DestinationArn"]) if params.get("DestinationArn") else None
    if destination is not None and destination not in backend_of(account, "sqs", request.region).queues:
        raise _missing("DestinationArn")
    task = MoveTask(
        handle=str(uuid.uuid4()),
        at=account.now() - loaded.now,
        destination=destination,
        per_second=speed,
        messages=_depth(account, request.region, queue.name),
    )
    _move(account, request.region, queue.name, destination or senders[0])
    _amend(account, loaded, queue.name, move_tasks=(*queue.move_tasks, task), messages=())
    return {"TaskHandle": task.handle}


def list_message_move_tasks(account: Account, request: Request) -> dict[str, Any]:
    loaded, queue = _source(account, request, request.params["SourceArn"])
    size = request.params.get("MaxResults") or 1
    if not 1 <= size <= _MOST_SHOWN:
        raise AwsError("InvalidParameterValue", f"MaxResults must be from 1 to {_MOST_SHOWN}.")
    newest = sorted(queue.move_tasks, key=lambda task: task.at, reverse=True)
    return {"Results": [_described(account, loaded, request.params["SourceArn"], task) for task in newest[:size]]}


def cancel_message_move_task(account: Account, request: Request) -> dict[str, Any]:
    """What has been moved by then stays moved."""
    handle = request.params["TaskHandle"]
    for loaded in account.loaded(request.region):
        for queue in loaded.scenario.resources.sqs_queues:
            for task in queue.move_tasks:
                if task.handle == handle and _status(account, loaded, task) == "RUNNING":
                    tasks = [one.model_copy(update={"cancelled": one.handle == handle}) for one in queue.move_tasks]
                    moved = _moved(account, loaded, task)
                    _amend(account, loaded, queue.name, move_tasks=tuple(tasks))
                    return {"ApproximateNumberOfMessagesMoved": moved}
    raise AwsError("ResourceNotFoundException", "Task does not exist, or it is not running.", 404)


def set_queue_attributes(account: Account, request: Request) -> dict[str, Any]:
    """moto's, and a new redrive policy is the scenario's too."""
    reply = from_moto(account, request)
    name, attributes = request.params["QueueUrl"].rpartition("/")[2], request.params.get("Attributes", {})
    for loaded in account.loaded(request.region):
        for queue in loaded.scenario.resources.sqs_queues:
            if queue.name == name:
                _amend(account, loaded, name, attributes={**queue.attributes, **attributes})
    return reply


def _source(account: Account, request: Request, arn: str) -> tuple[Loaded, SqsQueue]:
    for loaded in account.loaded(request.region):
        for queue in loaded.scenario.resources.sqs_queues:
            if queue.name == _name(arn) and arn.startswith("arn:aws:sqs:"):
                return loaded, queue
    raise _missing("SourceArn")


def _missing(parameter: str) -> AwsError:
    message = f"The resource that you specified for the {parameter} parameter doesn't exist."
    return AwsError("ResourceNotFoundException", message, 404)


def _senders(account: Account, region: str, name: str) -> Iterator[str]:
    """The queues whose dead letters go to this one."""
    for each in backend_of(account, "sqs", region).queues.values():
        policy = each.redrive_policy or {}
        policy = json.loads(policy) if isinstance(policy, str) else policy
        if _name(str(policy.get("deadLetterTargetArn", ""))) == name:
            yield each.name


def _depth(account: Account, region: str, name: str) -> int:
    """As the queue's metric shows it, or else as many messages as are in it."""
    key = MetricKey.of("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": name})
    series = MetricStore(account, region).series(key)
    if series is not None:
        return round(series.value_at(account.now()))
    return len(backend_of(account, "sqs", region).queues[name]._messages)


def _move(account: Account, region: str, source: str, destination: str) -> None:
    queues = backend_of(account, "sqs", region).queues
    moving, queues[source]._messages = queues[source]._messages, []
    for message in moving:  # each is a new message in its queue
        message.approximate_receive_count = 0
        message.sent_timestamp = int(account.now().timestamp() * 1000)
        queues[destination]._messages.append(message)


def _seconds(account: Account, task: MoveTask) -> float:
    return account.seconds(max(1.0, task.messages / (task.per_second or 50))).total_seconds()


def _status(account: Account, loaded: Loaded, task: MoveTask) -> str:
    if task.cancelled:
        return "CANCELLED"
    return "RUNNING" if _age(account.now(), loaded, task) < _seconds(account, task) else "COMPLETED"


def _age(now: datetime, loaded: Loaded, task: MoveTask) -> float:
    return (now - loaded.at(task.at)).total_seconds()


def _moved(account: Account, loaded: Loaded, task: MoveTask) -> int:
    lasts = _seconds(account, task)
    part = 1.0 if not lasts else min(1.0, _age(account.now(), loaded, task) / lasts)
    return round(task.messages * part)


def _described(account: Account, loaded: Loaded, arn: str, task: MoveTask) -> dict[str, Any]:
    status = _status(account, loaded, task)
    described: dict[str, Any] = {
        "Status": status,
        "SourceArn": arn,
        "ApproximateNumberOfMessagesMoved": _moved(account, loaded, task),
        "ApproximateNumberOfMessagesToMove": task.messages,
        "StartedTimestamp": int(loaded.at(task.at).timestamp() * 1000),
    }
    if status == "RUNNING":
        described["TaskHandle"] = task.handle
    if task.destination:
        described["DestinationArn"] = arn.rpartition(":")[0] + f":{task.destination}"
    if task.per_second:
        described["MaxNumberOfMessagesPerSecond"] = task.per_second
    return described


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]


def _amend(account: Account, loaded: Loaded, name: str, **changes: Any) -> None:
    account.amend(loaded.scenario.name, partial(with_resource, kind="sqs_queues", name=name, **changes))


OPERATIONS: dict[str, Operation] = {
    "CancelMessageMoveTask": cancel_message_move_task,
    "ListMessageMoveTasks": list_message_move_tasks,
    "SetQueueAttributes": set_queue_attributes,
    "StartMessageMoveTask": start_message_move_task,
}
