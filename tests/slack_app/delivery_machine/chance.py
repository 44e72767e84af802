"""What is random elsewhere is told here, so that a run can be repeated."""

from __future__ import annotations

import os
import random
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def drawn_from(seed: int) -> Generator[None]:
    """Ids, tokens and delays, which are drawn from the operating system or from `random`."""
    generator, state = random.Random(seed), random.getstate()
    told = os.urandom
    os.urandom = random._urandom = generator.randbytes  # type: ignore[attr-defined]
    random.seed(seed)
    try:
        yield
    finally:
        os.urandom = random._urandom = told  # type: ignore[attr-defined]
        random.setstate(state)
