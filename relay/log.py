"""Logging: one line an event, `key=value` for people or JSON for machines, on stderr.

A value whose name says that it is secret, and anything that looks like one of our own keys, is
hidden before it is written. What strangers bring about is summed up, a line a second.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Final

if "rich" in sys.modules:
    import structlog
else:
    # structlog would load it for tracebacks that are not written here, and it takes as long as all
    # the rest of structlog.
    sys.modules["rich"] = None  # type: ignore[assignment]
    import structlog

    del sys.modules["rich"]

from relay.tally import EVERY_S, Tally

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

_SECRET_NAME: Final = re.compile(
    r"(^|_)key$|token|password|passphrase|secret|authorization|cookie", re.IGNORECASE
)
_NAMES: Final = (
    r"(?:[\w-]{0,40}(?:key|token|secret|pass|passphrase|password|pwd|sig|signature|auth)|s)"
)
_SECRET_VALUES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<head>ev[kptchg]_)[\w.-]+",
        r"(?P<head>(?:bearer|authorization: *\w+) +)[^\s,]+",
        # A URL's user and password, either of which may be the secret; the password may hold a
        # slash. The lengths are bounded to keep hostile texts from taking quadratic time.
        r"(?P<head>//)[^\s/]{1,256}(?=@)",
        r"(?P<head>//[^\s/:@[]{0,99}:)(?!\d+/)\S{1,256}(?=@)",
        rf"(?P<head>[?&]{_NAMES}=)[^\s&#]+",
        rf"(?P<head>(?:,|#!::){_NAMES}=)[^\s&,]+",  # SRT's stream ids
    )
)
HIDDEN: Final = "•••"


_STEERING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""What steers a terminal, or turns the direction of a line, in texts of strangers."""
_BREAKS: Final = re.compile(r"[\n\t]")
_LINES: Final = ("exception", "stack")
"""Fields of our own making that have several lines."""


def _escape(match: re.Match[str]) -> str:
    return ascii(match[0])[1:-1]


def printable(text: str) -> str:
    """A stranger's text on one line of a terminal: what would steer that becomes an escape."""
    return _BREAKS.sub(_escape, _STEERING.sub(_escape, text))


def escape_steering(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor for texts: what would steer a terminal is written as an escape."""
    for name, value in event.items():
        if isinstance(value, str):
            # Lines of our own are indented: an error's text may be a stranger's, and hold others.
            lines = value.split("\n") if name in _LINES else [value]
            event[name] = "\n".join("    " * (name in _LINES) + printable(line) for line in lines)
    return event


def _hide_in_text(text: str) -> str:
    for pattern in _SECRET_VALUES:
        text = pattern.sub(rf"\g<head>{HIDDEN}", text)
    return text


def _hide(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return _hide_in_text(value)
        case dict():
            return {_hide(name): _hide_named(str(name), item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_hide(item) for item in value]
        case bytes():
            return _hide_in_text(repr(value))
        case _:
            return _hide_in_text(str(value))


def _hide_named(name: str, value: object) -> object:
    return HIDDEN if value is not None and _SECRET_NAME.search(name) else _hide(value)


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor that replaces secrets, by their field's name or their own look.

    What is neither text nor a number is made text, as a renderer would do later and unseen.
    """
    for name, value in event.items():
        if not name.startswith("_"):  # structlog's own
            event[name] = _hide_named(name, value)
    return event


class SumUp:
    """Sums up the lines that strangers bring about: those with a field `stranger`, which is their
    network, or empty where that is not known. It is not written.

    What is counted when the process ends is not told any more.
    """

    def __init__(self) -> None:
        self._tally = Tally()
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """A structlog processor."""
        network = event.pop("stranger", None)
        if network is not None and not self._note(
            f"{method}:{event['event']}", network, str(event.get("reason", event.get("error", "")))
        ):
            raise structlog.DropEvent
        return event

    def takes(self, record: logging.LogRecord) -> bool:
        """A filter for the library that speaks HTTP, whose lines strangers bring about."""
        is_http = record.name.startswith("aiohttp")
        return not is_http or self._note(f"{record.levelname.lower()}:{record.name}", "", "")

    def _note(self, kind: str, network: str, why: str) -> bool:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nobody would tell the sum
            return True
        told = self._tally.note(kind, loop.time(), network=network, why=why)
        if self._timer is None:
            self._timer = loop.call_later(EVERY_S, self._tell, loop)
        return told

    def _tell(self, loop: asyncio.AbstractEventLoop) -> None:
        for each in self._tally.take(loop.time()):
            method, _, event = each.kind.partition(":")
            say = getattr(logger(), "error" if method == "exception" else method)
            networks = {"networks": len(each.networks)} if each.networks else {}
            reasons = {"reasons": each.why()} if each.reasons else {}
            say(event, more=each.more, **networks, **reasons)
        due = self._tally.next_due()
        self._timer = None
        if due is not None:
            self._timer = loop.call_at(due, self._tell, loop)


def configure(*, process: str, json: bool, level: str) -> None:
    """Set up logging for this process.

    `process` stands on every line. The standard library's loggers (aiohttp, aiortc, redis) pass
    through the same processors, from WARNING up.
    """

    def name_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    sums = SumUp()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        name_process,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
        *([] if json else [escape_steering]),  # JSON escapes by itself
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[sums, *shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(sums.takes)
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


def pool_is_full(pool: str, network: str) -> None:
    """Tell the operator that a `relay.pool` has begun to be full."""
    logger().warning(
        "a pool is full: the network that holds most of it gives way",
        pool=pool,
        network=network,
        hint="LIMITS.md says what the limits are for",
    )
