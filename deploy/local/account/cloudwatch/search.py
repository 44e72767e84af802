"""SEARCH('{AWS/Lambda,FunctionName} MetricName="Errors"', 'Sum', 300): find metrics by words and by their parts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deploy.local.account.cloudwatch.store import MetricKey
from deploy.local.account.request import AwsError

_SCHEMA = re.compile(r"^\s*\{([^}]*)\}\s*")
_TERM = re.compile(r'\s*(?:(?P<key>[\w/:.-]+)\s*=\s*(?P<value>"[^"]*"|[^\s"]+)|(?P<word>"[^"]*"|[^\s"()]+))')


def search(keys: Iterable[MetricKey], query: str) -> list[MetricKey]:
    """The metrics that match every term. Raises a ValidationError for OR, NOT and parentheses, which it cannot do."""
    schema = _SCHEMA.match(query)
    terms = _terms(query[schema.end() :] if schema else query)
    parts = [part.strip().strip('"') for part in schema[1].split(",")] if schema else []
    return [key for key in keys if _in_schema(key, parts) and all(_matches(key, *term) for term in terms)]


def _terms(text: str) -> list[tuple[str, str]]:
    """(property or "", what it must be) for each term; words joined by AND or by nothing."""
    terms: list[tuple[str, str]] = []
    position = 0
    while text[position:].strip():
        match = _TERM.match(text, position)
        if match is None or match["word"] in ("OR", "NOT"):
            raise AwsError("ValidationError", f"The simulated account does not understand the search {text!r}.")
        position = match.end()
        if match["word"] != "AND":
            terms.append((match["key"] or "", match["value"] or match["word"]))
    return terms


def _in_schema(key: MetricKey, parts: list[str]) -> bool:
    return not parts or (key.namespace == parts[0] and {name for name, _ in key.dimensions} == set(parts[1:]))


def _matches(key: MetricKey, part: str, wanted: str) -> bool:
    """A quoted value must be equal, another one may be contained; case does not matter."""
    exact = wanted.startswith('"')
    wanted = wanted.strip('"').lower()
    if part:
        properties = {"Namespace": key.namespace, "MetricName": key.name, **dict(key.dimensions)}
        found = [properties[part].lower()] if part in properties else []
    else:
        found = [text.lower() for text in (key.namespace, key.name, *sum(key.dimensions, ()))]
    return any(text == wanted if exact and part else wanted in text for text in found)
