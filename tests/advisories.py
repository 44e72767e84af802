"""`python -m tests.advisories`: whether the lock file pins a version with a known vulnerability, by OSV's database.

Fails for each one that `tests/advisories.yaml` does not list with a reason and a date that is still ahead. Where the
database cannot be reached it says so and passes: a network's trouble must not stop a build, nor look like a clean one.

`uv audit` would want a `uv.lock`, which holds the addresses of registries; pip-audit would bring two dozen packages.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

ROOT = Path(__file__).parents[1]
OSV = "https://api.osv.dev"
TIMEOUT_SECONDS = 15.0
AT_ONCE = 500
"""Of the thousand that one request may ask for."""
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.M)

Package = tuple[str, str]
"""Name and version."""


class Exempt(BaseModel):
    """A vulnerability that is known and let pass for a while."""

    model_config = ConfigDict(extra="forbid")

    id: str
    package: str
    reason: str = Field(min_length=10)
    until: date


@dataclass(frozen=True)
class Advisory:
    """What OSV knows of one pinned package."""

    package: Package
    ids: frozenset[str]
    summary: str
    fixed: tuple[str, ...]

    def __str__(self) -> str:
        name, version = self.package
        fix = f"fixed in {', '.join(self.fixed)}" if self.fixed else "no fixed version is known"
        return f"{name} {version}: {', '.join(sorted(self.ids))}, {self.summary} ({fix})"


class NotAsked(Exception):
    """The database did not answer, or not as it should."""


def pinned(lock: str) -> list[Package]:
    return [(found[1], found[2]) for found in _PINNED.finditer(lock)]


def read_exempt(path: Path) -> list[Exempt]:
    """ValueError for a file that cannot be understood."""
    return TypeAdapter(list[Exempt]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))


def advisories(packages: Sequence[Package], url: str) -> list[Advisory]:
    """Of each package all that were not withdrawn. NotAsked where OSV cannot say."""
    try:
        with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as http:
            found = [
                hit for begin in range(0, len(packages), AT_ONCE) for hit in _batch(http, packages[begin:][:AT_ONCE])
            ]
            known = {each: _json(http.get(f"/v1/vulns/{each}")) for each in dict.fromkeys(id_ for _, id_ in found)}
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise NotAsked(f"{type(error).__name__} at {url}") from error
    each = [_advisory(package, known[id_]) for package, id_ in found if not known[id_].get("withdrawn")]
    return list(_merged(each))


def judge(found: Sequence[Advisory], exempt: Sequence[Exempt], today: date) -> tuple[list[str], list[str]]:
    """What fails the build, and what is only said."""
    failures, remarks, used = [], [], set[int]()
    for advisory in found:
        fitting = [each for each in exempt if each.id in advisory.ids and each.package == advisory.package[0]]
        used.update(map(id, fitting))
        if any(each.until >= today for each in fitting):
            remarks.append(f"let pass until {max(each.until for each in fitting)}: {advisory}")
        elif fitting:
            failures.append(f"{advisory}; its exemption ended on {max(each.until for each in fitting)}")
        else:
            failures.append(str(advisory))
    remarks += [
        f"{each.id} of {each.package} is exempt for nothing; take it out" for each in exempt if id(each) not in used
    ]
    return failures, remarks


def main(
    url: str = "",
    lock: Path = ROOT / "requirements.lock",
    exempt: Path = ROOT / "tests" / "advisories.yaml",
    say: Callable[[str], Any] = sys.stderr.write,
) -> int:
    packages = pinned(lock.read_text(encoding="utf-8"))
    try:
        listed = read_exempt(exempt)
    except (ValidationError, yaml.YAMLError) as error:
        say(f"{exempt.name} cannot be understood: {error}\n")
        return 1
    try:
        found = advisories(packages, url or os.environ.get("WATCHKEEPER_TEST_ADVISORIES_URL", OSV))
    except NotAsked as error:
        say(f"WARNING: known vulnerabilities were NOT looked up, the advisory database does not answer ({error}).\n")
        return 0
    failures, remarks = judge(found, listed, datetime.now(UTC).date())
    for line in (*remarks, *failures):
        say(f"{line}\n")
    if failures:
        say("Take a fixed version (make lock), or list it in tests/advisories.yaml with a reason and a date.\n")
    else:
        say(f"{len(packages)} pinned packages: no known vulnerability{' but these' if remarks else ''}.\n")
    return 1 if failures else 0


def _batch(http: httpx.Client, packages: Sequence[Package]) -> Iterator[tuple[Package, str]]:
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages]
    results = _json(http.post("/v1/querybatch", json={"queries": queries}))["results"]
    for package, result in zip(packages, results, strict=True):
        for vulnerability in result.get("vulns") or []:
            yield package, str(vulnerability["id"])


def _json(answer: httpx.Response) -> dict[str, Any]:
    return answer.raise_for_status().json()


def _advisory(package: Package, document: dict[str, Any]) -> Advisory:
    name = package[0].lower().replace("_", "-")
    affected = [
        each for each in document.get("affected", []) if each.get("package", {}).get("name", "").lower() == name
    ]
    events = [event for each in affected for range_ in each.get("ranges", []) for event in range_.get("events", [])]
    fixed = dict.fromkeys(event["fixed"] for event in events if "fixed" in event)
    ids = frozenset((document["id"], *document.get("aliases", [])))
    return Advisory(package, ids, document.get("summary") or "no summary", tuple(fixed))


def _merged(found: Sequence[Advisory]) -> Iterator[Advisory]:
    """The same vulnerability comes from several databases, under names of which each knows the others."""
    told: list[Advisory] = []
    for advisory in found:
        if not any(advisory.package == each.package and advisory.ids & each.ids for each in told):
            told.append(advisory)
            yield advisory


if __name__ == "__main__":
    sys.exit(main())
