"""Secrets by where they stand: key blocks, JWTs, addresses with a password, HTTP headers, command lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.redaction.spans import Expression, Matcher, Span, begins_word, span_of, words
from agent.redaction.values import Trust, decodes_to_credentials, entropy, is_name, is_placeholder, is_secret

_LINE = r"(?:\r?\n|\\r\\n|\\n|\\\\n)"
BEGIN = Expression(r"-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----")
BODY = Expression(
    rf"(?:[A-Za-z0-9+/=,: \t\r\n]|{_LINE}|\\[rt]|\.|\(|\)|&#x?[aAdD0-9]+;"
    r"|[\"'`]\s{0,3}\+?\s{0,3}\n?\s{0,20}[\"'`]|-[^-])*"
)
END = Expression(r"-----END[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PUTTY = Expression(r"PuTTY-User-Key-File-\d: .*(?:\n.*){1,80}?\nPrivate-Lines: \d+((?:\r?\n[A-Za-z0-9+/=]+)+)")
BASE64_LINES = re.compile(rb"[A-Za-z0-9+/=]")

JWT = Expression(
    r"ey[A-Za-z0-9_-]{8,}\.ey[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?(?:\.[A-Za-z0-9_-]+){0,2}"
    r"|ey[A-Za-z0-9_-]{20,}\.[\w-]*\.[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"
)
BASE64_OF_JWT = Expression(r"ZXlK[A-Za-z0-9+/_-]{60,}={0,2}")

USER_AND_PASSWORD = Expression(r"""://([^\s/:@"'<>\[\]{}$]{0,100}:[^\s/"'<>]{1,300})@[\w\[.$%{-]""")
TOKEN_AS_USER = Expression(r"""://([\w.~%+-]{16,200})@[\w.-]+""")
ORACLE = Expression(r"""jdbc:oracle:thin:[^\s/@"']{1,60}/([^\s@"']{3,100})@""")

AUTHORIZATION = Expression(
    r"""(?i)authorization\\*["']?\s{0,3}(?:[:=,]|=>)\s{0,3}[\[(]?\\*["'`]?\s{0,3}"""
    r"(?:(?:basic|bearer|token|apikey|api-key|api-token|key|digest|negotiate|ntlm|oauth|jwt|hmac|bot|ssws|geniekey|splunk)"
    r"""[ =:]{1,3})?(?:token=)?\\*["']?"""
)
BEARER = Expression(r"(?i)bearer(?:[ \t]{1,3}|%20|\+)(?:token[ :=]{1,3})?\\*[\"']?")
BASIC = Expression(r"(?i)basic[ \t]{1,3}([A-Za-z0-9+/_-]{6,}={0,2})")
HEADER_VALUE = Expression(r"""[^\s"'`,;<>\\)]*""")
COOKIE = Expression(r"""(?i)(?:set-)?cookie\\*["']?\s{0,3}[:=]\s{0,3}\\*["'\[]{0,2}""")
COOKIE_PAIRS = Expression(r"""[^"'\r\n\\<>]*[^\s"'\\<>;,)\]}]""")
COOKIE_PAIR = Expression(r"[\w.-]=[^;,\s]{8}")

JUDGED = 120
"""How many bytes of a header or a password decide whether it is a secret. A longer one is hidden to its end."""
UNQUOTED = re.compile(rb"[^\s\"']*")
"""Not in RE2, which ends at a byte that is not UTF-8, such as a lone surrogate's."""

USER_FLAG = Expression(r"""(?:-u|--user|--proxy-user)(?:=|[ \t]{0,5}|["'], ?)(["']?)[^\s"':$<]{0,80}(?:["']:|:)""")
TOKEN_AS_USER_FLAG = Expression(r"""(?:-u|--user)[= \t]{0,5}["']?([^\s"':$<{]{8,100}):["']?(?:\s|$)""")
GLUED_PASSWORD = Expression(
    r"""(?i:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;]{0,200}?\s-p["']?([^\s"'A-Z=-]*[^\sA-Za-z"'=-][^\s"']{2,})"""
)
P_FLAG = Expression(
    r"""(?i)(?:sshpass|docker\s+login|redis-cli|htpasswd|sqlcmd|snowsql)\b[^\n|;]{0,160}?"""
    r"""\s-[apP][ \t]{0,3}["']?([^\s"'-][^\s"']{2,})"""
)
NETRC = Expression(r"(?:machine\s+\S{1,100}|default)\s+login\s+\S{1,100}\s+password\s+([^\s\"']+)")
IDENTIFIED_BY = Expression(r"""(?i)identified\s{1,5}by\s{1,5}(?:password\s{1,5})?\\*(?:'([^'\r\n]+)|"([^"\r\n]+))""")
AWS_PAIR = Expression(
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?:[^A-Za-z0-9+/][^\r\n]{0,80}?)??[^A-Za-z0-9+/_-]"
    r"([A-Za-z0-9+/]{40})(?:$|[^A-Za-z0-9+/=_-])"
)
SIGNED_ADDRESS = Expression(r"(?:x-amz-signature|x-goog-signature|sig)=([A-Za-z0-9%+/=_-]{16,})")
QUERY_KEY = Expression(r"""[?&](?:key|code|auth|apikey)=([\w%.~+/-]{20,})""")


