"""What Python itself would print to stderr, past every logger: uncaught exceptions and warnings. It goes into the log,
where it is redacted, carries its run's id, and is a document where all lines are.
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

log = logging.getLogger(__name__)


def log_what_is_uncaught() -> None:
    """Once a process. Hooks that somebody else has set, such as a debugger, are left alone."""
    logging.captureWarnings(True)
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _at_the_end
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _in_a_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _where_nothing_can_be_raised


def _at_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("the process ends by an exception that nobody caught", exc_info=(kind, error, trace))


def _in_a_thread(caught: threading.ExceptHookArgs) -> None:
    if caught.exc_value is not None and not issubclass(caught.exc_type, SystemExit):
        name = caught.thread.name if caught.thread else "unknown"
        where = (caught.exc_type, caught.exc_value, caught.exc_traceback)
        log.error("the thread %s ends by an exception that nobody caught", name, exc_info=where)


def _where_nothing_can_be_raised(caught: sys.UnraisableHookArgs) -> None:
    if caught.exc_value is not None:
        where = (caught.exc_type, caught.exc_value, caught.exc_traceback)
        log.error("an exception is ignored: %s", caught.err_msg or "while cleaning up", exc_info=where)
