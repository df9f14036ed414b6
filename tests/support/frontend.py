"""Front-ends for tests, as Vite's build leaves them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SMALL: dict[str, Any] = {
    "_shared.js": {"file": "assets/shared.js", "css": ["assets/shared.css"]},
    "src/pages/home.ts": {"file": "assets/home.js", "imports": ["_shared.js"]},
    "src/pages/embed.ts": {"file": "assets/embed.js"},
    "src/pages/embed-docs.ts": {"file": "assets/embed-docs.js"},
    "src/embed/loader.ts": {"file": "assets/loader.js"},
    "src/pages/broadcast.ts": {"file": "assets/broadcast.js", "imports": ["_shared.js"]},
}


def build(folder: Path, manifest: Any = None) -> Path:
    """Write a front-end with this manifest, and every file that it names."""
    manifest = SMALL if manifest is None else manifest
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "favicon.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    for chunk in manifest.values():
        for name in [chunk["file"], *chunk.get("css", ())]:
            (folder / name).write_text(f"/* {name} */")
    return folder
