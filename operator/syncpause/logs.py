"""Log lines: text for people, JSON for machines; kopf's own lines in the same form."""

from __future__ import annotations

import logging
import sys
import unicodedata
from collections.abc import MutableMapping
from typing import Any

import structlog

KOPF_THREAD = "kopf"
"""The thread that kopf has to itself."""
_RENDERED = ("exception", "stack", "exc_info")
"""What the renderers make lines of themselves."""


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
    # It runs in a thread of its own, where signals are not its business.
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
    logging.getLogger("aiohttp").setLevel(logging.WARNING)
    # The lock logs each cause once (kube/lease_lock.py); the library repeats it every two seconds.
    logging.getLogger("kubernetes.aio.leaderelection").setLevel(logging.CRITICAL)


def on_one_line(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that spells out control characters, for names and reasons come from anybody.

    Otherwise a line feed in one would make a line of its own, and an escape would command the terminal.
    """
    for name, value in event.items():
        if isinstance(value, str) and name not in _RENDERED:
            event[name] = "".join(_spelled(character) for character in value)
    return event


def _spelled(character: str) -> str:
    """Control and format characters and line separators, as Python writes them."""
    if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs"):
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def _in_a_sentence(record: logging.LogRecord) -> bool:
    """What kopf cannot read it says in a sentence; where in its own code that happened helps nobody.

    A request that it repeats by itself is no error yet: what comes of all attempts, it tells then. And where
    it lets go of a watch that has ended, asyncio complains of the generator that it leaves behind.
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
