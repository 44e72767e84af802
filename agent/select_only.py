"""Whether a SQL statement only reads. A second lock: the evidence tools write nothing but SELECTs to begin with.

It asks for more than a database would: one statement, no locks taken, no function that acts. What it cannot place is
refused.
"""

from __future__ import annotations

import re

_LITERALS = re.compile(
    r"""
      '(?:[^'\\]|''|\\.)*'            # a string
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ # PostgreSQL's dollar quotes
    | "(?:[^"]|"")*" | `[^`]*`        # a quoted name
    | --[^\n]* | /\*.*?\*/            # comments
    """,
    re.VERBOSE | re.DOTALL,
)
_READING = frozenset({"select", "with", "show", "explain"})
_WRITING = re.compile(
    r"""(?ix)\b(?:
        insert | update | delete | merge | truncate | copy | unload | create | alter | drop | grant | revoke | call
      | do | execute | prepare | vacuum | analyze | analyse | lock | into | set | reset | begin | commit | rollback
      | refresh | reindex | cluster | comment | attach | load | handler | replace(?!\s*\()
    )\b"""
)
_ACTING = re.compile(
    r"""(?ix)\b(?:
        pg_(?:terminate|cancel)_\w+ | pg_(?:read|write|ls)_\w+ | pg_(?:reload|rotate|switch|promote|advisory|notify)\w*
      | lo_\w+ | dblink\w* | set_config | setval | nextval | sleep | pg_sleep\w* | load_file | benchmark | get_lock
      | aws_s3\.\w+ | aws_lambda\.\w+ | aws_commons\.\w+ | lambda_sync | lambda_async
    )\s*\("""
)


def only_reads(sql: str) -> bool:
    """Whether this is a single statement that reads and does nothing else."""
    bare = _LITERALS.sub(" '' ", sql).strip().rstrip(";").strip()
    first = re.match(r"\(*\s*(\w+)", bare)
    if first is None or first[1].lower() not in _READING or ";" in bare:
        return False
    return not _WRITING.search(bare) and not _ACTING.search(bare)
