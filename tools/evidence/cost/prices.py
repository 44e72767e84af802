"""Public list prices in us-east-1, on demand, in USD: for figures where the bill does not name the resource.

From the services' own price pages as they stood in 2025. They are rough by nature (regions, discounts and savings
plans differ), so whoever shows such a figure says that it is a list price; what is not in here has no figure.
"""

from __future__ import annotations

HOURS_A_MONTH = 730.0
WHERE = "at the us-east-1 list price"

EBS_GB_MONTH = {"gp2": 0.10, "gp3": 0.08, "io1": 0.125, "io2": 0.125, "st1": 0.045, "sc1": 0.015, "standard": 0.05}
EBS_IOPS_MONTH = {"gp3": 0.005, "io1": 0.065, "io2": 0.065}
GP3_FREE_IOPS = 3000
GP3_FREE_MBPS = 125
GP3_MBPS_MONTH = 0.04
SNAPSHOT_GB_MONTH = {"standard": 0.05, "archive": 0.0125}
PUBLIC_IPV4_HOUR = 0.005
NAT_GATEWAY_HOUR = 0.045
LOAD_BALANCER_HOUR = {"application": 0.0225, "network": 0.0225, "gateway": 0.0125}
LOG_STORAGE_GB_MONTH = 0.03
LAMBDA_GB_SECOND = 0.0000166667
FARGATE_VCPU_HOUR = 0.04048
FARGATE_GB_HOUR = 0.004445
DYNAMODB_WRITE_UNIT_HOUR = 0.00065
DYNAMODB_READ_UNIT_HOUR = 0.00013
RDS_STORAGE_GB_MONTH = {"gp2": 0.115, "gp3": 0.115, "io1": 0.125, "io2": 0.125, "standard": 0.10}

_SIZES = {"nano": 1 / 16, "micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1.0, "xlarge": 2.0}
"""Prices within a family grow with the size; `4xlarge` is four times `xlarge`."""

# fmt: off
_EC2_LARGE_HOUR = {
    "t2": 0.0928, "t3": 0.0832, "t3a": 0.0752, "t4g": 0.0672,
    "m4": 0.10, "m5": 0.096, "m5a": 0.086, "m6i": 0.096, "m6a": 0.0864, "m6g": 0.077, "m7i": 0.1008, "m7g": 0.0816,
    "c4": 0.10, "c5": 0.085, "c5a": 0.077, "c6i": 0.085, "c6a": 0.0765, "c6g": 0.068, "c7i": 0.08925, "c7g": 0.0725,
    "r4": 0.133, "r5": 0.126, "r5a": 0.113, "r6i": 0.126, "r6a": 0.1134, "r6g": 0.1008, "r7i": 0.1323, "r7g": 0.1071,
}
# fmt: on
"""Linux, shared tenancy, the size `large`."""

# fmt: off
_RDS_LARGE_HOUR = {
    "t3": 0.145, "t4g": 0.129, "m5": 0.178, "m6i": 0.178, "m6g": 0.159, "m7g": 0.168,
    "r5": 0.25, "r6i": 0.25, "r6g": 0.225, "r7g": 0.239,
}
# fmt: on
"""PostgreSQL in one zone; MySQL and MariaDB cost a few percent less."""

_AURORA_LARGE_HOUR = {"t3": 0.164, "t4g": 0.146, "r5": 0.29, "r6i": 0.29, "r6g": 0.26, "r7g": 0.276}
_FREE_ENGINES = ("postgres", "mysql", "mariadb")


def instance_month(instance_type: str) -> float | None:
    """An EC2 instance, by its type: `m6i.large`. None for a family that is not in the table."""
    return _month(_EC2_LARGE_HOUR, instance_type)


def database_month(instance_class: str, engine: str, *, multi_az: bool) -> float | None:
    """A database instance without its storage, by its class: `db.r6g.large`. None where a licence is part of it."""
    plain = instance_class.removeprefix("db.")
    if engine.startswith("aurora"):
        return _month(_AURORA_LARGE_HOUR, plain)
    one = _month(_RDS_LARGE_HOUR, plain) if engine.startswith(_FREE_ENGINES) else None
    return one and one * (2 if multi_az else 1)


def volume_month(volume_type: str, size_gb: float, iops: int = 0, throughput: int = 0) -> float | None:
    """An EBS volume with what is provisioned for it; `throughput` in MB/s."""
    if volume_type not in EBS_GB_MONTH:
        return None
    extra_iops = max(iops - GP3_FREE_IOPS, 0) if volume_type == "gp3" else iops
    extra_mbps = max(throughput - GP3_FREE_MBPS, 0) if volume_type == "gp3" else 0
    performance = extra_iops * EBS_IOPS_MONTH.get(volume_type, 0.0) + extra_mbps * GP3_MBPS_MONTH
    return size_gb * EBS_GB_MONTH[volume_type] + performance


def capacity_month(write_units: float, read_units: float) -> float:
    """DynamoDB's provisioned capacity."""
    return HOURS_A_MONTH * (write_units * DYNAMODB_WRITE_UNIT_HOUR + read_units * DYNAMODB_READ_UNIT_HOUR)


def _month(large: dict[str, float], type_and_size: str) -> float | None:
    family, _, size = type_and_size.partition(".")
    factor = _SIZES.get(size)
    if factor is None and size.endswith("xlarge") and size[: -len("xlarge")].isdigit():
        factor = _SIZES["xlarge"] * int(size[: -len("xlarge")])
    return large[family] * factor * HOURS_A_MONTH if factor and family in large else None
