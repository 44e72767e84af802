"""Secrets Manager in the simulated account, Systems Manager's parameters in moto, and a person who rotates them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.account import SimulatedAccount
from tests.contracts.emulators import emulator
from tests.tools.actions.account import person


@dataclass
class Vault:
    """`vault.put("wk/slack", "…")` stores a secret or, if it is there, rotates it."""

    account: SimulatedAccount
    secrets: Any
    parameters: Any

    def put(self, name: str, text: str) -> None:
        try:
            self.secrets.put_secret_value(SecretId=name, SecretString=text)
        except self.secrets.exceptions.ResourceNotFoundException:
            self.secrets.create_secret(Name=name, SecretString=text)

    def put_parameter(self, name: str, text: str) -> None:
        self.parameters.put_parameter(Name=name, Value=text, Type="SecureString", Overwrite=True)


@pytest.fixture(scope="module")
def running_vault() -> Iterator[Vault]:
    parameters = emulator("moto")
    with SimulatedAccount() as account, pytest.MonkeyPatch.context() as environment:
        for name, value in {**account.environment(), "AWS_ENDPOINT_URL_SSM": parameters.url}.items():
            environment.setenv(name, value)
        yield Vault(account, person()("secretsmanager"), parameters.client("ssm"))


@pytest.fixture
def vault(running_vault: Vault) -> Iterator[Vault]:
    """Empty at the start, and the time is now, whatever time an earlier test left there."""
    emulator("moto").keep_time(datetime.now(UTC))
    yield running_vault
    running_vault.account.heal()
    running_vault.account.reset()
    found = running_vault.parameters.describe_parameters()["Parameters"]
    for each in found:
        running_vault.parameters.delete_parameter(Name=each["Name"])
