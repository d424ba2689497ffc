"""Errors that no code awaits: those of callbacks, abandoned tasks and threads end the process.

asyncio and threading only print such an error and continue. What the callback or the thread did is never done
again then, while every probe succeeds. Kubernetes restarts a process that ends.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any, NoReturn

import structlog
from prometheus_client import Counter

log = structlog.get_logger()

UNHANDLED = Counter("syncpause_unhandled_errors_total", "Errors that no code handled, by origin", ["origin"])


class UnhandledErrors:
    """Counts and logs each of them; ``ended`` raises the first one that must end the process."""

    def __init__(self) -> None:
        self._first: asyncio.Future[NoReturn] | None = None

    def install(self) -> None:
        """Take over the error handlers of the running loop and of every thread."""
        loop = asyncio.get_running_loop()
        self._first = loop.create_future()
        loop.set_exception_handler(self._of_loop)

        def of_thread(args: threading.ExceptHookArgs) -> None:
            if args.exc_value is not None:
                loop.call_soon_threadsafe(self.report, "thread", args.exc_value)

        threading.excepthook = of_thread

    async def ended(self) -> None:
        """Wait for the first error that must end the process, and raise it."""
        if self._first is None:
            raise RuntimeError("not installed")
        await asyncio.shield(self._first)

    def report(self, origin: str, error: BaseException) -> None:
        """Count and log an error, and end the process."""
        UNHANDLED.labels(origin).inc()
        log.error("a defect of the operator: no code handles this error", origin=origin, exc_info=error)
        if self._first is not None and not self._first.done():
            self._first.set_exception(error)

    def _of_loop(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The error of a connection also reaches the code that uses it, so it is only counted and logged."""
        error = context.get("exception")
        if isinstance(error, Exception) and "transport" not in context and "protocol" not in context:
            self.report("callback" if "handle" in context else "task", error)
            return
        UNHANDLED.labels("connection").inc()
        log.warning("an error of a connection", message=context.get("message"), error=str(error or ""))
