from __future__ import annotations

from tests.tools.secrets.vault import running_vault, vault

__all__ = ["running_vault", "vault"]
