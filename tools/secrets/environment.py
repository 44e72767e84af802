"""Environment variables that hold secrets of MCP servers, where they refer to secrets in AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent.secret_references import SecretReference, SecretSource
from agent.settings import Settings


class SecretEnvironment(Mapping[str, str]):
    """The environment with what its references stand for now. SettingsError where one cannot be read."""

    def __init__(self, environ: Mapping[str, str], source: SecretSource) -> None:
        self._environ, self._source = environ, source

    def __getitem__(self, name: str) -> str:
        text = self._environ[name]
        reference = _reference(text)
        return self._source.current(reference) if reference else text

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


def mcp_references(settings: Settings, environ: Mapping[str, str]) -> Iterator[SecretReference]:
    """Those in the variables that MCP servers are handed."""
    for server in settings.mcp_servers:
        for name in (*server.env, *server.headers.values()):
            if reference := _reference(environ.get(name, "")):
                yield reference


def _reference(text: str) -> SecretReference | None:
    """A foreign variable may hold anything: what only begins like a reference is text."""
    try:
        return SecretReference.parse(text)
    except ValueError:
        return None
