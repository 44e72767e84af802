"""What an alert has in common with an incident, from the closest to nothing, and how telling that is."""

from __future__ import annotations

from enum import IntEnum


class Kinship(IntEnum):
    """In order: the lower, the closer."""

    same_alert = 0
    same_resource = 1
    dependency = 2
    same_thing = 3
    companions = 4
    similar = 5
    related = 6
    stranger = 7


SAID = {
    Kinship.same_alert: "the same alert",
    Kinship.same_resource: "same {noun}",
    Kinship.dependency: "one depends on the other",
    Kinship.same_thing: "same {noun}",
    Kinship.companions: "they mostly fail together",
    Kinship.similar: "same {scope} and similar words",
    Kinship.related: "same {scope} and some words in common",
    Kinship.stranger: "same {scope}",
}
"""To people, who read on with "within 2 minutes"."""

FIXED = {
    Kinship.same_alert: 1.0,
    Kinship.same_resource: 5.0,
    Kinship.dependency: 5.0,
    Kinship.companions: 1.0,
}
"""By how much an incident waits longer for such an alert. One resource of one account, or one that is declared to
depend on another, is known rather than guessed: it is waited for as long as a metric's usual period of five minutes."""

USUAL = {
    Kinship.same_thing: (0.28, 0.22),
    Kinship.similar: (0.22, 0.17),
    Kinship.related: (0.17, 0.17),
    Kinship.stranger: (0.33, 0.44),
}
"""Of what is guessed, until a system has shown its own: the share that each has of the alerts in quick succession, and
of those after a long silence. Careful values: having nothing in common shortens the gap by a quarter."""
