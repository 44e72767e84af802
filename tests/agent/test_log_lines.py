"""A raw line gives up its header, its level and its exception."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.log_lines import LogLine, exception_in, parse_line, records

START = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        ("2026-11-20 14:02:11,120 ERROR [main] Payment refused", "ERROR", "Payment refused"),
        (
            "[ERROR]\t2026-11-20T12:00:00.123Z\t8f5d1b9a-1111-2222-3333-444455556666\tno currency",
            "ERROR",
            "no currency",
        ),
        (
            "2026-11-20 14:02:11 UTC:10.0.3.4(50111):app@orders:[2211]:FATAL:  too many clients",
            "FATAL",
            "too many clients",
        ),
        ("[2026-11-20T02:03:11.120+0000] {taskinstance.py:3313} ERROR - Task failed", "ERROR", "Task failed"),
        ("E1120 12:00:00.1234   12 kubelet.go:22] no such pod", "ERROR", "kubelet.go:22] no such pod"),
        ("Nov 20 12:00:00 web-1 sshd[2211]: Failed password", "", "sshd[2211]: Failed password"),
        ('{"level":"warn","msg":"slow query"}', "WARN", "slow query"),
        ('{"status":503,"path":"/v1/orders"}', "ERROR", "status=503 path=/v1/orders"),
        (
            '{"severity":"error","message":"cannot save","error":"Throttled: slow down"}',
            "ERROR",
            "cannot save: Throttled: slow down",
        ),
        ("plain words", "", "plain words"),
        ("2026-11-20 14:02:11", "", "2026-11-20 14:02:11"),
    ],
)
def test_a_header_is_taken_off_and_its_level_kept(line: str, level: str, message: str):
    parsed = parse_line(line)
    assert (parsed.level, parsed.message) == (level, message)


def test_of_a_python_trace_the_raised_line_is_the_message():
    frames = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    x()\n'
    parsed = parse_line(f"{frames}botocore.exceptions.ClientError: slow down")
    assert parsed.message == "botocore.exceptions.ClientError: slow down"
    assert parsed.exception == "botocore.exceptions.ClientError"


def test_of_a_java_trace_the_cause_is_named_beside_the_first_line():
    parsed = parse_line(
        "j.l.IllegalStateException: no order\n\tat a.b(C.java:3)\nCaused by: java.sql.SQLException: closed"
    )
    assert parsed.exception == "java.sql.SQLException"
    assert parsed.message == "j.l.IllegalStateException: no order | Caused by: java.sql.SQLException: closed"


def test_a_lambda_trace_with_carriage_returns_is_read_as_lines():
    parsed = parse_line("[ERROR] KeyError: 'currency'\rTraceback (most recent call last):\r  File \"/var/task/app.py\"")
    assert (parsed.message, parsed.exception) == ("KeyError: 'currency'", "KeyError")


def test_a_word_that_only_mentions_errors_is_no_exception():
    assert exception_in("handled 3 errors without an exception") == ""


def test_the_lines_of_a_stack_trace_become_one_record_for_each_stream():
    lines = [
        LogLine(START, "Traceback (most recent call last):", "a"),
        LogLine(START, "request served", "b"),
        LogLine(START, '  File "app.py", line 1, in f', "a"),
        LogLine(START, "ValueError: no", "a"),
        LogLine(START + timedelta(seconds=1), "next request", "a"),
    ]
    texts = [record.text for record in records(lines)]
    assert 'Traceback (most recent call last):\n  File "app.py", line 1, in f\nValueError: no' in texts
    assert "request served" in texts
    assert "next request" in texts
    assert len(texts) == 3
