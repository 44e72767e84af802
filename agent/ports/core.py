"""What is asked of the machine: the time, and which model for which role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, TypeVar

T = TypeVar("T")


Clock = Callable[[], datetime]
"""Now, in aware UTC."""


ModelRole = Literal["router", "specialist", "analyst", "offline"]
"""`router` decides who looks, `specialist` gathers, `analyst` explains; `offline` is the last resort of all three."""
