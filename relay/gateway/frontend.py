"""The front-end's build, read once at the start: Vite's manifest and the files it speaks of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from relay.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

STATIC: Final = Path(__file__).parent / "static"
"""Where `make web` puts it."""
HOME: Final = "src/pages/home.ts"
BROADCAST: Final = "src/pages/broadcast.ts"
EMBED: Final = "src/pages/embed.ts"
EMBED_DOCS: Final = "src/pages/embed-docs.ts"
LOADER: Final = "src/embed/loader.ts"
"""Stands alone: other sites load it by one address."""
_ALWAYS: Final = (HOME, BROADCAST)
_OPTIONAL: Final = (EMBED, EMBED_DOCS)


class Frontend:
    """What the pages load."""

    def __init__(self, folder: Path) -> None:
        """Read the build in `folder`.

        Raises:
            OperatorError: there is none, or it is not whole.
        """
        path = folder / "manifest.json"
        try:
            self._chunks: dict[str, Any] = json.loads(path.read_text("utf-8"))
            self._heads = {entry: self._head(entry) for entry in self._built()}
            loader = self._chunks.get(LOADER, {}).get("file")
            self._loader = None if loader is None else folder / str(loader)
        except OSError:
            raise OperatorError("the front-end is not built; run `make web`") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OperatorError(
                f"the front-end's {path} is not whole ({error!r}); run `make web`"
            ) from None
        self._files = {
            file.relative_to(folder).as_posix(): file
            for file in folder.rglob("*")
            if file.is_file()
        }

    def head(self, entry: str) -> str:
        """The elements that load an entry: its styles, its modules, and what those import."""
        return self._heads[entry]

    def has(self, entry: str) -> bool:
        """Whether the build has an entry."""
        return entry in self._heads

    def loader(self) -> Path | None:
        """The script that other sites load, if the build has it."""
        return self._loader

    def file(self, name: str) -> Path | None:
        """The file of this name, if it was there at the start."""
        return self._files.get(name)

    def _built(self) -> list[str]:
        return [*_ALWAYS, *(entry for entry in _OPTIONAL if entry in self._chunks)]

    def _head(self, entry: str) -> str:
        chunks = list(self._with_imports(entry, set()))
        styles = dict.fromkeys(path for chunk in chunks for path in chunk.get("css", ()))
        links = [f'<link rel="stylesheet" href="/static/{path}">\n' for path in styles]
        links += [
            f'<link rel="modulepreload" href="/static/{chunk["file"]}">\n' for chunk in chunks[:-1]
        ]
        return (
            f'{"".join(links)}<script type="module" src="/static/{chunks[-1]["file"]}"></script>\n'
        )

    def _with_imports(self, name: str, seen: set[str]) -> Iterator[dict[str, Any]]:
        """A chunk after all that it imports, each once; imports may go in circles."""
        seen.add(name)
        chunk = self._chunks[name]
        for imported in chunk.get("imports", ()):
            if imported not in seen:
                yield from self._with_imports(imported, seen)
        yield chunk
