"""Which fix somebody asks for, and what only sounds like it."""

from __future__ import annotations

import pytest

from agent.fix_requests import KINDS, wish_of
from agent.settings import Settings
from tools.actions.catalog import actions

BACK = ("lambda_rollback", "ecs_rollback")
AFRESH = ("lambda_restart", "ecs_restart", "rds_reboot")


@pytest.mark.parametrize(
    "text",
    [
        "fix it",
        "Fix this, please",
        "can you fix it?",
        "apply the fix",
        "go ahead",
        "ok, go ahead and fix it",
        "Behebe das bitte",
        "kannst du es beheben?",
        "arréglalo",
        "¿puedes arreglarlo?",
        "répare-le",
        "corrige ça",
        "conserta isso",
        "correggi questo",
        "sistemalo",
    ],
)
def test_whoever_asks_for_the_fix_gets_any(text: str) -> None:
    wish = wish_of(text)
    assert wish is not None
    assert (wish.types, wish.names) == ((), ())


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("roll it back", BACK),
        ("can you roll this back?", BACK),
        ("Rolle es zurück", BACK),
        ("mach es rückgängig", BACK),
        ("revierte el cambio", BACK),
        ("annule ça", BACK),
        ("reverta isso", BACK),
        ("ripristinalo", BACK),
        ("restart it", AFRESH),
        ("starte es neu", AFRESH),
        ("redémarre-le", AFRESH),
        ("reinicia isso", AFRESH),
        ("riavvialo", AFRESH),
        ("scale it up", ("ecs_scale", "asg_scale", "dynamodb_capacity")),
        ("redrive the queue", ("sqs_redrive", "stepfunctions_redrive")),
        ("please pause the dag", ("airflow_pause_dag",)),
    ],
)
def test_whoever_says_how_gets_that_kind(text: str, types: tuple[str, ...]) -> None:
    wish = wish_of(text)
    assert wish is not None
    assert wish.types == types


@pytest.mark.parametrize(
    "text",
    [
        "why did it fail?",
        "who fixed it?",
        "did you fix it?",
        "is the fix out?",
        "how do I fix it?",
        "wie behebe ich das?",
        "should we restart it?",
        "I will fix it",
        "rolling back now",
        "don't restart it",
        "do not fix it",
        "fix is out",
        "delete the table",
        "thanks!",
        "",
    ],
)
def test_what_only_sounds_like_it_is_no_wish(text: str) -> None:
    assert wish_of(text) is None


def test_the_resource_that_is_named_is_heard() -> None:
    wish = wish_of("restart payments-api")
    assert wish is not None
    assert wish.names == ("payments-api",)


def test_every_kind_that_words_stand_for_exists() -> None:
    named = {name for _, types in KINDS for name in types}
    assert named <= set(actions(Settings()))
