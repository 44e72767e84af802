"""Sessions that do not repeat what botocore would: its descriptions of AWS are read once, times are read quickly."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.loaders import create_loader
from botocore.utils import parse_timestamp


def new_session(region: str, profile: str = "", core: Any = None) -> boto3.Session:
    """A session that shares what botocore knows of AWS with all others; each would read the same megabytes for itself.

    `core`: botocore's own session, when one is there.
    """
    inner: Any = core or botocore.session.Session(profile=profile or None)
    session = boto3.Session(botocore_session=inner, region_name=region)
    inner.register_component("data_loader", _descriptions(inner.get_config_variable("data_path")))
    inner.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
    return session


@cache
def _descriptions(data_path: str | None) -> Any:
    """`data_path`: where a person keeps descriptions of their own, as boto3's `AWS_DATA_PATH` says."""
    return create_loader(data_path)


def moment(value: Any) -> datetime:
    """A time in a response, in UTC: seconds since 1970, ISO 8601, or whatever else botocore can read.

    Metrics are thousands of times, and botocore takes 25 times as long for each: it asks for the local time zone.
    """
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(value)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        pass
    return parse_timestamp(value)
