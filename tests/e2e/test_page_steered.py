"""`<eva-player>` on a partner's page, steered as a media element is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.partner import HEAD, site
from tests.support.walk import fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

STEERED = """{head}
<script src="{relay}/embed.js"></script>
<eva-player id="walk" src="{relay}/b/{slug}"></eva-player>
<script>
window.news = [];
for (const name of ["play", "pause", "volumechange", "error"]) {{
  walk.addEventListener(name, ({{ detail }}) => {{
    news.push([name, detail.code ?? JSON.stringify(detail) === JSON.stringify(
      {{ paused: walk.paused, muted: walk.muted, volume: walk.volume }})]);
  }});
}}
walk.addEventListener("state", ({{ detail }}) => {{ window.phase = detail.phase; }});
window.outcome = (promise) => promise.then(() => "plays", (error) => error.name);
</script>"""


def test_an_element_is_steered_as_a_media_element(walk: Stack, open_either: Callable[..., Tab]):
    walk.anew("steered", ["helmet"], **fields())
    with site() as (origin, pages):
        pages["/"] = STEERED.format(head=HEAD, relay=walk.url, slug="steered")
        tab = open_either(origin)

        def wait(what: str) -> None:
            tab.wait_for("html", what, 20)

        at_first = tab.page.evaluate("[walk.paused, walk.muted, walk.volume]")
        assert at_first in ([True, True, 1], [False, True, 1])
        wait("window.phase === 'live' && !walk.paused")
        assert tab.page.evaluate("[walk.paused, walk.muted, walk.volume]") == [False, True, 1]

        def told(act: str, until: str) -> list[list[object]]:
            """What the player tells of an act, until something is so."""
            tab.page.evaluate(f"() => {{ news.length = 0; {act}; }}")
            wait(until)
            found: list[list[object]] = tab.page.evaluate("news")
            return found

        assert told("walk.pause()", "walk.paused") == [["pause", True]]
        assert tab.page.evaluate("outcome(walk.play())") == "plays"
        wait("!walk.paused")
        assert told("walk.volume = 0.25", "walk.volume === 0.25") == [["volumechange", True]]
        browser = tab.page.context.browser
        if browser is not None and browser.browser_type.name == "chromium":
            # Sound needs a gesture; this one stops the picture. Firefox's driver cannot make one in
            # another site's frame.
            tab.page.frame_locator("iframe").locator("eva-player").click()
            wait("walk.paused")
            assert tab.page.evaluate("outcome(walk.play())") == "plays"
            assert ["volumechange", True] in told("walk.muted = false", "!walk.muted")
            assert ["volumechange", True] in told("walk.mute()", "walk.muted")
        beyond = "try { walk.volume = 2; } catch (error) { window.beyond = error.name; }"
        tab.page.evaluate(f"() => {{ {beyond} }}")
        assert tab.page.evaluate("window.beyond") == "IndexSizeError"
        for act, code in (
            ("walk.setCamera('elsewhere')", "unknown-camera"),
            ("walk.setCamera('elsewhere')", "unknown-camera"),  # each time that it is asked for
            ("walk.setQuality('9000p')", "unknown-quality"),
        ):
            assert told(act, "news.length > 0") == [["error", code]]
        # The name `walk` goes with the element.
        again = "(() => { const played = outcome(walk.play()); left.remove(); return played; })()"
        tab.page.evaluate("() => { window.left = walk; }")
        assert tab.page.evaluate(again) in ("AbortError", "plays")
        assert tab.page.evaluate("outcome(left.play())") == "NotSupportedError"
        assert tab.page.evaluate("[left.paused, left.muted, left.volume]") == [True, True, 1]


def test_a_player_without_a_broadcast_says_why_it_does_not_play(
    walk: Stack, open_either: Callable[..., Tab]
):
    walk.anew("unopened", ["helmet"], **fields() | {"access": "closed"})
    with site() as (origin, pages):
        pages["/"] = STEERED.format(head=HEAD, relay=walk.url, slug="unopened")
        tab = open_either(origin, "401")
        tab.wait_for("html", "window.news?.at(-1)?.[1] === 'closed'", 20)
        assert tab.page.evaluate("outcome(walk.play())") == "NotSupportedError"
