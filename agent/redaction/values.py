"""Is this value a secret? Judged by the name that it was given and by how it looks."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from enum import IntEnum

from agent.redaction.spans import word_set

PLACEHOLDER = re.compile(
    r"""(?ix) ^(?:
      (.)\1*                                     # one character, repeated: ****, xxxx, ....
    | [*x•.…_-]+
    | <.*>? | \[[A-Z_ -]+\]? | \{[\w .-]*\}?      # <password>, [PASSWORD], {password}
    | \$\$?[A-Za-z_]\w* | \$\d | [$#@%]\{.* | \$\(.* | \{\{.* | \(\(.* # $NAME, ${name}, $(command), {{ name }}
    | %\(?[\w ]*\)?[sdvr]? | %\w+% | @\w+@ | !\w+.* # %s, %(name)s, %NAME%, !Ref Name
    | (?:your|insert|enter|replace|put)(?:[_ -].*|[A-Z].*)? | .*[_-]here
    | [\[(<]?redacted.* | .*placeholder.* | not[_-].*
    )$"""
)
WORDS_THAT_ARE_NO_SECRET = word_set(
    """
    none null nil undefined true false yes no on off string str text varchar int integer bool boolean number object
    array list any bytes secretstr required optional missing invalid incorrect wrong expired failed failure denied
    empty unset unknown hidden masked filtered removed omitted encrypted plaintext plain default disabled enabled
    error is was are must should cannot can not the a an for from with and or has have does do did be been will this
    that in to of at set reset changed rotated updated updating rotation rotating verified verification
    authentication authorization validation validated required: sensitive known after apply ok passed accepted
    rejected mismatch mismatched file env environment vault secret secrets token tokens password passwd pass pwd
    passphrase key apikey api_key username user login credentials credential auth basic bearer digest prompt stdin
    value name see type length policy field provided given supplied needed found sent received used using revoked
    unauthorized forbidden test changeme changeit change_me
    """
)
CODE = re.compile(
    r"""(?x) ^(?:
      [A-Za-z_$][\w$]*(?:(?:\.|->|::)[A-Za-z_$][\w$]*)*[(\[]   # a call or an index: getPassword(, os.environ[
    | (?:os|self|this|config|cfg|conf|settings|env|process|var|local|data|module|args|params|options|opts|props
        |secrets|req|request|ctx|context|System|Rails|ENV|app|resource|aws_\w+|random_\w+)[.\[](?:.*)
    )"""
)
REFERENCE = re.compile(r"^(?:arn:aws[\w-]*:|https?://|s3://|ssm:|secretsmanager:|vault:|file://|projects/|ENC\[)")
FILE_PATH = re.compile(r"^(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w .@/\\{}$-]*$")
WELL_KNOWN_FOLDERS = re.compile(r"/(?:var|etc|home|usr|opt|tmp|run|aws|root|mnt)/|\.\.?/|~/")
UUID = re.compile(r"^\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?$", re.IGNORECASE)
TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\d(?:[T ]?\d\d[:.]?\d\d.*)?$")
SEPARATORS = re.compile(r"[-_./:@+ ]+")
CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
DIGITS_LAST = re.compile(r"^[A-Za-z]+\d{0,6}$")
AWS_RESOURCE_ID = re.compile(r"^[a-z]{1,12}-(?:[0-9a-f]{8}|[0-9a-f]{17})$")
DIGEST = re.compile(r"^(?:sha\d+[:-]|md5[:-])", re.IGNORECASE)
VERSION = re.compile(r"^v?\d+(?:\.\d+)+[\w.+-]*$")
HEXADECIMAL = re.compile(r"^[0-9a-fA-F]+$")


class Trust(IntEnum):
    """How much the name says about its value."""

    password = 1
    """Whatever stands there and is no placeholder."""
    secret = 2
    """Needs to look random, or at least unlike a word."""
    key = 3
    """Needs to be long and random: most things called key, auth or access are no secret."""


def is_secret(value: str, trust: Trust, *, quoted: bool) -> bool:
    """Whether a value that stands under such a name is one to hide. `quoted`: it stood in quotes, so it is no code."""
    value = value.strip()
    if is_placeholder(value) or REFERENCE.match(value) or (not quoted and CODE.match(value)):
        return False
    if trust is Trust.password:
        return _may_be_password(value)
    if " " in value:
        return any(is_secret(word, trust, quoted=quoted) for word in value.split())
    return _looks_issued(value) if trust is Trust.secret else _looks_random(value)


def is_placeholder(value: str) -> bool:
    """Whether it stands for a secret and is none: None, ${TOKEN}, <password>, ****, required."""
    return bool(PLACEHOLDER.match(value)) or value.strip(".,:;!?()[]{}\"'").lower() in WORDS_THAT_ARE_NO_SECRET


def _may_be_password(value: str) -> bool:
    first = value.split(maxsplit=1)[0] if value else ""
    if len(value) < 3 or (value.isdigit() and len(value) < 4):
        return False
    if FILE_PATH.match(value) and is_name(value.replace("~", "")):
        return False
    return len(first) == len(value) or first.lower() not in WORDS_THAT_ARE_NO_SECRET


def _looks_issued(value: str) -> bool:
    """What a service issues as a token: at least eight characters with digits among letters, or long and random."""
    if len(value) < 8 or _is_known_identifier(value):
        return False
    if value.isdigit():
        return len(value) >= 15
    if UUID.match(value):
        return True
    return not is_name(value) and entropy(value) >= 2.5


def _looks_random(value: str) -> bool:
    if decodes_to_credentials(value):
        return True
    if len(value) < 16 or _is_known_identifier(value) or UUID.match(value) or is_name(value):
        return False
    if "/" in value and value.count("/") > len(value) / 20:
        return False  # an S3 key, a log stream
    has_digits, has_letters = any(map(str.isdigit, value)), any(map(str.isalpha, value))
    return has_digits and has_letters and "." not in value[-8:] and entropy(value) >= 3.0


def _is_known_identifier(value: str) -> bool:
    """What people on call read and search for, and what opens nothing."""
    if FILE_PATH.match(value):
        return is_name(value) or bool(WELL_KNOWN_FOLDERS.match(value))
    return any(pattern.match(value) for pattern in (TIMESTAMP, AWS_RESOURCE_ID, DIGEST, VERSION))


def is_name(value: str) -> bool:
    """Made of words and short numbers: `prod/orders/db-1`, `MySecretName`, `kVK_Return`. Random text is not."""
    parts = [part for part in SEPARATORS.split(value) if not (part.isdigit() and len(part) <= 10)]
    if not all(part.isascii() and part.isalnum() for part in parts if part):
        return False  # other characters than those of names
    if any(len(part) > 16 and not DIGITS_LAST.match(part) for part in parts):
        return False  # digits in the middle of a long word
    pieces = CAMEL.findall(" ".join(parts))
    letters = [piece for piece in pieces if not piece.isdigit()]
    numbers = len(pieces) - len(letters)
    if not letters or any(len(piece) > 6 for piece in pieces if piece.isdigit()):
        return False
    mean = sum(map(len, letters)) / len(letters)
    return mean >= 3.0 and max(map(len, letters)) <= 20 and numbers <= max(1, len(letters) / 2)


def entropy(value: str) -> float:
    """Shannon's entropy in bits for each character: 4 for random hexadecimal, about 5 for random base64."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values()) if total else 0.0


def decodes_to_credentials(value: str) -> bool:
    """Whether it is the base64 of `user:password`, as Basic authentication and Docker's config have it."""
    if len(value) < 8 or not re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", value):
        return False
    try:
        plain = base64.b64decode(
            value + "=" * (-len(value) % 4), altchars=b"-_" if "-" in value or "_" in value else None
        )
    except (binascii.Error, ValueError):
        return False
    user, colon, _ = plain.partition(b":")
    return bool(colon) and len(user) < 200 and plain.isascii() and all(32 <= byte < 127 for byte in plain)


def passes_luhn(digits: str) -> bool:
    """The check digit of payment cards, ISO/IEC 7812-1 annex B."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        figure = int(character) * (2 if place % 2 else 1)
        total += figure - 9 if figure > 9 else figure
    return total % 10 == 0
