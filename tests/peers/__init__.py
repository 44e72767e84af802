"""Independent implementations to test against, each in an environment of its own: `.peers/<name>/`.

`python -m tests.peers` makes what is missing or outdated: a virtual environment from the peer's `requirements.lock`, or
Node packages from its `package-lock.json`. Their dependencies never meet ours. A test that needs a peer which is not
there is skipped and says how to get it.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".peers"


def peer_python(name: str) -> Path:
    """The interpreter of a peer's environment, whether or not it was made yet."""
    return ENVIRONMENTS / name / "bin" / "python"


def missing(name: str) -> str:
    """Why a peer cannot be used, with the remedy; "" when it can."""
    if (ENVIRONMENTS / name / ".ready").exists():
        return ""
    return f"{name} is not installed; run: python -m tests.peers {name}"
