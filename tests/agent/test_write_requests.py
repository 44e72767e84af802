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
        (
            "increase memory of the checkout-api lambda",
            "--function-name checkout-api --memory-size MEGABYTES",
        ),
        ("raise the timeout of the checkout-api lambda", "--function-name checkout-api --timeout SECONDS"),
        (
            "set concurrency of the checkout-api lambda to 5",
            "put-function-concurrency --function-name checkout-api",
        ),
        ("give the payments-svc container more memory", "--service payments-svc --task-definition FAMILY:REVISION"),
        ("reboot the i-0a1b2c3d4e instance", "reboot-instances --instance-ids i-0a1b2c3d4e`"),
        ("reboot the build-host instance", "reboot-instances --instance-ids NAME`"),
        ("trigger the dag orders_daily", "airflow dags trigger orders_daily"),
        ("re-run the dag orders_daily", "airflow tasks clear orders_daily"),
        ("kill the lambda", "--function-name NAME --reserved-concurrent-executions 0"),
    ],
)
def test_the_step_is_named_with_its_command(request_text: str, command: str) -> None:
    assert command in steps_for(request_text)[0]


def test_a_resource_that_was_understood_needs_no_words() -> None:
    steps = steps_for("restart the payments one", resource="payments-api", service="ecs")

    assert "--service payments-api --force-new-deployment" in steps[0]
    assert "“what is wrong with `payments-api`?”" in steps[-1]


@pytest.mark.parametrize(
    ("text", "resource", "service", "command"),
    [
        (
            "restart the db writer",
            "orders-writer",
            "lambda",
            "update-function-configuration --function-name orders-writer",
        ),
        (
            "restart the payments queue worker",
            "payments-queue-worker",
            "lambda",
            "--function-name payments-queue-worker",
        ),
        ("restart the orders-db instance", "orders-db", "rds", "reboot-db-instance --db-instance-identifier orders-db"),
        ("restart orders_daily dag", "orders_daily", "mwaa", "airflow tasks clear orders_daily"),
    ],
)
def test_what_was_found_counts_more_than_words(text: str, resource: str, service: str, command: str) -> None:
    assert command in steps_for(text, resource, service)[0]


@pytest.mark.parametrize(
    ("text", "resource", "service"),
    [
        ("restart the orders database because checkout-api fails", "checkout-api", "lambda"),
        ("restart payments-api and orders-db", "", ""),
        ("restart the db writer", "", ""),
        ("restart the payments queue worker", "", ""),
        ("restart the lambda and the database", "", ""),
        ("stop the throttling of the checkout lambda", "", ""),
        ("stop the errors in checkout-api", "checkout-api", "lambda"),
        ("increase the checkout lambda", "", ""),
        ("restart airflow", "data-platform", "mwaa"),
        ("please don't restart the database", "", ""),
    ],
)
def test_where_the_target_or_the_change_is_not_sure_no_command_is_named(text: str, resource: str, service: str) -> None:
    assert "aws " not in " ".join(steps_for(text, resource, service))
    assert "`airflow " not in " ".join(steps_for(text, resource, service))


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
