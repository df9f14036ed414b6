"""Logging: one line an event, `key=value` for people or JSON for machines, on stderr.

A value whose name says that it is secret, and anything that looks like one of our own keys, is
hidden before it is written.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

_SECRET_NAME: Final = re.compile(
    r"(^|_)key$|token|password|passphrase|secret|authorization|cookie", re.IGNORECASE
)
_SECRET_VALUE: Final = re.compile(
    r"(?P<ours>ev[kt]_)[\w-]+"
    r"|(?P<head>(?:bearer |[?&,](?:key|token|s)=|//[^/@\s:]*:(?=[^/@\s]*@)))[^\s&,@]+",
    re.IGNORECASE,
)
HIDDEN: Final = "•••"


def _hide_in_text(text: str) -> str:
    return _SECRET_VALUE.sub(lambda m: (m["ours"] or m["head"] or "") + HIDDEN, text)


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor that replaces secrets, by their field's name or their own look."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = HIDDEN if _SECRET_NAME.search(name) else _hide_in_text(value)
    return event


def configure(*, process: str, json: bool, level: str) -> None:
    """Set up logging for this process.

    `process` stands on every line. The standard library's loggers (aiohttp, aiortc, redis) pass
    through the same processors, from WARNING up.
    """

    def name_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        name_process,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def logger() -> structlog.typing.FilteringBoundLogger:
    """The process's logger."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return bound
