from __future__ import annotations

from deploy.local.account.cloudwatch.alarms_api import (
    describe_alarm_history,
    describe_alarms,
    describe_alarms_for_metric,
    describe_anomaly_detectors,
)
from deploy.local.account.cloudwatch.metrics_api import (
    get_metric_data,
    get_metric_statistics,
    list_metrics,
    put_metric_data,
)
from deploy.local.account.request import Operation

OPERATIONS: dict[str, Operation] = {
    "DescribeAlarmHistory": describe_alarm_history,
    "DescribeAlarms": describe_alarms,
    "DescribeAlarmsForMetric": describe_alarms_for_metric,
    "DescribeAnomalyDetectors": describe_anomaly_detectors,
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
    "ListMetrics": list_metrics,
    "PutMetricData": put_metric_data,
}
