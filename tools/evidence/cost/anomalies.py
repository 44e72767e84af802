"""What AWS Cost Anomaly Detection found."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from langchain_core.tools import BaseTool

from agent.figures import count, usd
from agent.models import Finding
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cost.bill import DAY, is_service

HISTORY_DAYS = 30
MAX_PAGES = 3
MAX_CAUSES = 3
DISMISSED = {"NO": "somebody marked it as no anomaly", "PLANNED_ACTIVITY": "somebody marked it as planned"}


@evidence_tool("Which cost anomalies did AWS find?", days=30)
def cost_anomalies(look: Look, service: str = "") -> Found:
    """Anomalies of AWS Cost Anomaly Detection with their root causes, impact, and what people said of them.

    Args:
        service: such as lambda or `Amazon DynamoDB`; empty for all
    """
    listed, whole = _anomalies(look)
    start, end = look.window.start.date().isoformat(), look.window.end.date().isoformat()
    inside = [a for a in listed if _day(a, "End", end) >= start and _day(a, "Start", start) <= end]
    chosen = [a for a in inside if not service or any(is_service(name, service) for name in _services(a))]
    caveat = "" if whole else f" Only the first {len(listed)} anomalies were read."
    if not chosen:
        about = f" of {service}" if service else ""
        return Found(f"AWS found no cost anomaly{about} in the range.{caveat}", no_data=True)
    findings = sorted((_finding(a, look.now.date()) for a in chosen), key=lambda f: -f.strength)
    more = f" And {count(len(chosen) - 1, 'other')}." if len(chosen) > 1 else ""
    return Found(findings[0].statement + more + caveat, findings, console.cost_anomalies(look.aws))


def _anomalies(look: Look) -> tuple[list[dict[str, Any]], bool]:
    """All of the last month (and of the window, if it is older): the same request whatever service is asked for."""
    first = min(look.now.date() - HISTORY_DAYS * DAY, look.window.start.date())
    span = {"StartDate": first.isoformat(), "EndDate": look.now.date().isoformat()}
    found: list[dict[str, Any]] = []
    token, pages = "", 0
    while pages < MAX_PAGES and (token or not pages):
        more = {"NextPageToken": token} if token else {}
        reply = look.call("ce", "get_anomalies", DateInterval=span, MaxResults=100, **more)
        found += reply["Anomalies"]
        token, pages = reply.get("NextPageToken", ""), pages + 1
    return found, not token


def _day(anomaly: dict[str, Any], side: str, absent: str) -> str:
    return (anomaly.get(f"Anomaly{side}Date") or absent)[:10]


def _services(anomaly: dict[str, Any]) -> list[str]:
    causes = [cause.get("Service", "") for cause in anomaly.get("RootCauses", [])]
    return [name for name in (anomaly.get("DimensionValue", ""), *causes) if name]


def _finding(anomaly: dict[str, Any], today: date) -> Finding:
    impact, score = anomaly["Impact"], float(anomaly["AnomalyScore"].get("MaxScore", 0))
    service = next(iter(_services(anomaly)), "")
    causes = sorted(anomaly.get("RootCauses", []), key=lambda c: -c.get("Impact", {}).get("Contribution", 0))
    main: dict[str, Any] = causes[0] if causes else {}
    start, end = anomaly.get("AnomalyStartDate", ""), anomaly.get("AnomalyEndDate", "")
    actual, expected = impact.get("TotalActualSpend", 0), impact.get("TotalExpectedSpend", 0)
    total = impact.get("TotalImpact", 0)
    lasts = not end or date.fromisoformat(end[:10]) >= today - DAY
    when = f"since {start[:10]}" if lasts else f"from {start[:10]} to {end[:10]}"
    spent = f" ({usd(actual)} instead of {usd(expected)}, up to {usd(impact['MaxImpact'])} a day)" if actual else ""
    said = DISMISSED.get(anomaly.get("Feedback", ""), "")
    because = f", root cause {', then '.join(_cause(cause) for cause in causes[:MAX_CAUSES])}" if causes else ""
    dismissed = f"; {said}" if said else ""
    return Finding(
        kind="cost_rise",
        statement=f"AWS found an anomaly in {service} {when}: {usd(total)} extra{spent}{because}{dismissed}.",
        strength=round(0.25 if said else min(0.4 + 0.5 * score, 0.9), 3),
        at=datetime.fromisoformat(start[:10]).replace(tzinfo=UTC) if start else None,
        attributes={
            "service": service,
            "usage_type": main.get("UsageType", ""),
            "region": main.get("Region", ""),
            "account": main.get("LinkedAccount", ""),
            "usd": f"{total:.2f}",
            "previous": f"{expected:.2f}",
            "current": f"{actual:.2f}",
            "feedback": anomaly.get("Feedback", ""),
        },
    )


def _cause(cause: dict[str, Any]) -> str:
    """`NatGateway-Bytes in us-east-1 of prod ($240)`."""
    what = cause.get("UsageType") or cause.get("Service") or "unknown"
    where = f" in {cause['Region']}" if cause.get("Region") else ""
    whose = cause.get("LinkedAccountName") or cause.get("LinkedAccount", "")
    share = cause.get("Impact", {}).get("Contribution")
    return f"{what}{where}{f' of {whose}' if whose else ''}{f' ({usd(share)})' if share else ''}"


TOOLS: tuple[BaseTool, ...] = (cost_anomalies,)
