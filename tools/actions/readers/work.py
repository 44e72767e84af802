"""Work that waits or runs: a queue's messages, an execution of a state machine, what a command came to."""

from __future__ import annotations

from agent.verifying import Reading
from tools.actions.readers.watched import Watched

COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
GOING_ON = ("RUNNING", "PENDING_REDRIVE")


def queue(watched: Watched) -> Reading:
    """Good while it is empty."""
    client, name = watched.aws.client("sqs"), watched.check.name
    url = client.get_queue_url(QueueName=name)["QueueUrl"]
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=COUNTS)["Attributes"]
    waiting = sum(int(attributes.get(each, 0)) for each in COUNTS)
    seen = f"{name} holds about {waiting} messages." if waiting else f"{name} is empty."
    return Reading(waiting == 0, seen, float(waiting), watched.before)


def execution(watched: Watched) -> Reading:
    """The one that the action began or took up again; before that there is none."""
    if watched.result is None or not watched.result.reference:
        return Reading(None, "No execution was begun.")
    found = watched.aws.client("stepfunctions").describe_execution(executionArn=watched.result.reference)
    status = str(found["status"])
    name = watched.result.reference.rpartition(":")[2]
    return Reading(status == "SUCCEEDED", f"The execution {name} is {status}.", going_on=status in GOING_ON)


def command(watched: Watched) -> Reading:
    """What the action itself came to, as its result has it."""
    result = watched.result
    if result is None:
        return Reading(None, "Nothing was run.")
    return Reading(result.succeeded and result.over, result.message, going_on=not result.over)
