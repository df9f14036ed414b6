"""What a page loads, from the manifest of the front-end's build."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from relay.errors import OperatorError
from relay.gateway.frontend import BROADCAST, HOME, Frontend
from tests.support.frontend import SMALL, build

if TYPE_CHECKING:
    from pathlib import Path

NESTED = {
    "_deep.js": {"file": "assets/deep.js", "css": ["assets/deep.css"]},
    "_middle.js": {
        "file": "assets/middle.js",
        "imports": ["_deep.js"],
        "css": ["assets/middle.css", "assets/deep.css"],
    },
    HOME: {
        "file": "assets/home.js",
        "imports": ["_middle.js", "_deep.js"],
        "css": ["assets/home.css"],
    },
    BROADCAST: {"file": "assets/broadcast.js"},
}


def links(head: str, rel: str) -> list[str]:
    return re.findall(rf'<link rel="{rel}" href="/static/([^"]+)">', head)


def scripts(head: str) -> list[str]:
    return re.findall(r'<script type="module" src="/static/([^"]+)"></script>', head)


def test_everything_that_an_entry_imports_is_preloaded(tmp_path: Path) -> None:
    head = Frontend(build(tmp_path, NESTED)).head(HOME)

    assert links(head, "modulepreload") == ["assets/deep.js", "assets/middle.js"]
    assert scripts(head) == ["assets/home.js"]


def test_styles_stand_in_the_order_of_imports_each_once(tmp_path: Path) -> None:
    head = Frontend(build(tmp_path, NESTED)).head(HOME)

    assert links(head, "stylesheet") == ["assets/deep.css", "assets/middle.css", "assets/home.css"]


def test_an_entry_without_imports_is_one_script(tmp_path: Path) -> None:
    head = Frontend(build(tmp_path, NESTED)).head(BROADCAST)

    assert head == '<script type="module" src="/static/assets/broadcast.js"></script>\n'


def test_imports_may_go_in_circles(tmp_path: Path) -> None:
    circle = SMALL | {
        "_shared.js": {"file": "assets/shared.js", "imports": ["_other.js"]},
        "_other.js": {"file": "assets/other.js", "imports": ["_shared.js", HOME]},
    }

    head = Frontend(build(tmp_path, circle)).head(HOME)

    assert links(head, "modulepreload") == ["assets/other.js", "assets/shared.js"]
    assert scripts(head) == ["assets/home.js"]


def test_a_front_end_that_was_not_built_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="make web"):
        Frontend(tmp_path)


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        "{}",
        f'{{"{HOME}": {{"file": "a.js"}}}}',
        f'{{"{HOME}": {{}}, "{BROADCAST}": {{}}}}',
        f'{{"{HOME}": {{"file": "a", "imports": ["gone"]}}, "{BROADCAST}": {{"file": "b"}}}}',
    ],
)
def test_half_a_build_is_refused_at_the_start(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)

    with pytest.raises(OperatorError, match=r"manifest\.json is not whole.*make web"):
        Frontend(tmp_path)


def test_only_files_that_were_there_at_the_start_are_served(tmp_path: Path) -> None:
    (tmp_path.parent / "secret.txt").write_text("no")
    frontend = Frontend(build(tmp_path))
    (tmp_path / "late.js").write_text("late")

    assert frontend.file("assets/home.js") == tmp_path / "assets/home.js"
    for name in (
        "late.js",
        "../secret.txt",
        "assets",
        "",
        ".",
        "/etc/passwd",
        "assets/../favicon.svg",
    ):
        assert frontend.file(name) is None
