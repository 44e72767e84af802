"""What a name says of its value: `db_password` much, `key` little, `next_token` that it is no secret at all."""

from __future__ import annotations

import re

from agent.redaction.spans import word_set
from agent.redaction.values import Trust

NAMES: dict[str, tuple[str, Trust]] = {
    "password": ("password", Trust.password),
    "passwd": ("password", Trust.password),
    "passphrase": ("password", Trust.password),
    "passcode": ("password", Trust.password),
    "pwd": ("password", Trust.password),
    "pass": ("password", Trust.password),
    "pw": ("password", Trust.password),
    "secret": ("secret", Trust.secret),
    "token": ("token", Trust.secret),
    "jwt": ("token", Trust.secret),
    "creds": ("credential", Trust.secret),
    "credential": ("credential", Trust.key),
    "auth": ("credential", Trust.key),
    "key": ("key", Trust.key),
    "dsn": ("secret", Trust.key),
    "sig": ("signature", Trust.key),
    "signature": ("signature", Trust.key),
    "session": ("session", Trust.key),
    "sessid": ("session", Trust.secret),
    "connect.sid": ("session", Trust.secret),
}
"""The word in lower case -> what its value is called when hidden, and how far the word alone is trusted."""

WHOLE_WORDS = frozenset({"pass", "pw", "pwd", "sig", "dsn", "jwt", "creds"})
"""Too short to count inside another word, as in bypass, design."""

OTHER_WORDS = re.compile(
    r"(?i)^(?:or|ors|orit\w*|orship|ored|ing|entic\w*|board|stone|words?|pads?|not\w*|chain|less|frame|ring|val)"
    r"(?:$|[_.\- ])"
)
"""What makes another word of key, auth, session: author, authenticated, keyword, keyboard."""

NEVER_BEFORE = word_set(
    """
    next page continuation paging pagination request resume idempotency idempotent csrf xsrf pub public primary
    foreign partition sort range schema sequence bucket cache object s natural idx index hot row group kms lock map
    order dag task context unique lookup issue jira project metric event metadata tag dict json issuer ssh host
    dedup deduplication ordering correlation prompt completion input output max min total num tur mon don message
    surrogate composite candidate
    """
)
"""`next_token`, `public_key`, `partition_key`, `max_tokens`."""

_LAST = word_set(
    """
    id ids name names arn arns type url urls uri uris endpoint path paths file files dir ttl version versions policy
    prefix length size sizes count counts limit budget usage used age rotation status state error errors alias
    aliases pair ring code codes field column hint manager provider enabled required valid store vault spec format
    algorithm method mode scheme issuer audience scope scopes at date time timeout created updated last seconds days
    bucket server host port region user username mesh selector signature source result results variable var level
    log logs entry point points tier group gateway destination lifecycle analyzer expiry expires expiration expired
    down up left right press pressed event
    """
)
NEVER_AFTER = re.compile(
    rf"(?:^s?|[_.\-]s?)(?i:{'|'.join(_LAST)})$|^(?:s?|.*[a-z])(?:{'|'.join(word.capitalize() for word in _LAST)})$"
)
"""`token_url`, `SecretId`, `password_length`: what comes after the word says that the value is something else."""

SECRET_KEYS = word_set(
    """
    api secret access private priv auth enc encrypt encryption decryption sign signing master account license
    licence service app application client fernet webhook storage shared integration security crypto deploy admin
    root hmac aes rsa jwt subscription function session routing user write sharedaccess rest bot team merchant
    consumer restricted sandbox production live xapi
    """
)
"""The keys that are secrets: `api_key`, `SecretKey`, `AccountKey`."""

AWS_SECRET_KEY = re.compile(r"(?i)aws|secret.{0,3}access")


def trust_in(word: str, before: str, rest: str) -> Trust | None:
    """How far to trust the word with what stands before and after it in the same name; None if it names no secret."""
    trust, previous = NAMES[word][1], last_word(before)
    if word == "secret" and before.endswith(":") and ":secretsmanager:" in before:
        return None  # an ARN
    if previous in NEVER_BEFORE or (rest and NEVER_AFTER.search(rest)) or (previous == "client" and word == "token"):
        return None
    if trust is Trust.key and rest and OTHER_WORDS.match(rest):
        return None
    return Trust.secret if word == "key" and previous in SECRET_KEYS else trust


def last_word(before: str) -> str:
    """The last word of the name so far, in lower case: `orders_apiKey` up to `Key` gives `api`."""
    end = len(before)
    if end and before[end - 1] in "_.- ":
        end -= 1
    start = end
    while start and before[start - 1].isalpha() and end - start < 20:
        start -= 1
        if before[start].isupper() and start and before[start - 1].islower():
            break
    return before[start:end].lower()


def is_flag(before: str) -> bool:
    """Whether the name is that of a command line's flag: `--db-` before `password`."""
    start = len(before)
    while start and (before[start - 1].isalnum() or before[start - 1] in "_.-"):
        start -= 1
    return before.startswith("-", start) and (not start or before[start - 1] in " \t\n\"'[,=(")
