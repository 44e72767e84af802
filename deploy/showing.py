"""Text on a terminal. What others wrote must not move the cursor, colour, hide or link anything there."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich import markup

from agent.visible import INVISIBLE, hides_something, visible


def tell(text: str) -> None:
    """To stdout, without what a terminal would obey."""
    sys.stdout.write(visible(text))


def escape(text: str) -> str:
    """For rich: as it stands, without what a terminal would obey."""
    return markup.escape(visible(text))


def json_text(document: Any) -> str:
    """For programs, which get every character, and for whoever reads it at a terminal."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return INVISIBLE.sub(lambda found: json.dumps(found[0])[1:-1], text) if hides_something(text) else text
