"""Variables that MCP servers are handed may name a secret instead of holding it."""

from __future__ import annotations

import json

import pytest

from agent.errors import SettingsError
from agent.secret_references import SecretReference
from agent.settings import Settings
from tests.tools.secrets.vault import Vault
from tools.secrets import references, secret_environment

SERVERS = json.dumps(
    [
        {
            "name": "grafana",
            "transport": "streamable_http",
            "url": "https://mcp.example.com",
            "headers": {"Authorization": "GRAFANA_AUTH"},
            "specialists": ["infra"],
        }
    ]
)
ENVIRON = {"GRAFANA_AUTH": "secretsmanager:wk/grafana", "PATH": "/bin", "ODD": "ssm:not a reference"}


def settings() -> Settings:
    return Settings.read(mcp_servers=SERVERS, secret_cache_seconds=0.001)


def test_it_is_looked_up_whenever_a_connection_asks_for_it(vault: Vault) -> None:
    vault.put("wk/grafana", "Bearer first")
    environ = secret_environment(settings(), ENVIRON)
    assert dict(environ) == {**ENVIRON, "GRAFANA_AUTH": "Bearer first"}
    with pytest.raises(KeyError):
        environ["NOT_SET"]


def test_what_is_not_there_is_told(vault: Vault) -> None:
    with pytest.raises(SettingsError, match="wk/grafana does not exist"):
        secret_environment(settings(), ENVIRON).get("GRAFANA_AUTH")


def test_the_policy_counts_those_that_servers_are_handed() -> None:
    assert references(settings(), ENVIRON) == [SecretReference("secretsmanager", "wk/grafana")]
    assert references(Settings.read(), ENVIRON) == []
