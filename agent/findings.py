"""The vocabulary that evidence tools and runbooks share.

A tool emits findings of these kinds; a runbook's signals name them and may match on the attributes in brackets.
"""

KINDS: dict[str, str] = {
    # metrics [namespace, metric, factor, baseline, peak, service]
    "metric_rise": "A metric is far above what it was before [metric, service, over_since (where it is over)]",
    "metric_drop": "A metric is far below what it was before",
    "metric_steady": "A metric is as it always is",
    "metric_at_limit": "A metric has reached a known limit [metric, limit, value, service]",
    "alarm_flapping": "An alarm goes back and forth and clears by itself [alarm, transitions]",
    "alarm_fired": "An alarm changed to ALARM [alarm, metric]",
    "threshold_grazed": "A value only just crosses the threshold, within its normal range [metric, threshold, peak]",
    # logs [log_group, pattern, count, exception, service, id (of what every line is about), bucket, key]
    "log_error_pattern": "An error pattern repeats in the logs",
    "log_new_pattern": "A pattern appears that was not there before the onset",
    "log_pattern_gone": "A pattern that used to come steadily stopped",
    "log_match": "Log lines that a search or a query asked for",
    "log_quiet": "The logs show no errors in the range",
    # traces
    "trace_fault": "Traced requests fail at one node [service, node, caller, exception, share, traces]",
    "trace_slow": "Traced requests take longer at one node than before [node, seconds, before, factor, traces]",
    "trace_healthy": "Traced requests neither fail nor take longer than before",
    # changes [event, principal, minutes_before_onset, service, version, previous, cluster]
    "change_before_onset": "A write call shortly before the onset",
    "no_change": "No write calls in the range",
    "deployment": "A new version, revision or deployment was rolled out [version, previous, service, cluster]",
    # cost [service, usage_type, previous, current, percent, usd, unit, account, region, tag]
    "cost_rise": "Spend on something went up",
    "cost_drop": "Spend on something went down",
    "cost_steady": "Spend is as it was",
    "cost_total": "What a range of days cost, and what the days before did [service, days, start, end, per_day, rank]",
    "usage_driver": "The usage metric of one resource explains a cost [service, usage, metric, factor, largest]",
    "budget_exceeded": "A budget is or will be exceeded [budget, limit, actual, forecast, left]",
    "idle_resource": "Something is paid for and not used [service, type, reason, usd]",
    "nothing_idle": "Nothing was found that is paid for and not used",
    # infrastructure
    "inventory": "What there is of a kind, or that there is none [asked, name, count, exists (yes, no)]",
    "resource_state": (
        "What a resource is and how it is configured [service, type, aliases (live=4), timeout_s, reserved_concurrency,"
        " cluster, running (3 of 4), queues, parameter_group, desired, maximum, ...]"
    ),
    "trigger_loop": "A function writes to what triggers it [function, source]",
    "task_stopped": "A container task stopped [reason, exit_code, service]",
    "out_of_memory": "Something was killed for memory [service, limit]",
    "service_event": "An AWS service reported an event about a resource [message]",
    "queue_backlog": "A queue grows or its oldest message ages [queue, depth, age_seconds]",
    "poison_message": "The same message is received again and again [queue, receive_count]",
    "redrive_missing": "A queue has no dead-letter queue [queue]",
    "dead_letters": "Messages are in a dead-letter queue [queue, depth, source, consumers]",
    "throttled": "Requests are refused for capacity or rate [service, operation, table]",
    "capacity_fixed": "Capacity is provisioned and does not scale [table, capacity]",
    "endpoint_missing": "A VPC has no endpoint for a service, so its traffic goes through NAT [vpc, endpoint]",
    "quota_near_limit": "A service quota is nearly used up [quota, code, used, limit, adjustable]",
    "quota_free": "No service quota is near its limit [service]",
    "target_unhealthy": "Targets of a load balancer are unhealthy [target_group, reason, unhealthy, targets]",
    "targets_healthy": "No target of a load balancer is unhealthy [groups]",
    "launch_failed": "Auto Scaling could not launch instances [reason, group, message, count]",
    "scaled_in": "An Auto Scaling group was made smaller [group, before, after, by]",
    "workflow_failed": (
        "Executions of a state machine failed [state_machine, state, error, cause, target, redrivable, status, count,"
        " execution]"
    ),
    "stack_failed": "A stack operation failed or was rolled back [stack, failed_resource, type, status, reason]",
    "deployment_failed": "A deployment failed or was rolled back [application, error, rolled_back, version]",
    "database_load": "What loads a database, in active sessions [sql, wait, load, baseline, share, vcpus, trend]",
    "change_pending": "A change waits for a reboot or a maintenance window [change, waits_for, parameters]",
    "trigger_failing": "An event source mapping is off or fails [function, source, state, result]",
    "health_event": "AWS Health reports an event [service, category]",
    "aws_healthy": "AWS Health reports nothing in the range [service]",
    "security_finding": "Security Hub or GuardDuty reports a finding [severity, type]",
    # data platform
    "dag_failed": "A DAG run failed [dag_id, run_id]",
    "task_failed": "A task instance failed [dag_id, task_id, try_number, exception]",
    "task_healthy": "A task succeeds as it usually does [dag_id, task_id]",
    "import_error": "A DAG file does not import [file, exception, dag_id (of a DAG that was known before)]",
    "airflow_unhealthy": "A part of an Airflow environment is down or was not updated [environment, part]",
    "pool_starved": "All slots of an Airflow pool are taken and tasks wait [pool, slots, waiting, environment]",
    "task_waiting": "A task waits or hangs [dag_id, task_id, state, reason, pool, seconds, bucket, key, upstream_dag]",
    "task_long": "A task runs far longer than it used to [dag_id, task_id, factor, seconds, baseline]",
    "task_flaky": "A task often needs retries or fails [dag_id, task_id, share, runs]",
    "dag_late": "A DAG's run is missing, waits or takes too long [dag_id, reason, seconds, due, environment]",
    "dag_paused": "A DAG is paused, so that it has no runs [dag_id, environment]",
    "upstream_failed": "An upstream task failed first [dag_id, task_id]",
    "object_missing": "An expected S3 object is not there [bucket, key, deleted_at]",
    "object_archived": "An S3 object must be restored before it can be read [bucket, key, storage_class]",
    "object_late": "An S3 object arrives later than it used to [bucket, prefix, last_modified]",
    "sql_error": "A SQL statement failed [table, column, code, model, sources, user]",
    "type_change": "A column's type changed [table, column, before, after]",
    "wlm_queue": "Statements wait for a slot of the warehouse [queue, waiting, slots, seconds, resource]",
    "sql_lock": "A statement waits for a lock [table, blocker, user]",
    "long_statement": "A statement or an open transaction goes on for long [application, user, seconds]",
    "connections_held": "One application holds many connections [application, user, state, connections]",
}
