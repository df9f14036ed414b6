"""What an RTMP peer can do wrong. The tree of all errors is printed in `relay.errors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.errors import ProtocolError

if TYPE_CHECKING:
    from relay.ingest.rtmp.events import Event


class RtmpError(ProtocolError):
    """The peer broke RTMP; its session is over."""

    events: tuple[Event, ...] = ()
    """What the session learnt before the fault in the same call; `Ended` is the last of it."""


class AmfError(RtmpError):
    """A value that is not AMF0, or is larger or deeper than any encoder has reason to send."""


class Amf3Error(AmfError):
    """The peer switched to AMF3, which this server does not offer it."""
