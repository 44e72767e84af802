"""What single resources cost by the bill itself, where resource-level data are switched on in Cost Explorer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from tools.evidence.base import Look
from tools.evidence.cost.bill import READ_ERRORS, USAGE_ONLY, dimension, money
from tools.evidence.names import bare_name, service_key
from tools.evidence.partial import explain

DAYS = 14
"""Cost Explorer keeps resource-level data so long."""
DAYS_A_MONTH = 365 / 12
MAX_PAGES = 2
SERVICES = (
    "Amazon Elastic Compute Cloud - Compute",
    "EC2 - Other",
    "Amazon Virtual Private Cloud",
    "Amazon Elastic Load Balancing",
    "Amazon Relational Database Service",
    "Amazon DynamoDB",
)
_KEYS = {"EC2 - Other": "ec2", "Amazon Virtual Private Cloud": "ec2"}


@dataclass(frozen=True)
class Actual:
    """Monthly amounts by (service, bare name), in the bill's currency; a caveat when there are none."""

    amounts: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    unit: str = "USD"
    caveat: str = ""

    def of(self, service: str, resource: str) -> float | None:
        return self.amounts.get(("ec2" if service == "nat" else service, resource))

    def money(self, amount: float) -> str:
        return money(amount, self.unit)


def actual_costs(look: Look) -> Actual:
    """Of this account only: in one request, or two where there is much."""
    today = look.now.date()
    names = {"Dimensions": {"Key": "SERVICE", "Values": list(SERVICES)}}
    own = {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [look.aws.account]}}
    amounts: dict[tuple[str, str], float] = defaultdict(float)
    unit, token, pages = "USD", "", 0
    try:
        while pages < MAX_PAGES and (token or not pages):
            reply = look.call(
                "ce",
                "get_cost_and_usage_with_resources",
                TimePeriod={"Start": (today - timedelta(days=DAYS)).isoformat(), "End": today.isoformat()},
                Granularity="MONTHLY",
                Metrics=["UnblendedCost"],
                GroupBy=[dimension("SERVICE"), dimension("RESOURCE_ID")],
                Filter={"And": [USAGE_ONLY, names, own]},
                **({"NextPageToken": token} if token else {}),
            )
            for result in reply["ResultsByTime"]:
                for group in result["Groups"]:
                    service, resource = group["Keys"]
                    cost = group["Metrics"]["UnblendedCost"]
                    key = _KEYS.get(service) or service_key(service)
                    amounts[key, bare_name(resource)] += float(cost["Amount"]) / DAYS * DAYS_A_MONTH
                    unit = cost.get("Unit", unit)
            token, pages = reply.get("NextPageToken", ""), pages + 1
    except READ_ERRORS as error:
        return Actual(caveat=f" The bill does not tell single resources apart ({explain(error)}).")
    return Actual(dict(amounts), unit)
