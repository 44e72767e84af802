"""A message of AWS's that no other file here reads: prose through SNS, any other tool's JSON."""

from __future__ import annotations

from agent.models import Alert, Severity
from agent.sources import generic
from agent.sources.aws import arns
from agent.sources.aws.notice import Notice
from agent.sources.aws.severities import outcome
from agent.sources.clean import leaves
from agent.sources.facts import fingerprint
from agent.sources.fields import at, known
from agent.sources.prose import from_text, in_one_line

CONFIRMATIONS = ("SubscriptionConfirmation", "UnsubscribeConfirmation")


def parse(notice: Notice) -> list[Alert]:
    """Every fact that the words state. What says nothing of its account and region is of its topic's."""
    if at(notice.around, "Type") in CONFIRMATIONS:
        return [_confirmation(notice)]
    around = "\n".join(f"{name}: {value}" for name, value in leaves(notice.around))
    if notice.object:
        read = generic.read(notice.body, notice.at, "sns")
        title = notice.subject or read.title
    else:
        text = "\n".join(value for _, value in leaves(notice.body))
        title = notice.subject or next((line for line in text.splitlines() if line.strip()), "")
        read = from_text("sns", title or "A message of AWS without text", text, notice.at)
    topic = arns.resource(notice.topic)
    place = {"region": read.resource.region or topic.region, "account": read.resource.account or topic.account}
    title = in_one_line(title) or read.title
    told = known(
        read,
        title=title,
        description=f"{read.description}\n{around}".strip(),
        delivery_id=notice.delivery_id,
        resource=place,
        system=read.system or place["account"],
        labels=dict(notice.attributes),
        fingerprint=fingerprint("sns", title, read.resource.id, read.task_id),
    )
    return [told]


def _confirmation(notice: Notice) -> Alert:
    topic = arns.resource(notice.topic)
    return notice.alert(
        "sns",
        f"SNS topic {topic.id or notice.topic} asks for a confirmation",
        (notice.topic, "confirmation"),
        (notice.text,),
        severity=Severity.info,
        status=outcome("ok").status,
        resource=topic,
    )
