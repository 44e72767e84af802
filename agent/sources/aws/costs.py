"""What AWS says of money: Budgets in plain text, and Cost Anomaly Detection in JSON that is not always valid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agent.models import Alert, Resource, Severity
from agent.sources.aws import arns
from agent.sources.aws.events import is_from, system
from agent.sources.aws.notice import Notice
from agent.sources.facts import account_in, links_in
from agent.sources.fields import at, mapping_at, parts_at, text_at
from agent.sources.moments import moment
from agent.vocabulary import service_in

_LINE = re.compile(r"^[ \t]*([A-Z][\w ]{2,30}):[ \t]*(\S[^\n]*?)[ \t\r]*$", re.M)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
FULL, WARN = 100.0, 80.0
"""Percent of the budget: from the first on it is an error, from the second on a warning."""
DOUBLED = 100.0
"""Percent by which an anomaly exceeds the expected spend, to be more than a warning."""


def is_budget(notice: Notice) -> bool:
    return bool(notice.text) and ("Budget Name:" in notice.text or notice.text.lstrip().startswith("AWS Budget"))


def parse_budget(notice: Notice) -> list[Alert]:
    """A forecast that exceeds its budget is a warning only: the money is not spent."""
    lines = {name.lower(): value for name, value in _LINE.findall(notice.text)}
    name, kind = lines.get("budget name", ""), lines.get("alert type", "").upper()
    limit, amount = lines.get("alert threshold", ""), lines.get(f"{kind.lower()} amount", "")
    account = account_in(notice.text) or arns.resource(notice.topic).account
    percent = _percent(amount, lines.get("budgeted amount", ""))
    arn = f"arn:aws:budgets::{account}:budget/{name}" if account and name and " " not in name else ""
    return [
        notice.alert(
            "budgets",
            notice.subject or f"AWS Budgets: {name or 'a budget'} has exceeded its threshold",
            (account, name or notice.subject, kind, limit),
            (notice.text,),
            external_id=arn or name,
            severity=_severity(percent, kind),
            resource=Resource(service="budgets", type="budget", id=name, account=account, arn=arn),
            system=system(account),
            metric=" ".join(part for part in (kind, lines.get("budget type", "")) if part),
            threshold=limit,
            value=amount,
            labels={
                "budget": name,
                "alert_type": kind,
                "budget_amount": lines.get("budgeted amount", ""),
                "percent_used": f"{percent:.0f}" if percent is not None else "",
            },
            links=links_in(notice.text),
        )
    ]


def _severity(percent: float | None, kind: str) -> Severity:
    if percent is None or WARN <= percent < FULL:
        return Severity.warning
    if percent < WARN:
        return Severity.info
    return Severity.warning if kind == "FORECASTED" else Severity.error


def _percent(amount: str, budgeted: str) -> float | None:
    """How much of the budget an amount is; None when one of them is no number, or the budget is 0."""
    spent, whole = (_NUMBER.search(written[:60]) for written in (amount, budgeted))
    if not spent or not whole or not float(whole[0].replace(",", "")):
        return None
    return 100 * float(spent[0].replace(",", "")) / float(whole[0].replace(",", ""))


def is_anomaly(notice: Notice) -> bool:
    anomaly = _anomaly(notice)
    return "anomalyId" in anomaly or "anomalyDetailsLink" in anomaly


def parse_anomaly(notice: Notice) -> list[Alert]:
    """An anomaly has a new id each time; its monitor and what it is about are the same."""
    anomaly = _anomaly(notice)
    causes = parts_at(anomaly, "rootCauses") or [{}]
    service = text_at(causes[0], "service") or text_at(anomaly, "dimensionalValue")
    linked, region = text_at(causes[0], "linkedAccount"), text_at(causes[0], "region")
    owner = text_at(anomaly, "accountId") or text_at(notice.event, "account")
    account = linked if re.fullmatch(r"\d{12}", linked) else owner
    impact = mapping_at(anomaly, "impact")
    percent, more = text_at(impact, "totalImpactPercentage"), text_at(impact, "totalImpact", "maxImpact")
    own_id = text_at(anomaly, "anomalyId")
    return [
        notice.alert(
            "cost_anomaly",
            f"Cost anomaly: {service or 'spend'} {_above(more, percent)}",
            (owner, text_at(anomaly, "monitorArn"), text_at(anomaly, "dimensionalValue"), service, linked, region),
            [_cause(cause) for cause in causes if cause],
            external_id=own_id,
            severity=Severity.error if _float(percent) >= DOUBLED else Severity.warning,
            resource=Resource(service=service_in(service) or service, region=region, account=account),
            system=system(account),
            metric="cost",
            threshold=text_at(impact, "totalExpectedSpend"),
            value=text_at(impact, "totalActualSpend"),
            started_at=moment(text_at(anomaly, "anomalyStartDate")),
            labels={
                "anomaly": own_id,
                "cost_service": service,
                "linked_account": linked,
                "account_name": text_at(causes[0], "linkedAccountName"),
                "usage_type": text_at(causes[0], "usageType"),
                "impact": more,
                "percent": percent,
                "until": text_at(anomaly, "anomalyEndDate"),
            },
            links=(text_at(anomaly, "anomalyDetailsLink"),),
        )
    ]


def _above(more: str, percent: str) -> str:
    return f"is {more or 'some'} USD{f' ({percent}%)' if percent else ''} above what was expected"


def _anomaly(notice: Notice) -> Mapping[str, Any]:
    return mapping_at(notice.event, "detail") if is_from(notice, "aws.ce") else notice.object


def _cause(cause: Mapping[str, Any]) -> str:
    """One of the causes, as a line: service, region, account, usage type, and what it contributed."""
    named = [
        text_at(cause, field) for field in ("service", "region", "linkedAccountName", "linkedAccount", "usageType")
    ]
    share = text_at(at(cause, "impact"), "contribution")
    return f"Cause: {', '.join(part for part in named if part)}{f' contributed {share} USD' if share else ''}"


def _float(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return 0.0
