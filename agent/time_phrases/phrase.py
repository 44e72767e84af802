"""What a question said about time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.models import Model, TimeRange


class TimePhrase(Model):
    """The words that were taken for a time, and what they were taken to mean."""

    words: str = Field(description="Exactly as they stand in the text")
    range: TimeRange | None = Field(default=None, description="None: it waits for its anchor, or was refused")
    assumption: str = Field(description="One sentence for the asker")
    anchor: Literal["", "last_deploy"] = Field(default="", description="What has to be looked up first")
    relation: Literal["", "since", "before"] = Field(default="", description="Where the range lies beside its anchor")
