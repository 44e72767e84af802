"""Every AWS operation that Watchkeeper's read session may call. Anything else is refused before it leaves the process.

Those of the evidence tools, and those that actions need besides, to show what they would do and to find what they did.
They serve three purposes: the read session's hook (`tools.aws.read_only`), the IAM policy (`watchkeeper iam-policy`)
and the census in the tests, which holds each entry against AWS's own service models and access levels.

To add an operation: put its name, in boto3's snake case, under its boto3 service name. Tests fail when an evidence
tool or an action calls what is not listed here, and when something is listed that none calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EVIDENCE_READS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        service: frozenset(operations)
        for service, operations in {
            "apigateway": ["get_deployments", "get_rest_apis", "get_stages"],
            "apigatewayv2": ["get_apis", "get_deployments", "get_stages"],
            "application-autoscaling": ["describe_scalable_targets"],
            "autoscaling": [
                "describe_auto_scaling_groups",
                "describe_instance_refreshes",
                "describe_launch_configurations",
                "describe_scaling_activities",
            ],
            "budgets": ["describe_budget_notifications_for_account", "describe_budgets"],
            "ce": [
                "get_anomalies",
                "get_cost_and_usage",
                "get_cost_and_usage_with_resources",
                "get_cost_forecast",
                "get_tags",
            ],
            "cloudformation": [
                "describe_stack_events",
                "describe_stack_resource_drifts",
                "describe_stacks",
            ],
            "cloudtrail": ["lookup_events"],
            "cloudwatch": [
                "describe_alarm_history",
                "describe_alarms",
                "describe_anomaly_detectors",
                "get_metric_data",
                "list_metrics",
            ],
            "codebuild": ["batch_get_projects"],
            "codedeploy": [
                "batch_get_deployments",
                "list_applications",
                "list_deployment_groups",
                "list_deployments",
            ],
            "dynamodb": ["describe_table", "list_tables"],
            "ec2": [
                "describe_addresses",
                "describe_flow_logs",
                "describe_images",
                "describe_instances",
                "describe_launch_template_versions",
                "describe_nat_gateways",
                "describe_route_tables",
                "describe_snapshots",
                "describe_subnets",
                "describe_volumes",
                "describe_vpc_endpoints",
                "describe_vpcs",
            ],
            "ecs": [
                "describe_clusters",
                "describe_services",
                "describe_task_definition",
                "describe_tasks",
                "list_clusters",
                "list_services",
                "list_tasks",
            ],
            "elbv2": [
                "describe_load_balancers",
                "describe_target_groups",
                "describe_target_health",
            ],
            "guardduty": ["get_findings", "list_detectors", "list_findings"],
            "health": [
                "describe_affected_entities",
                "describe_event_details",
                "describe_events",
            ],
            "iam": ["get_role_policy", "list_role_policies"],
            "lambda": [
                "get_account_settings",
                "get_function_concurrency",
                "get_function_configuration",
                "list_aliases",
                "list_event_source_mappings",
                "list_function_event_invoke_configs",
                "list_functions",
                "list_provisioned_concurrency_configs",
                "list_versions_by_function",
            ],
            "logs": [
                "describe_field_indexes",
                "describe_log_groups",
                "filter_log_events",
                "get_log_events",
                "get_query_results",
                "list_log_groups",
                "start_query",
                "stop_query",
            ],
            "mwaa": ["get_environment", "invoke_rest_api", "list_environments"],
            "pi": ["describe_dimension_keys", "get_resource_metrics"],
            "rds": [
                "describe_db_clusters",
                "describe_db_instances",
                "describe_db_parameters",
                "describe_events",
            ],
            "rds-data": ["execute_statement"],
            "redshift": ["describe_clusters"],
            "redshift-data": [
                "cancel_statement",
                "describe_statement",
                "execute_statement",
                "get_statement_result",
                "list_statements",
            ],
            "redshift-serverless": ["get_namespace", "list_workgroups"],
            "resourcegroupstaggingapi": ["get_resources"],
            "s3": [
                "get_bucket_notification_configuration",
                "get_bucket_versioning",
                "head_object",
                "list_buckets",
                "list_object_versions",
                "list_objects_v2",
            ],
            "secretsmanager": ["list_secrets"],
            "securityhub": ["get_findings"],
            "service-quotas": ["list_service_quotas"],
            "sns": ["list_subscriptions", "list_subscriptions_by_topic", "list_topics"],
            "sqs": [
                "get_queue_attributes",
                "get_queue_url",
                "list_dead_letter_source_queues",
                "list_queues",
            ],
            "stepfunctions": [
                "describe_state_machine",
                "get_execution_history",
                "list_executions",
                "list_state_machines",
            ],
            "sts": ["get_caller_identity"],
            "xray": ["batch_get_traces", "get_service_graph", "get_trace_summaries"],
        }.items()
    }
)

ACTION_READS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        service: frozenset(operations)
        for service, operations in {
            "dynamodb": ["list_tags_of_resource"],
            "events": ["describe_event_bus", "list_rules", "list_tags_for_resource"],
            "lambda": ["get_alias", "list_tags"],
            "rds": ["describe_db_cluster_parameters"],
            "sqs": ["list_message_move_tasks", "list_queue_tags"],
            "ssm": [
                "describe_automation_executions",
                "describe_document",
                "describe_instance_information",
                "get_automation_execution",
                "get_command_invocation",
                "list_commands",
            ],
            "stepfunctions": ["describe_execution", "list_tags_for_resource"],
        }.items()
    }
)

READS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        service: EVIDENCE_READS.get(service, frozenset()) | ACTION_READS.get(service, frozenset())
        for service in sorted({*EVIDENCE_READS, *ACTION_READS})
    }
)
