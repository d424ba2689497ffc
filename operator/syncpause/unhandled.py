"""Errors that nothing awaits: those of callbacks, of forgotten tasks and of threads end the process.

asyncio and threading only print such an error and go on. What was to happen then never happens again, while
every probe still answers: a crash, which Kubernetes sees and answers with a restart, is the lesser evil.
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
    """Reports each of them; ``ended`` raises the first one that must end the process."""

    def __init__(self) -> None:
        self._first: asyncio.Future[NoReturn] | None = None

    def install(self) -> None:
        """Report the errors of the running loop and of every thread."""
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
        log.error("a defect of the operator: an error that nothing handles", origin=origin, exc_info=error)
        if self._first is not None and not self._first.done():
            self._first.set_exception(error)

    def _of_loop(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A connection's own errors reach whoever uses the connection as well: they are only counted."""
        error = context.get("exception")
        if isinstance(error, Exception) and "transport" not in context and "protocol" not in context:
            self.report("callback" if "handle" in context else "task", error)
            return
        UNHANDLED.labels("connection").inc()
        log.warning("an error of a connection", message=context.get("message"), error=str(error or ""))
