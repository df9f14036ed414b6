"""Opening what a player can lay over its picture, in the page and in a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.support.chromium import Tab

_CAPTIONS: Final = """(() => {
  const track = document.createElement("track");
  const said = ["WEBVTT\\n\\n00:00.000 --> 99:00:00.000\\nThe third bolt is loose now."];
  Object.assign(track, { kind: "captions", label: "English", srclang: "en", slot: "captions",
    src: URL.createObjectURL(new Blob(said, { type: "text/vtt" })) });
  it.append(track);
})()"""


def add_captions(tab: Tab) -> None:
    """Give the picture a track of captions."""
    tab.element("eva-player", _CAPTIONS)


def show_captions(tab: Tab) -> None:
    """Add captions, and turn them on."""
    add_captions(tab)
    tab.element("media-controller", "it.focus()")
    tab.page.keyboard.press("c")
    tab.wait_for("video", "it.textTracks[0].activeCues?.length === 1", 10)


def pause(tab: Tab) -> None:
    """Stop the picture."""
    tab.element("media-controller", "it.focus()")
    tab.page.keyboard.press("k")
    tab.wait_for("eva-player >> .resume", "it.checkVisibility()", 5)


def open_cameras(tab: Tab) -> None:
    """Open the menu of cameras."""
    _open_menu(tab, "Camera", "cameras", exact=True)


def open_settings(tab: Tab) -> None:
    """Open the menu of rungs and more."""
    _open_menu(tab, "Quality and settings", "settings", exact=False)  # it names the rung as well


def _open_menu(tab: Tab, name: str, menu: str, *, exact: bool) -> None:
    tab.page.mouse.move(200, 200)  # brings the controls back
    tab.page.get_by_role("button", name=name, exact=exact).click()
    tab.wait_for(f"eva-menu.{menu} >> [role=menu]", "it.matches(':popover-open')", 5)


def open_looks(tab: Tab) -> None:
    """Bring the buttons of a 360° picture, where they are not there by themselves."""
    tab.wait_for("eva-sphere >> .compass", "true", 10)
    closed = "it.getAttribute('aria-expanded') === 'false'"
    tab.element("eva-sphere >> .compass", f"{closed} && it.click()")
    tab.wait_for("eva-sphere >> .pad", "true", 5)


def open_stats(tab: Tab) -> None:
    """Open the figures."""
    tab.page.keyboard.press("i")
    tab.wait_for("eva-stats", "it.renderRoot?.textContent.includes('WHEP')", 10)


def open_help(tab: Tab) -> None:
    """Open the list of shortcuts."""
    tab.page.keyboard.press("?")
    tab.wait_for("eva-dialog >> dialog", "it.open", 10)
