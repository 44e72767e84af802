"""A response URL lets its holder post as the app: it lies nowhere in clear, and only its own job can use it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.models import JobKind
from agent.settings import Settings
from slack_app.bootstrap import Held, build_deps
from slack_app.intake import Identity, Intake
from slack_app.response_urls import opened_url, sealed_url

URL = "https://hooks.slack.com/commands/T0/42/" + "x" * 24
ASKED = {"channel": "C1", "user": "U1", "text": "status"}


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    built = build_deps(Settings.read(home=tmp_path))
    yield built
    built.close()


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_it_comes_out_of_the_queue_for_who_asked_and_lies_there_sealed(held: Held, tmp_path: Path) -> None:
    deps = held.deps
    intake = Intake(deps.queue, deps.clock, Identity("T1", "U0", "B0"), (), lambda _: "", lambda *_: None)
    payload = {**ASKED, "response_url": sealed_url(deps.sealer, ASKED, URL)}
    assert intake.quick(JobKind.command, "trigger", payload)
    (job,) = await deps.queue.receive()
    assert opened_url(deps.sealer, job.payload) == URL
    stored = everything_in(tmp_path)
    assert b"wk1." in stored
    assert b"hooks.slack.com" not in stored


@pytest.mark.skipif(os.name != "posix", reason="other systems have other permissions")
def test_a_home_that_is_made_is_its_owners_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    build_deps(Settings.read(home=home)).close()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.parametrize("moved", [{"user": "U2"}, {"channel": "C2"}])
def test_in_somebody_elses_job_it_is_nothing(held: Held, moved: dict[str, str]) -> None:
    sealer = held.deps.sealer
    sealed = sealed_url(sealer, ASKED, URL)
    assert opened_url(sealer, {**ASKED, "response_url": sealed, **moved}) == ""


def test_a_url_that_was_put_into_the_queue_by_somebody_else_is_nothing(held: Held) -> None:
    assert opened_url(held.deps.sealer, {**ASKED, "response_url": "https://attacker.example/collect"}) == ""


def test_a_command_without_one_has_none(held: Held) -> None:
    assert opened_url(held.deps.sealer, ASKED) == ""
