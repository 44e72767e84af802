"""CloudWatch's alarms, as AWS Chatbot (Amazon Q Developer) posts them or a function of one's own through a webhook."""

from __future__ import annotations

import re

from agent.models import Alert, digest
from agent.sources.aws import arns
from agent.sources.fields import known
from agent.sources.slack.post import Post

_HEADING = re.compile(r"CloudWatch Alarm \| ([^|\n]{1,255}?) \| ([\w-]{5,30}) \| Account: (\d{12})")


_DIMENSIONS = re.compile(r"period\(s\)[^\n(]*\(([^()\n]+)\)")


def is_from(post: Post, alert: Alert) -> bool:
    return "alarm_name" in alert.labels


def is_of_amazon_q(post: Post, alert: Alert) -> bool:
    return "amazon q" in post.signed or "aws chatbot" in post.signed


def as_posted(post: Post, alert: Alert) -> Alert:
    """Another notice of AWS's: health, security, costs."""
    return alert


def refine(post: Post, alert: Alert) -> Alert:
    """The same fingerprint as the alarm's own notification has, where the post says which alarm it is."""
    heading = _HEADING.search(post.text)
    name, region, account = heading.groups() if heading else ("", "", "")
    name, region = name or alert.labels["alarm_name"], region or alert.resource.region
    account = account or alert.resource.account
    whole = bool(region and account)
    arn = f"arn:{arns.partition_of(region)}:cloudwatch:{region}:{account}:alarm:{name}" if whole else ""
    return known(
        alert,
        external_id=arn or alert.external_id,
        resource={"region": region, "account": account, "id": alert.resource.id or _dimension(post.text)},
        system=alert.system or account,
        fingerprint=digest("cloudwatch", arn or f"{region} {account} {name}"),
    )


def _dimension(text: str) -> str:
    """What a metric of one's own is about: `render` of `for 3 period(s) of 60 seconds (Service=render)`."""
    found = _DIMENSIONS.search(text)
    return found[1].split(",")[0].partition("=")[2].strip() if found else ""
