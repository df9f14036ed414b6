"""What `connect` says of the encoder, and what it is told of us (RTMP 1.0 section 7.2.1.1).

Also Enhanced RTMP v2, section "Enhancing NetConnection connect Command".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from relay.ingest.rtmp.amf import Value

_MAX_TEXT: Final = 256
_MAX_CODECS: Final = 64
_CAN_DECODE_AND_FORWARD: Final = 0x01 | 0x04
_CAPS_RECONNECT: Final = 0x01
_CAPS_MOD_EX: Final = 0x04

_ENHANCED: Final[dict[str, Value]] = {
    "fourCcList": ["avc1", "mp4a"],
    "videoFourCcInfoMap": {"avc1": float(_CAN_DECODE_AND_FORWARD)},
    "audioFourCcInfoMap": {"mp4a": float(_CAN_DECODE_AND_FORWARD)},
    "capsEx": float(_CAPS_RECONNECT | _CAPS_MOD_EX),
}


@dataclass(frozen=True, slots=True)
class Peer:
    """An encoder, as it presents itself."""

    app: str = field(default="", repr=False)
    """The application; may hold the stream key."""
    tc_url: str = field(default="", repr=False)
    """The URL that it connects to; may hold the stream key."""
    encoder: str = ""
    """The program's name (`flashVer`)."""
    four_cc: tuple[str, ...] = ()
    """Codecs that it offers in Enhanced RTMP, by their FourCC; `*` is any."""
    caps: int = 0
    """Enhanced RTMP's `capsEx` flags."""

    @classmethod
    def parse(cls, given: Value) -> Peer:
        """Read the command object of `connect`; what is missing or of a wrong type is left out."""
        values = given if isinstance(given, dict) else {}
        codecs = _strings(values.get("fourCcList"))
        for name in ("videoFourCcInfoMap", "audioFourCcInfoMap"):
            codecs += _strings(values.get(name))
        caps = values.get("capsEx")
        return cls(
            _text(values.get("app")),
            _text(values.get("tcUrl")),
            _text(values.get("flashVer"))[:_MAX_TEXT],
            tuple(dict.fromkeys(code[:4] for code in codecs[:_MAX_CODECS])),
            int(caps) if isinstance(caps, float) and 0 <= caps < 1 << 31 else 0,
        )

    @property
    def can_reconnect(self) -> bool:
        """Whether it understands a request to come back over a new connection."""
        return bool(self.caps & _CAPS_RECONNECT)

    def answer(self) -> tuple[dict[str, Value], dict[str, Value]]:
        """The properties and the information of the `_result` to this `connect`."""
        # Which of the two tells of Enhanced RTMP is left open, so that both do.
        enhanced = _ENHANCED if self.four_cc or self.caps else {}
        properties: dict[str, Value] = {"fmsVer": "FMS/3,5,7,7009", "capabilities": 31.0}
        information: dict[str, Value] = {
            "level": "status",
            "code": "NetConnection.Connect.Success",
            "description": "Connected.",
            "objectEncoding": 0.0,
        }
        return properties | enhanced, information | enhanced


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _strings(value: Value) -> list[str]:
    """The strings of an array, or the names of an object's members."""
    return (
        [item for item in value if isinstance(item, str)] if isinstance(value, list | dict) else []
    )