def private_key(text: bytes, at: int) -> Iterator[Span]:
    r"""A PEM, OpenSSH or PGP block, also with `\n` for its line ends, and also without its end."""
    begin = BEGIN.end_of_match(text, at, 100)
    if begin < 0:
        return
    end = BODY.end_of_match(text, begin, len(text))
    if len(BASE64_LINES.findall(text[begin : min(end, begin + 400)])) >= 16:
        closing = END.end_of_match(text, end, 100)
        yield Span(at, closing if closing > 0 else end, "private-key")


def putty_key(text: bytes, at: int) -> Iterator[Span]:
    yield from _group(PUTTY, "private-key", text, at, 20_000)


def jwt(text: bytes, at: int) -> Iterator[Span]:
    if begins_word(text, at):
        glued = text[at - 1 : at] in {b"-", b"_"}  # many may be, one after the other: read less far for each
        end = JWT.end_of_match(text, at, 4_000 if glued else 20_000)
        if end > 0:
            yield Span(at, end, "jwt")


def encoded_jwt(text: bytes, at: int) -> Iterator[Span]:
    if begins_word(text, at):
        end = BASE64_OF_JWT.end_of_match(text, at, 20_000)
        if end > 0:
            yield Span(at, end, "jwt")


def address(text: bytes, at: int) -> Iterator[Span]:
    """The password of `scheme://user:password@host`; user and host stay. Also a token in the user's place."""
    found = USER_AND_PASSWORD.match(text, at, 500)
    if found is None:
        yield from _group(TOKEN_AS_USER, "token", text, at, 400, Trust.key)
        return
    start, end = found.span(1)
    user, _, password = text[start:end].partition(b":")
    start += len(user) + 1
    if password.startswith(b"[redacted:") or (
        is_placeholder(words(password)) and password.lower() not in _COMMON_PASSWORDS
    ):
        return
    yield Span(start, end, "password", specific=False)
    if len(user) >= 32 and is_secret(words(user), Trust.key, quoted=True):  # Sentry's https://key:secret@host
        yield Span(start - len(user) - 1, start - 1, "token")


_COMMON_PASSWORDS = frozenset(
    b"password passwd pass pwd secret test token key changeme changeit root admin default user".split()
)
"""Placeholders elsewhere, but between `:` and `@` they are what opens the door."""


def oracle_address(text: bytes, at: int) -> Iterator[Span]:
    yield from _group(ORACLE, "password", text, at, 250)


def authorization(text: bytes, at: int) -> Iterator[Span]:
    yield from _header(AUTHORIZATION, text, at)


def bearer(text: bytes, at: int) -> Iterator[Span]:
    if begins_word(text, at):
        yield from _header(BEARER, text, at)


def _header(opening: Expression, text: bytes, at: int) -> Iterator[Span]:
    start = opening.end_of_match(text, at, 120)
    if start < 0 or text.startswith((b"[redacted:", b"{", b"$"), start):
        return
    value = words(text[start : _end_of_header(text, start, JUDGED)])
    if (
        len(value) >= 8
        and not value.isalpha()
        and not is_placeholder(value)
        and (not is_name(value) or decodes_to_credentials(value))
    ) or (len(value) >= 20 and not is_name(value)):
        yield Span(start, _end_of_header(text, start, len(text)), "authorization", specific=False)


def _end_of_header(text: bytes, start: int, reach: int) -> int:
    """Where the value ends, without the punctuation of the sentence that the header stands in."""
    end = HEADER_VALUE.end_of_match(text, start, reach)
    return start + len(text[start:end].rstrip(b".:"))


