"""CodeDeploy: what was deployed, what failed or was stopped and why, what was rolled back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agent.changes import Change
from agent.figures import duration
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, recent_strength, state_finding
from tools.evidence.names import matches

MAX_DEPLOYMENTS = 500
BATCH = 25
"""BatchGetDeployments takes no more."""


def describe(look: Look, item: Item) -> Described:
    """A CodeDeploy application: its groups and what was deployed to them lately."""
    groups = look.pages("codedeploy", "list_deployment_groups", "deploymentGroups", applicationName=item.name)
    found, cut = deployments(look, item.name, look.window.start, look.window.end)
    infos = [info for info in found if info.get("applicationName") == item.name]
    facts = {"groups": groups, "deployments_in_range": len(infos)}
    findings = [state_finding(item, facts), *(finding_of(look, info) for info in infos[:4])]
    return Described(findings, console.codedeploy_application(look.aws, item.name), cut)


def deployments(look: Look, name: str, start: datetime, end: datetime) -> tuple[list[dict[str, Any]], str]:
    """CodeDeploy's deployments in the range, the newest first, of groups and applications that the name fits."""
    ids = look.pages(
        "codedeploy",
        "list_deployments",
        "deployments",
        limit=MAX_DEPLOYMENTS,
        createTimeRange={"start": start, "end": end},
    )
    infos: list[dict[str, Any]] = []
    for batch in (ids[i : i + BATCH] for i in range(0, len(ids), BATCH)):
        infos += look.call("codedeploy", "batch_get_deployments", deploymentIds=batch)["deploymentsInfo"]
    chosen = [info for info in infos if not name or any(matches(n, name) for n in _names(info))]
    cut = f" Only {MAX_DEPLOYMENTS} CodeDeploy deployments were read." if len(ids) >= MAX_DEPLOYMENTS else ""
    return sorted(chosen, key=lambda info: info["createTime"], reverse=True), cut


def _names(info: dict[str, Any]) -> tuple[str, str]:
    return info.get("applicationName", ""), info.get("deploymentGroupName", "")


def change_of(info: dict[str, Any]) -> Change:
    error = info.get("errorInformation", {})
    detail = "; ".join(part for part in (info["status"], error.get("code", ""), info.get("description", "")) if part)
    return Change(
        at=info["createTime"],
        event="CreateDeployment",
        service="codedeploy",
        principal=info.get("creator", ""),
        resources=tuple(dict.fromkeys(name for name in _names(info) if name)),
        detail=detail,
        deployment=True,
        version=_revision(info, "revision") or info["deploymentId"],
        previous=_revision(info, "previousRevision"),
    )


def _revision(info: dict[str, Any], which: str) -> str:
    """The commit, or the key of the bundle."""
    revision = info.get(which, {})
    commit = revision.get("gitHubLocation", {}).get("commitId", "")
    return str(commit[:12] or revision.get("s3Location", {}).get("key", ""))


def finding_of(look: Look, info: dict[str, Any]) -> Finding:
    application, group = _names(info)
    error, rollback = info.get("errorInformation", {}), info.get("rollbackInfo", {})
    status, began = info["status"], info["createTime"]
    bad = status in ("Failed", "Stopped")
    version = _revision(info, "revision") or info["deploymentId"]
    said = f" with {error['code']}: {' '.join(error.get('message', '').split())[:200]}" if error else ""
    took = f" after {duration((info['completeTime'] - began).total_seconds())}" if info.get("completeTime") else ""
    undone = rollback.get("rollbackDeploymentId", "")
    undoes = rollback.get("rollbackTriggeringDeploymentId", "")
    tail = f"; rolled back by {undone}" if undone else f"; it rolls back {undoes}" if undoes else ""
    details = {
        "service": "codedeploy",
        "application": application,
        "group": group,
        "error": error.get("code", ""),
        "message": error.get("message", "")[:160],
        "rolled_back": "yes" if undone else "no" if bad else "",
        "version": version,
        "previous": _revision(info, "previousRevision"),
        "status": status,
        "deployment": info["deploymentId"],
    }
    return Finding(
        kind="deployment_failed" if bad else "deployment",
        statement=(
            f"CodeDeploy of {version} to {application}/{group} at {clock_time(began, look.now)}: "
            f"{status}{took}{said}{tail}."
        ),
        strength=0.85 if bad else recent_strength(began, look.now),
        at=began,
        resource=group or application,
        attributes={key: text for key, text in details.items() if text},
    )
