"""What there is, in sentences and as a table: counts are exact, long lists of names are cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.models import Table
from agent.resource_kinds import EVERY_KIND, Kind
from tools.evidence.base import Look
from tools.evidence.infra.listed import Listed

MAX_NAMED = 15
MAX_NAME_CHARS = 280
"""Of the names in a sentence together: evidence has room for 400 characters of it."""
MAX_COUNT_CHARS = 330
"""Of the counts of several kinds with their names."""
AND_MORE = 17
"""Room for `and 12 more`, brackets and a comma."""
MOST_KINDS = 4
"""Up to which each is named where there is nothing of any of them."""
MAX_ROWS = 40
_TITLES = ("Name", "Type", "Details", "State", "Tags")

Of = tuple[Kind, list[Listed]]


def where(look: Look) -> str:
    """`us-east-1`, or `us-east-1 of account data`."""
    return look.aws.region + (f" of account {look.aws.label}" if look.aws.label != "home" else "")


def there_are(of_each: Sequence[Of], name: str, place: str, exact: bool, at_least: bool) -> str:
    """`There are 3 SQS queues in us-east-1: a, b and c.`, and likewise of several kinds."""
    some = [(kind, listed) for kind, listed in of_each if listed]
    place = _place([kind for kind, _ in some], place)
    if exact:
        found = _joined([f"{_article(kind)} {kind.noun}" for kind, _ in some])
        verb = "is" if len(some) == 1 else "are"
        return f"There {verb} {found} called {some[0][1][0].item.name} in {place}{_told(some)}."
    least, matching = "at least " if at_least else "", _matching(name, sum(len(listed) for _, listed in some))
    if len(of_each) == 1:
        (kind, listed) = some[0]
        verb = "is" if len(listed) == 1 else "are"
        counted = f"{least}{kind.counted(len(listed))}{matching} in {place}{_states(kind, listed)}"
        return f"There {verb} {counted}: {_names(listed, MAX_NAMED, MAX_NAME_CHARS)}."
    everything = len(of_each) == len(EVERY_KIND) and not name
    counts = [kind.counted(len(listed)) for kind, listed in some]
    if not everything:
        room = (MAX_COUNT_CHARS - sum(map(len, counts))) // len(some) - AND_MORE
        counts = [f"{text} ({_names(own, MAX_NAMED, room)})" for text, (_, own) in zip(counts, some, strict=True)]
    fits = (text for n, text in enumerate(counts) if sum(map(len, counts[: n + 1])) + 2 * n <= MAX_COUNT_CHARS)
    told = list(fits) or counts[:1]
    more = len(counts) - len(told)
    each = f"{', '.join(told)} and {more} more kinds of resources" if more else _joined(told)
    return f"In {place} there {'is' if counts[0].startswith('1 ') else 'are'} {least}{each}{matching}."


def there_are_none(
    kinds: Sequence[Kind], name: str, place: str, exact: bool, nearest: Sequence[str], whole: bool
) -> str:
    """That there are none, or where not all could be read that none was found."""
    place = _place(kinds, place)
    near = f" The nearest names are {_joined(list(nearest))}." if nearest else ""
    if exact:
        nouns = "resource that I list" if len(kinds) > MOST_KINDS else _joined([kind.noun for kind in kinds], "or")
        said = f"There is no {nouns} called {name} in {place}." if whole else f"I found no {nouns} called {name}."
        return said + near
    matching = _matching(name, 0)
    nouns = "resources that I list" if len(kinds) > MOST_KINDS else _joined([f"{kind.noun}s" for kind in kinds], "or")
    said = f"There are no {nouns}{matching} in {place}." if whole else f"I found no {nouns}{matching}."
    return said + near


def read(look: Look, kinds: Sequence[Kind], failures: Sequence[str]) -> str:
    """Which account and region were looked at, which were not, and what could not be read."""
    others = [account.name or account.id for account in look.settings.aws_accounts]
    others = [name for name in others if name != look.aws.label]
    beside = f", nor {'account' if len(others) == 1 else 'accounts'} {', '.join(others[:5])}" if others else ""
    region = f"Only {where(look)} was read, no other region{beside}"
    said = f"{region}; name one to look there."
    if any(kind.service == "s3" for kind in kinds):
        said += " S3 buckets are those of all regions."
    if any(kind.type == "table" for kind in kinds):
        said += " Tables inside SQL databases are not listed."
    return said + (f" Could not read: {'; '.join(failures[:4])}." if failures else "")


def not_listed(asked: str) -> str:
    """Of what the inventory does not hold, nobody may say that there is none."""
    return (
        f"I do not list “{asked}”, so I cannot tell whether there are any. I list functions, services, clusters,"
        " databases, tables, queues, topics, buckets, instances, Auto Scaling groups, load balancers, NAT gateways,"
        " APIs, state machines, stacks and Airflow environments."
    )


def table(of_each: Sequence[Of], place: str) -> Table:
    """All that fit, a row each, without the columns in which nothing stands."""
    rows = [(each.label, kind.noun, each.details, each.state, each.tags) for kind, ls in of_each for each in ls]
    one = len({row[1] for row in rows}) == 1
    kept = [n for n, _ in enumerate(_TITLES) if any(row[n] for row in rows) and not (one and n == 1)]
    kinds = [kind for kind, listed in of_each if listed]
    nouns = "resources" if len(kinds) > MOST_KINDS else _joined([f"{kind.noun}s" for kind in kinds])
    title = f"{nouns[0].upper()}{nouns[1:]} in {_place(kinds, place)}"
    if len(rows) > MAX_ROWS:
        title += f" (the first {MAX_ROWS} of {len(rows):,})"
    shown = tuple(tuple(row[n] for n in kept) for row in rows[:MAX_ROWS])
    return Table(title=title, columns=tuple(_TITLES[n] for n in kept), rows=shown)


def _place(kinds: Sequence[Kind], place: str) -> str:
    """Buckets are listed over all regions."""
    return "this account" if kinds and all(kind.service == "s3" for kind in kinds) else place


def _names(listed: Sequence[Listed], most: int, room: int) -> str:
    """`a, b, c and 6 more`."""
    names: list[str] = []
    for each in listed[:most]:
        if names and sum(map(len, names)) + 2 * len(names) + len(each.label) > room:
            break
        names.append(each.label)
    more = len(listed) - len(names)
    return f"{', '.join(names)} and {more:,} more" if more else _joined(names)


def _states(kind: Kind, listed: Sequence[Listed]) -> str:
    """` (3 running, 2 stopped)`, of instances and of services with and without tasks."""
    if kind.service == "ecs" and all(each.state for each in listed):
        up = sum(not each.state.startswith("0 ") for each in listed)
        down = len(listed) - up
        return f" ({up} with running tasks, {down} without)" if down else " (all with running tasks)"
    counts = Counter(each.state for each in listed) if kind.service == "ec2" else Counter[str]()
    return f" ({', '.join(f'{number} {state}' for state, number in sorted(counts.items()))})" if counts else ""


def _told(some: Sequence[Of]) -> str:
    """What is known of the one that has the name."""
    if len(some) > 1 or len(some[0][1]) > 1:
        return ""
    told = ", ".join(text for text in (some[0][1][0].details, some[0][1][0].state) if text)
    return f" ({told})" if told else ""


def _matching(name: str, number: int) -> str:
    return f" that {'matches' if number == 1 else 'match'} “{name}”" if name else ""


def _article(kind: Kind) -> str:
    """By how it is said: an SQS queue, an ECS service, a Lambda function, a NAT gateway."""
    return "an" if kind.noun[0] in "AEIOH" or kind.noun[:2] in ("SN", "SQ", "S3", "RD") else "a"


def _joined(names: list[str], word: str = "and") -> str:
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
