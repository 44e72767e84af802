"""Small languages inside commands: whether an awk, sed or jq program only reads and prints."""

from __future__ import annotations

import re

_AWK_WORDS = re.compile(r"(?i)\b(?:system|getline|ENVIRON|PROCINFO|ARGV|ARGC|ARGIND|SYMTAB|FUNCTAB)\b|@|/inet")
_AWK_PRINT_TO = re.compile(r"(?i)\bprintf?\b[^;{}]*>|>>")
_JQ = re.compile(
    r"(?i)\b(?:env|strenv|envsubst|load\w*|include|import|input_filename|modulemeta|system|exec|eval|input|inputs)\b|\$ENV|\$__"
)
_SED_FLAGS = re.compile(r"[gpiImM0-9]*")
_SED_ADDRESS = re.compile(r"\s*(?:\d+(?:~\d+)?|\$|[+~]\d+)")


def awk_problem(program: str) -> str:
    """Why an awk program may do more than print; empty if it may not."""
    program = program.replace("\\\n", " ")
    if _AWK_WORDS.search(program):
        return "the awk program can run, read or send something of its own"
    bare = _awk_without_literals(program)
    if bare is None:
        return "the awk program could not be read"
    if re.search(r"(?<!\|)\|(?!\|)", bare) or "|&" in bare:
        return "the awk program pipes into a command"
    if _AWK_PRINT_TO.search(bare):
        return "the awk program prints to a file"
    return ""


def _awk_without_literals(program: str) -> str | None:
    """The program with its strings, regular expressions and comments blanked, as awk itself would split it."""
    kept: list[str] = []
    at, before = 0, ""
    while at < len(program):
        char = program[at]
        if char == "#":
            at = program.find("\n", at) if "\n" in program[at:] else len(program)
            continue
        is_regex = char == "/" and (not before or before in "{(~!&|,;\n}=")
        if char == "/" and not is_regex and "/" in program[at + 1 :]:
            # A division, or the start of an expression after a keyword: quotes in it would be read differently.
            return None
        if char == '"' or is_regex:
            end = _literal_end(program, at, char)
            if end is None:
                return None
            kept.append("0")
            at, before = end, "0"
            continue
        kept.append(char)
        before = before if char in " \t" else char
        at += 1
    return "".join(kept)


def _literal_end(program: str, start: int, close: str) -> int | None:
    at, in_class = start + 1, False
    while at < len(program) and program[at] != "\n":
        if program[at] == "\\":
            at += 1
        elif close == "/" and program[at] == "[":
            in_class = True
        elif close == "/" and program[at] == "]":
            in_class = False
        elif program[at] == close:
            # Inside [...] awks disagree whether a slash ends the expression.
            return None if in_class else at + 1
        at += 1
    return None


def jq_problem(program: str) -> str:
    return "the program reads the environment or other files" if _JQ.search(program) else ""


def sed_problem(script: str) -> str:
    """Why a sed script may write a file, read one or run a command; empty if it may not."""
    rest: str | None = script
    while rest is not None and (rest := rest.lstrip(" \t\n;{}")):
        rest = _after_sed_address(rest)
        rest = _after_sed_command(rest) if rest is not None else None
    return "" if rest is not None else "the sed script could not be read, or writes, reads or runs something"


def _after_sed_address(text: str) -> str | None:
    """What follows the addresses (`1,5`, `/x/,/y/I`, `$!`)."""
    for _ in range(2):
        number = _SED_ADDRESS.match(text)
        if number:
            text = text[number.end() :]
        elif text[:1] == "/" or (text[:1] == "\\" and len(text) > 1):
            after = _after_delimited(text[1:] if text[0] == "/" else text[2:], text[0] if text[0] == "/" else text[1])
            if after is None:
                return None
            text = after.lstrip("IM")
        text = text.lstrip(" \t")
        if text[:1] != ",":
            break
        text = text[1:].lstrip(" \t")
    return text.lstrip(" \t!")


def _after_sed_command(text: str) -> str | None:
    command, rest = text[:1], text[1:]
    if command in ("{", "}", ""):
        return rest
    if command == "#":
        return rest.partition("\n")[2]
    if command in "aic":
        return re.sub(r"^(?:[^\\\n]|\\.|\\\n)*", "", rest, flags=re.DOTALL)
    if command in ":btT":
        # A blank ends the label in some versions, and what follows is a command.
        ended = re.match(r"[ \t]*[^\s;}]*[ \t]*(?=[;}\n]|$)", rest)
        return rest[ended.end() :] if ended else None
    if command in "pPdDgGhHxnN=lzFqQ":
        ended = re.match(r"[ \t]*\d*[ \t]*(?=[;}\n#]|$)", rest)
        return rest[ended.end() :] if ended else None
    if command in "sy" and rest[:1] not in ("", "\n", "\\"):
        delimiter = rest[0]
        first = _after_delimited(rest[1:], delimiter)
        second = _after_delimited(first, delimiter) if first is not None else None
        if second is None:
            return None
        flags = _SED_FLAGS.match(second) if command == "s" else None
        after = second[flags.end() :] if flags else second
        return after if re.match(r"[ \t]*(?:[;}\n#]|$)", after) else None
    return None


def _after_delimited(text: str, delimiter: str) -> str | None:
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == delimiter:
            return text[at + 1 :]
        at += 1
    return None
