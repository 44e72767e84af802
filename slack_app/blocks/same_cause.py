"""That other incidents have the same cause: one line with the way to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.headings import incident_heading
from agent.living import first_fired
from agent.models import Incident
from slack_app.blocks.moments import moment
from slack_app.blocks.parts import Block, context
from slack_app.blocks.text import cut, escape

TITLE_CHARS = 150


@dataclass(frozen=True)
class Kin:
    """Another incident with the same cause. `link` leads to its message; "" when Slack does not tell the address."""

    incident: Incident
    link: str

    def words(self, about: Incident) -> str:
        """`stock-db is full, since 14:02`."""
        title = escape(cut(incident_heading(self.incident), TITLE_CHARS))
        named = f"<{self.link}|{title}>" if self.link else title
        return f"{named}, since {moment(first_fired(self.incident), about.created_at)}"


def kin_blocks(incident: Incident, kin: Sequence[Kin]) -> list[Block]:
    """Nothing where there is none."""
    return [context(f"🔗 *Same cause as* {'; '.join(each.words(incident) for each in kin)}")] if kin else []
