"""A scenario: one incident with the account around it, as read from `deploy/local/scenarios/<name>.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError, model_validator

from agent.errors import InputError
from deploy.local.account.schema.changes import TrailEvent
from deploy.local.account.schema.costs import AnomalyMonitor, Budget, Cost, CostAnomaly
from deploy.local.account.schema.health import GuardDutyFinding, HealthEvent, SecurityFinding
from deploy.local.account.schema.logs import LogGroup
from deploy.local.account.schema.metrics import Alarm, AnomalyDetector, CompositeAlarm, Metric
from deploy.local.account.schema.mwaa import MwaaEnvironment
from deploy.local.account.schema.quotas import Quota
from deploy.local.account.schema.reactions import Reactions
from deploy.local.account.schema.resources import Resources
from deploy.local.account.schema.sql import Database
from deploy.local.account.schema.ssm import Ssm
from deploy.local.account.schema.story import AlertPost, AnswerKey, Denial, Missing
from deploy.local.account.schema.xray import TraceFlow
from deploy.local.account.text import fill_in_ids, render_times
from prompts.loader import YAML

SCENARIOS = Path(__file__).parent.parent / "scenarios"
DRILLS = SCENARIOS / "drills"
"""Small scenarios, each made for one kind of remediation."""
MOST_PROBLEMS = 5
"""Of a file, told at once."""


class Scenario(Reactions):
    """One incident. Every time in it is relative to the moment the scenario is loaded."""

    name: str
    title: str
    description: str
    """One line, for a menu."""
    region: str = "us-east-1"
    account_id: str = "123456789012"
    resources: Resources = Resources()
    metrics: tuple[Metric, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    composite_alarms: tuple[CompositeAlarm, ...] = ()
    anomaly_detectors: tuple[AnomalyDetector, ...] = ()
    logs: tuple[LogGroup, ...] = ()
    traces: tuple[TraceFlow, ...] = ()
    cloudtrail: tuple[TrailEvent, ...] = ()
    costs: tuple[Cost, ...] = ()
    budgets: tuple[Budget, ...] = ()
    cost_anomalies: tuple[CostAnomaly, ...] = ()
    anomaly_monitors: tuple[AnomalyMonitor, ...] = ()
    health_events: tuple[HealthEvent, ...] = ()
    security_findings: tuple[SecurityFinding, ...] = ()
    guardduty_findings: tuple[GuardDutyFinding, ...] = ()
    quotas: tuple[Quota, ...] = ()
    mwaa: tuple[MwaaEnvironment, ...] = ()
    sql: tuple[Database, ...] = ()
    ssm: Ssm = Ssm()
    denied: tuple[Denial, ...] = ()
    missing: tuple[Missing, ...] = ()
    alert: AlertPost
    question: str
    """As an engineer would ask it, without the scenario's own words."""
    answer_key: AnswerKey

    @model_validator(mode="before")
    @classmethod
    def _fill_in_ids(cls, content: Any) -> Any:
        return fill_in_ids(content)


def scenario_names(folder: Path = SCENARIOS) -> list[str]:
    """Names of the scenarios that come with Watchkeeper, in alphabetical order."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def drill_names() -> list[str]:
    """Names of the drills, in alphabetical order."""
    return scenario_names(DRILLS)


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Read a scenario or a drill by its name, or from a file. Raises InputError with one sentence on what to mend."""
    path = _find(name_or_path)
    try:
        content = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader's subclass
    except OSError as error:
        raise InputError(f"Cannot read the scenario file {path}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"The scenario file {path.name} is not valid YAML: {_in_one_line(error)}.") from error
    if not isinstance(content, Mapping):
        raise InputError(f"The scenario file {path.name} must hold a mapping of keys such as name, title and alert.")
    try:
        scenario = Scenario.model_validate(content)
    except ValidationError as error:
        raise InputError(f"The scenario file {path.name} is wrong at {_problems(error)}.") from error
    if scenario.name != path.stem:
        raise InputError(f"The scenario file {path.name} is wrong at name: it must be {path.stem!r}, as the file's.")
    return scenario


def render_alert(scenario: Scenario, now: datetime | None = None) -> dict[str, Any]:
    """The alert as an incoming-webhook payload: text, blocks, attachments, with real times in place of `{time:...}`."""
    post = scenario.alert
    names = {"account_id": scenario.account_id, "region": scenario.region}
    payload: dict[str, Any] = {"text": post.text}
    if post.blocks:
        payload["blocks"] = list(post.blocks)
    if post.attachments:
        payload["attachments"] = list(post.attachments)
    return render_times(payload, now or datetime.now(UTC), names)


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")):
        return Path(name_or_path)
    for folder in (SCENARIOS, DRILLS):
        if text in scenario_names(folder):
            return folder / f"{text}.yaml"
    raise InputError(f"There is no scenario {text!r}; there are: {', '.join(scenario_names()) or 'none'}.")


def _problems(error: ValidationError) -> str:
    """The fields that are wrong, and why: `title: Field required; alarms.0.threshold: Input should be a number`."""
    told = [
        f"{'.'.join(map(str, each['loc'])) or 'its top level'}: {each['msg'].rstrip('.')}"
        for each in error.errors()[:MOST_PROBLEMS]
    ]
    more = error.error_count() - len(told)
    return "; ".join(told) + (f" (and {more} more)" if more else "")


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())


class _Loader(YAML):
    """Safe YAML in which dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
