"""How well something over a picture is read, whatever the picture: axe cannot tell."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect

    from tests.support.chromium import Tab

TEXT: Final = 4.5
ICON: Final = 3.0
"""The contrast that WCAG 2.2 AA asks for (success criteria 1.4.3 and 1.4.11)."""

Colour = tuple[float, float, float, float]
"""Red, green, blue from 0 to 255, and how opaque it is from 0 to 1."""

_INK_PX: Final = 24
"""A button's word or sign lies so close around its middle."""
_PICTURES: Final = {"white": "brightness(0) invert(1)", "black": "brightness(0)"}
_SHOW: Final = """(filter) => {
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.localName === "video") one.style.filter = filter;
      if (one.shadowRoot) look(one.shadowRoot);
    }
  };
  look(document);
}"""
_LOOK: Final = """(({ x, y, width, height }, { color, backgroundColor }) =>
  [{ x, y, width, height }, color, backgroundColor])(
    it.getBoundingClientRect(), getComputedStyle(it))"""
_PIXELS: Final = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) {
    found.add([...data.subarray(at, at + 3)].join());
  }
  return [...found].map((one) => one.split(",").map(Number));
}"""
_COLOUR: Final = """(name) => {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = name;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data];
}"""


def worst_contrast(tab: Tab, selector: str) -> float:
    """The least contrast of an element's colour with what is behind it, on white pictures and on
    black ones.
    """
    found: list[float] = []
    for picture in _PICTURES.values():
        tab.page.evaluate(_SHOW, picture)
        box, *colours = tab.element(selector, _LOOK)
        ink, own = (_colour(tab, one) for one in colours)
        for behind in _behind(tab, selector, box):
            ground = _over(own, behind)
            found.append(_ratio(_over(ink, ground), ground))
    tab.page.evaluate(_SHOW, "")
    return min(found)


def _behind(tab: Tab, selector: str, box: FloatRect) -> list[Colour]:
    """All colours that lie behind an element's middle."""
    tall = min(box["height"], _INK_PX)
    clip: FloatRect = {**box, "y": box["y"] + (box["height"] - tall) / 2, "height": tall}
    tab.element(selector, "it.style.visibility = 'hidden'")
    png = tab.page.screenshot(clip=clip)
    tab.element(selector, "it.style.visibility = ''")
    pixels = tab.page.evaluate(_PIXELS, b64encode(png).decode())
    return [(red, green, blue, 1.0) for red, green, blue in pixels]


def _colour(tab: Tab, name: str) -> Colour:
    red, green, blue, alpha = tab.page.evaluate(_COLOUR, name)
    return (red, green, blue, alpha / 255)


def _over(one: Colour, ground: Colour) -> Colour:
    """What a colour looks like on an opaque one."""
    red, green, blue = (
        one[3] * top + (1 - one[3]) * below for top, below in zip(one[:3], ground[:3], strict=True)
    )
    return (red, green, blue, 1.0)


def _ratio(one: Colour, other: Colour) -> float:
    """The contrast ratio of two opaque colours (WCAG 2.2)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(one / 255) for one in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
