"""The peers' environments: pinned by hashes, made once, and explained when they are missing."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests import peers
from tests.peers import HERE, __main__, missing


@pytest.mark.parametrize("lock", sorted(HERE.glob("*/requirements.lock")), ids=lambda lock: lock.parent.name)
def test_a_lock_names_no_index_and_pins_every_package_with_hashes(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "--index" not in text
    pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pinned
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert text.count("--hash=sha256:") >= len(pinned)


@pytest.mark.parametrize("lock", sorted(HERE.glob("*/package-lock.json")), ids=lambda lock: lock.parent.name)
def test_a_node_lock_names_no_registry_and_pins_every_package_with_a_hash(lock: Path) -> None:
    text = lock.read_text()
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert "://" not in text
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    wanted = json.loads(lock.with_name("package.json").read_text())["dependencies"]
    assert wanted == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}


def test_a_peer_that_is_not_there_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "ENVIRONMENTS", tmp_path)
    assert missing("ministack") == "ministack is not installed; run: python -m tests.peers ministack"


def test_an_unknown_peer_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["minstack"]) == 2
    assert "no peer called minstack" in capsys.readouterr().err


def test_an_environment_of_the_same_lock_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(__main__, "ENVIRONMENTS", tmp_path)
    ready = tmp_path / "ministack" / ".ready"
    ready.parent.mkdir()
    ready.write_text(sha256((HERE / "ministack" / "requirements.lock").read_bytes()).hexdigest())
    assert __main__.main(["ministack"]) == 0
    assert [*ready.parent.iterdir()] == [ready]
