"""Sessions share what botocore knows, and read times as botocore does."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.utils import parse_timestamp

from tools.aws.descriptions import moment, new_session


@pytest.mark.parametrize(
    "value",
    [
        0,
        1_763_728_000,
        1_763_728_000.5,
        "1763728000",
        "2026-11-20T14:02:11Z",
        "2026-11-20T14:02:11.123Z",
        "2026-11-20T14:02:11+02:00",
        "2026-11-20",
        "Wed, 02 Oct 2002 13:00:00 GMT",
    ],
)
def test_a_time_is_the_one_that_botocore_reads(value: Any) -> None:
    assert moment(value) == parse_timestamp(value)


def test_a_second_session_reads_no_description_again() -> None:
    cores = [botocore.session.Session(), botocore.session.Session()]
    for core in cores:
        new_session("us-east-1", core=core)
    assert cores[0].get_component("data_loader") is cores[1].get_component("data_loader")
