"""Where costs arise: in which linked account and region, and under which tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from tools.evidence.base import Look
from tools.evidence.cost.bill import DAY, USAGE_ONLY, Bill, Group, dimension, read_grouped
from tools.evidence.cost.movers import Mover, mean_between

MAX_TAG_PAGES = 3
USUAL_TAGS = ("team", "owner", "service", "application", "app", "project", "component", "environment", "env", "stage")
"""Tags by which bills are usually divided, the most telling first."""


@dataclass(frozen=True)
class Place:
    """A linked account and region with what a service's cost there grew (or shrank) by a day, and its share."""

    account: str
    region: str
    label: str
    change: float
    share: float

    @property
    def words(self) -> str:
        name = f"{self.account} ({self.label})" if self.label else self.account
        return f"{self.region} of account {name}"


def places_of(look: Look, mover: Mover) -> list[Place]:
    """Where a service's cost moved, the largest part first; empty for what did not move."""
    if mover.direction == "steady":
        return []
    named = {"Dimensions": {"Key": "SERVICE", "Values": [mover.name]}}
    groups = [dimension("LINKED_ACCOUNT"), dimension("REGION")]
    bill = read_grouped(look, groups, {"And": [USAGE_ONLY, named]})
    since = mover.shift.onset.date() if mover.shift.onset else bill.period.first
    end = mover.shift.until.date() + DAY if mover.shift.until else max(bill.complete, since + DAY)
    changes = {
        key: mean_between(daily, since, end) - mean_between(daily, bill.start, since)
        for key, daily in bill.lines.items()
    }
    total = sum(changes.values())
    found = [
        Place(account, region, bill.labels.get(account, ""), change, min(change / total, 1.0) if total else 0.0)
        for (account, region), change in changes.items()
    ]
    return sorted(found, key=lambda place: -place.share)


def grouped_by(look: Look, by: str, since: date | None = None) -> tuple[Bill, Group, str]:
    """The bill by `account`, `region`, `tag` or `tag:KEY`, with services as parts; the group, and a note on it."""
    kind, _, key = by.partition(":")
    note = ""
    match kind.strip().lower():
        case "account" | "linked_account":
            group = dimension("LINKED_ACCOUNT")
        case "region":
            group = dimension("REGION")
        case "tag":
            keys = tag_keys(look) if not key else [key]
            if not keys:
                raise ValueError("No cost carries a tag: activate cost allocation tags in the billing console.")
            chosen = _most_telling(keys)
            group = {"Type": "TAG", "Key": chosen}
            others = ", ".join(k for k in keys[:8] if k != chosen)
            note = f" By the tag {chosen}{f'; there are also {others}' if others else ''}."
        case _:
            raise ValueError(f"Costs break down by service, usage_type, account, region or tag, not by {by[:40]!r}.")
    bill = read_grouped(look, [group, dimension("SERVICE")], since=since)
    return _without_key(bill, group) if group["Type"] == "TAG" else bill, group, note


def tag_keys(look: Look) -> list[str]:
    """Keys of the tags that costs carry."""
    today = look.now.date()
    keys: list[str] = []
    token, pages = "", 0
    while pages < MAX_TAG_PAGES and (token or not pages):
        span = {"Start": (today - 35 * DAY).isoformat(), "End": today.isoformat()}
        reply = look.call("ce", "get_tags", TimePeriod=span, **({"NextPageToken": token} if token else {}))
        keys += [key for key in reply["Tags"] if key]
        token, pages = reply.get("NextPageToken", ""), pages + 1
    return keys


def _most_telling(keys: Sequence[str]) -> str:
    """What people divide bills by, rather than a name; `user:Team` counts as team."""
    plain = {key.rsplit(":", 1)[-1].lower(): key for key in reversed(keys)}
    return next((plain[name] for name in USUAL_TAGS if name in plain), keys[0])


def _without_key(bill: Bill, group: Group) -> Bill:
    """Cost Explorer names tag groups `team$media`; without a value, the cost is untagged."""
    key = f"{group['Key']}$"
    lines = {(name.removeprefix(key) or "(untagged)", part): daily for (name, part), daily in bill.lines.items()}
    return replace(bill, lines=lines)
