"""Sequence parameter sets written field by field, as H.264 section 7.3.2.1.1 has them."""

from __future__ import annotations

import re
from dataclasses import dataclass

HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


def ue(value: int) -> str:
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def se(value: int) -> str:
    return ue(2 * value - 1 if value > 0 else -2 * value)


@dataclass(frozen=True)
class Hrd:
    """hrd_parameters with `count` schedules."""

    count: int = 1

    def bits(self) -> str:
        schedule = ue(0) + ue(77) + "0"
        return ue(self.count - 1) + "0" * 8 + schedule * self.count + "0" * 20


@dataclass(frozen=True)
class Vui:
    """vui_parameters; None leaves a part out."""

    sar: tuple[int, int] | None = None
    colour: bool = False
    ticks: tuple[int, int] | None = None
    hrd: Hrd | None = None
    reorder: int | None = None

    def bits(self) -> str:
        bits = "0"
        if self.sar is not None:
            bits = "1" + f"{255:08b}{self.sar[0]:016b}{self.sar[1]:016b}"
        bits += "10"  # overscan
        bits += "1" + "1010" + "1" + f"{0x010101:024b}" if self.colour else "0"
        bits += "1" + ue(0) + ue(0) if self.colour else "0"
        bits += "0" if self.ticks is None else f"1{self.ticks[0]:032b}{self.ticks[1]:032b}1"
        bits += "00" if self.hrd is None else "1" + self.hrd.bits() + "1" + self.hrd.bits() + "0"
        bits += "1"  # pic_struct_present_flag
        if self.reorder is None:
            return bits + "0"
        return bits + "11" + ue(0) * 4 + ue(self.reorder) + ue(4)


@dataclass(frozen=True)
class Fields:
    """The fields that matter here; crop is left, right, top, bottom in its own units."""

    profile: int = 66
    constraints: int = 0xC0
    level: int = 31
    chroma: int = 1
    separate_planes: bool = False
    scaling: bool = False
    order: int = 0
    cycle: int = 0
    width_mbs: int = 20
    height_units: int = 15
    interlaced: bool = False
    crop: tuple[int, int, int, int] | None = None
    vui: Vui | None = None

    def nal(self) -> bytes:
        bits = ue(0)
        if self.profile in HIGH:
            bits += ue(self.chroma) + ("1" if self.separate_planes else "0") * (self.chroma == 3)
            bits += ue(0) + ue(0) + "0" + self._scaling()
        bits += ue(0) + ue(self.order)
        if self.order == 0:
            bits += ue(2)
        elif self.order == 1:
            bits += "0" + se(-3) + se(2) + ue(self.cycle) + se(-1) * self.cycle
        bits += ue(4) + "0" + ue(self.width_mbs - 1) + ue(self.height_units - 1)
        bits += "01" if self.interlaced else "1"
        bits += "1"
        bits += "0" if self.crop is None else "1" + "".join(map(ue, self.crop))
        bits += "0" if self.vui is None else "1" + self.vui.bits()
        bits += "1"
        bits += "0" * (-len(bits) % 8)
        body = int(bits, 2).to_bytes(len(bits) // 8, "big")
        return bytes((0x67, self.profile, self.constraints, self.level)) + escaped(body)

    def _scaling(self) -> str:
        if not self.scaling:
            return "0"
        # One list of 16 with all values, one of 64 that ends early, the others left out.
        lists = 8 if self.chroma != 3 else 12
        return "1" + "1" + se(1) * 16 + "0" * 5 + "1" + se(5) + se(-13) + "0" * (lists - 7)


def escaped(body: bytes) -> bytes:
    """With emulation prevention bytes (section 7.4.1.1)."""
    return re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", body)
