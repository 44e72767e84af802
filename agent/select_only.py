"""Whether a SQL statement only reads. A second lock: the evidence tools write nothing but plain SELECTs to begin with.

It asks for much more than a database would, because PostgreSQL, Redshift and MySQL read comments, escapes and quotes
each in their own way, and what one takes for a text another takes for code. So nothing that they could disagree about
is let through, one statement at a time, and no function that is not known to do nothing.
"""

from __future__ import annotations

import re

_DISPUTED = re.compile(r"""\\|/\*|\*/|--|\#|\$|[uU]&|;|\x00""")
"""Escapes, comments, dollar quotes, further statements: each means something else somewhere."""
_TEXT = re.compile(r"'(?:[^']|'')*'")
_NAME = re.compile(r'"[\w .-]+"|`[\w .-]+`')
_QUOTES = re.compile(r"""['"`]""")
_WRITING = re.compile(
    r"""(?ix)\b(?:
        insert | update | delete | merge | truncate | copy | unload | create | alter | drop | grant | revoke | call
      | do | execute | prepare | vacuum | analyze | analyse | lock | into | set | reset | begin | commit | rollback
      | refresh | reindex | cluster | comment | attach | load | handler | for | outfile | dumpfile | procedure
    )\b"""
)
_CALL = re.compile(r'([\w."`]+)\s*\(')
_BEFORE_BRACKETS = frozenset(
    {"all", "and", "any", "as", "between", "by", "case", "else", "except", "exists", "filter", "from", "group"}
    | {"having", "in", "intersect", "join", "like", "limit", "not", "null", "on", "or", "order", "over"}
    | {"partition", "select", "some", "then", "union", "using", "values", "when", "where", "with", "within"}
)
_HARMLESS = frozenset(
    {"abs", "array_agg", "array_length", "array_to_string", "avg", "btrim", "cast", "ceil", "char"}
    | {"char_length", "coalesce", "concat", "convert_timezone", "count", "current_database", "date", "date_diff"}
    | {"date_part", "date_trunc", "dateadd", "datediff", "decimal", "decode", "extract", "floor", "getdate"}
    | {"greatest", "json_extract_path_text", "least", "left", "len", "length", "listagg", "lower", "ltrim", "max"}
    | {"md5", "min", "mod", "now", "nullif", "numeric", "nvl", "percentile_cont", "pg_blocking_pids", "position"}
    | {"rank", "replace", "right", "round", "row_number", "rtrim", "split_part", "string_agg", "strpos", "substr"}
    | {"substring", "sum", "sysdate", "to_char", "to_timestamp", "trim", "trunc", "unnest", "upper", "varchar"}
)
"""Functions of which none changes, waits for or reaches anything."""


def only_reads(sql: str) -> bool:
    """Whether this is a single plain SELECT that reads and does nothing else."""
    statement = sql.strip().removesuffix(";")
    if _DISPUTED.search(statement):
        return False
    bare = _NAME.sub(' "name" ', _TEXT.sub(" 0 ", statement))
    if _QUOTES.search(bare.replace('"name"', "")) or not re.match(r"(?i)[\s(]*(?:select|with)\b", bare):
        return False
    called = {name.lower() for name in _CALL.findall(bare)}
    return not _WRITING.search(bare) and called <= _HARMLESS | _BEFORE_BRACKETS
