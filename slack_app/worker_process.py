"""The worker in a process of its own: `python -m slack_app.worker_process`, configured by the environment.

It stops when its stdin closes, so that it never outlives the process that listens.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from agent.errors import WatchkeeperError
from agent.logs import read_log_settings, set_up_logging
from agent.settings import Settings

log = logging.getLogger(__name__)
RESTART_SECONDS = 2.0
STOP_SECONDS = 10.0
BESIDE_THE_LISTENER = 5
"""How much the worker stands back for who acknowledges, where both want the same processor."""


@asynccontextmanager
async def worker_process(settings: Settings) -> AsyncGenerator[None]:
    """A worker with these settings while the context is open; started again if it dies."""
    keeper = asyncio.create_task(_keep_running(settings))
    try:
        yield
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


async def _keep_running(settings: Settings) -> None:
    while True:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "slack_app.worker_process"),
            stdin=asyncio.subprocess.PIPE,
            env=os.environ | settings.as_environment(),
            cwd=Path.cwd(),
            start_new_session=True,  # Ctrl-C is for who listens, who decides when to stop
        )
        try:
            status = await child.wait()
        except asyncio.CancelledError:
            await _stop(child)
            raise
        log.error("the worker ended with status %s and is started again", status)
        await asyncio.sleep(RESTART_SECONDS)


async def _stop(child: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), STOP_SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()


def main() -> None:
    try:
        set_up_logging(read_log_settings(), sys.stderr)
        asyncio.run(_work())
    except WatchkeeperError as error:
        sys.exit(f"watchkeeper: {error}")


async def _work() -> None:
    from slack_app.bootstrap import build_deps
    from slack_app.service import work

    with suppress(OSError, AttributeError):  # Windows has no priorities like these
        os.nice(BESIDE_THE_LISTENER)
    held = build_deps(Settings.read())
    loop = asyncio.get_running_loop()
    working = asyncio.create_task(work(held.deps))
    loop.add_signal_handler(signal.SIGTERM, working.cancel)
    threading.Thread(target=_watch_stdin, args=(loop, working), daemon=True).start()
    try:
        with suppress(asyncio.CancelledError):
            await working
    finally:
        held.close()


def _watch_stdin(loop: asyncio.AbstractEventLoop, working: asyncio.Task[None]) -> None:
    """Ends the work when who started us is gone."""
    while os.read(sys.stdin.fileno(), 1024):  # not sys.stdin.read(), whose lock breaks the interpreter's shutdown
        pass
    with suppress(RuntimeError):  # the loop is closed already
        loop.call_soon_threadsafe(working.cancel)


if __name__ == "__main__":
    main()
