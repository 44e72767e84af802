"""The kinds of actions that a policy knows. What is not here is refused, whatever a file says."""

from __future__ import annotations

KINDS = (
    *("lambda_rollback", "lambda_restart", "lambda_config", "lambda_test"),
    *("ecs_restart", "ecs_scale", "ecs_rollback", "asg_scale"),
    *("rds_parameter", "rds_reboot", "dynamodb_capacity"),
    *("sqs_redrive", "eventbridge_event", "stepfunctions_redrive"),
    *("airflow_clear_task", "airflow_trigger_dag", "airflow_pause_dag"),
    *("ssm_document", "ssm_script"),
)
"""As `tools.actions.ACTIONS` has them; a test holds the two together."""

NEVER_BY_THEMSELVES = frozenset({"ssm_script"})
"""Free text is looked at by a person, always."""
