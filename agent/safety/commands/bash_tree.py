"""Bash as tree-sitter-bash reads it. In this process, well under a millisecond a command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from agent.safety.commands.bash_shfmt import NotBash
from agent.safety.commands.syntax import Command, Part, Redirect, Script, Word, joined, unescaped, word_of

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_BLOCKS = frozenset(
    {"program", "subshell", "compound_statement", "if_statement", "elif_clause", "else_clause", "do_group", "list"}
    | {"negated_command", "while_statement"}
)
_WORDS = frozenset(
    {"word", "number", "string", "raw_string", "concatenation", "simple_expansion", "expansion", "ansi_c_string"}
    | {"command_substitution", "process_substitution", "arithmetic_expansion", "translated_string", "brace_expression"}
    | {"regex", "extglob_pattern", "test_operator", "variable_name"}
)
_Pipes = tuple[Command, ...]
_Redirects = tuple[Redirect, ...]


@cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def read_with_tree_sitter(text: str) -> Script:
    """The script that tree-sitter sees. Raises NotBash."""
    tree = _parser().parse(text.encode())
    if tree.root_node.has_error:
        raise NotBash("tree-sitter found an error in it")
    reader = _Reader()
    reader.visit(tree.root_node, (), ())
    return Script(tuple(reader.commands), frozenset(reader.constructs), reader.values, reader.functions)


def _only_reads(node: Node) -> bool:
    """Whether `${...}` neither sets a variable nor evaluates text (see the other reader)."""
    signs = {child.type for child in node.children if not child.is_named}
    named = [child.type for child in node.named_children]
    return signs <= _READING_SIGNS and "subscript" not in named and named[:1] == ["variable_name"]


def _text(node: Node) -> str:
    return (node.text or b"").decode()


@dataclass
class _Reader:
    commands: list[Command] = field(default_factory=list[Command])
    constructs: set[str] = field(default_factory=set[str])
    values: dict[str, tuple[Word, ...]] = field(default_factory=dict[str, tuple[Word, ...]])
    functions: dict[str, tuple[Command, ...]] = field(default_factory=dict[str, tuple[Command, ...]])

    def visit(self, node: Node, piped: _Pipes, redirects: _Redirects) -> None:
        kind = node.type
        if kind in _BLOCKS:
            if kind == "while_statement":
                self.constructs.add("while")
            for child in node.named_children:
                self.visit(child, piped, redirects)
        elif kind == "pipeline":
            self._pipeline(node.named_children, piped, redirects)
        elif kind == "redirected_statement":
            self._redirected(node, piped, redirects)
        elif kind in ("command", "declaration_command", "unset_command", "test_command"):
            self._command(node, piped, redirects)
        elif kind in ("variable_assignment", "variable_assignments"):
            nodes = [node] if kind == "variable_assignment" else node.named_children
            self.commands.append(Command((), tuple(self._assignments(nodes)), redirects, piped))
        elif kind == "for_statement":
            self._for(node, piped, redirects)
        elif kind == "function_definition":
            self._function(node, piped, redirects)
        elif kind != "comment":
            self.constructs.add(kind)
            self._within(node)

    def _pipeline(self, stages: Iterable[Node], piped: _Pipes, redirects: _Redirects) -> None:
        for stage in stages:
            if stage.type == "comment":
                continue
            start = len(self.commands)
            self.visit(stage, piped, redirects)
            piped = piped + tuple(self.commands[start:])

    def _redirected(self, node: Node, piped: _Pipes, redirects: _Redirects) -> None:
        """A statement with its redirects; one on a pipeline belongs to the last stage, as bash has it."""
        body = node.child_by_field_name("body")
        stray: list[Word] = []
        own: list[Redirect] = []
        for child in node.named_children:
            if child != body:
                own += self._redirect(child, stray)
        if body is None:
            self.commands.append(Command((), (), (*own, *redirects), piped))
            return
        start = len(self.commands)
        if body.type in ("pipeline", "list"):
            *before, last = [each for each in body.named_children if each.type != "comment"]
            if body.type == "pipeline":
                self._pipeline(before, piped, redirects)
                piped = piped + tuple(self.commands[start:])
            else:
                for each in before:
                    self.visit(each, piped, redirects)
            self.visit(last, piped, (*own, *redirects))
        else:
            self.visit(body, piped, (*own, *redirects))
        if stray and len(self.commands) > start:
            last_one = self.commands[-1]
            self.commands[-1] = Command(
                last_one.words + tuple(stray), last_one.assignments, last_one.redirects, last_one.piped_from
            )

    def _redirect(self, node: Node, stray: list[Word]) -> Iterator[Redirect]:
        """One redirect; words after its target are arguments of the command (the grammar puts them here)."""
        if node.type == "comment":
            return
        descriptor = "".join(_text(each) for each in node.named_children if each.type == "file_descriptor")
        words = [self.word(each) for each in node.named_children if each.type in _WORDS]
        operator = next((each.type for each in node.children if not each.is_named), "")
        if node.type == "heredoc_redirect":
            bodies = [each for each in node.named_children if each.type == "heredoc_body"]
            plain = all(part.type == "heredoc_content" for body in bodies for part in body.named_children)
            self.constructs.add("here-document" if plain else "expansion in a here-document")
            self._within(node)
            yield Redirect("<<", descriptor, None)
            return
        stray += words[1:]
        yield Redirect(
            "<<<" if node.type == "herestring_redirect" else operator, descriptor, words[0] if words else None
        )

    def _command(self, node: Node, piped: _Pipes, redirects: _Redirects) -> None:
        words: list[Word] = []
        assigned: list[Node] = []
        own: list[Redirect] = []
        for child in node.children:
            if child.type == "variable_assignment":
                assigned.append(child)
            elif child.type in ("file_redirect", "herestring_redirect", "heredoc_redirect"):
                own += self._redirect(child, words)
            elif node.type == "test_command":
                words += self._leaves(child)
            elif child.type == "command_name":
                words.append(self.word(child.children[0]))
            elif child.type in _WORDS or not child.is_named:
                words.append(self.word(child))
            elif child.type == "subshell":
                self.constructs.add("subshell as an argument")
                self._within(child)
            elif child.type != "comment":
                words.append(self.word(child))
        while words and words[0].parts == (Part("plain", "time"),):
            words = words[2:] if words[1:] and words[1].value == "-p" else words[1:]
        self.commands.append(Command(tuple(words), tuple(self._assignments(assigned)), (*own, *redirects), piped))

    def _leaves(self, node: Node) -> Iterator[Word]:
        if node.type in _WORDS or node.child_count == 0:
            yield self.word(node)
        else:
            for child in node.children:
                yield from self._leaves(child)

    def _for(self, node: Node, piped: _Pipes, redirects: _Redirects) -> None:
        if node.children[0].type == "select":
            self.constructs.add("select")
        variable = node.child_by_field_name("variable")
        items = tuple(self.word(each) for each in node.children_by_field_name("value"))
        if variable is not None:
            self._assign(_text(variable), *items)
        if any(item.evaluated for item in items):
            self.constructs.add("computed list")
        body = node.child_by_field_name("body")
        if body is not None:
            self.visit(body, piped, redirects)

    def _function(self, node: Node, piped: _Pipes, redirects: _Redirects) -> None:
        self.constructs.add("function")
        start = len(self.commands)
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if body is not None:
            self.visit(body, piped, redirects)
        if name is not None:
            self.functions[_text(name)] = tuple(self.commands[start:])

    def _assignments(self, nodes: Iterable[Node]) -> Iterator[tuple[str, Word]]:
        for node in nodes:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is None or name.type != "variable_name" or (value is not None and value.type == "array"):
                self.constructs.add("array")
                self._within(node)
                if name is not None:
                    self._assign(_text(name).split("[")[0])
                continue
            word = self.word(value) if value is not None else word_of("")
            appended = any(each.type == "+=" for each in node.children)
            self._assign(_text(name)) if appended else self._assign(_text(name), word)
            yield _text(name), word

    def _assign(self, name: str, *values: Word) -> None:
        known = self.values.get(name)
        self.values[name] = () if not values or known == () else (known or ()) + values

    def word(self, node: Node) -> Word:
        return Word(joined(self._parts(node)))

    def _parts(self, node: Node) -> Iterator[Part]:
        kind, text = node.type, _text(node)
        if kind == "concatenation":
            for child in node.children:
                yield from self._parts(child)
        elif kind == "raw_string":
            yield Part("quoted", text[1:-1])
        elif kind == "string":
            yield from self._string(node)
        elif kind == "simple_expansion" or (kind == "expansion" and [c.type for c in node.children] == _PLAIN_BRACES):
            yield Part("variable", text.lstrip()[1:].strip("{}"))
        elif kind in ("command_substitution", "process_substitution"):
            start = len(self.commands)
            for child in node.named_children:
                self._substituted(child)
            operator = node.children[0].type if kind == "process_substitution" else ""
            yield Part("commands", operator, tuple(self.commands[start:]), kind == "process_substitution")
        elif kind == "extglob_pattern" and "(" not in text:
            yield from unescaped(text, False)
        elif kind in ("expansion", "arithmetic_expansion", "ansi_c_string", "translated_string", "extglob_pattern"):
            self._within(node)
            yield Part("odd", "parameter" if kind == "expansion" and _only_reads(node) else kind)
        else:
            yield from unescaped(text, False)

    def _substituted(self, node: Node) -> None:
        if node.type == "file_redirect":
            self.commands.append(Command((), (), tuple(self._redirect(node, []))))
        else:
            self.visit(node, (), ())

    def _string(self, node: Node) -> Iterator[Part]:
        """A double-quoted string: what lies between its children is text too (the grammar skips blanks, or takes them
        for a part of the sign that follows them)."""
        source, at = node.text or b"", node.start_byte + 1
        yield Part("quoted")
        for child in node.named_children:
            if child.type == "string_content":
                continue
            start = child.end_byte - len((child.text or b"").lstrip())
            yield from unescaped(source[at - node.start_byte : start - node.start_byte].decode(), True)
            yield from self._parts(child)
            at = child.end_byte
        yield from unescaped(source[at - node.start_byte : -1].decode(), True)

    def _within(self, node: Node) -> None:
        """Reads every command that hides in a construct which is otherwise not looked into."""
        for child in node.named_children:
            if child.type in _STATEMENTS:
                self.visit(child, (), ())
            elif child.type in ("command_substitution", "process_substitution"):
                list(self._parts(child))
            else:
                self._within(child)


_READING_SIGNS = frozenset({"${", "}", ":-", "-", ":+", "+", "#", "##", "%", "%%"})
_PLAIN_BRACES = ["${", "variable_name", "}"]
_STATEMENTS = frozenset(
    {"command", "pipeline", "list", "redirected_statement", "subshell", "compound_statement", "if_statement"}
    | {"while_statement", "for_statement", "declaration_command", "unset_command", "test_command", "negated_command"}
    | {"variable_assignment", "function_definition", "case_statement", "c_style_for_statement"}
)
