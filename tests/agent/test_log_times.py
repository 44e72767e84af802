"""A line's own time is read in the notations that logs are written in."""

from datetime import datetime

import pytest

from agent.log_times import stamp


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2026-11-20 14:02:11,120 ERROR x", datetime(2026, 11, 20, 14, 2, 11)),
        ("[2026-11-20T02:03:11.120+0000] {a.py:1} x", datetime(2026, 11, 20, 2, 3, 11)),
        ("17/06/09 20:10:40 INFO x", datetime(2017, 6, 9, 20, 10, 40)),
        ("081109 203518 143 INFO x", datetime(2008, 11, 9, 20, 35, 18)),
        ("20171223-22:15:29:606|Step|1|x", datetime(2017, 12, 23, 22, 15, 29)),
        ("Dec 10 06:55:46 LabSZ sshd[1]: x", datetime(1900, 12, 10, 6, 55, 46)),
        ("[Sun Dec 04 04:47:44 2005] [notice] x", datetime(2005, 12, 4, 4, 47, 44)),
        ("[10.30 16:49:06] chrome.exe - x", datetime(1900, 10, 30, 16, 49, 6)),
        ("03-17 16:13:38.811  1702 D x", datetime(1900, 3, 17, 16, 13, 38)),
        ('1.2.3.4 - - [20/Nov/2026:14:02:11 +0000] "GET /"', datetime(2026, 11, 20, 14, 2, 11)),
        ("134681 node-246 unix.hw up 1077804742 1 x", datetime(2004, 2, 26, 14, 12, 22)),
        ("- 1117838570 2005.06.03 R02 2005-06-03-15.42.50.675872 x", datetime(2005, 6, 3, 15, 42, 50)),
    ],
)
def test_the_time_at_the_head_of_a_line_is_read(line: str, expected: datetime):
    assert stamp(line) == expected


@pytest.mark.parametrize("line", ["", "no time here", "99-99 99:99:99 x", "build 12345", "version 1.2.3"])
def test_where_there_is_no_time_none_is_read(line: str):
    assert stamp(line) is None


def test_a_time_deep_in_a_line_is_not_the_lines_own():
    assert stamp("x" * 200 + " 2026-11-20 14:02:11") is None
