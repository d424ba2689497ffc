"""Log lines: text for people, JSON for machines; kopf's records have the same form."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from syncpause.kube.printable import printable

KOPF_THREAD = "kopf"
"""The name of the thread that runs kopf."""
_RENDERED = ("exception", "stack", "exc_info")
"""Keys whose values the renderers write as lines of their own."""


def configure(log_format: str, level: str) -> None:
    """Set up structlog and the standard library's logging, on standard error."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            pad_event_to=0,
            sort_keys=False,
            # Not rich's: it shows local variables, and among those may be credentials.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    made_safe: Any = structlog.processors.format_exc_info if log_format == "json" else on_one_line
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, made_safe, renderer],
        )
    )
    handler.addFilter(_in_a_sentence)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("kopf").setLevel(logging.WARNING)
    # It warns that it cannot handle signals, because it runs in a thread of its own. That is on purpose.
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
    logging.getLogger("aiohttp").setLevel(logging.WARNING)
    # The lock logs each cause once (kube/lease_lock.py); the library repeats it every two seconds.
    logging.getLogger("kubernetes.aio.leaderelection").setLevel(logging.CRITICAL)


def on_one_line(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that spells out control characters in names and reasons. See `printable`."""
    for name, value in event.items():
        if isinstance(value, str) and name not in _RENDERED:
            event[name] = printable(value)
    return event


def _in_a_sentence(record: logging.LogRecord) -> bool:
    """A filter that removes kopf's tracebacks: the sentence before them names the cause.

    A request that kopf repeats becomes an INFO record, because kopf logs the result of all attempts later.
    asyncio's complaint about the generator of a closed watch is dropped: kopf never closes it.
    """
    if not record.name.startswith("kopf") and record.threadName != KOPF_THREAD:
        return True
    record.exc_info = None
    if "closing of asynchronous generator" in record.getMessage():
        return False
    what, repeated, answer = record.getMessage().partition("; will retry: ")
    if repeated:
        request, _, error = answer.partition(" -> ")
        said, whole_object, _ = error.partition(", {")
        record.msg, record.args = f"{what}, and is repeated: {request}: {said}{')' * bool(whole_object)}", ()
        record.levelno, record.levelname = logging.INFO, "INFO"
    return record.levelno >= logging.getLogger().level
