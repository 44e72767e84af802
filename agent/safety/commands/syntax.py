"""What both bash parsers are read into: words with their parts, and one flat list of simple commands.

Two parsers that see the same command give equal scripts, so that "do they agree?" is a comparison of values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

PartKind = Literal["plain", "quoted", "variable", "commands", "odd"]
"""`odd` is every expansion whose value a reader cannot tell: `$'..'`, arithmetic, extended globs; with the text
`parameter` it is one that changes nothing and runs nothing: `${x:-y}`, `${x%y}`, `${#x}`."""

_MOST_BRACES = 32


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a word: literal text, the name of a variable, or the commands of a substitution."""

    kind: PartKind
    text: str = ""
    commands: tuple[Command, ...] = ()
    process: bool = False

    @property
    def literal(self) -> bool:
        return self.kind in ("plain", "quoted")

    def key(self) -> tuple[str, str]:
        return self.kind, "" if self.kind in ("commands", "odd") and self.text != "parameter" else self.text


@dataclass(frozen=True)
class Word:
    """One word as the shell reads it, before expansion."""

    parts: tuple[Part, ...]

    @cached_property
    def value(self) -> str:
        """Its literal text, quotes removed; what is expanded counts as nothing."""
        return "".join(part.text for part in self.parts if part.literal)

    @cached_property
    def pattern(self) -> str:
        """The same with `*` for all that is expanded: what it may become, as a glob."""
        return "".join(part.text if part.literal else "*" for part in self.parts)

    @cached_property
    def told(self) -> str:
        """The same with `$NAME` for a variable, as patterns of refusals look for it."""
        return "".join(part.text if part.literal else f"${part.text}" for part in self.parts)

    @cached_property
    def static(self) -> bool:
        return all(part.literal for part in self.parts)

    @cached_property
    def globbed(self) -> bool:
        return any(part.kind == "plain" and any(c in part.text for c in "*?[") for part in self.parts)

    @cached_property
    def braced(self) -> bool:
        plain = "".join(part.text if part.kind == "plain" else "." for part in self.parts)
        return "{" in plain and ("," in plain or ".." in plain) and "}" in plain

    @cached_property
    def pieced(self) -> bool:
        """Put together of quoted and unquoted pieces, as `r''m` or `r\\m` is."""
        return len({part.kind for part in self.parts}) > 1 or len(self.parts) > 1

    def variables(self) -> Iterator[str]:
        return (part.text for part in self.parts if part.kind == "variable")

    def substitutions(self) -> Iterator[Part]:
        return (part for part in self.parts if part.kind == "commands")

    @property
    def odd(self) -> bool:
        return any(part.kind == "odd" for part in self.parts)

    @property
    def evaluated(self) -> bool:
        """Whether bash computes in it, which can run commands that its variables hold (`$((x))`)."""
        return any(part.kind == "odd" and part.text != "parameter" for part in self.parts)

    def key(self) -> tuple[tuple[str, str], ...]:
        return tuple(part.key() for part in self.parts)


@dataclass(frozen=True, slots=True)
class Redirect:
    operator: str
    descriptor: str
    target: Word | None

    def key(self) -> tuple[object, ...]:
        return self.operator, self.descriptor, self.target.key() if self.target else ()


@dataclass(frozen=True)
class Command:
    """A simple command, wherever it stands, with the commands whose output flows into it."""

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    piped_from: tuple[Command, ...] = ()

    @cached_property
    def name(self) -> str:
        return self.words[0].value if self.words else ""

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        return tuple(word.value for word in self.words[1:])

    def every_word(self) -> Iterator[Word]:
        yield from self.words
        yield from (word for _, word in self.assignments)
        yield from (each.target for each in self.redirects if each.target is not None)

    def key(self) -> tuple[object, ...]:
        """What two parsers must agree about: words, assignments, redirects, and what is piped into it."""
        return (
            tuple(word.key() for word in self.words),
            tuple((name, word.key()) for name, word in self.assignments),
            tuple(sorted((each.key() for each in self.redirects), key=repr)),
            tuple(each.name for each in self.piped_from),
        )


@dataclass(frozen=True)
class Script:
    """All simple commands of a text, at any depth, and the constructs that no rule covers."""

    commands: tuple[Command, ...]
    constructs: frozenset[str] = frozenset()
    values: dict[str, tuple[Word, ...]] = field(default_factory=dict[str, tuple[Word, ...]])
    """What is assigned to each variable within the text; an empty tuple where it cannot be told."""
    functions: dict[str, tuple[Command, ...]] = field(default_factory=dict[str, tuple[Command, ...]])

    def agrees_with(self, other: Script) -> bool:
        return sorted((each.key() for each in self.commands), key=repr) == sorted(
            (each.key() for each in other.commands), key=repr
        )


def word_of(text: str, kind: PartKind = "quoted") -> Word:
    return Word((Part(kind, text),))


def joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Neighbouring literal parts of one kind as one. Empty quotes stay among plain text: `r''m` is in pieces."""
    result: list[Part] = []
    for part in parts:
        if result and part.literal and result[-1].kind == part.kind:
            result[-1] = Part(part.kind, result[-1].text + part.text)
        elif part.text or part.kind != "plain":
            result.append(part)
    told = [part for at, part in enumerate(result) if part.text or not part.literal or _among_plain(result, at)]
    return tuple(told) or (Part("quoted"),)


def _among_plain(parts: list[Part], at: int) -> bool:
    return all(part.kind == "plain" for part in parts[max(0, at - 1) : at] + parts[at + 1 : at + 2])


def unescaped(raw: str, quoted: bool) -> Iterator[Part]:
    """The parts of literal text with backslashes: unquoted, each makes the next character a quoted one."""
    at = 0
    while at < len(raw):
        slash = raw.find("\\", at)
        if slash < 0 or slash + 1 >= len(raw):
            break
        yield Part("quoted" if quoted else "plain", raw[at:slash])
        follower = raw[slash + 1]
        if follower != "\n":
            kept = "\\" + follower if quoted and follower not in '$`"\\' else follower
            yield Part("quoted", kept)
        at = slash + 2
    yield Part("quoted" if quoted else "plain", raw[at:])


def braces_expanded(text: str) -> list[str] | None:
    """`a{b,c}` as `ab` and `ac`; None for more than a few, and for ranges."""
    close = text.find("}")
    while close >= 0:
        opening = text.rfind("{", 0, close)
        inner = text[opening + 1 : close]
        if opening >= 0 and ".." in inner:
            return None
        if opening >= 0 and "," in inner:
            found: list[str] = []
            for choice in inner.split(","):
                further = braces_expanded(text[:opening] + choice + text[close + 1 :])
                if further is None or len(found) + len(further) > _MOST_BRACES:
                    return None
                found += further
            return found
        close = text.find("}", close + 1)
    return [text]
