"""Words of a log line: which of them are surely parameters, and which are words that programs write.

shapes(["took 12 ms", "took 7 ms"])        # -> ["took 0 ms", "took 0 ms"]
Tokens()["uid=0,"]                         # -> "uid=<*>,"
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.log_vocabulary import SUFFIXES, WORDS

PARAMETER = "<*>"

MAX_TOKEN_CHARS = 200
"""Of a longer token only so much is looked at; the rest counts as a parameter."""
MOST_PASSES = 6

_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_NUMBER = re.compile(rb"0[0a-f]*0")
"""More digits than one, and what stands between the digits of a hexadecimal number."""

# Of a whole message: parameters that may hold spaces.
_QUOTED = re.compile(
    r"""(?<![^\s=:(\[,])(?:"(?!(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\s)[^"]{0,200}"|'[^']{0,200}')(?!\w)"""
)
_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s+)?(?:0\s+)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+0,?"
    r"(?:\s+0)?\s+0:0(?::0)?(?:\s[A-Z]{3,4})?(?:\s+0)?\b"
)
_STRUCTURE = re.compile(r"\{(?=['\"\w])[^{}=]{0,400}\}|\[[^\[\],=]{0,200}, [^\[\]=]{0,400}\]")
_SPACED_VALUE = re.compile(r"(?<=[\w\])])\s?=\s(?=[^\s=]+(?:\s|$))")
_LAST_VALUE = re.compile(r": [A-Za-z][\w.-]*(?=[,;]\s|$)")

# Of a token of a shape, where 0 is any number.
_PATH = re.compile(
    r"""(?<![\w.$-])(?:[a-z]+://|~?/(?=[^/\s])|[A-Za-z]:[\\/]|\\|[\w.$-]+(?:[/\\][\w.$-]+){2}
    |(?=[\w$-]*[.0])[\w.$-]+/[\w.$-]+)[^,;)\]]*""",
    re.VERBOSE,
)
_HOST_AND_PORT = re.compile(r"[\w-]+(?:\.[\w-]+)+:0\b")
_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_HEX_PAIRS = re.compile(r"(?<![\w:])(?=[a-f:]*0)(?:0x)?[0a-f]{1,9}(?::[0a-f]{0,9}){2,}(?![\w:])", re.IGNORECASE)
_WITH_DIGIT = re.compile(r"[^\s=:(){}\[\]<>,;\"'#|&@*]*0[^\s=:(){}\[\]<>,;\"'#|&@*]*")
_STATE = re.compile(r"(?<=\w):(?:(?i:true|false|null|none|on|off|yes|no)|[A-Z][A-Z_]+|\w+(?:\.\w+)+)(?!\w)")
_STARS = re.compile(r"\*{2,}|\?{2,}")
_LIST = re.compile(r"(?<![\w.-])[\w.-]+(?:,[\w.-]+)+(?![\w.=-])")
_LEADERS = re.compile(r"(?<=[\w)])\.{2,}(?=0)")
"""As in `interrupt enable....0`."""
_VALUE = re.compile(r"(?<=[\w\])\"'-])=(?![=>])[^,;&]*?(?=[,;&]|[)\]}.:]*$)")
_RUN = re.compile(r"[-+/#@$~]*(?:<(?=<\*>(?!>)))?<\*>(?:[-:,./@#_+*%]*<\*>)*%?")

# Of a masked token.
_ENCLOSED = re.compile(
    r"""(?:`[^`]*`|\w+\(<\*>\)|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>|"[^"]*"|'[^']*')[.,:;]?"""
)
_LETTERS = re.compile(r"[^\W\d_]")


def shapes(lines: Sequence[str]) -> list[str]:
    """Each line with every run of digits written as a single 0: most lines of one statement then are the same text."""
    text = "\n".join(lines)
    if text.count("\n") != len(lines) - 1:
        text = "\n".join(line.replace("\n", " ") for line in lines)
    data = _NUMBER.sub(b"0", text.encode("utf-8", "surrogatepass").translate(_DIGITS))
    return data.decode("utf-8", "surrogatepass").split("\n") if lines else []


