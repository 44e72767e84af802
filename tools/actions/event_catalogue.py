"""The events that may be sent: a source and a detail type each, from a file that people own.

- source: orders.api
  detail_type: Order replay requested
  means: replays the orders of an hour
  buses: [orders]            # any bus when absent
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from agent.errors import SettingsError
from agent.models import Model

ON_BOARD = Path(__file__).with_name("event_catalogue.yaml")
SOURCE = r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,255}$"
RESERVED = "aws."
"""What the sources of AWS's own events begin with."""


class KnownEvent(Model):
    source: str = Field(pattern=SOURCE)
    detail_type: str = Field(min_length=1, max_length=128)
    means: str = Field(min_length=1, description="What comes of it, in words: the approval card shows it")
    buses: tuple[str, ...] = Field(default=(), description="Names of the buses that it may go to; any if empty")


_Events = TypeAdapter(tuple[KnownEvent, ...])


def read_events(path: Path | None = None) -> tuple[KnownEvent, ...]:
    """Those on board, and those of the file. SettingsError that says what is wrong in it."""
    return (*_read(ON_BOARD), *(_read(path) if path else ()))


def _read(path: Path) -> tuple[KnownEvent, ...]:
    try:
        return _parsed(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise SettingsError(f"The event catalogue {path} cannot be read ({type(error).__name__}).") from None


@lru_cache(maxsize=8)
def _parsed(text: str, path: Path) -> tuple[KnownEvent, ...]:
    """Once for each edit: every card and every click asks for it."""
    try:
        events = _Events.validate_python(yaml.safe_load(text) or ())
    except yaml.YAMLError as error:
        raise SettingsError(f"The event catalogue {path} cannot be read ({type(error).__name__}).") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"The event catalogue {path} is wrong at {where}: {first['msg']}.") from None
    reserved = [event.source for event in events if event.source.startswith(RESERVED)]
    if reserved:
        raise SettingsError(f"The event catalogue {path} names {reserved[0]}: sources of AWS itself cannot be sent.")
    return events
