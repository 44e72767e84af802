from __future__ import annotations

import pytest

from agent.write_requests import STEPS, steps_for


@pytest.mark.parametrize(
    ("request_text", "command"),
    [
        ("restart the orders-db database", "aws rds reboot-db-instance --db-instance-identifier orders-db`"),
        ("roll back the lambda checkout-api", "aws lambda update-alias --function-name checkout-api "),
        ("scale the payments-svc container up", "--service payments-svc --desired-count COUNT"),
        ("redrive the invoices-dlq queue", "aws sqs start-message-move-task"),
        ("clear the dag orders_daily", "airflow tasks clear orders_daily"),
        ("kill the lambda", "--function-name NAME --reserved-concurrent-executions 0"),
    ],
)
def test_the_step_is_named_with_its_command(request_text: str, command: str) -> None:
    assert command in steps_for(request_text)[0]


def test_a_resource_that_was_understood_needs_no_words() -> None:
    steps = steps_for("restart the payments one", resource="payments-api", service="ecs")

    assert "--service payments-api --force-new-deployment" in steps[0]
    assert "“what is wrong with `payments-api`?”" in steps[-1]


@pytest.mark.parametrize("text", ["delete everything", "restart it", "fix the world-cup"])
def test_what_has_no_known_step_still_gets_a_way_to_go(text: str) -> None:
    steps = steps_for(text)

    assert len(steps) == 2
    assert "aws " not in " ".join(steps)


def test_a_name_cannot_smuggle_a_command() -> None:
    steps = steps_for("restart the database", resource="x; rm -rf /", service="rds")

    assert "--db-instance-identifier NAME`" in steps[0]


def test_every_step_can_be_filled_in() -> None:
    assert all("{" not in step.command.format(name="x") for step in STEPS)