def joined(message: str) -> str:
    """A message in which parameters of several words are one: quotations (not HTTP requests), dates, lists, values."""
    if '"' in message or "'" in message:
        message = _QUOTED.sub(PARAMETER, message)
    if " 0:0" in message:
        message = _DATE.sub(PARAMETER, message)
    if "{" in message or ("[" in message and ", " in message):
        message = _STRUCTURE.sub(PARAMETER, message)
    if "= " in message:
        message = _SPACED_VALUE.sub("=", message)
    if ": " in message:
        message = _LAST_VALUE.sub(": " + PARAMETER, message)
    return message


class Tokens(dict[str, str]):
    """From a token of a shape to the token with its parameters masked; what was asked once is remembered."""

    def __missing__(self, token: str) -> str:
        masked = self[token] = mask_token(token)
        return masked


def mask_token(token: str) -> str:
    """A token of a shape with its parameters masked: numbers, ids, addresses, paths, what follows `key=`, and lists.

    What a mask leaves beside it may make another one possible, hence the passes; most tokens need one or two.
    """
    if len(token) > MAX_TOKEN_CHARS:
        token = token[:MAX_TOKEN_CHARS] + PARAMETER
    for _ in range(MOST_PASSES):
        masked = _masked_once(token)
        if masked in (token, PARAMETER):
            return masked
        token = masked
    return token


def _masked_once(token: str) -> str:
    if token.isalpha():
        return token
    if "/" in token or "\\" in token:
        token = _PATH.sub(PARAMETER, token)
    if "0" in token:
        if "..0" in token:
            token = _LEADERS.sub("=", token)
        if ":" in token:
            token = _HEX_PAIRS.sub(PARAMETER, _HOST_AND_PORT.sub(PARAMETER, token))
        token = _WITH_DIGIT.sub(PARAMETER, token)
    if "," in token[:-1]:
        token = _LIST.sub(PARAMETER, token)
    if "@" in token:
        token = _E_MAIL.sub(PARAMETER, token)
    if ":" in token:
        token = _STATE.sub(":" + PARAMETER, token)
    if "**" in token or "??" in token:
        token = _STARS.sub(PARAMETER, token)
    if "=" in token:
        token = _VALUE.sub("=" + PARAMETER, token)
    return _RUN.sub(PARAMETER, token) if PARAMETER in token else token


class Constants(dict[str, str]):
    """From a masked token to itself when it is a word that a program writes, and to "" when it may be a parameter."""

    def __missing__(self, token: str) -> str:
        constant = self[token] = token if is_constant(token) else ""
        return constant


def is_parameter(token: str) -> bool:
    """Whether a masked token is nothing but a parameter and marks around it."""
    return PARAMETER in token and _LETTERS.search(token) is None


def is_constant(token: str) -> bool:
    """Whether a token looks like a part of the statement: an English word of logs, a key, a mark, a function."""
    if _ENCLOSED.fullmatch(token) or is_parameter(token):
        return False
    if "=<" in token or "::" in token:
        return True
    word = token.replace(PARAMETER, "").strip(".,:;!?()[]{}<>\"'`*-=")
    if not word or word.endswith("()") or token.rstrip(".,:;").endswith("()"):
        return True
    lower = word.lower()
    if word.isupper():
        return lower in LOUD
    if lower in SWITCHES and word != "on":
        return False
    return lower in WORDS or (len(word) > 5 and word.isalpha() and lower.endswith(SUFFIXES))


_LOUD = """
get head post put patch delete options error errors warning fatal failed failure alert critical panic info debug notice
exception denied refused timeout
"""
LOUD = frozenset(_LOUD.split())
"""Words that stay constants in capitals; others in capitals are mostly names of states."""
SWITCHES = frozenset(("on", "off", "yes", "no", "true", "false", "null", "none"))
"""Words that are mostly values; "on" in small letters is not."""
