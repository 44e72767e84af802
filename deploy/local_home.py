"""Where the runs with a local workspace keep things: a folder for each port, emptied when a run begins.

The workspace begins anew each time, with the same channels. What an earlier one was told would point at messages that
are gone, and an incident from yesterday would take in today's first alert. What real Slack is told stays in `home`.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from agent.errors import SettingsError
from agent.settings import Settings
from slack_app.tokens import is_one_shot

FOLDER, STORE = "local", "watchkeeper.db*"


def has_local_workspace(settings: Settings) -> bool:
    """Whether `watchkeeper run` opens one: nothing leads to real Slack."""
    tokens = (settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret)
    return not any(tokens) and not is_one_shot(settings)


def fresh_home(home: Path, port: int) -> Path:
    """An empty folder for the run whose page is at this port, which nobody else has then."""
    folder = home / FOLDER / str(port)
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as error:
        raise SettingsError(
            f"WATCHKEEPER_HOME: {folder} cannot be made anew ({error.strerror}); delete it, or name another folder."
        ) from error
    return folder


def with_latest_home(settings: Settings) -> Settings:
    """For commands beside a run: the stores that were written to last, where there is no real Slack."""
    if not has_local_workspace(settings):
        return settings
    homes = [settings.home, *(settings.home / FOLDER).glob("*")]
    latest = max(homes, key=_written)
    return settings.model_copy(update={"home": latest})


def _written(home: Path) -> float:
    """Its files may come and go meanwhile."""
    times = [0.0]
    for file in home.glob(STORE):
        with suppress(OSError):
            times.append(file.stat().st_mtime)
    return max(times)
