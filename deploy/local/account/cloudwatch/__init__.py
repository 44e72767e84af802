"""CloudWatch metrics and alarms: series as pure functions of time, statistics over any period, metric math, alarms."""
