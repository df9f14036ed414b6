"""What frames of other sites let the player do: the same wherever it is spelled."""

from __future__ import annotations

import re
from pathlib import Path

from relay.gateway.embed import ALLOW


def test_every_frame_allows_the_player_the_same():
    """The pages', the element's and the README's frames name what the server's does."""
    root = Path(__file__).parents[2]
    for name in ("web/src/share/links.ts", "web/src/embed/loader.ts", "README.md"):
        text = (root / name).read_text()
        joined = re.sub(r'" \+\s+"', "", text)
        assert ALLOW in joined, name
    for permission in ("local-network", "loopback-network", "local-network-access"):
        assert permission in ALLOW.split("; ")
    frame = re.search(r"<iframe[^>]*>", (root / "README.md").read_text())
    assert frame
    assert all(part in frame[0] for part in ('width="640"', 'height="360"', "aspect-ratio:16/9"))
