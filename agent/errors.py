"""Every error Watchkeeper raises on purpose, named by what the caller should do.

WatchkeeperError
├── SettingsError          a person fixes a setting; the message says which and how
├── InputError             a person fixes what was given (a file, a name, a payload)
├── PromptError            a prompt or runbook file is wrong; a maintainer fixes it
├── RetryLater             try again after `seconds` (rate limits, a lease held by another)
├── QueueFull              too much is waiting: refuse politely, so that the sender tries again
├── StoreUnavailable       a store is down: stop, execute nothing
│   └── PartlyQueued       of many jobs only some are queued; `refused` are the keys of the others
├── ModelUnavailable       the language model cannot answer: fall back
├── BudgetExceeded         the run used up steps, tokens, time or money: answer with what there is
├── ReadOnlyRefusal        the read session was asked to do more than read; a maintainer fixes the tool
├── WriteRefused           an action may not or cannot be done; nothing was changed
├── UncertainEffect        nobody can tell whether an action was done: a person has to look
└── WrongPlace             a message was to go where its job has no business; it was not sent, and a maintainer looks
"""

from __future__ import annotations


class WatchkeeperError(Exception):
    """Base class. `str(error)` is one sentence fit for a person to read."""


class SettingsError(WatchkeeperError):
    pass


class InputError(WatchkeeperError):
    pass


class PromptError(WatchkeeperError):
    pass


class RetryLater(WatchkeeperError):
    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class QueueFull(WatchkeeperError):
    pass


class StoreUnavailable(WatchkeeperError):
    pass


class PartlyQueued(StoreUnavailable):
    def __init__(self, message: str, refused: frozenset[str]) -> None:
        super().__init__(message)
        self.refused = refused


class ModelUnavailable(WatchkeeperError):
    pass


class BudgetExceeded(WatchkeeperError):
    pass


class ReadOnlyRefusal(WatchkeeperError):
    pass


class WriteRefused(WatchkeeperError):
    pass


class UncertainEffect(WatchkeeperError):
    pass


class WrongPlace(WatchkeeperError):
    pass
