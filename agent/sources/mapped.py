"""Any tool's JSON, mapped by a YAML file of the user's own: which field of an alert is where in the payload.

backup-checker:                       # sends to /webhooks/backup-checker
  sender: token                       # how it shows who it is: hmac (as generic), token, or basic; hmac if left out
  each: results[?status != 'fine']    # one alert for each of these; the payload itself if left out
  fields:                             # JMESPath, from each of them
    title: join(' ', [job, 'failed'])
    severity: level
    status: state
    id: server.name
    labels.team: owner.team
  values:                             # what the tool's words mean, where ours do not fit
    severity: {"3": critical, "2": error}
    status: {done: resolved}
  fixed:
    service: rds
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import jmespath
import yaml
from jmespath.exceptions import JMESPathError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agent.errors import SettingsError
from agent.models import Alert, AlertStatus, Severity
from agent.sources import facts, generic, senders
from agent.sources.fields import known, text_at
from agent.sources.generic import read
from agent.sources.moments import moment
from agent.sources.source import Payload, Source
from agent.sources.words import severity_of, status_of

PLAIN = ("title", "description", "external_id", "delivery_id", "metric", "threshold", "value", "system")
AIRFLOW = ("dag_id", "task_id", "run_id")
RESOURCE = ("service", "type", "id", "region", "account", "arn")
JUDGED = ("severity", "status", "started_at", "ended_at", "said_at", "link", "fingerprint")
FIELDS = frozenset((*PLAIN, *AIRFLOW, *RESOURCE, *JUDGED))
SENDERS = {"hmac": senders.signed, "token": senders.token_or_basic, "basic": senders.token_or_basic}


class Compiled(Protocol):
    def search(self, value: Any) -> Any: ...


class SourceMapping(BaseModel):
    """How to read one tool's payloads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: Literal["hmac", "token", "basic"] = "hmac"
    each: str = ""
    fields: dict[str, str] = Field(min_length=1)
    values: dict[Literal["severity", "status"], dict[str, str]] = {}
    fixed: dict[str, str] = {}

    @field_validator("fields", "fixed")
    @classmethod
    def _known(cls, named: dict[str, str]) -> dict[str, str]:
        for name in named:
            if name not in FIELDS and not name.startswith("labels."):
                raise ValueError(f"there is no field {name!r}; there are {', '.join(sorted(FIELDS))} and labels.…")
        return named

    @field_validator("fields", "each")
    @classmethod
    def _compiles(cls, given: dict[str, str] | str) -> dict[str, str] | str:
        for path in [given] if isinstance(given, str) else given.values():
            _compiled(path or "@")
        return given


Mappings = Mapping[str, SourceMapping]
NO_MAPPINGS: Mappings = {}


@cache
def read_mappings(path: Path | None) -> Mappings:
    """The mappings of the file that `webhook_mappings` names. SettingsError says what is wrong with it."""
    if path is None:
        return NO_MAPPINGS
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise SettingsError(f"WATCHKEEPER_WEBHOOK_MAPPINGS: {path} cannot be read ({error.strerror}).") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"WATCHKEEPER_WEBHOOK_MAPPINGS: {path} is no YAML: {' '.join(str(error).split())}."
        ) from None
    if not isinstance(content, dict):
        raise SettingsError(f"WATCHKEEPER_WEBHOOK_MAPPINGS: {path} must hold a mapping of names, each with `fields`.")
    return {str(name): _mapping(str(name), value, path) for name, value in cast("dict[Any, Any]", content).items()}


def _mapping(name: str, content: Any, path: Path) -> SourceMapping:
    try:
        return SourceMapping.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([name, *map(str, first["loc"])])
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"WATCHKEEPER_WEBHOOK_MAPPINGS: {path} is wrong at {where}: {reason}.") from None


def mapped_source(name: str, mapping: SourceMapping) -> Source:
    """The source at /webhooks/`name`."""

    def parse(payload: Payload, received: datetime) -> list[Alert]:
        elements = _found(mapping.each, payload) if mapping.each else payload
        parts = cast("list[Any]", elements) if isinstance(elements, list) and mapping.each else [elements]
        return [_alert(name, mapping, part, received) for part in parts] or [read(payload, received, name)]

    return Source(name, generic.matches, parse, SENDERS[mapping.sender])


def _alert(name: str, mapping: SourceMapping, part: Payload, received: datetime) -> Alert:
    """What the mapping does not find stays as a generic alert has it."""
    found = {field: text for field, path in mapping.fields.items() if (text := _text(_found(path, part)))}
    found |= mapping.fixed
    base = read(part, received, name, title=found.get("title", ""), prose=[found.get("description", "")])
    labels = {field.removeprefix("labels."): text for field, text in found.items() if field.startswith("labels.")}
    status = status_of(_translated(mapping, "status", found)) or base.status
    over = status is AlertStatus.resolved
    resource = {field: found[field] for field in RESOURCE if field in found}
    alert = known(
        base,
        **{field: found[field] for field in (*PLAIN[2:], *AIRFLOW) if field in found},
        severity=_severity(mapping, found) or base.severity,
        status=status,
        started_at=moment(found.get("started_at")) or base.started_at,
        said_at=moment(found["said_at"]) if "said_at" in found else generic.said_at(part),
        ended_at=moment(found.get("ended_at")) if over else None,
        resource=resource,
        labels=labels,
        links=[found.get("link", "")],
    )
    identity = found.get("fingerprint") or found.get("external_id")
    by = ("", identity) if identity else (alert.title, *resource.values())
    return alert.model_copy(update={"fingerprint": facts.fingerprint(name, *by)})


def _severity(mapping: SourceMapping, found: Mapping[str, str]) -> Severity | None:
    return severity_of(_translated(mapping, "severity", found))


def _translated(mapping: SourceMapping, field: Literal["severity", "status"], found: Mapping[str, str]) -> str:
    said = found.get(field, "")
    meant = {word.lower(): meaning for word, meaning in mapping.values.get(field, {}).items()}
    return meant.get(said.lower(), said)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return text_at({"": value}, "") or (" ".join(map(str, cast("list[Any]", value))) if isinstance(value, list) else "")


@cache
def _compiled(path: str) -> Compiled:
    try:
        return cast("Compiled", cast("Any", jmespath).compile(path))
    except JMESPathError as error:
        raise ValueError(f"{path!r} is no JMESPath ({str(error).splitlines()[0]})") from None


def _found(path: str, payload: Payload) -> Any:
    """What is there, or None; a function may not like what it gets."""
    try:
        return _compiled(path).search(payload)
    except (JMESPathError, TypeError, ValueError, AttributeError):
        return None
