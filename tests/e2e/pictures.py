"""Pictures of the page, for the documentation: `make screenshots` keeps them there."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Locator, Page


def picture(page: Page, default: Path, name: str, of: Locator | None = None) -> None:
    """The page, or a part of it, as `name`.png; notices in the corner that pass by themselves are taken away first."""
    page.locator("#toasts").evaluate("notices => notices.replaceChildren()")
    page.mouse.move(0, 0)  # nothing is pointed at
    path = Path(os.environ.get("WATCHKEEPER_TEST_SCREENSHOTS") or default) / f"{name}.png"
    (of or page).screenshot(path=path)
