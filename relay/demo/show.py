"""What the demo shows: its broadcast, its cameras, and what is printed at its start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from relay.demo.camera import EVA_S

URL: Final = "EVA_DEMO_URL"
"""Environment variable with a demo camera's address: it holds a key, so it is no argument."""
SLUG: Final = "eva-demo"
YOURS: Final = "yours"
"""Id of the camera that is left to whoever looks at the demo."""
INPUT: Final = "input"
"""Id of the camera that shows `--input`."""

NAMES: Final = {
    "helmet": "EV1 helmet",
    "drone": "Drone 1",
    "orbit360": "Orbit 360°",
    YOURS: "Your camera",
    INPUT: "Input",
}
"""The cameras' names for people."""

_DESCRIPTION: Final = (
    "Two astronauts replace a pump of the station's cooling system, and a drone on a tether films "
    "them.\n\nEverything that moves here is drawn live on your machine, and takes the way of any "
    "camera: RTMP in, one transcoder each, WebRTC out. Send a camera of your own to the address "
    "that was printed at the start, and it appears beside these."
)
_CREW: Final = (
    ("Ada Okafor", "EV1"),
    ("Mikael Lindqvist", "EV2"),
    ("Sofia Marchetti", "Robotics"),
    ("Daniel Reyes", "Ground IV"),
)
_HAPPENS: Final = (
    (8, "Airlock open", "drone"),
    (35, "Foot restraint set up", "helmet"),
    (70, "Inspecting the cooling system", "helmet"),
    (125, "Old pump unbolted", "drone"),
    (180, "New pump in place", "drone"),
    (240, "Lubricating Dextre", "helmet"),
    (300, "Leak check", "helmet"),
    (365, "Back in the airlock", "drone"),
)
"""Minutes since the beginning, what happens, and the camera that shows it best."""


def starts_at(now: float) -> datetime:
    """When the spacewalk that the pictures show began, at a wall-clock time.

    Page and pictures so agree on the mission's elapsed time.
    """
    return datetime.fromtimestamp(now // EVA_S * EVA_S, UTC)


def left_s(now: float) -> float:
    """Seconds until the pictures begin anew, at a wall-clock time."""
    return EVA_S - now % EVA_S


def markers(cameras: list[str], now: float) -> list[dict[str, Any]]:
    """The fields of the demo's markers."""
    return [
        {
            "id": f"demo-{number}",
            "at": starts_at(now) + timedelta(minutes=minutes),
            "title": title,
            "camera": camera if camera in cameras else None,
        }
        for number, (minutes, title, camera) in enumerate(_HAPPENS, 1)
    ]


def broadcast(cameras: list[str], now: float) -> dict[str, Any]:
    """The fields of the demo's broadcast at a wall-clock time."""
    return {
        "slug": SLUG,
        "title": "EVA demo",
        "language": "en",
        "description": _DESCRIPTION,
        "cameras": tuple(cameras),
        "crew": tuple({"name": name, "role": role} for name, role in _CREW),
        "credits": (
            {"name": "EVA Relay", "role": "Pictures and sound"},
            {"name": "Your machine", "role": "Drawn live by"},
        ),
        "links": (
            {"label": "NASA on spacewalks", "url": "https://www.nasa.gov/spacewalk/"},
            {"label": "ESA", "url": "https://www.esa.int/", "kind": "follow"},
            {"label": "NASA", "url": "https://www.nasa.gov/", "kind": "follow"},
        ),
        "soundtrack": {
            "title": "Air, fan and quindar tones",
            "writers": ("EVA Relay",),
            "performer": "Your machine",
            "publisher": "EVA Relay",
            "licence": "Apache-2.0",
        },
        "tags": ("demo", "spacewalk", "cooling system"),
        "starts_at": starts_at(now),
    }


@dataclass(frozen=True, slots=True)
class Door:
    """Where the relay is to be found."""

    address: str
    """This machine's address on its network."""
    http_port: int
    rtmp_port: int
    key: str
    """Publish key of the camera `YOURS`."""

    def text(self) -> str:
        """The addresses to open, and how to send a camera in."""
        page, host = f"/b/{SLUG}", self.address
        server = f"rtmp://{host}:{self.rtmp_port}/live"
        return f"""
  EVA Relay is live. Open
    http://localhost:{self.http_port}{page}
    http://{host}:{self.http_port}{page}    from another device of this network

  Send a camera of your own; it appears as “{NAMES[YOURS]}”:
    GoPro    Live > Set up live > Other (RTMP), URL
             {server}/{self.key}
    OBS      Settings > Stream > Service “Custom”, Server {server}
             Stream key {self.key}
    ffmpeg   ffmpeg -re -i clip.mp4 -c:v libx264 -tune zerolatency -bf 0 -g 60 -pix_fmt yuv420p \\
               -c:a aac -f flv {server}/{self.key}

  All broadcasts  http://localhost:{self.http_port}/
  The API         http://localhost:{self.http_port}/api/docs
  Ctrl+C stops everything.
"""
