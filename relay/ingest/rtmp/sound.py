"""AAC as encoders really send it by RTMP: behind a sequence header, without one, with ADTS headers.

What departs from FLV is understood where its meaning is clear, and told in one line each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from relay.errors import MediaError
from relay.media.aac import AacConfig, split_adts

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE: Final = 48
"""Frames, a second of them, after which a sequence header is no longer waited for."""
_PAIR: Final = 1
"""The syntax element that stereo begins with (ISO/IEC 14496-3 table 4.85)."""


class AacFrames:
    """Turns one publication's AAC into payloads of units."""

    def __init__(self) -> None:
        self.config: AacConfig | None = None
        """What the frames are made by; None until that is known."""
        self._said: Mapping[str, object] = {}
        self._waited = 0
        self._notes: list[str] = []
        self._noted: set[str] = set()

    def describe(self, said: Mapping[str, object]) -> None:
        """Take note of the publication's metadata, which may tell what a header does not."""
        self._said = said

    def configure(self, data: bytes) -> AacConfig | None:
        """Take a sequence header; the configuration if it is another one.

        Raises:
            MediaError: it cannot be used.
        """
        config = AacConfig.parse(data)
        changed = config != self.config
        self.config = config
        return config if changed else None

    def payload(self, data: bytes) -> bytes | None:
        """The payload for a message's frame; None while its header is waited for.

        Raises:
            MediaError: it cannot be used.
        """
        framed = split_adts(data)
        if framed is not None:
            config, data = framed
            self._note("its AAC frames have ADTS headers, which do not belong into FLV")
            self.config = self.config or config
        if self.config is None:
            self._waited += 1
            if self._waited < PATIENCE:
                return None
            self.config = self._guess(data)
        return self.config.unit(data)

    def _guess(self, frame: bytes) -> AacConfig:
        rate, channels = self._said.get("audiosamplerate"), self._said.get("audiochannels")
        if not isinstance(rate, int | float):
            raise MediaError("its AAC has no sequence header, and no metadata tells what it is")
        if not isinstance(channels, int | float):
            channels = 2 if frame[0] >> 5 == _PAIR else 1
        config = AacConfig.plain(int(rate), int(channels))
        what = f"{config.sample_rate} Hz with {int(channels)} channels"
        self._note(f"its AAC has no sequence header, it is taken for {what} by its metadata")
        return config

    def _note(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self._notes.append(text)

    def take_notes(self) -> list[str]:
        """What its operator is to be told, each once."""
        notes, self._notes = self._notes, []
        return notes
