"""Node.js, for peers that are written in JavaScript."""

from __future__ import annotations

import re
import shutil
import subprocess

LEAST = (20, 15)


def node_lacks() -> str:
    """What is missing, and how to get it; "" when nothing is."""
    remedy = f"Node.js {LEAST[0]}.{LEAST[1]} or newer with npm (https://nodejs.org, or your system's package nodejs)"
    if shutil.which("node") is None or shutil.which("npm") is None:
        return remedy
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    return "" if version >= LEAST else f"{remedy}; this is {told.strip() or 'no working one'}"
