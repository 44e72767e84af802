"""SELECT statements over the Data APIs of Redshift and RDS, and where the databases are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from agent.select_only import only_reads
from tools.evidence.base import Look
from tools.evidence.databases import redshift_statement
from tools.evidence.names import matches
from tools.evidence.partial import explain

MAX_DATABASES = 3
MAX_SECRETS = 500

Engine = Literal["redshift", "postgres", "mysql"]
Row = dict[str, Any]
Value = str | int | datetime


@dataclass(frozen=True)
class Database:
    """A database that answers SQL. `name` is its cluster's, workgroup's or instance's; each call carries `address`."""

    look: Look
    engine: Engine
    name: str
    database: str
    address: dict[str, str] = field(default_factory=dict[str, str])
    region: str = ""
    """Where it is; empty for the region that is looked at."""

    def select(self, sql: str, **values: str | int | datetime) -> list[Row]:
        """Rows of one SELECT, whose `:names` are filled from the keywords. ValueError with the database's message.

        Values go beside the statement as parameters. Redshift's are all text, so there times become literals.
        """
        sql = " ".join(sql.split())
        if not only_reads(sql):
            raise ValueError("Watchkeeper sends databases nothing but single SELECT statements.")
        return _redshift(self, sql, values) if self.engine == "redshift" else _rds(self, sql, values)


@dataclass
class Databases:
    """Those found, and what could not be read, a few words each. `named` is whether the resource that was asked for
    is among them."""

    found: list[Database] = field(default_factory=list[Database])
    unread: list[str] = field(default_factory=list[str])
    named: bool = False

    @property
    def caveat(self) -> str:
        """Ends a summary: ` Could not read: ...`, or nothing."""
        return f" Could not read: {'; '.join(self.unread[:3])}." if self.unread else ""


def databases(look: Look, resource: str = "", database: str = "", engine: Engine | Literal[""] = "") -> Databases:
    """The databases of an account; only the named cluster or instance when `resource` names one.

    Raises the first failure when there were failures and no database.
    """
    listings: list[tuple[str, Callable[[Look], Iterator[Database]]]] = [
        ("redshift", _clusters),
        ("redshift", _workgroups),
        ("postgres", _postgres_databases),
    ]
    result = Databases()
    first: Exception | None = None
    for kind, listing in listings:
        if engine not in ("", kind):
            continue
        try:
            result.found += list(listing(look))
        except EndpointConnectionError:
            continue  # that a region lacks a service, such as Redshift Serverless, is no gap
        except (ClientError, BotoCoreError, TimeoutError) as error:
            first = first or error
            result.unread.append(f"{listing.__name__.strip('_').replace('_', ' ')} ({explain(error)})")
    if first and not result.found:
        raise first
    named = [db for db in result.found if resource and (matches(db.name, resource) or resource in db.address.values())]
    result.named = bool(named)
    result.found = [_with(db, database) for db in (named or result.found)][:MAX_DATABASES]
    return result


def moment_of(value: object) -> datetime | None:
    """A timestamp as the Data APIs give it, in UTC."""
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _with(db: Database, database: str) -> Database:
    return replace(db, database=database) if database else db


def _clusters(look: Look) -> Iterator[Database]:
    for cluster in look.pages("redshift", "describe_clusters", "Clusters", 20):
        address = {"ClusterIdentifier": cluster["ClusterIdentifier"]}
        if reader := look.settings.redshift_user:
            address["DbUser"] = reader
        elif secret := cluster.get("MasterPasswordSecretArn"):
            address["SecretArn"] = secret
        else:
            address["DbUser"] = cluster["MasterUsername"]
        yield Database(look, "redshift", cluster["ClusterIdentifier"], cluster.get("DBName") or "dev", address)


