"""Bits of H.264: fixed and Exp-Golomb codes (ITU-T H.264 sections 7.2 and 9.1)."""

from __future__ import annotations

from relay.errors import MediaError


def unescape(nal: bytes) -> bytes:
    """A NAL unit's payload without its emulation prevention bytes (section 7.4.1)."""
    return nal.replace(b"\x00\x00\x03", b"\x00\x00")


class Bits:
    """Reads an RBSP from its first bit on."""

    def __init__(self, data: bytes) -> None:
        """`data` has no emulation prevention bytes left in it; see `unescape`."""
        self.size = len(data) * 8
        """Bits there are."""
        self._value = int.from_bytes(data, "big")
        self.position = 0
        """Bits that have been read."""

    def u(self, count: int) -> int:
        """The next `count` bits, unsigned.

        Raises:
            MediaError: there are not so many.
        """
        self.position += count
        if self.position > self.size:
            raise MediaError("truncated H.264 parameter set")
        return (self._value >> (self.size - self.position)) & ((1 << count) - 1)

    def flag(self) -> bool:
        """The next bit."""
        return self.u(1) == 1

    def ue(self) -> int:
        """The next unsigned Exp-Golomb code.

        Raises:
            MediaError: it is cut off, or longer than any that is allowed.
        """
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > 32:
                raise MediaError("H.264 parameter set holds an impossible number")
        return (1 << zeros) - 1 + (self.u(zeros) if zeros else 0)

    def se(self) -> int:
        """The next signed Exp-Golomb code; raises as `ue` does."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)
