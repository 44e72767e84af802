"""Secrets that the settings name instead of holding: `secretsmanager:NAME_OR_ARN[#key]` and `ssm:NAME_OR_ARN[#key]`.

    WATCHKEEPER_SLACK_BOT_TOKEN=secretsmanager:watchkeeper/slack#bot_token
    WATCHKEEPER_WEBHOOK_SECRETS=grafana=secretsmanager:watchkeeper/grafana,datadog=ssm:/watchkeeper/datadog

A `LiveSecret` is such a setting. Who asks for its value gets what is valid now, so that a rotation needs no restart;
who keeps the value keeps something that will end. `tools.secrets` looks it up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from pydantic import SecretStr

from agent.errors import SettingsError

_REFERENCE = re.compile(r"(secretsmanager|ssm):([\w/+=.@:-]+)(?:#([\w.-]{1,128}))?", re.ASCII)
_KEY = re.compile(r"[\w.-]{1,128}", re.ASCII)
_BEGIN = re.compile(r"(secretsmanager|ssm):")
_PART = re.compile(r"[\w.-]+=")


@dataclass(frozen=True)
class SecretReference:
    """`key` names a field of a secret that is a JSON object; without one the secret is taken as it is."""

    service: Literal["secretsmanager", "ssm"]
    name: str
    key: str = ""

    @classmethod
    def parse(cls, text: str) -> SecretReference | None:
        """None for text that is no reference. ValueError for one that is written wrongly."""
        if not _BEGIN.match(text):
            return None
        found = _REFERENCE.fullmatch(text)
        if found is None:
            raise ValueError("write secretsmanager:NAME_OR_ARN or ssm:NAME_OR_ARN, and #key for a field of JSON")
        return cls(cast("Literal['secretsmanager', 'ssm']", found[1]), found[2], found[3] or "")

    def __str__(self) -> str:
        return f"{self.service}:{self.name}" + (f"#{self.key}" if self.key else "")


class SecretSource(Protocol):
    """Where references are looked up."""

    def current(self, reference: SecretReference) -> str:
        """The value that is valid now, as far as is known. SettingsError says what to do where it cannot be read."""
        ...

    def accepted(self, reference: SecretReference, *, anew: bool = False) -> tuple[str, ...]:
        """All values that others may show or sign with: the current one and, during a rotation, the one before it.

        None is empty, and there are none where the secret cannot be read. `anew`: look again first.
        """
        ...

    def other_than(self, reference: SecretReference, refused: str) -> str | None:
        """Look again, now: a value that may work where this one was refused, and is the current one from here on."""
        ...


class LiveSecret(SecretStr):
    """`written` is the setting: one reference, or `name=value,name=value` with references among the values."""

    def __init__(self, written: str, source: SecretSource | None = None) -> None:
        super().__init__(written)
        self._source = source

    @property
    def written(self) -> str:
        """As in the settings: it says where the secret is, and nothing of it."""
        return self._secret_value

    @property
    def references(self) -> tuple[SecretReference, ...]:
        return tuple(found for text in _values(self.written) if (found := SecretReference.parse(text)))

    @property
    def is_read(self) -> bool:
        """Whether somebody looks it up."""
        return self._source is not None

    def read_by(self, source: SecretSource) -> LiveSecret:
        return self if self._source else LiveSecret(self.written, source)

    def get_secret_value(self) -> str:
        """The current value. SettingsError where it cannot be read."""
        if whole := SecretReference.parse(self.written):
            return self._reader.current(whole)
        return ",".join(f"{name}={part.get_secret_value()}" for name, part in self.named().items())

    def accepted(self, *, anew: bool = False) -> tuple[str, ...]:
        whole = SecretReference.parse(self.written)
        return self._reader.accepted(whole, anew=anew) if whole else ()

    def other_than(self, refused: str) -> str | None:
        whole = SecretReference.parse(self.written)
        return self._reader.other_than(whole, refused) if whole else None

    def named(self, names: Collection[str] | None = None) -> dict[str, SecretStr]:
        """The parts of `name=value,…`; or of a JSON object, where one reference stands for all of them.

        That one has to be looked up for it: before, it counts as one value without a name.
        """
        whole = SecretReference.parse(self.written)
        if whole is None:
            return {name: self._part(text) for name, text in _parts(self.written, names).items()}
        found = _fields(self._reader.current(whole)) if self.is_read and not whole.key else []
        return {name: LiveSecret(f"{whole}#{name}", self._source) for name in found if names is None or name in names}

    @property
    def _reader(self) -> SecretSource:
        if self._source is None:
            raise SettingsError(f"{self.written} is a reference to a secret, and nobody has looked it up yet.")
        return self._source

    def _part(self, text: str) -> SecretStr:
        return LiveSecret(text, self._source) if SecretReference.parse(text) else SecretStr(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LiveSecret) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)


def live_if_referring(secret: SecretStr) -> SecretStr:
    """As it is, or a LiveSecret that nobody reads yet. ValueError for a reference that is written wrongly."""
    if isinstance(secret, LiveSecret):
        return secret
    text = secret.get_secret_value()
    return LiveSecret(text) if any(SecretReference.parse(part) for part in _values(text)) else secret


def as_written(secret: SecretStr | None) -> str:
    """What stands in the environment: for a reference not the secret itself."""
    if secret is None:
        return ""
    return secret.written if isinstance(secret, LiveSecret) else secret.get_secret_value()


def named_secrets(secret: SecretStr | None, names: Collection[str] | None = None) -> dict[str, SecretStr]:
    """Of `name=value,name=value`; `names` are those that count as names."""
    if isinstance(secret, LiveSecret):
        return secret.named(names)
    return {name: SecretStr(text) for name, text in _parts(as_written(secret), names).items()}


def accepted(secret: SecretStr) -> Iterable[str]:
    """What counts when somebody else shows it, never "". Looks again, now, before the last one is given up."""
    if not isinstance(secret, LiveSecret):
        yield from filter(None, [secret.get_secret_value()])
        return
    tried = secret.accepted()
    yield from tried
    yield from (value for value in secret.accepted(anew=True) if value not in tried)


def other_than(secret: SecretStr | None, refused: str) -> str | None:
    """A value that may work where this one was refused."""
    return secret.other_than(refused) if isinstance(secret, LiveSecret) else None


def _values(written: str) -> list[str]:
    """What may be a reference: all of it, or each part without its name."""
    if _BEGIN.match(written):
        return [written]
    return [_PART.sub("", part.strip(), count=1) for part in written.split(",")]


def _parts(text: str, names: Collection[str] | None) -> dict[str, str]:
    pairs = (part.strip().partition("=")[::2] for part in text.split(",") if "=" in part)
    return {name: value for name, value in pairs if names is None or name in names}


def _fields(text: str) -> list[str]:
    """The names of a JSON object's texts that a reference can name."""
    try:
        document: Any = json.loads(text)
    except ValueError:
        return []
    pairs = cast("dict[str, Any]", document).items() if isinstance(document, dict) else ()
    return [name for name, value in pairs if isinstance(value, str) and _KEY.fullmatch(name)]