def _workgroups(look: Look) -> Iterator[Database]:
    for group in look.pages("redshift-serverless", "list_workgroups", "workgroups", 20):
        space = look.call("redshift-serverless", "get_namespace", namespaceName=group["namespaceName"])["namespace"]
        name = group["workgroupName"]
        yield Database(look, "redshift", name, space.get("dbName") or "dev", {"WorkgroupName": name})


def _postgres_databases(look: Look) -> Iterator[Database]:
    """Aurora clusters; instances on their own too, since the Data API's refusal says more than silence."""
    members: set[str] = set()
    for cluster in look.pages("rds", "describe_db_clusters", "DBClusters", 50):
        members |= {member["DBInstanceIdentifier"] for member in cluster.get("DBClusterMembers", [])}
        if "postgres" in cluster["Engine"]:
            name = cluster["DBClusterIdentifier"]
            yield from _addressed(look, name, cluster["DBClusterArn"], cluster.get("DatabaseName"), cluster)
    for instance in look.pages("rds", "describe_db_instances", "DBInstances", 50):
        name = instance["DBInstanceIdentifier"]
        if "postgres" in instance["Engine"] and name not in members:
            yield from _addressed(look, name, instance["DBInstanceArn"], instance.get("DBName"), instance)


def _addressed(look: Look, name: str, arn: str, database: str | None, described: Row) -> Iterator[Database]:
    own = described.get("MasterUserSecret", {}).get("SecretArn")
    secret = own or _secret_of(look, name, described.get("DbClusterResourceId", ""))
    if secret:
        address = {"resourceArn": arn, "secretArn": secret}
        yield Database(look, "postgres", name, database or "postgres", address)


def _secret_of(look: Look, name: str, resource_id: str) -> str:
    """The secret that bears a database's very name, or that RDS's query editor made for the cluster; empty without one.

    Secrets Manager lists whatever begins so: `orders` would find `orders-api/stripe-key`.
    """
    made = f"rds-db-credentials/{resource_id}/" if resource_id else ""
    filters = [{"Key": "name", "Values": [start for start in (name, made) if start]}]
    try:
        listed = look.pages("secretsmanager", "list_secrets", "SecretList", MAX_SECRETS, Filters=filters)
    except ClientError:
        return ""
    fitting = [s for s in listed if s["Name"] == name or (made and str(s["Name"]).startswith(made))]
    return next((str(secret["ARN"]) for secret in sorted(fitting, key=lambda s: s["Name"] != name)), "")


def _redshift(db: Database, sql: str, given: Mapping[str, Value]) -> list[Row]:
    parameters = {name: str(value) for name, value in given.items() if not isinstance(value, datetime)}
    for name, value in given.items():
        if isinstance(value, datetime):
            sql = re.sub(rf":{name}\b", f"'{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}'", sql)
    return redshift_statement.select(db.look, sql, db.database, db.address, parameters)


def _rds(db: Database, sql: str, given: Mapping[str, Value]) -> list[Row]:
    """The RDS Data API: PostgreSQL and MySQL of Aurora. It ends a statement by itself after 45 seconds."""
    answer = db.look.call(
        "rds-data",
        "execute_statement",
        region=db.region,
        sql=sql,
        database=db.database,
        includeResultMetadata=True,
        parameters=[_parameter(name, value) for name, value in given.items()],
        **db.address,
    )
    names = [column["label"] for column in answer.get("columnMetadata", [])]
    return [_row(names, record) for record in answer.get("records", [])]


def _parameter(name: str, value: Value) -> Row:
    if isinstance(value, datetime):
        text = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        return {"name": name, "value": {"stringValue": text}, "typeHint": "TIMESTAMP"}
    return {"name": name, "value": {"longValue": value} if isinstance(value, int) else {"stringValue": value}}


def _row(names: list[str], record: list[Row]) -> Row:
    """Both Data APIs wrap each value in a dict of one entry named for its type."""
    return {
        name: None if cell.get("isNull") else next(iter(cell.values()), None)
        for name, cell in zip(names, record, strict=True)
    }
