"""What ends the incident of a scenario, by kind of action, and what does not: calls as boto3 takes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from deploy.local.account.text import resource_id
from tests.deploy.local.account.conftest import NOW

BILLING, PRINTER = resource_id("instance", "billing-app-1"), resource_id("instance", "print-server-1")
SETTLEMENT = "arn:aws:states:us-east-1:123456789012:execution:nightly-settlement:settlement-of-today"
DLQ = "arn:aws:sqs:us-east-1:123456789012:settlement-requests-dlq"
EVENT = {"Source": "shop.pricing", "DetailType": "PriceListPublished", "Detail": '{"list": "today"}'}
LATE_RUN = f"scheduled__{NOW - timedelta(hours=1):%Y-%m-%dT%H:%M:00+00:00}"
IDLE = {"ParameterName": "idle_in_transaction_session_timeout", "ApplyMethod": "immediate"}

Call = tuple[str, str, dict[str, Any]]
"""Service, operation and parameters of a change, as boto3 takes them."""


def script(document: str, instance: str, command: str) -> Call:
    params = {"DocumentName": document, "InstanceIds": [instance], "Parameters": {"commands": [command]}}
    return "ssm", "send_command", params


def airflow(name: str, method: str, path: str, body: dict[str, Any]) -> Call:
    return "mwaa", "invoke_rest_api", {"Name": name, "Method": method, "Path": path, "Body": body}


RIGHT: dict[str, list[tuple[str, Call]]] = {
    "lambda_rollback": [
        (
            "lambda-errors-after-deploy",
            (
                "lambda",
                "update_alias",
                {"FunctionName": "checkout-submit-order", "Name": "live", "FunctionVersion": "3"},
            ),
        )
    ],
    "lambda_restart": [
        (
            "lambda-stale-secret",
            (
                "lambda",
                "update_function_configuration",
                {
                    "FunctionName": "fx-rates-reader",
                    "Environment": {"Variables": {"DB_SECRET": "treasury-db/reader", "RESTARTED_AT": "now"}},
                },
            ),
        )
    ],
    "lambda_config": [
        (
            "lambda-timeouts",
            ("lambda", "update_function_configuration", {"FunctionName": "label-printer", "Timeout": 15}),
        )
    ],
    "ecs_rollback": [
        (
            "ecs-out-of-memory",
            (
                "ecs",
                "update_service",
                {"cluster": "catalog-prod", "service": "recommendations", "taskDefinition": "recommendations:17"},
            ),
        ),
        (
            "rds-connections-exhausted",
            (
                "ecs",
                "update_service",
                {"cluster": "orders-prod", "service": "orders-api", "taskDefinition": "orders-api:61"},
            ),
        ),
    ],
    "ecs_restart": [
        (
            "ecs-hung-workers",
            (
                "ecs",
                "update_service",
                {"cluster": "documents-prod", "service": "document-render", "forceNewDeployment": True},
            ),
        )
    ],
    "ecs_scale": [
        (
            "ecs-backlog",
            ("ecs", "update_service", {"cluster": "photos-prod", "service": "photo-worker", "desiredCount": 6}),
        ),
        (
            "rds-connections-exhausted",
            ("ecs", "update_service", {"cluster": "orders-prod", "service": "orders-api", "desiredCount": 3}),
        ),
    ],
    "asg_scale": [
        (
            "asg-too-small",
            ("autoscaling", "set_desired_capacity", {"AutoScalingGroupName": "quotes-web", "DesiredCapacity": 6}),
        )
    ],
    "rds_parameter": [
        (
            "rds-idle-transactions",
            (
                "rds",
                "modify_db_parameter_group",
                {"DBParameterGroupName": "ledger-db-params", "Parameters": [{**IDLE, "ParameterValue": "60000"}]},
            ),
        )
    ],
    "rds_reboot": [("rds-pending-reboot", ("rds", "reboot_db_instance", {"DBInstanceIdentifier": "pricing-db"}))],
    "dynamodb_capacity": [
        (
            "dynamodb-throttling",
            ("dynamodb", "update_table", {"TableName": "storefront-sessions", "BillingMode": "PAY_PER_REQUEST"}),
        ),
        (
            "dynamodb-throttling",
            (
                "dynamodb",
                "update_table",
                {
                    "TableName": "storefront-sessions",
                    "ProvisionedThroughput": {"ReadCapacityUnits": 600, "WriteCapacityUnits": 600},
                },
            ),
        ),
        (
            "two-suspects",
            ("dynamodb", "update_table", {"TableName": "voucher-redemptions", "BillingMode": "PAY_PER_REQUEST"}),
        ),
    ],
    "sqs_redrive": [("sqs-dead-letters", ("sqs", "start_message_move_task", {"SourceArn": DLQ}))],
    "eventbridge_event": [("missed-event", ("events", "put_events", {"Entries": [EVENT]}))],
    "stepfunctions_redrive": [
        ("state-machine-interrupted", ("stepfunctions", "redrive_execution", {"executionArn": SETTLEMENT}))
    ],
    "airflow_pause_dag": [
        ("airflow-dag-paused", airflow("finance-prod", "PATCH", "/dags/ledger_export", {"is_paused": False}))
    ],
    "airflow_trigger_dag": [
        (
            "airflow-run-missing",
            airflow("sourcing-prod", "POST", "/dags/supplier_prices/dagRuns", {"logical_date": None}),
        )
    ],
    "airflow_clear_task": [
        (
            "airflow-input-late",
            airflow(
                "catalogue-prod",
                "POST",
                "/dags/supplier_catalogue/clearTaskInstances",
                {"dry_run": False, "dag_run_id": LATE_RUN, "only_failed": True, "reset_dag_runs": True},
            ),
        )
    ],
    "ssm_script": [
        ("disk-full", script("AWS-RunShellScript", BILLING, "find /var/log/billing -name '*.log.*' -mtime +7 -delete")),
        ("windows-service-stopped", script("AWS-RunPowerShellScript", PRINTER, "Restart-Service HarborlinePrint")),
    ],
    "ssm_document": [
        (
            "windows-service-stopped",
            (
                "ssm",
                "start_automation_execution",
                {
                    "DocumentName": "Harborline-RestartService",
                    "Parameters": {"InstanceId": [PRINTER], "ServiceName": ["HarborlinePrint"]},
                },
            ),
        ),
        (
            "disk-full",
            (
                "ssm",
                "start_automation_execution",
                {
                    "DocumentName": "Harborline-RotateLogs",
                    "Parameters": {"InstanceId": [BILLING], "Directory": ["/var/log/billing"]},
                },
            ),
        ),
    ],
}

WRONG: list[tuple[str, Call]] = [
    (
        "two-suspects",
        ("lambda", "update_alias", {"FunctionName": "voucher-redeem", "Name": "live", "FunctionVersion": "2"}),
    ),
    (
        "lambda-timeouts",
        ("lambda", "update_function_configuration", {"FunctionName": "label-printer", "MemorySize": 1024}),
    ),
    (
        "lambda-stale-secret",
        ("lambda", "put_function_concurrency", {"FunctionName": "fx-rates-reader", "ReservedConcurrentExecutions": 50}),
    ),
    (
        "ecs-hung-workers",
        ("ecs", "update_service", {"cluster": "documents-prod", "service": "document-render", "desiredCount": 3}),
    ),
    (
        "ecs-backlog",
        ("ecs", "update_service", {"cluster": "photos-prod", "service": "photo-worker", "desiredCount": 4}),
    ),
    (
        "ecs-backlog",
        ("ecs", "update_service", {"cluster": "photos-prod", "service": "photo-worker", "forceNewDeployment": True}),
    ),
    ("rds-idle-transactions", ("rds", "reboot_db_instance", {"DBInstanceIdentifier": "ledger-db"})),
    (
        "rds-connections-exhausted",
        ("ecs", "update_service", {"cluster": "orders-prod", "service": "orders-api", "desiredCount": 10}),
    ),
    ("rds-connections-exhausted", ("rds", "reboot_db_instance", {"DBInstanceIdentifier": "orders-db"})),
    (
        "dynamodb-throttling",
        (
            "dynamodb",
            "update_table",
            {
                "TableName": "storefront-sessions",
                "ProvisionedThroughput": {"ReadCapacityUnits": 600, "WriteCapacityUnits": 350},
            },
        ),
    ),
    ("missed-event", ("events", "put_events", {"Entries": [{**EVENT, "DetailType": "PriceListRemoved"}]})),
    ("airflow-dag-paused", airflow("finance-prod", "PATCH", "/dags/rates_import", {"is_paused": True})),
    ("disk-full", script("AWS-RunShellScript", BILLING, "journalctl --vacuum-size=100M")),
    (
        "windows-service-stopped",
        (
            "ssm",
            "start_automation_execution",
            {
                "DocumentName": "Harborline-RestartService",
                "Parameters": {"InstanceId": [PRINTER], "ServiceName": ["Spooler"]},
            },
        ),
    ),
]

RIGHT_CALLS = [(kind, name, call) for kind, each in RIGHT.items() for name, call in each]
