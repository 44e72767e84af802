"""What a team wants watched, from a YAML file of its own.

metrics:
  - {namespace: AWS/Lambda, metric: Errors, dimensions: {FunctionName: checkout}}
  - {service: rds, resource: billing-db}                # its key metrics
  - {tag: team=search}                                  # the key metrics of what carries the tag
  - {search: '{AWS/SQS,QueueName} MetricName="ApproximateAgeOfOldestMessage"', statistic: Maximum, watch: rise}
  - {query: 'SELECT AVG(CPUUtilization) FROM "AWS/EC2" GROUP BY InstanceId'}
logs:
  - {group: /aws/lambda/checkout}
  - {prefix: /ecs/}
airflow: {slack_minutes: 15, ignore: [sandbox_*]}
alarms: {ignore: ["*-dev-*"]}
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.errors import SettingsError

MAX_METRICS = 500
"""Series that one tick reads: one GetMetricData call, about half a cent."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WatchedMetric(_Part):
    """One or more series: named one by one, by resource, by tag, by search, or by a Metrics Insights query."""

    namespace: str = ""
    metric: str = ""
    dimensions: dict[str, str] = {}
    service: str = ""
    resource: str = ""
    tag: str = Field(default="", description="key=value, or a key")
    search: str = Field(default="", description="what CloudWatch's SEARCH() takes as its first argument")
    query: str = Field(default="", description="SELECT …, of CloudWatch Metrics Insights")
    statistic: str = Field(default="", description="such as Sum or p99; the metric's usual one if empty")
    watch: Literal["", "rise", "drop", "both"] = Field(default="", description="which way is bad")

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        ways = [bool(self.search), bool(self.query), bool(self.tag), bool(self.namespace), bool(self.service)]
        if sum(ways) != 1 or (self.namespace and not self.metric):
            raise ValueError("give namespace and metric, or service, or tag, or search, or query")
        if self.query and not self.query.lstrip().upper().startswith("SELECT"):
            raise ValueError("a query begins with SELECT")
        return self


class WatchedLogs(_Part):
    """A log group, or all whose names begin so."""

    group: str = ""
    prefix: str = ""

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if bool(self.group) == bool(self.prefix):
            raise ValueError("give group or prefix")
        return self


class WatchedAirflow(_Part):
    slack_minutes: float = Field(default=10, ge=0, description="what a DAG may be later than usual")
    ignore: tuple[str, ...] = Field(default=(), description="DAG ids with * and ?")


class WatchedAlarms(_Part):
    ignore: tuple[str, ...] = Field(default=(), description="alarm names with * and ?")


class WatchList(_Part):
    """Alarms, anomaly bands, the unified log and Airflow are watched without being listed."""

    metrics: tuple[WatchedMetric, ...] = ()
    logs: tuple[WatchedLogs, ...] = ()
    airflow: WatchedAirflow = WatchedAirflow()
    alarms: WatchedAlarms = WatchedAlarms()


def read_watch_list(path: Path | None) -> WatchList:
    """The list in a file; one without entries where there is no file. SettingsError says what is wrong with it."""
    if path is None:
        return WatchList()
    try:
        read: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return WatchList.model_validate(read or {})
    except OSError as error:
        raise SettingsError(f"WATCHKEEPER_WATCH_LIST: {path} cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"WATCHKEEPER_WATCH_LIST: {path} is no YAML ({' '.join(str(error).split())}).") from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:5])
        raise SettingsError(f"WATCHKEEPER_WATCH_LIST: {path}: {wrong}.") from None


def ignored(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
