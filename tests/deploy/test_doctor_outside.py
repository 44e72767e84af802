"""The doctor tries what other systems need, harmlessly, and says how to fix what fails."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response
from werkzeug.serving import make_server

from agent.settings import Settings
from deploy.doctor_outside import check_one_shot, check_outside
from deploy.local.workspace.background import running_workspace

SECRET = "s3cr" + "et"


@pytest.fixture
def jira_url() -> Any:
    """Two pages of Jira's, on a thread of its own: the doctor is synchronous."""

    @Request.application
    def system(request: Request) -> Response:
        if request.authorization is None or request.authorization.password != SECRET:
            return Response('{"errorMessages": ["Unauthorized"]}', 401, content_type="application/json")
        return Response('{"issueTypes": [{"name": "Task"}]}', content_type="application/json")

    server = make_server("127.0.0.1", 0, system)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _jira(url: str, token: str = SECRET) -> Settings:
    return Settings(jira_url=url, jira_user="bot@example.com", jira_token=token, jira_project="OPS", tickets="jira")


def test_a_system_that_works_is_ok_and_one_that_denies_says_what_to_correct(jira_url: str) -> None:
    (good,) = check_outside(_jira(jira_url))
    assert (good["name"], good["status"]) == ("Tickets: Jira", "ok")
    (bad,) = check_outside(_jira(jira_url, "wr" + "ong"))
    assert bad["status"] == "fail"
    assert bad["message"].startswith("Jira denies access (401: Unauthorized); check WATCHKEEPER_JIRA_USER")


def test_nothing_is_said_of_what_is_not_set() -> None:
    assert check_outside(Settings()) == []
    assert check_one_shot(Settings()) == []


def test_a_default_without_its_system_and_half_a_system_are_mistakes() -> None:
    (missing,) = check_outside(Settings(tickets="servicenow"))
    assert missing["message"] == "WATCHKEEPER_TICKETS names ServiceNow, which is not set up"
    (half,) = check_outside(Settings(servicenow_url="https://acme.service-now.com", tickets="servicenow"))
    assert "WATCHKEEPER_SERVICENOW_TOKEN" in half["message"]
    (source,) = check_outside(Settings(close_at_source=("alertmanager",)))
    assert source["name"] == "At the source: alertmanager"
    assert "WATCHKEEPER_ALERTMANAGER_URL is not set" in source["message"]


def test_a_rule_that_names_a_system_which_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules:\n  - name: pay\n    when: {system: payments}\n    then: {treatment: analyse, ticket: jira}\n"
    )
    (missing,) = check_outside(Settings(alert_rules=rules))
    assert missing["message"] == "an alert rule names Jira, which is not set up"


def test_one_shot_mode_is_explained_and_its_webhooks_are_tried_without_a_post() -> None:
    with running_workspace() as workspace:
        there, gone = workspace.incoming_webhook_url("alerts"), f"{workspace.url}/services/T/B/x"
        settings = Settings(slack_webhook_url=there, slack_webhook_critical_url=gone)
        mode, port, first, second = check_one_shot(settings)
        assert workspace.messages("alerts") == []
    assert "no questions, no buttons, no edits" in mode["message"]
    assert (port["status"], first["status"], second["status"]) == ("warn", "ok", "fail")
    assert second["message"] == "WATCHKEEPER_SLACK_WEBHOOK_CRITICAL_URL: Slack answers no_service"
    assert "/services/" not in str((mode, port, first, second))
