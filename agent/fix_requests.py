"""Which fix a person asks for in an incident's thread: told by code from their words, never by a model.

wish_of("please fix it")                    # Wish()
wish_of("can you roll checkout back?")      # Wish(types=("lambda_rollback", "ecs_rollback"), names=())
wish_of("why did it fail?")                 # None: nobody asks for anything to be changed
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.imperatives import asks_for_change
from agent.languages import english
from agent.vocabulary import names_in


@dataclass(frozen=True)
class Wish:
    """`types`: actions that are meant; any if empty. `names`: the resources that are named."""

    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


KINDS = (
    (r"roll(?:ed)? ?(?:[\w./-]+ ){0,3}?back|revert|undo", ("lambda_rollback", "ecs_rollback")),
    (r"re-?start|re-?boot|bounce|re-?deploy", ("lambda_restart", "ecs_restart", "rds_reboot")),
    (r"scale|resize|capacity|tasks|instances", ("ecs_scale", "asg_scale", "dynamodb_capacity")),
    (r"memory|ram|time-?out|concurrency", ("lambda_config",)),
    (r"parameter|max_connections", ("rds_parameter",)),
    (r"re-?drive|replay|re-?process", ("sqs_redrive", "stepfunctions_redrive")),
    (r"re-?run|retry|clear", ("airflow_clear_task", "airflow_trigger_dag", "stepfunctions_redrive", "sqs_redrive")),
    (r"trigger", ("airflow_trigger_dag",)),
    (r"un-?pause|resume|pause", ("airflow_pause_dag",)),
)
"""Words, and the actions that they may stand for (names of `tools.actions.catalog`)."""
_ANY = re.compile(r"\b(?:fix|repair|remedy|do (?:it|that|this)|go ahead|apply|execute|run (?:it|that|this))\b", re.I)
_GO_AHEAD = re.compile(
    r"\W*(?:(?:ok|okay|yes|please|now|just|then)\W+)*(?:go ahead|do (?:it|that|this))(?:\W+(?:now|please|then|and))*"
    r"(?:\W*fix (?:it|that|this))?\W*",
    re.I,
)
_PRONOUN = re.compile(r"(?<=\w)-(?=(?:le|la|les)\b)", re.I)
"""The hyphen of French orders: `répare-le`."""
_VERB_LAST = re.compile(r"\bcan you ((?:[\w./-]+ ){0,3}[\w./-]+) (fix|re-?start|roll back|scale)\b", re.I)
"""Of other languages: `kannst du es beheben`."""
_POLITE = re.compile(r"^\W*(?:please\W+)?(?:can|could|would|will) (?:you|u|someone|somebody)\b", re.I)


def wish_of(text: str) -> Wish | None:
    """None where no fix is asked for, as for a question, and for a change that no kind of action makes."""
    plain = _PRONOUN.sub(" ", text)
    said = _VERB_LAST.sub(r"can you \2 \1", english(plain).text)
    if not _asks(said):
        return None
    types = tuple(dict.fromkeys(one for words, made in KINDS if _has(words, said) for one in made))
    if not types and not _ANY.search(said):
        return None
    return Wish(types, tuple(names_in(plain)))


def _asks(said: str) -> bool:
    order = re.sub(r"\?+\s*$", "", said) if _POLITE.match(said) else said
    return asks_for_change(order) or _GO_AHEAD.fullmatch(order) is not None


def _has(words: str, said: str) -> bool:
    return re.search(rf"\b(?:{words})\b", said, re.I) is not None
