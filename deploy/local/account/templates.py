"""Text templates for generated log lines and table rows: `order {id=uuid} took {latency:120} ms, retry {id}`.

Fields: {uuid} {hex:8} {int:1-500} {float:0.1-2.5} {ip} {choice:a|b|c} {latency:120} {time} {time:%H:%M:%S} {epoch_ms}
{epoch}, and any name that the caller passes ({level}, {stream}). {name=field} keeps the value, and {name} repeats it.
Braces around anything that is not a single word or a field stay as they are, so JSON needs no escaping.
"""

import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

_FIELD = re.compile(r"\{(?:([a-z_]\w*)=)?([a-z_]\w*)(?::([^{}]*))?\}")

_ISO = "%Y-%m-%dT%H:%M:%S"

Generate = Callable[[random.Random, int], str]
Part = Callable[[random.Random, int, dict[str, str]], str]


class Template:
    """A compiled template. Raises ValueError for a field that does not exist or has a wrong argument."""

    def __init__(self, text: str, names: tuple[str, ...] = ()) -> None:
        self._parts: list[str | Part] = []
        known, position = set(names), 0
        for match in _FIELD.finditer(text):
            self._parts.append(text[position : match.start()])
            self._parts.append(_part(match, known))
            position = match.end()
        self._parts.append(text[position:])

    @property
    def is_constant(self) -> bool:
        """True when there is no field in it."""
        return len(self._parts) == 1

    def render(self, rng: random.Random, at_ms: int, values: Mapping[str, str] | None = None) -> str:
        """One text. `values` supplies the names that were announced; kept values are not written back to it."""
        return self.render_into(rng, at_ms, dict(values or {}))

    def render_into(self, rng: random.Random, at_ms: int, kept: dict[str, str]) -> str:
        """Like `render`; values that {name=field} keeps are added to `kept`, for templates that follow."""
        return "".join(part if isinstance(part, str) else part(rng, at_ms, kept) for part in self._parts)


@lru_cache(maxsize=4096)
def compile_template(text: str, names: tuple[str, ...] = ()) -> Template:
    """The template for `text`, compiled once."""
    return Template(text, names)


def kept_names(text: str) -> tuple[str, ...]:
    """The names that `text` keeps by {name=field}."""
    return tuple(match[1] for match in _FIELD.finditer(text) if match[1])


def _part(match: re.Match[str], known: set[str]) -> Part:
    kept_as, field, argument = match.groups()
    if kept_as is None and argument is None and field in known:
        return lambda rng, at_ms, kept: kept[field]
    if field not in _FIELDS:
        raise ValueError(f"unknown field {match.group()!r}; there are {', '.join(sorted(_FIELDS))}")
    try:
        generate = _FIELDS[field](argument)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"the field {match.group()!r} has a wrong argument") from error
    if kept_as is None:
        return lambda rng, at_ms, kept: generate(rng, at_ms)
    known.add(kept_as)

    def keep(rng: random.Random, at_ms: int, kept: dict[str, str]) -> str:
        kept[kept_as] = generate(rng, at_ms)
        return kept[kept_as]

    return keep


def _uuid(_: str | None) -> Generate:
    def generate(rng: random.Random, at_ms: int) -> str:
        digits = f"{rng.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    return generate


def _hex(argument: str | None) -> Generate:
    length = int(argument or 8)
    return lambda rng, at_ms: f"{rng.getrandbits(4 * length):0{length}x}"


def _range(argument: str | None) -> tuple[str, str]:
    """`1-500` -> ("1", "500"); either end may be negative."""
    match = re.fullmatch(r"(-?[\d.]+)-(-?[\d.]+)", argument or "")
    if match is None:
        raise ValueError(argument)
    return match[1], match[2]


def _int(argument: str | None) -> Generate:
    low, high = (int(end) for end in _range(argument))
    span = high - low + 1
    if span < 1:
        raise ValueError(argument)
    return lambda rng, at_ms: str(low + int(rng.random() * span))


def _float(argument: str | None) -> Generate:
    low_text, high_text = _range(argument)
    low, high = float(low_text), float(high_text)
    digits = max(2, len(low_text.partition(".")[2]), len(high_text.partition(".")[2]))
    return lambda rng, at_ms: f"{low + (high - low) * rng.random():.{digits}f}"


def _latency(argument: str | None) -> Generate:
    """Milliseconds, log-normal around the median given: a long tail to the right, as real latencies have."""
    median = float(argument or "")
    return lambda rng, at_ms: f"{median * rng.lognormvariate(0, 0.35):.2f}"


def _ip(_: str | None) -> Generate:
    return lambda rng, at_ms: f"10.{int(rng.random() * 4)}.{int(rng.random() * 256)}.{1 + int(rng.random() * 254)}"


def _choice(argument: str | None) -> Generate:
    choices = (argument or "").split("|")
    return lambda rng, at_ms: choices[int(rng.random() * len(choices))]


def _time(form: str | None) -> Generate:
    if form:
        return lambda rng, at_ms: _second(at_ms // 1000, form)
    return lambda rng, at_ms: f"{_second(at_ms // 1000, _ISO)}.{at_ms % 1000:03d}Z"


@lru_cache(maxsize=8192)
def _second(epoch: int, form: str) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime(form)


_FIELDS: dict[str, Callable[[str | None], Generate]] = {
    "uuid": _uuid,
    "hex": _hex,
    "int": _int,
    "float": _float,
    "latency": _latency,
    "ip": _ip,
    "choice": _choice,
    "time": _time,
    "epoch_ms": lambda _: lambda rng, at_ms: str(at_ms),
    "epoch": lambda _: lambda rng, at_ms: str(at_ms // 1000),
}
