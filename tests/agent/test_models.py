from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from agent.models import Confidence, Evidence, TimeRange, digest, evidence_id, new_id
from tests.agent.examples import NOW, alert, evidence, finding


def test_a_time_without_a_zone_is_refused_and_others_become_utc() -> None:
    with pytest.raises(ValidationError, match="without a zone"):
        alert(started_at=datetime(2026, 1, 1))
    east = timezone(timedelta(hours=2))
    assert alert(started_at=datetime(2026, 1, 1, 2, tzinfo=east)).started_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_types_are_frozen_and_strict() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        evidence().summary = "other"  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Evidence.model_validate({**evidence().model_dump(), "surprise": 1})


def test_evidence_travels_as_plain_json() -> None:
    piece = evidence(finding("metric_rise", at=NOW), time_range=TimeRange(start=NOW - timedelta(hours=3), end=NOW))

    assert Evidence.model_validate(piece.model_dump(mode="json")) == piece
    assert piece.time_range is not None
    assert piece.time_range.seconds == 3 * 3600


def test_the_same_call_has_the_same_id() -> None:
    assert evidence_id("t", {"a": 1, "b": 2}) == evidence_id("t", {"b": 2, "a": 1})
    assert evidence_id("t", {"a": 1}) != evidence_id("t", {"a": 2}) != evidence_id("u", {"a": 2})


def test_ids_have_a_prefix_and_differ() -> None:
    assert new_id("inc").startswith("inc_")
    assert new_id("inc") != new_id("inc")
    assert digest("a", "b") != digest("ab")


@pytest.mark.parametrize(("value", "word"), [(0.85, "high"), (0.84, "medium"), (0.5, "medium"), (0.49, "low")])
def test_confidence_in_a_word(value: float, word: str) -> None:
    assert Confidence(value=value).word == word