def basic(text: bytes, at: int) -> Iterator[Span]:
    if begins_word(text, at):
        found = BASIC.match(text, at, 600)
        if found is not None and decodes_to_credentials(words(found.group(1))):
            yield span_of(found, 1, "authorization", specific=False)


def cookies(text: bytes, at: int) -> Iterator[Span]:
    """All of a Cookie or Set-Cookie header's value, if any of its cookies is long enough for a session."""
    start = COOKIE.end_of_match(text, at, 40)
    if start < 0 or text.startswith(b"[redacted:", start):
        return
    end = COOKIE_PAIRS.end_of_match(text, start, 2_000)
    if COOKIE_PAIR.search(text, start, end) is not None:
        yield Span(start, COOKIE_PAIRS.end_of_match(text, start, len(text)), "cookie", specific=False)


def user_flag(text: bytes, at: int) -> Iterator[Span]:
    """`curl -u user:password`."""
    if at and text[at - 1 : at] not in b" \t\n\"'":
        return
    start = USER_FLAG.end_of_match(text, at, 120)
    if start < 0 or b"://" in text[at:start]:
        return
    start += text[start : start + 1] in {b'"', b"'"}
    value = words(_unquoted(text, start, start + JUDGED))
    if len(value) >= 3 and not is_placeholder(value) and not value.startswith(("//", "[")):
        yield Span(start, start + len(_unquoted(text, start, len(text))), "password", specific=False)


def _unquoted(text: bytes, start: int, limit: int) -> bytes:
    """The bytes up to a blank, a quote or the limit."""
    return UNQUOTED.match(text, start, limit).group()  # pyright: ignore[reportOptionalMemberAccess] -- it matches nothing, too


def identified_by(text: bytes, at: int) -> Iterator[Span]:
    found = IDENTIFIED_BY.match(text, at, 300)
    if found is not None:
        start, end = found.span(1) if found.span(1)[0] >= 0 else found.span(2)
        if is_secret(words(text[start:end]), Trust.password, quoted=True):
            yield Span(start, end, "password", specific=False)


def aws_pair(text: bytes, at: int) -> Iterator[Span]:
    """The secret key that stands near its access key id without a name, as in a CSV row."""
    found = AWS_PAIR.match(text, at, 200)
    if found is not None:
        secret = words(found.group(1))
        if entropy(secret) > 4.2 and not is_name(secret):
            yield span_of(found, 1, "aws-secret-key")


def _grouped(expression: Expression, kind: str, reach: int, trust: Trust = Trust.password) -> Matcher:
    def match(text: bytes, at: int) -> Iterator[Span]:
        yield from _group(expression, kind, text, at, reach, trust)

    return match


def _group(
    expression: Expression, kind: str, text: bytes, at: int, reach: int, trust: Trust = Trust.password
) -> Iterator[Span]:
    """The expression's only group, where it looks like a secret of that trust."""
    found = expression.match(text, at, reach)
    if found is not None and is_secret(words(found.group(1)), trust, quoted=True):
        yield span_of(found, 1, kind, specific=False)


MATCHERS: tuple[tuple[str, Matcher], ...] = (
    ("-----begin", private_key),
    ("putty-user-key-file-", putty_key),
    ("eyj eya ewo", jwt),
    ("zxlk", encoded_jwt),
    ("://", address),
    ("jdbc:oracle:", oracle_address),
    ("authorization", authorization),
    ("bearer", bearer),
    ("basic ", basic),
    ("set-cookie cookie", cookies),
    ("-u --user --proxy-user", user_flag),
    ("-u --user", _grouped(TOKEN_AS_USER_FLAG, "token", 130, Trust.secret)),
    ("mysql mariadb", _grouped(GLUED_PASSWORD, "password", 400)),
    ("sshpass docker redis-cli htpasswd sqlcmd snowsql", _grouped(P_FLAG, "password", 400)),
    ("machine", _grouped(NETRC, "password", 400)),
    ("identified", identified_by),
    ("akia asia abia acca", aws_pair),
    ("x-amz-signature= x-goog-signature= sig=", _grouped(SIGNED_ADDRESS, "signature", 2_000)),
    ("?key= &key= ?code= &code= ?auth= &auth=", _grouped(QUERY_KEY, "key", 400, Trust.key)),
)
"""Keywords -> what looks for secrets where one of them stands."""
