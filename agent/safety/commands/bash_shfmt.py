"""Bash as shfmt (mvdan.cc/sh) reads it, by its JSON. A separate process: some 3 ms a command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from agent.safety.commands.syntax import Command, Part, Redirect, Script, Word, joined, unescaped, word_of

Node = dict[str, Any]

_SIMPLE_PARAMETERS = frozenset({"Type", "Pos", "End", "Dollar", "Rbrace", "Short", "Param"})


_READING_OPERATORS = frozenset({":-", "-", ":+", "+", "#", "##", "%", "%%"})


class ShfmtMissing(Exception):
    """There is no shfmt, or it did not answer in time: there is no second opinion."""


class NotBash(Exception):
    """It is no bash; the message is the parser's."""


@cache
def shfmt_path() -> str | None:
    """The binary beside this Python (where its package puts it), else the one on the PATH."""
    beside = Path(sys.executable).parent / "shfmt"
    return str(beside) if beside.is_file() else shutil.which("shfmt")


def read_with_shfmt(text: str, seconds: float, binary: str | None = None) -> Script:
    """The script that shfmt sees. Raises NotBash, or ShfmtMissing."""
    path = binary or shfmt_path()
    if path is None:
        raise ShfmtMissing("shfmt is not installed (pip install shfmt-py)")
    try:
        run = subprocess.run(
            [path, "--to-json", "-ln", "bash"], input=text.encode(), capture_output=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ShfmtMissing(f"shfmt gave no answer ({type(error).__name__})") from error
    if run.returncode != 0:
        raise NotBash(run.stderr.decode(errors="replace").strip()[:200] or "shfmt could not read it")
    reader = _Reader()
    reader.statements(json.loads(run.stdout).get("Stmts") or [])
    return Script(tuple(reader.commands), frozenset(reader.constructs), reader.values, reader.functions)


def _only_reads(node: Node) -> bool:
    """Whether an expansion neither sets a variable nor evaluates text: no `:=`, `[i]`, `:1:2`, `!`, `@P`."""
    operator = str((node.get("Exp") or {}).get("Op", ""))
    known = set(node) <= _SIMPLE_PARAMETERS | {"Exp", "Length"} and isinstance(node.get("Param"), dict)
    return known and (not operator or operator in _READING_OPERATORS)


@dataclass
class _Reader:
    commands: list[Command] = field(default_factory=list[Command])
    constructs: set[str] = field(default_factory=set[str])
    values: dict[str, tuple[Word, ...]] = field(default_factory=dict[str, tuple[Word, ...]])
    functions: dict[str, tuple[Command, ...]] = field(default_factory=dict[str, tuple[Command, ...]])

    def statements(
        self, nodes: Iterable[Node], piped: tuple[Command, ...] = (), outer: tuple[Redirect, ...] = ()
    ) -> None:
        for node in nodes:
            self.statement(node, piped, outer)

    def statement(self, node: Node, piped: tuple[Command, ...], outer: tuple[Redirect, ...]) -> None:
        redirects = tuple(self._redirects(node.get("Redirs") or [])) + outer
        if node.get("Coprocess"):
            self.constructs.add("coproc")
        command = node.get("Cmd")
        if command is None:
            self._add(Command((), (), redirects, piped))
            return
        kind = str(command["Type"])
        read = _READERS.get(kind)
        if read is None:
            self.constructs.add(kind)
            self._words_within(command)
        else:
            read(self, command, piped, redirects)

    def _add(self, command: Command) -> None:
        self.commands.append(command)

    def _collected(self, nodes: Iterable[Node]) -> tuple[Command, ...]:
        """Reads statements, and gives those of their commands that were added."""
        start = len(self.commands)
        self.statements(nodes)
        return tuple(self.commands[start:])

    def call(self, node: Node, piped: tuple[Command, ...], redirects: tuple[Redirect, ...]) -> None:
        assignments = tuple(self._assignments(node.get("Assigns") or []))
        words = tuple(self.word(each) for each in node.get("Args") or [])
        self._add(Command(words, assignments, redirects, piped))

    def binary(self, node: Node, piped: tuple[Command, ...], redirects: tuple[Redirect, ...]) -> None:
        start = len(self.commands)
        self.statement(node["X"], piped, redirects if node["Op"] != "|" else ())
        if str(node["Op"]).startswith("|") and node["Op"] != "||":
            before = tuple(self.commands[start:])
            self.statement(node["Y"], before, redirects)
        else:
            self.statement(node["Y"], piped, redirects)

    def block(self, node: Node, piped: tuple[Command, ...], redirects: tuple[Redirect, ...]) -> None:
        self.statements(node["Stmts"], piped, redirects)

    def if_clause(self, node: Node, piped: tuple[Command, ...], redirects: tuple[Redirect, ...]) -> None:
        for part in ("Cond", "Then"):
            self.statements(node.get(part) or [], piped, redirects)
        if node.get("Else"):
            self.if_clause(node["Else"], piped, redirects)

    def while_clause(self, node: Node, piped: tuple[Command, ...], redirects: tuple[Redirect, ...]) -> None:
        self.constructs.add("while")
        for part in ("Cond", "Do"):
            self.statements(node.get(part) or [], piped, redirects)

    def for_clause(self, node: Node, piped: tuple[Command, ...], redirects: tuple[Redirect, ...]) -> None:
        loop = node["Loop"]
        if loop.get("Type") == "WordIter" and not node.get("Select"):
            items = tuple(self.word(each) for each in loop.get("Items") or [])
            self._assign(str(loop["Name"]["Value"]), *items)
            if any(item.evaluated for item in items):
                self.constructs.add("computed list")
        else:
            self.constructs.add("arithmetic for" if not node.get("Select") else "select")
        self.statements(node.get("Do") or [], piped, redirects)

    def function(self, node: Node, piped: tuple[Command, ...], redirects: tuple[Redirect, ...]) -> None:
        self.constructs.add("function")
        start = len(self.commands)
        self.statement(node["Body"], piped, redirects)
        self.functions[str(node["Name"]["Value"])] = tuple(self.commands[start:])

    def timed(self, node: Node, piped: tuple[Command, ...], redirects: tuple[Redirect, ...]) -> None:
        if node.get("Stmt"):
            self.statement(node["Stmt"], piped, redirects)

    def declaration(self, node: Node, piped: tuple[Command, ...], redirects: tuple[Redirect, ...]) -> None:
        words = [word_of(str(node["Variant"]["Value"]), "plain")]
        assignments: list[tuple[str, Word]] = []
        for each in node.get("Args") or []:
            if each.get("Name") and not each.get("Naked"):
                assignments += self._assignments([each])
            elif each.get("Name"):
                words.append(word_of(str(each["Name"]["Value"]), "plain"))
            else:
                words.append(self.word(each["Value"]))
        self._add(Command(tuple(words), tuple(assignments), redirects, piped))

    def test(self, node: Node, piped: tuple[Command, ...], redirects: tuple[Redirect, ...]) -> None:
        words = [word_of("[[", "plain"), *self._test_words(node["X"]), word_of("]]", "plain")]
        self._add(Command(tuple(words), (), redirects, piped))

    def _test_words(self, node: Node) -> Iterator[Word]:
        if node["Type"] == "Word":
            yield self.word(node)
        elif node["Type"] == "ParenTest":
            yield word_of("(", "plain")
            yield from self._test_words(node["X"])
            yield word_of(")", "plain")
        elif node["Type"] == "UnaryTest":
            yield word_of(str(node["Op"]), "plain")
            yield from self._test_words(node["X"])
        else:
            yield from self._test_words(node["X"])
            yield word_of(str(node["Op"]), "plain")
            yield from self._test_words(node["Y"])

    def _redirects(self, nodes: Iterable[Node]) -> Iterator[Redirect]:
        for node in nodes:
            descriptor = str((node.get("N") or {}).get("Value", ""))
            operator = str(node["Op"])
            if operator.startswith("<<") and operator != "<<<":
                plain = all(part["Type"] == "Lit" for part in (node.get("Hdoc") or {}).get("Parts") or [])
                self.constructs.add("here-document" if plain else "expansion in a here-document")
                self._words_within(node.get("Hdoc") or {})
                yield Redirect("<<", descriptor, None)
            else:
                yield Redirect(operator, descriptor, self.word(node["Word"]))

    def _assignments(self, nodes: Iterable[Node]) -> Iterator[tuple[str, Word]]:
        for node in nodes:
            name = str(node["Name"]["Value"])
            if node.get("Index") or node.get("Array"):
                self.constructs.add("array")
                self._words_within(node)
                self._assign(name)
                continue
            value = self.word(node["Value"]) if node.get("Value") else word_of("")
            self._assign(name, value) if not node.get("Append") else self._assign(name)
            yield name, value

    def _assign(self, name: str, *values: Word) -> None:
        known = self.values.get(name)
        self.values[name] = () if not values or known == () else (known or ()) + values

    def word(self, node: Node) -> Word:
        return Word(joined(part for each in node.get("Parts") or [] for part in self._parts(each, False)))

    def _parts(self, node: Node, quoted: bool) -> Iterator[Part]:
        kind = node["Type"]
        if kind == "Lit":
            yield from unescaped(str(node.get("Value", "")), quoted)
        elif kind == "SglQuoted":
            yield Part("odd") if node.get("Dollar") is True else Part("quoted", str(node.get("Value", "")))
        elif kind == "DblQuoted":
            if node.get("Dollar") is True:
                yield Part("odd")
            yield Part("quoted")
            for each in node.get("Parts") or []:
                yield from self._parts(each, True)
        elif kind == "ParamExp" and set(node) <= _SIMPLE_PARAMETERS:
            yield Part("variable", str(node["Param"]["Value"]))
        elif kind in ("CmdSubst", "ProcSubst"):
            inner = self._collected(node.get("Stmts") or [])
            yield Part("commands", str(node.get("Op") or ""), inner, kind == "ProcSubst")
        else:
            self._words_within(node)
            yield Part("odd", "parameter" if kind == "ParamExp" and _only_reads(node) else str(kind))

    def _words_within(self, node: Any) -> None:
        """Reads every command that hides in a construct which is otherwise not looked into."""
        if isinstance(node, list):
            for each in node:
                self._words_within(each)
        elif isinstance(node, dict):
            if node.get("Type") in ("CmdSubst", "ProcSubst"):
                self._collected(node.get("Stmts") or [])
            elif "Cmd" in node:
                self.statement(node, (), ())
            else:
                for each in node.values():
                    self._words_within(each)


_READERS: dict[str, Callable[[_Reader, Node, tuple[Command, ...], tuple[Redirect, ...]], None]] = {
    "CallExpr": _Reader.call,
    "BinaryCmd": _Reader.binary,
    "Subshell": _Reader.block,
    "Block": _Reader.block,
    "IfClause": _Reader.if_clause,
    "WhileClause": _Reader.while_clause,
    "ForClause": _Reader.for_clause,
    "FuncDecl": _Reader.function,
    "TimeClause": _Reader.timed,
    "DeclClause": _Reader.declaration,
    "TestClause": _Reader.test,
}
