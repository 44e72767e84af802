from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agent.errors import SettingsError
from agent.logs import LogSettings, log_handler, read_log_settings
from agent.telemetry import current_run, running

SECRET = "AKIA" + "IOSFODNN7EXAMPLQ"


@contextmanager
def lines(log_format: str) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger of its own, and what it writes."""
    output, logger = io.StringIO(), logging.getLogger(f"tests.logs.{log_format}")
    handler = log_handler(LogSettings.model_validate({"log_format": log_format}), output)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield logger, output
    finally:
        logger.removeHandler(handler)


def test_a_json_line_is_one_document_with_the_id_of_its_run() -> None:
    with lines("json") as (logger, output), running("C1:173.5:job_1"):
        logger.warning("two\nlines, %s", "with words")
    (line,) = output.getvalue().splitlines()
    document = json.loads(line)
    assert document.pop("time").endswith("Z")
    assert document == {
        "level": "WARNING",
        "logger": "tests.logs.json",
        "message": "two\nlines, with words",
        "run_id": "job_1",
        "thread": "MainThread",
    }


def test_an_exception_is_a_field_and_secrets_are_in_none() -> None:
    with lines("json") as (logger, output):
        try:
            raise ValueError(f'the key "{SECRET}"')
        except ValueError:
            logger.exception("failed with %s", SECRET)
    document = json.loads(output.getvalue())
    assert "ValueError" in document["exception"]
    assert SECRET not in output.getvalue()


def test_a_text_line_names_its_run_too() -> None:
    with lines("text") as (logger, output):
        logger.info("outside with %s", SECRET)
        with running("job_2"):
            logger.info("inside")
    outside, inside = output.getvalue().splitlines()
    assert "[" not in outside.partition(" outside")[0]
    assert SECRET not in outside
    assert inside.endswith("INFO tests.logs.text [job_2] inside")


def test_a_run_ends_where_its_context_ends_and_other_threads_have_their_own() -> None:
    seen: list[str] = []
    with running("job_3"):
        with running("job_4"):
            assert current_run() == "job_4"
        other = threading.Thread(target=lambda: seen.append(current_run()))
        other.start()
        other.join()
        assert current_run() == "job_3"
    assert current_run() == ""
    assert seen == [""]


def test_a_level_or_format_that_is_none_is_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_LOG_LEVEL", "warning")
    assert read_log_settings().log_level == "WARNING"
    monkeypatch.setenv("WATCHKEEPER_LOG_LEVEL", "loud")
    with pytest.raises(SettingsError, match="WATCHKEEPER_LOG_LEVEL: it is loud; use DEBUG"):
        read_log_settings()
    monkeypatch.setenv("WATCHKEEPER_LOG_LEVEL", "INFO")
    monkeypatch.setenv("WATCHKEEPER_LOG_FORMAT", "xml")
    with pytest.raises(SettingsError, match="WATCHKEEPER_LOG_FORMAT"):
        read_log_settings()
