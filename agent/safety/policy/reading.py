"""Reads a policy file. Every mistake in it is told at once, with its line and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from agent.errors import SettingsError
from agent.located_yaml import FileMistaken, Lines, Place, clause, doubled, in_order, located
from agent.models.base import digest
from agent.safety.policy.conditions import Condition, Where
from agent.safety.policy.document import BreakGlass, ByItself, Caps, Document, Freeze, Grant, Limits, Rule, Then
from agent.safety.policy.policy import ActionPolicy
from agent.settings import Settings

ON_BOARD = Path(__file__).with_name("default.yaml")
MAX_FILE_BYTES = 1_000_000
ENTRIES: dict[str, tuple[str, type[BaseModel]]] = {
    "approvers": ("approvers", Grant),
    "by_itself": ("by itself", ByItself),
    "protected": ("protection", Rule),
    "rules": ("rule", Rule),
    "freezes": ("freeze", Freeze),
}
"""The parts that are lists: what one entry is called, and its shape."""
PARTS: dict[str | int, type[BaseModel]] = {
    "when": Condition,
    "where": Where,
    "then": Then,
    "caps": Caps,
    "limits": Limits,
    "break_glass": BreakGlass,
}
INSTEAD = {
    "actions": "action",
    "type": "action",
    "users": "who",
    "groups": "who",
    "approvers": "who",
    "timezone": "zone",
    "tz": "zone",
    "time": "during",
    "weekly": "during",
    "env": "environment",
    "tag": "tags",
    "labels": "tags",
    "min_approvers": "needed",
    "required": "needed",
    "four_eyes": "two_pairs",
    "freeze": "freezes",
    "freeze_windows": "freezes",
    "auto": "by_itself",
    "cost": "usd_month",
}
"""What people call it elsewhere."""


class PolicyError(FileMistaken):
    """Every mistake of a policy file."""


def read_policy(path: Path | None, approvers: Sequence[str] = (), kill_switch: bool = False) -> ActionPolicy:
    """The file together with what is on board; only the latter without a file.

    `approvers` may approve everything, where the file names nobody. SettingsError when it cannot be read: a
    PolicyError with every mistake when it can.
    """
    text = b"" if path is None else _bytes(path)
    return parse_policy(text, str(path), approvers, kill_switch)


def parse_policy(
    text: str | bytes, name: str, approvers: Sequence[str] = (), kill_switch: bool = False
) -> ActionPolicy:
    """As `read_policy`, of a text; `name` is what its mistakes call it."""
    own, on_board = _document(text, name), _on_board()
    grants = own.approvers or ((Grant(who=tuple(approvers)),) if approvers else ())
    parts: dict[str, Any] = {"approvers": grants, "caps": _caps(own.caps, on_board.caps)}
    if own.on_board:
        parts |= {part: getattr(own, part) + getattr(on_board, part) for part in ("protected", "rules")}
    document = own.model_copy(update=parts)
    raw = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return ActionPolicy(document, digest(raw, ON_BOARD.read_text("utf-8"), sorted(approvers)), kill_switch=kill_switch)


def policy_of(settings: Settings) -> ActionPolicy:
    """By the settings, read anew each time, so that an edit counts at once.

    A file that cannot be read gives a policy that refuses everything, and says why.
    """
    try:
        return read_policy(settings.action_policy, settings.approvers, settings.kill_switch)
    except SettingsError as error:
        return ActionPolicy(Document(), "broken", broken=str(error), kill_switch=settings.kill_switch)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"The action policy {path} cannot be read ({error.strerror}).") from None
    if len(text) > MAX_FILE_BYTES:
        raise SettingsError(f"The action policy {path} is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
    return text


@lru_cache
def _on_board() -> Document:
    return _document(ON_BOARD.read_bytes(), ON_BOARD.name)


def _caps(own: Caps, on_board: Caps) -> Caps:
    return Caps(
        affected={**on_board.affected, **own.affected},
        usd_month={**on_board.usd_month, **own.usd_month},
    )


@lru_cache(maxsize=8)
def _document(text: str | bytes, name: str) -> Document:
    """Parsed once for each edit: every card and every click asks for it."""
    value, lines = located(text, name)
    mistakes = doubled(lines)
    try:
        document = Document.model_validate(value)
    except ValidationError as error:
        mistakes += _mistakes(error, value, lines)
    else:
        mistakes += [*_same_names(document, lines), *_never_asked(document, lines)]
        if not mistakes:
            return document
    raise PolicyError(name, in_order(mistakes))


def _same_names(document: Document, lines: Lines) -> Iterator[tuple[int, str]]:
    """A ruling says by its name what decided."""
    first: dict[str, int] = {}
    for part in ("by_itself", "protected", "rules", "freezes"):
        for number, entry in enumerate(getattr(document, part)):
            line = lines.line((part, number))
            if entry.name and (above := first.setdefault(entry.name, line)) != line:
                yield line, f"line {line}, {ENTRIES[part][0]} “{entry.name}”: line {above} has this name, too"


def _never_asked(document: Document, lines: Lines) -> Iterator[tuple[int, str]]:
    """A restriction only takes away: who is named there and nowhere else could never approve anything."""
    granted = {name for grant in document.approvers for name in grant.who}
    if not granted:
        return  # the setting may name them
    for part in ("protected", "rules"):
        for number, rule in enumerate(getattr(document, part)):
            for name in rule.then.approvers or ():
                if name not in granted:
                    line = lines.line((part, number, "then", "approvers"))
                    yield (
                        line,
                        f"line {line}, {ENTRIES[part][0]} “{rule.name}”: {name} may approve nothing; "
                        "name it in `approvers`, too, of which this takes a part",
                    )


def _mistakes(error: ValidationError, value: Any, lines: Lines) -> Iterator[tuple[int, str]]:
    """(line, clause)."""
    for mistake in error.errors():
        place: Place = tuple(mistake["loc"])
        line, named = lines.line(place), _owner(place, value)
        inner = place[2:] if named else place or ("the file",)
        said = clause(inner, mistake, _model_at(place), INSTEAD)
        yield line, f"line {line}, {named}: {said}" if named else f"line {line}: {said}"


def _owner(place: Place, value: Any) -> str:
    """`rule “payments”`, of a mistake in it."""
    if len(place) < 2 or place[0] not in ENTRIES or not isinstance(place[1], int):
        return ""
    kind, entries = ENTRIES[str(place[0])][0], value[place[0]]
    entry = entries[place[1]] if isinstance(entries, list) else entries
    name = str(cast("dict[str, Any]", entry).get("name") or "") if isinstance(entry, dict) else ""
    return f"{kind} “{name}”" if name else f"{kind} {place[1] + 1}"


def _model_at(place: Place) -> type[BaseModel]:
    """Which part of the file a name stands in."""
    inner = next((PARTS[part] for part in reversed(place[:-1]) if part in PARTS), None)
    if inner is not None:
        return inner
    return ENTRIES[str(place[0])][1] if len(place) > 1 and place[0] in ENTRIES else Document
