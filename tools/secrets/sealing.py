"""AES-256-GCM for stored fields: `wk1.<key's id>.<nonce, text and tag in base64>`, bound to the record by its context.

Keys come from `WATCHKEEPER_SEALING_KEYS`, which may refer to a secret, or from a file that is made when first needed.
A key is any text of 32 characters or more, such as `openssl rand -base64 32` prints. A nonce is 96 random bits, of
which NIST SP 800-38D allows 2**32 for one key.
"""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agent.errors import SettingsError
from agent.secret_references import LiveSecret
from agent.settings import Settings

log = logging.getLogger(__name__)
MARK = "wk1"
KEY_FILE = "sealing.key"
KEY_BYTES, NONCE_BYTES, SHORTEST_KEY = 32, 12, 32
PURPOSE = b"watchkeeper sealed field 1"

Keys = Callable[[], Iterable[str]]
"""The first seals, all of them open. Asked each time, since a rotation needs no restart."""


class FieldSealer:
    """A `Sealer` with these keys."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def seal(self, text: str, bound_to: str) -> str:
        key_id, cipher = _cipher(next(iter(self._keys())))
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + cipher.encrypt(nonce, text.encode(), _context(key_id, bound_to))
        return ".".join((MARK, key_id, urlsafe_b64encode(sealed).decode()))

    def open(self, sealed: str, bound_to: str) -> str:
        mark, _, rest = sealed.partition(".")
        key_id, _, encoded = rest.partition(".")
        for key in self._keys() if mark == MARK else ():
            known_id, cipher = _cipher(key)
            if known_id == key_id:
                with suppress(InvalidTag, ValueError):
                    given = urlsafe_b64decode(encoded)
                    return cipher.decrypt(given[:NONCE_BYTES], given[NONCE_BYTES:], _context(key_id, bound_to)).decode()
        log.warning("a sealed field cannot be opened: it is of another key or another record, or was changed")
        return ""


def field_sealer(settings: Settings) -> FieldSealer:
    """With the keys of the settings, or with the one in the home folder. SettingsError for a key that is too short."""
    secret = settings.sealing_keys
    if secret is None:
        path = settings.home / KEY_FILE
        kept = lru_cache(lambda: key_in(path))
        return FieldSealer(lambda: [kept()])

    def keys() -> list[str]:
        values = secret.accepted() if isinstance(secret, LiveSecret) else (secret.get_secret_value(),)
        found = [key.strip() for value in values for key in value.split(",") if key.strip()]
        if not found or any(len(key) < SHORTEST_KEY for key in found):
            raise SettingsError(
                f"WATCHKEEPER_SEALING_KEYS: a key has {SHORTEST_KEY} characters or more; "
                "`openssl rand -base64 32` prints one."
            )
        return found

    keys()
    return FieldSealer(keys)


def key_in(path: Path) -> str:
    """The key in this file, which is made, for its owner only, if it is not there: by one of all who ask at once."""
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds no key"
        raise SettingsError(f"{path} cannot be used ({reason}); delete it, or set WATCHKEEPER_SEALING_KEYS.") from error


def _make(path: Path) -> None:
    """Whole or not at all: written beside, and put in its place if nobody else was faster."""
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # for its owner only
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)


@lru_cache(maxsize=16)
def _cipher(key: str) -> tuple[str, AESGCM]:
    """The key's id, which tells nothing of it, and what encrypts with it."""
    derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=PURPOSE).derive(key.encode())
    return sha256(PURPOSE + derived).hexdigest()[:12], AESGCM(derived)


def _context(key_id: str, bound_to: str) -> bytes:
    """Authenticated beside the text."""
    return f"{MARK}.{key_id}.{bound_to}".encode()
