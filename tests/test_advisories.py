"""The dependency audit, against a database on loopback that answers as OSV does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.advisories import ROOT, Exempt, judge, main, pinned, read_exempt
from tests.outside import Outside, Seen, reply, served

LOCK = """anyio==4.9.0 \\
    --hash=sha256:00 \\
    # via httpx
old-parser==1.2.3 ; python_full_version < "3.12" \\
    --hash=sha256:01
uvicorn[standard]==0.30.1 \\
    --hash=sha256:02
"""
HOLE = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "aliases": ["CVE-2026-1234", "PYSEC-2026-7"],
    "summary": "Remote code by a long name",
    "affected": [
        {
            "package": {"name": "old-parser", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2.4"}]}],
        }
    ],
}
SAME_HOLE = {"id": "PYSEC-2026-7", "aliases": ["GHSA-aaaa-bbbb-cccc"]}
WITHDRAWN = {"id": "PYSEC-2026-8", "withdrawn": "2026-01-01T00:00:00Z"}
TODAY = datetime.now(UTC).date()


class Database:
    """OSV's `querybatch` and `vulns`, with vulnerabilities of one version of one package."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        self.documents = {document["id"]: document for document in documents}

    async def __call__(self, seen: Seen) -> web.Response:
        if seen.path == "/v1/querybatch":
            return reply({"results": [self._result(query) for query in seen.body["queries"]]})
        return reply(self.documents[seen.path.rpartition("/")[2]])

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        assert query["package"]["ecosystem"] == "PyPI"
        if (query["package"]["name"], query["version"]) != ("old-parser", "1.2.3") or not self.documents:
            return {}
        return {"vulns": [{"id": each, "modified": "2026-01-01T00:00:00Z"} for each in self.documents]}


@dataclass
class Audit:
    folder: Path

    async def run(self, url: str, exempt: str = "[]") -> tuple[int, str]:
        lock, listed = self.folder / "requirements.lock", self.folder / "advisories.yaml"
        lock.write_text(LOCK)
        listed.write_text(exempt)
        said: list[str] = []
        status = await asyncio.to_thread(main, url, lock, listed, said.append)
        return status, "".join(said)

    async def of(self, *documents: dict[str, Any], exempt: str = "[]") -> tuple[int, str]:
        async with served(Database(*documents)) as wire:
            return await self.run(wire.url, exempt)


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path)


def exempt(until: date, id_: str = "CVE-2026-1234", package: str = "old-parser") -> str:
    return f"[{{id: {id_}, package: {package}, reason: its names are never long, until: {until}}}]"


async def test_a_lock_without_known_vulnerabilities_passes(audit: Audit) -> None:
    assert await audit.of() == (0, "3 pinned packages: no known vulnerability.\n")


async def test_a_known_vulnerability_fails_and_says_what_fixes_it(audit: Audit) -> None:
    status, said = await audit.of(HOLE, SAME_HOLE, WITHDRAWN)
    assert status == 1
    first, _ = said.splitlines()
    assert first == (
        "old-parser 1.2.3: CVE-2026-1234, GHSA-aaaa-bbbb-cccc, PYSEC-2026-7, Remote code by a long name "
        "(fixed in 1.2.4)"
    )


@pytest.mark.parametrize("id_", ["GHSA-aaaa-bbbb-cccc", "CVE-2026-1234"])
async def test_one_that_is_listed_with_a_reason_passes_until_its_date(audit: Audit, id_: str) -> None:
    status, said = await audit.of(HOLE, exempt=exempt(TODAY, id_))
    assert status == 0
    assert f"let pass until {TODAY}: old-parser 1.2.3" in said


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (exempt(TODAY - timedelta(days=1)), "its exemption ended on"),
        (exempt(TODAY, package="anyio"), "exempt for nothing"),
        (exempt(TODAY, "CVE-2026-9999"), "exempt for nothing"),
    ],
)
async def test_an_exemption_that_is_over_or_for_something_else_does_not_count(
    audit: Audit, listed: str, said: str
) -> None:
    status, told = await audit.of(HOLE, exempt=listed)
    assert (status, said in told) == (1, True)


@pytest.mark.parametrize(
    "listed",
    [
        "[{id: CVE-1, package: x, until: 2030-01-01}]",
        "[{id: CVE-1, package: x, reason: long enough here}]",
        "[{id: CVE-1, package: x, reason: no, until: 2030-01-01}]",
        "{",
    ],
)
async def test_an_exemption_without_a_reason_or_a_date_fails(audit: Audit, listed: str) -> None:
    status, said = await audit.run("http://127.0.0.1:9", listed)
    assert status == 1
    assert said.startswith("advisories.yaml cannot be understood")


async def test_a_database_that_cannot_be_reached_does_not_fail_the_build_but_is_told(audit: Audit) -> None:
    status, said = await audit.run("http://127.0.0.1:9")
    assert status == 0
    assert said.startswith("WARNING: known vulnerabilities were NOT looked up")


@pytest.mark.parametrize(("status", "body"), [(503, None), (429, None), (200, ["?"]), (200, {"results": []})])
async def test_nor_does_one_that_answers_nonsense(audit: Audit, status: int, body: Any) -> None:
    wire: Outside
    async with served(Database(HOLE)) as wire:
        wire.plan(status, body)
        result, said = await audit.run(wire.url)
    assert (result, "NOT looked up" in said) == (0, True)


def test_every_line_of_the_lock_is_asked_about() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert len(pinned(lock)) == len([line for line in lock.splitlines() if line and not line.startswith((" ", "#"))])


def test_the_list_of_exemptions_can_be_read_and_none_is_for_longer_than_half_a_year() -> None:
    listed = read_exempt(ROOT / "tests" / "advisories.yaml")
    assert [each.id for each in listed if each.until > TODAY + timedelta(days=183)] == []
    assert judge([], [Exempt(id="a", package="b", reason="c" * 10, until=TODAY)], TODAY)[0] == []
