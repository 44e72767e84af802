"""`watchkeeper alert parse`, and that `watchkeeper alert FILE` still analyses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from agent.errors import InputError, SettingsError
from deploy.cli import app
from tests.agent.sources import shapes
from tests.agent.sources.aws.examples import alarm, sns

DOCUMENTED = {
    *("source", "title", "severity", "status", "service", "resource", "metric", "threshold", "region", "account"),
    *("started_at", "labels", "links", "fingerprint"),
}


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["alert", *arguments], input=stdin)


def parsed(payload: Any, *options: str) -> list[dict[str, Any]]:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    result = run("parse", "-", "--json", *options, stdin=text)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_json_has_the_documented_fields() -> None:
    told = parsed(sns(alarm()))

    assert len(told) == 1
    assert told[0].keys() >= DOCUMENTED
    assert (told[0]["source"], told[0]["title"], told[0]["status"]) == ("cloudwatch", "checkout errors", "firing")
    assert (told[0]["service"], told[0]["metric"], told[0]["threshold"]) == ("lambda", "Errors", "5.0")
    assert (told[0]["region"], told[0]["account"]) == ("eu-west-1", "123456789012")
    assert told[0]["resource"] == "arn:aws:lambda:eu-west-1:123456789012:function:checkout"


def test_a_resource_without_an_arn_is_its_id() -> None:
    assert parsed(shapes.datadog_default())[0]["resource"] == "web-02"


def test_a_list_and_lines_of_payloads_are_several_alerts() -> None:
    payloads = [shapes.datadog(), shapes.pagerduty(), shapes.alertmanager()]
    lines = "\n".join(json.dumps(payload) for payload in payloads)

    assert [alert["source"] for alert in parsed(payloads)] == ["datadog", "pagerduty", "alertmanager", "alertmanager"]
    assert parsed(lines)[1:] == parsed(payloads)[1:]


@pytest.mark.parametrize("text", ["Disk is full on web-02", '{"title": "broken', "[Triggered] Disk", "7", '"text"'])
def test_text_and_broken_json_are_alerts_too(text: str) -> None:
    assert len(parsed(text)) == 1


def test_the_readable_form_names_what_is_known(tmp_path: Path) -> None:
    file = tmp_path / "alert.json"
    file.write_text(json.dumps(shapes.alertmanager()))

    result = run("parse", str(file))

    assert result.exit_code == 0
    for said in ("HighErrorRate", "firing, critical, from alertmanager", "system       shop-prod", "2 alerts"):
        assert said in result.stdout


def test_a_payload_can_be_read_as_one_of_a_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mappings.yaml"
    file.write_text("backups: {fields: {title: what.happened}}")
    monkeypatch.setenv("WATCHKEEPER_WEBHOOK_MAPPINGS", str(file))

    told = parsed({"what": {"happened": "The backup is late"}}, "--source", "backups")

    assert (told[0]["source"], told[0]["title"]) == ("backups", "The backup is late")


def test_mistakes_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(run("parse", str(tmp_path / "none.json")).exception, InputError)
    assert isinstance(run("parse", "-", stdin=" ").exception, InputError)
    assert "no source 'nobody'" in str(run("parse", "-", "--source", "nobody", stdin="{}").exception)
    monkeypatch.setenv("WATCHKEEPER_WEBHOOK_MAPPINGS", str(tmp_path / "none.yaml"))
    assert isinstance(run("parse", "-", stdin="{}").exception, SettingsError)


@pytest.mark.parametrize(
    "arguments", [("no-such-file.json",), ("--json", "no-such-file.json"), ("analyse", "no-such-file.json")]
)
def test_without_a_sub_command_an_alert_is_analysed(arguments: tuple[str, ...]) -> None:
    assert str(run(*arguments).exception) == "no-such-file.json cannot be read (No such file or directory)."


def test_stdin_is_analysed_where_nothing_is_named() -> None:
    assert "stdin is empty" in str(run(stdin="").exception)
    assert "looks like JSON but is broken" in str(run("-", stdin='{"AlarmName":"x"').exception)


def test_help_shows_both() -> None:
    shown = run("--help").stdout

    assert "analyse" in shown
    assert "parse" in shown
