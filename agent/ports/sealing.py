"""Encryption of the few stored fields that would let their reader act: credentials, and links that work like them."""

from __future__ import annotations

from typing import Protocol


class Sealer(Protocol):
    """`bound_to` says which record a field belongs to: put into another one, it cannot be opened."""

    def seal(self, text: str, bound_to: str) -> str:
        """Text that only who has the key can read, other each time."""
        ...

    def open(self, sealed: str, bound_to: str) -> str:
        """What was sealed; "" for what cannot be opened: another key's, another record's, or changed since."""
        ...


class NobodysSealer:
    """Where nothing is ever sealed."""

    def seal(self, text: str, bound_to: str) -> str:
        raise RuntimeError("there is no key here")

    def open(self, sealed: str, bound_to: str) -> str:
        return ""
