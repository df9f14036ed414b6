"""A relay with a broadcast on whose page everything is to be seen."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.stack import Stack

SLUG = "walk"
START = (datetime.now(UTC) - timedelta(hours=2.7)).replace(microsecond=0)
"""When the spacewalk began."""
CAMERAS = {"helmet": "EV1 helmet", "drone": "Drone", "orbit": "Orbit, 360°"}
DESCRIPTION = """Two astronauts replace a **failed pump** of the station's cooling loop.

They work at the far end of the truss, thirty metres from the hatch.

- Remove the old unit
- Mount the spare, see [the procedure](https://example.org/procedure)
"""


def ago(**span: float) -> str:
    """A moment before now, RFC 3339."""
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def elapsed(at: datetime) -> str:
    """A moment as the pages write mission elapsed time."""
    minutes, seconds = divmod(int((at - START).total_seconds()), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def fields() -> dict[str, Any]:
    """Everything that a broadcast's document can say."""
    return {
        "title": "Cooling pump replacement outside the Harmony module",
        "description": DESCRIPTION,
        "starts_at": START.isoformat(),
        "crew": [
            {"name": "Sunita Marlowe", "role": "EV1, lead spacewalker"},
            {"name": "Tomás Okafor", "role": "EV2"},
        ],
        "credits": [{"role": "Flight director", "name": "Renée Adeyemi"}],
        "tags": ["maintenance", "cooling loop"],
        "links": [
            {"label": "Mission blog", "url": "https://example.org/blog", "kind": "follow"},
            {"label": "About the loop", "url": "https://example.org/loop", "kind": "link"},
        ],
        "soundtrack": {
            "title": "Above the Limb",
            "writers": ["Ines Calloway"],
            "performer": "The Tethered",
            "publisher": "Airlock Music",
            "licence": "CC BY 4.0",
            "url": "https://example.org/limb",
        },
    }


def small(clip: Path, folder: Path, name: str) -> Path:
    """What a camera sends: six seconds of the clip, encoded once so that it can be sent as it is.

    Each camera shows another picture. Keyframes come once a second, and none of it is B-frames, so
    that a relay passes it through.
    """
    found = folder / f"{name}.mp4"
    if found.exists():  # a camera may be sending it
        return found
    subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-i", str(clip), "-t", "6"),
            *("-vf", _LOOKS[name], "-r", "25", "-c:v", "libx264", "-preset", "ultrafast"),
            *("-tune", "zerolatency", "-profile:v", "baseline", "-g", "25", "-crf", "30"),
            *("-maxrate", "700k", "-bufsize", "700k", "-pix_fmt", "yuv420p"),
            *("-c:a", "aac", "-b:a", "64k", str(found)),
        ],
        check=True,
    )
    return found


_LOOKS = {
    "helmet": "scale=640:360",
    "drone": "hflip,hue=h=40,scale=640:360",
    "orbit": "scale=640:320",
}


def set_up(stack: Stack, clip: Path) -> None:
    """Publish the cameras, and create the broadcast with its markers and one like it; a camera
    "away" sends nothing.
    """
    for name, title in CAMERAS.items():
        projection = "equirectangular" if name == "orbit" else "flat"
        key = stack.camera(name, name=title, projection=projection)
        stack.publish(key, small(clip, stack.folder, name))
    stack.camera("away")
    stack.broadcast(SLUG, list(CAMERAS), **fields())
    for hours, title in ((2.6, "Hatch open"), (0.5, "Inspecting the cooling system"), (-1, "Back")):
        stack.request(
            "POST", f"/api/v1/broadcasts/{SLUG}/markers", {"at": ago(hours=hours), "title": title}
        )
    stack.broadcast("other", [], tags=["cooling loop"], starts_at=ago(days=9), ended_at=ago(days=8))
    for name in CAMERAS:
        stack.wait_live(SLUG, name, 40)
