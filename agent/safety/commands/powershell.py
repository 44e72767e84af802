"""A text for PowerShell, by tree-sitter-powershell: only kinds of nodes that are known, only cmdlets that are listed.

The grammar is young and fails on some common texts, so what it cannot read wants a person and is not refused; and a
second, plain look at the words that may name a command must find none that the tree did not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from agent.safety.commands.secrets import secret_in, secret_tree, tells_of_secret
from agent.safety.commands.tables import SENT, read_yaml
from agent.safety.commands.texts import judge_text
from agent.safety.commands.verdict import AUTO, Verdict, approval, worst
from agent.safety.commands.windows_cmd import judge_windows_words, windows_refusals
from agent.safety.commands.windows_programs import is_computed

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_STRUCTURE = frozenset(
    [
        "program",
        "statement_list",
        "pipeline",
        "pipeline_chain",
        "command",
        "command_name",
        "command_elements",
        "command_argument_sep",
        "command_parameter",
        "generic_token",
        "array_literal_expression",
        "unary_expression",
        "string_literal",
        "expandable_string_literal",
        "verbatim_string_characters",
        "integer_literal",
        "decimal_integer_literal",
        "hexadecimal_integer_literal",
        "real_literal",
        "variable",
        "simple_name",
        "member_access",
        "member_name",
        "parenthesized_expression",
        "empty_statement",
        "logical_expression",
        "bitwise_expression",
        "comparison_expression",
        "additive_expression",
        "multiplicative_expression",
        "format_expression",
        "range_expression",
        "array_expression",
        "hash_literal_expression",
        "hash_literal_body",
        "hash_entry",
        "key_expression",
        "script_block_expression",
        "script_block",
        "script_block_body",
        "comparison_operator",
        "sub_expression",
        "braced_variable",
        "path_command_name",
        "path_command_name_token",
    ]
)
_OPERATORS = frozenset(
    ["additive_expression", "multiplicative_expression", "format_expression", "range_expression", "bitwise_expression"]
)
_TRICKS = re.compile(r"`|--%|@['\"]|<#|[\u2018-\u201f\u2013-\u2015]|::|\$\{|@\w|\$\(|\[scriptblock|\[char")
_TELLING_VARIABLE = re.compile(
    r"(?i)^\$(env:.*(pass|secret|token|key|cred|comspec|psmodulepath)|executioncontext|host|pscmdlet|args|input)"
)
_DRIVES = re.compile(
    r"(?i)(?<!\$)\b(env|variable|function|cert|wsman|alias):|hk(lm|cu|u|cr|cc):?\\(sam|security)|registry::|filesystem::"
)
_FAR = re.compile(r"(?:^|[\s'\"(:=,])[\\/]{2}|://")
_BARE_LIST = re.compile(r"(?<=\s)[A-Za-z_]\w*(?:,[A-Za-z_]\w*)+(?=[\s|;)]|$)")
_MIDWAY = re.compile(r"[\w.\\:-]''|''[\w\\:]")
_COMMAND_PLACE = re.compile(r"(?:^|[;|&{}()\n]|\$\()\s*([A-Za-z_?%][\w.\\:?-]*+)(?!\s*=)")


@cache
def _parser() -> Parser:
    import tree_sitter_powershell
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_powershell.language()))


@cache
def _cmdlets() -> dict[str, str]:
    """Every name that a listed cmdlet has, in small letters, with its full name."""
    data = read_yaml("powershell")
    names = {each.lower(): each for each in str(data["cmdlets"]).split()}
    return names | {alias.lower(): str(full) for alias, full in data["aliases"].items()}


@cache
def _list(name: str) -> frozenset[str]:
    return frozenset(str(read_yaml("powershell")[name]).lower().split())


def judge_powershell(text: str) -> Verdict:
    text = text.replace("\r\n", "\n")
    early = worst((judge_text(text), *windows_refusals(text)))
    if early.decision != "auto":
        return early
    if trick := _TRICKS.search(text):
        return approval(f"It has “{trick.group()}”, with which PowerShell reads text in its own way.")
    if not text.isascii():
        return approval("It has characters outside of ASCII, some of which PowerShell reads as quotes and dashes.")
    if _MIDWAY.search(re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)):
        return approval("It has a quote in the middle of a word.")
    if _DRIVES.search(text) or _FAR.search(text) or secret_in(text):
        return approval("It is about secrets, about the environment, or about another machine.")
    root = _parser().parse(_without_gaps(text).encode()).root_node
    if root.has_error:
        return approval("It could not be read as PowerShell.")
    return worst((*_judge_nodes(root, False), _second_look(text, root)))


def _without_gaps(text: str) -> str:
    """`a, b` as `'a','b'`, outside of quotes: the grammar knows neither the blank nor a list of bare words."""
    pieces = re.split(r"('[^']*'|\"[^\"]*\")", text)
    joined = "".join(re.sub(r",[ \t]+", ",", each) if at % 2 == 0 else each for at, each in enumerate(pieces))
    return _BARE_LIST.sub(lambda found: "'" + found.group().replace(",", "','") + "'", joined)


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _judge_nodes(node: Node, condition: bool) -> Iterator[Verdict]:
    """Every node: of a known kind, and every command listed. `condition`: within the braces of Where-Object."""
    kind = node.type
    if node.is_named and kind not in _STRUCTURE:
        yield approval(f"It has something that is not judged further ({kind.replace('_', ' ')}).")
        return
    operated = node.child_count > 1
    if (kind in _OPERATORS and operated) or (
        kind in ("logical_expression", "comparison_expression") and operated and not condition
    ):
        yield approval("It computes something.")
    if kind == "script_block_expression" and not condition:
        yield approval("It has a script block.")
    if kind == "variable" and _TELLING_VARIABLE.match(_text(node)):
        yield approval("A variable in it may hold a secret, or a way out.")
    if kind == "command":
        yield _judge_command(node)
        condition = condition or _name_of(node) in _list("conditions")
    for child in node.children:
        yield from _judge_nodes(child, condition)


def _name_of(node: Node) -> str:
    name = next((_text(each) for each in node.children if each.type == "command_name"), "")
    return _cmdlets().get(name.lower(), name).lower()


def _judge_command(node: Node) -> Verdict:
    names = [each for each in node.children if each.type == "command_name"]
    if len(names) != 1 or any(each.type == "command_invokation_operator" for each in node.children):
        return approval("It calls a program by a path or a text.")
    name = _text(names[0])
    words = [
        _text(each)
        for elements in node.children
        if elements.type == "command_elements"
        for each in elements.children
        if each.type != "command_argument_sep"
    ]
    full = _cmdlets().get(name.lower())
    if full is None:
        if any(re.search(r"[$(){}@]", each) for each in words):
            return approval(f"{name[:60]} is not on the list of cmdlets that only read.")
        if name.lower() == "sc":
            return approval("In PowerShell sc is short for Set-Content; the program is sc.exe.")
        return judge_windows_words(name, [each.strip("'\"") for each in words])
    fed = node.prev_named_sibling is not None
    if full.lower() in _list("senders") and (fed or is_computed(words)):
        return approval(f"{full}: {SENT}.")
    return _cmdlet_verdict(full, words)


def _cmdlet_verdict(name: str, words: list[str]) -> Verdict:
    for word in words:
        parameter = word.partition(":")[0].lower()
        if re.match(r"-[a-z]", parameter) and _never(name, parameter):
            return approval(f"{name}: the parameter {word[:40]} is not one that is known to only read.")
        bare = word.strip("'\"")
        if secret_in(bare, bare) or (
            name in ("Get-Content", "Select-String", "Get-ChildItem") and tells_of_secret(bare)
        ):
            return approval(f"{name}: it is about a secret.")
        if name in ("Get-Content", "Select-String") and ("*" in bare and secret_tree(bare.rpartition("*")[0] or "/")):
            return approval(f"{name}: it reads everything under a directory that also holds secrets.")
    return AUTO


def _never(name: str, parameter: str) -> bool:
    """Whether a parameter is, or is short for, one that does more than read; a cmdlet's own of that name is not."""
    own = str(read_yaml("powershell")["harmless"].get(name, "")).lower().split()
    if parameter in own or parameter in _list("whole"):
        return False
    return len(parameter) > 2 and any(each.startswith(parameter) for each in _list("never"))


def _second_look(text: str, root: Node) -> Verdict:
    """Whether every word that stands where a command may stand is a name that the tree shows."""
    shown = {name.lower() for name in _command_names(root)}
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)
    hidden = [each for each in _COMMAND_PLACE.findall(bare) if each.lower() not in shown]
    return approval(f"“{hidden[0][:40]}” may be a command that the parser did not see.") if hidden else AUTO


def _command_names(node: Node) -> Iterator[str]:
    if node.type == "command_name":
        yield _text(node)
    for child in node.children:
        yield from _command_names(child)
