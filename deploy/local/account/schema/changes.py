"""What CloudTrail recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from deploy.local.account.schema.base import Entry, Json, Length, Offset


class TrailResource(Entry):
    type: str
    """As CloudTrail writes it: AWS::Lambda::Function."""
    name: str


class TrailEvent(Entry):
    """One management event. With `every`, it repeats from `at` back for `repeat_for` (background traffic)."""

    at: Offset
    event: str
    """The API operation as CloudTrail names it: UpdateFunctionCode20150331v2."""
    source: str
    """lambda.amazonaws.com"""
    user: str
    user_type: Literal["IAMUser", "AssumedRole", "AWSService", "Root", "IdentityCenterUser"] = "AssumedRole"
    role: str | None = None
    """For an assumed role: the role's name; `user` is then the session's name."""
    resources: tuple[TrailResource, ...] = ()
    request: Mapping[str, Json] = {}
    response: Mapping[str, Json] = {}
    error_code: str | None = None
    error_message: str | None = None
    read_only: bool = False
    source_ip: str = "198.51.100.24"
    user_agent: str = "aws-cli/2.17.9"
    every: Length | None = None
    repeat_for: Length = timedelta(0)
