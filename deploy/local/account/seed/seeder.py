"""What every step of seeding works with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from moto.backends import get_backend

from agent.errors import InputError
from deploy.local.account.moto_app import MotoApp
from deploy.local.account.state import Loaded
from deploy.local.account.text import resource_id


class Seeder:
    """One scenario on its way into moto. `ids` remembers by (kind, name) what moto called the things it made."""

    def __init__(self, moto: MotoApp, loaded: Loaded) -> None:
        self._moto = moto
        self._loaded = loaded
        self.scenario = loaded.scenario
        self.resources = loaded.scenario.resources
        self.region = loaded.scenario.region
        self.account_id = loaded.scenario.account_id
        self.ids: dict[tuple[str, str], str] = {}

    def client(self, service: str) -> Any:
        return self._moto.client(service, self.region)

    def backend(self, service: str) -> Any:
        """moto's own state of a service, for what its API cannot set: above all times that are past."""
        backends: Any = cast(Any, get_backend)(service)[self.account_id]
        return backends["aws"] if service in ("s3", "iam") else backends[self.region]

    def at(self, offset: timedelta) -> datetime:
        return self._loaded.at(offset)

    @property
    def now(self) -> datetime:
        return self._loaded.now

    def id_of(self, kind: str, name: str) -> str:
        """What moto called a thing of this scenario. InputError when the scenario has no such thing."""
        found = self.ids.get((kind, name))
        if found is None:
            name_it = f"the {kind} {name!r}"
            raise InputError(f"The scenario {self.scenario.name} refers to {name_it} and does not define it.")
        return found

    def rename_in_ec2(self, thing: Any, kind: str, name: str) -> str:
        """Give one of moto's EC2 things, and its tags, the id that `{kind:name}` stands for in scenario files."""
        wanted, tags = resource_id(kind, name), self.backend("ec2").tags
        tags[wanted] = tags.pop(thing.id, {})
        thing.id = wanted
        return wanted

    def role(self, name: str | None, service: str) -> str:
        """The ARN of an IAM role, made when it is not there yet."""
        role = name or f"{service}-execution"
        iam = self.client("iam")
        try:
            return iam.get_role(RoleName=role)["Role"]["Arn"]
        except iam.exceptions.NoSuchEntityException:
            made = iam.create_role(RoleName=role, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
            return made["Role"]["Arn"]


def naive(moment: datetime) -> datetime:
    """moto keeps times in UTC without a zone."""
    return moment.replace(tzinfo=None)


def tag_list(tags: Mapping[str, str], name: str | None = None) -> list[dict[str, str]]:
    """Tags as most services want them."""
    named = {"Name": name, **tags} if name else dict(tags)
    return [{"Key": key, "Value": value} for key, value in named.items()]
