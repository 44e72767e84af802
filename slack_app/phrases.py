"""The few short messages that are orders and no questions. Each has to be the whole message."""

from __future__ import annotations

import re

STOP_PHRASES = frozenset(
    """
    stop; stop it; stop that; stop please; please stop; cancel; cancel that; cancel it
    never mind; nevermind; abort; halt
    stopp; bitte stoppen; abbrechen; abbruch; vergiss es; schon gut
    arrête; arrete; annule; annuler; laisse tomber; stoppe
    para; parar; detente; detén; cancela; cancelar; olvídalo; olvidalo; déjalo
    pare; esquece; deixa pra lá
    ferma; fermati; annulla; lascia perdere
    annuleer; laat maar; avbryt; glöm det; glem det; anuluj; zatrzymaj; стоп; отмена; отмени
    停止; 停; 取消; 算了; 止めて; やめて; キャンセル; 중지; 취소; 멈춰; रुको; रद्द करो; dur; iptal; توقف; إلغاء
    """.replace("\n", ";").split(";")
)
_STOPS = frozenset(" ".join(phrase.split()) for phrase in STOP_PHRASES if phrase.strip())
_DURATION = r"(?:for\s+)?(?:\d+\s*[a-z]+|until\s+[\w:.]+(?:\s*[ap]m)?)"
_COMMAND = re.compile(
    rf"(?P<name>status|whoami|who am i|unmute|mute)(?P<rest>(?:\s+(?:here|this (?:thread|channel)|{_DURATION}))*)", re.I
)


def is_stop(text: str) -> bool:
    """`stop` and its like, in the languages that people ask in; longer messages are questions."""
    return " ".join(text.lower().strip(" .!…。！\t\n").split()) in _STOPS


def command_in(text: str) -> str:
    """The command that a mention is, as `mute 1h`; empty when it is a question ("status of payments?")."""
    found = _COMMAND.fullmatch(" ".join(text.strip(" .!").split()))
    if found is None:
        return ""
    name, rest = found["name"].lower().replace(" ", ""), found["rest"].strip().lower()
    if rest and name in ("status", "whoami"):
        return ""
    return f"{name} {rest}".strip()
