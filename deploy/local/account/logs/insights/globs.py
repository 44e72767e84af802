"""Patterns of `parse` and `like`: globs with `*`, and Java-style regular expressions with named groups."""

import re

from deploy.local.account.logs.insights.lexer import QueryError

_NAMED_GROUP = re.compile(r"(?<!\\)\(\?<(?![=!])([^>]*)>")


def glob_to_regex(glob: str) -> re.Pattern[str]:
    """`user=*, ms=*` -> a regex with a group for each `*`: as short as possible, the last one to the end."""
    *parts, tail = (re.escape(part) for part in glob.split("*"))
    last = "(.*)" if not tail else "(.*?)" + tail
    return re.compile("(.*?)".join(parts) + last if parts else tail, re.DOTALL)


def compile_regex(source: str, start: int, end: int) -> tuple[re.Pattern[str], list[str]]:
    """The regex and the names of its groups, which may hold characters that Python does not allow in them."""
    names: list[str] = _NAMED_GROUP.findall(source)
    numbered = _NAMED_GROUP.sub("(", source)
    try:
        return re.compile(numbered.replace(r"\/", "/")), names
    except re.error as error:
        raise QueryError(f"invalid regular expression /{source}/: {error.msg}", start, end) from error
