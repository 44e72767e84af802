"""The doctor's look at secrets that the settings refer to: which can be read. No value is ever said."""

from __future__ import annotations

import os
import stat
from typing import Any, Literal

from agent.errors import SettingsError
from agent.settings import Settings
from tools.secrets import live_secrets, unresolved, with_secrets
from tools.secrets.sealing import KEY_FILE, field_sealer

NAME, SEALING = "Secrets", "Encryption of stored fields"


def check_secrets(settings: Settings, aws: Literal["simulated", "real"]) -> tuple[Settings, list[dict[str, Any]]]:
    """The settings with what can be looked up, for all further checks, and keywords of `Check`."""
    names = [name for name, _ in live_secrets(settings)]
    if not names:
        return settings, []
    if aws == "simulated":
        said = f"{_variables(names)}: not looked up, since the simulated account has none of your secrets"
        return _without(settings, names), [_check("warn", said, "add --aws real")]
    reasons = unresolved(settings)
    missing = [name for name in names if reasons[name]]
    checks = [_check("fail", reasons[name], "meanwhile the service does not start") for name in missing]
    if found := [name for name in names if not reasons[name]]:
        checks.insert(0, _check("ok", f"{_variables(found)}: looked up in AWS"))
    try:
        return with_secrets(_without(settings, missing)), checks
    except SettingsError as error:  # gone within a moment
        return _without(settings, names), [*checks, _check("fail", str(error), "run the doctor again")]


def check_sealing(settings: Settings) -> dict[str, Any]:
    """Keywords of `Check`: the keys of what is stored encrypted."""
    fix = "set WATCHKEEPER_SEALING_KEYS, the same for all; `openssl rand -base64 32` prints one"
    if settings.sealing_keys is not None:
        try:
            field_sealer(settings)
        except SettingsError as error:
            return _check("fail", str(error), fix, SEALING)
        return _check("ok", "by the keys of WATCHKEEPER_SEALING_KEYS", name=SEALING)
    path = settings.home / KEY_FILE
    if settings.queue_url:
        return _check("warn", f"each machine has a key of its own ({path}), and jobs come to any", fix, SEALING)
    if os.name == "posix" and path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return _check("warn", f"others than its owner may read {path}", f"run chmod 600 {path}", SEALING)
    return _check("ok", f"by the key in {path}, which is made when first needed", name=SEALING)


def _without(settings: Settings, names: list[str]) -> Settings:
    return settings.model_copy(update=dict.fromkeys(names))


def _variables(names: list[str]) -> str:
    return ", ".join(f"WATCHKEEPER_{name.upper()}" for name in names)


def _check(status: str, message: str, fix: str = "", name: str = NAME) -> dict[str, Any]:
    return {"name": name, "status": status, "message": message, "fix": fix}
