"""What a 360° view has to show: its frame, looked at by other means than the page's."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.support.chromium import Tab

_READ: Final = """((width, height) => {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(it, 0, 0, width, height);
  const bytes = context.getImageData(0, 0, width, height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return { width, height, bytes: btoa(text) };
})"""
_STEP: Final = 6
"""A view is looked at in every so many pixels."""


@dataclass(frozen=True, slots=True)
class Look:
    """A direction and a vertical angle of view, in degrees."""

    yaw: float
    pitch: float
    fov: float


def frame(tab: Tab) -> NDArray[np.float64]:
    """The video's present frame, height × width × RGB."""
    return _pixels(tab.element("video", f"{_READ}(it.videoWidth, it.videoHeight)"))


def view(tab: Tab) -> NDArray[np.float64]:
    """What the 360° view draws, height × width × RGB: read after its own drawing of a frame."""
    return _pixels(
        tab.element(
            "eva-sphere >> canvas",
            f"""new Promise((resolve) =>
              requestAnimationFrame(() => resolve({_READ}(it.width, it.height))))""",
        )
    )


def looking(tab: Tab) -> Look:
    """Where the page says that it looks."""
    found: dict[str, float] = tab.element("eva-sphere", "({...it.looking})")
    return Look(**found)


def _pixels(read: dict[str, Any]) -> NDArray[np.float64]:
    values = np.frombuffer(base64.b64decode(read["bytes"]), np.uint8)
    return values.reshape(read["height"], read["width"], 4)[..., :3].astype(np.float64)


def error(seen: NDArray[np.float64], whole: NDArray[np.float64], look: Look) -> float:
    """How far a view is from what it has to be, the mean of all values, 0 to 255."""
    height, width = seen.shape[:2]
    rows, columns = np.mgrid[0:height:_STEP, 0:width:_STEP]
    expected = _sample(whole, *_directions(look, rows, columns, width, height))
    return float(np.abs(seen[rows, columns] - expected).mean())


def _directions(
    look: Look, rows: NDArray[Any], columns: NDArray[Any], width: int, height: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude, in radians, that pixels show."""
    tall = math.tan(math.radians(look.fov) / 2)
    right = ((columns + 0.5) / width * 2 - 1) * tall * width / height
    up = (1 - (rows + 0.5) / height * 2) * tall
    pitch = math.radians(look.pitch)
    # A camera that looks north is raised, then turned to the right.
    raised = up * math.cos(pitch) + math.sin(pitch)
    north = math.cos(pitch) - up * math.sin(pitch)
    longitude = np.arctan2(right, north) + math.radians(look.yaw)
    latitude = np.arctan2(raised, np.hypot(right, north))
    return longitude, latitude


def _sample(
    whole: NDArray[np.float64], longitude: NDArray[np.float64], latitude: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Colours of directions, between the four nearest pixels."""
    height, width = whole.shape[:2]
    x = (longitude / (2 * math.pi) + 0.5) * width - 0.5
    y = np.clip((0.5 - latitude / math.pi) * height - 0.5, 0, height - 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    across, down = (x - left)[..., None], (y - top)[..., None]
    below = np.minimum(top + 1, height - 1)
    left, right = left % width, (left + 1) % width
    upper = whole[top, left] * (1 - across) + whole[top, right] * across
    lower = whole[below, left] * (1 - across) + whole[below, right] * across
    mixed: NDArray[np.float64] = upper * (1 - down) + lower * down
    return mixed
