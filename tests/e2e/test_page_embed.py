"""The player in partners' pages: two origins, messages, votes, and origins that may not."""

from __future__ import annotations

import gzip
import re
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.support.axe import violations
from tests.support.chromium import viewers
from tests.support.looks import inspect
from tests.support.partner import site
from tests.support.sending import listen, sent
from tests.support.stack import free_port
from tests.support.stalls import HANG_S
from tests.support.walk import SLUG, fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator

    from tests.support.chromium import Tab
    from tests.support.stack import Stack

RATING = f"/api/v1/broadcasts/{SLUG}/rating"
PAGE = """<!doctype html><html lang="en"><title>A museum</title>
<link rel="icon" href="data:,">
<script src="{relay}/embed.js" async></script>
<main><h1>A museum</h1>
<eva-player id="it" src="{relay}/b/{slug}" {attributes} style="width:{width}px"></eva-player>
</main>
<script>
  window.news = {{}};
  for (const name of ["ready", "state", "rating", "viewers", "error", "time"]) {{
    document.getElementById("it").addEventListener(name, ({{ detail }}) => {{
      (news[name] ??= []).push(detail);
    }});
  }}
</script>"""


@pytest.fixture
def museum() -> Iterator[tuple[str, dict[str, str]]]:
    """A partner's site."""
    with site() as found:
        yield found


@pytest.fixture
def visit(either: Browser) -> Iterator[Callable[..., Tab]]:
    """Opens pages as new viewers, which may complain of what is named; see `viewers`."""
    with viewers(either, viewport={"width": 900, "height": 640}) as found:
        yield found


def page(stack: Stack, slug: str = SLUG, attributes: str = "", width: int = 800) -> str:
    return PAGE.format(relay=stack.url, slug=slug, attributes=attributes, width=width)


def wait_news(tab: Tab, expression: str, within_s: float = 20) -> None:
    tab.wait_for("html", f"(({{ news }}) => {expression})(window)", within_s)


def press(tab: Tab, what: Locator) -> None:
    """Click in another site's frame, where the mouse of Firefox's driver does not reach."""
    if tab.in_firefox:
        what.dispatch_event("click")
    else:
        what.click()


def test_a_partner_embeds_steers_and_its_viewers_vote(
    walk: Stack,
    museum: tuple[str, dict[str, str]],
    visit: Callable[..., Tab],
    screenshots: Path,
):
    origin, pages = museum
    walk.partner("museum", "A museum", origin)
    pages["/"] = page(walk, attributes='partner="museum"')
    tab = visit(origin)
    wait_news(tab, "news.ready && news.state?.at(-1)?.phase === 'live'", 30)
    wait_news(tab, "news.viewers?.at(-1) >= 1 && news.rating && news.time?.at(-1)?.latency_ms > 0")
    tab.page.screenshot(path=screenshots / "page-embedded.png")
    tab.page.evaluate("it.setCamera('drone')")
    wait_news(tab, "news.state.at(-1).camera === 'drone'")
    tab.page.evaluate("it.setAttribute('camera', 'helmet')")
    wait_news(tab, "news.state.at(-1).camera === 'helmet'")
    rungs = walk.get(f"/api/v1/broadcasts/{SLUG}")["cameras"][0]["renditions"]
    tab.page.evaluate("(name) => it.setQuality(name)", rungs[-1]["name"])
    wait_news(tab, f"news.state.at(-1).rendition === {rungs[-1]['name']!r}")
    frame = next(one for one in tab.page.frames if "/embed/" in one.url)
    video = "document.querySelector('eva-embed').renderRoot.querySelector('eva-player').video"
    for command, proof in (
        ("pause", "paused"),
        ("play", "paused === false"),
        ("unmute", "muted === false"),
        ("mute", "muted"),
    ):
        tab.page.evaluate(f"it.{command}()")
        tab.page.wait_for_timeout(400)
        assert frame.evaluate(f"{video}.{proof}"), command
    # Others have voted for this broadcast, so their votes would pass for this one's.
    before = walk.get(RATING)["count"]
    assert tab.page.evaluate("news.rating.at(-1).count") == before
    tab.page.mouse.move(300, 300)
    press(tab, frame.get_by_role("button", name="Rate this broadcast"))
    listen(frame)
    press(tab, frame.get_by_role("radio", name="5 stars"))
    wait_news(tab, f"news.rating.at(-1).count === {before + 1}")
    # Where cookies are blocked, nothing else proves that this viewer has watched.
    session = frame.evaluate(video.replace(".video", ".session"))
    assert session
    (vote,) = sent(frame, RATING)
    assert vote["session"] == session
    assert walk.get(RATING)["count"] == before + 1
    rating = frame.evaluate("(path) => fetch(path).then((answer) => answer.json())", RATING)
    assert rating["yours"] == 5
    tab.page.screenshot(path=screenshots / "page-embedded-rating.png")
    assert violations(tab.page) == []
    audience = walk.get(f"/api/v1/broadcasts/{SLUG}/audience")
    assert {one["id"]: one["watching"] for one in audience["partners"]} == {"museum": 1}


@pytest.mark.slow
def test_an_origin_that_is_not_allowed_sees_a_refusal_and_hears_of_it(
    walk: Stack,
    museum: tuple[str, dict[str, str]],
    visit: Callable[..., Tab],
    screenshots: Path,
):
    origin, pages = museum
    walk.partner("club", "A club", "https://club.example")
    pages["/"] = page(walk, attributes='partner="club"')
    walk.anew("members", [], **fields() | {"partners_only": True})
    pages["/members"] = page(walk, slug="members", width=200)
    for path, reason in (
        ("/", "not one of those for which the partner may embed"),
        ("/members", "by partners of the relay only"),
    ):
        tab = visit(origin + path, "403")
        wait_news(tab, "news.error?.at(-1)?.code === 'not-allowed'", 5)
        assert tab.page.evaluate("window.news.ready") is None
        frame = next(one for one in tab.page.frames if "/embed/" in one.url)
        frame.get_by_role("heading", name="Not for this site").wait_for()
        assert reason in frame.locator("main").inner_text()
        assert violations(tab.page) == []
        name = "page-refused" + path.replace("/", "-").rstrip("-")
        tab.page.screenshot(path=screenshots / f"{name}.png")
    inspect(tab, "page-refused-members", screenshots, full=False)


@pytest.mark.slow
def test_a_browser_that_tells_no_origin_shows_strangers_nothing(
    walk: Stack, museum: tuple[str, dict[str, str]], visit: Callable[..., Tab]
):
    origin, pages = museum
    walk.partner("guild", "A guild", "https://guild.example")
    pages["/"] = (
        f'<title>A club</title><iframe src="{walk.url}/embed/{SLUG}?partner=guild" '
        'referrerpolicy="no-referrer" title="Live"></iframe>'
    )
    tab = visit(origin, "frame-ancestors", "favicon", "404")
    tab.page.wait_for_timeout(1500)
    assert any("frame-ancestors" in one for one in tab.complaints)


@pytest.mark.slow
def test_a_frame_that_stays_silent_is_an_error(
    walk: Stack, museum: tuple[str, dict[str, str]], visit: Callable[..., Tab]
):
    origin, pages = museum
    script = f"{walk.url}/embed.js"
    nobody = f"http://127.0.0.1:{free_port()}"
    pages["/"] = page(walk).replace(f"{walk.url}/b/", f"{nobody}/b/")
    assert script in pages["/"]
    pages["/well"] = page(walk)
    for path, silent in (("/", True), ("/well", False)):
        tab = visit("about:blank", "ERR_CONNECTION_REFUSED")
        tab.page.clock.install()
        tab.page.goto(origin + path)
        if not silent:
            wait_news(tab, "news.ready", 20)
        tab.wait_for("html", "customElements.get('eva-player') !== undefined", 10)
        # Time goes on by itself as well, and a frame that speaks may tell of other errors.
        told = "(window.news.error ?? []).filter(({ code }) => code === 'silent').length"
        tab.page.clock.fast_forward(3_000)
        assert tab.page.evaluate(told) == 0
        tab.page.clock.fast_forward(8_000)
        assert tab.page.evaluate(told) == (1 if silent else 0)


@pytest.mark.slow
def test_a_closed_broadcast_opens_with_a_token_and_leaves_it_in_no_address(
    walk: Stack, museum: tuple[str, dict[str, str]], visit: Callable[..., Tab]
):
    origin, pages = museum
    walk.partner("press", "Press", origin)
    key = walk.request("POST", "/api/v1/partners/press/key")["key"]
    walk.anew("private", ["helmet"], **fields() | {"access": "closed", "partners": ["press"]})
    token = walk.request(
        "POST",
        "/api/v1/broadcasts/private/tokens",
        {"valid_s": 600},
        Authorization=f"Bearer {key}",
    )["token"]
    pages["/"] = page(walk, slug="private", attributes='partner="press"')
    pages["/in"] = page(walk, slug="private", attributes=f'partner="press" token="{token}"')
    tab = visit(origin, "401")
    wait_news(tab, "news.error?.at(-1)?.code === 'closed'")
    tab = visit(f"{origin}/in")
    wait_news(tab, "news.state?.at(-1)?.phase === 'live'", 30)
    assert all(token not in frame.url for frame in tab.page.frames)
    tab = visit(f"{walk.url}/b/private#token={token}")
    tab.wait_picture(30)
    assert tab.page.url == f"{walk.url}/b/private"
    assert token not in walk.log.read_text()


@pytest.mark.slow
def test_other_frames_messages_are_not_obeyed(
    walk: Stack, museum: tuple[str, dict[str, str]], visit: Callable[..., Tab]
):
    origin, pages = museum
    pages["/"] = page(walk)
    tab = visit(origin)
    wait_news(tab, "news.state?.at(-1)?.phase === 'live'", 30)
    frame = next(one for one in tab.page.frames if "/embed/" in one.url)
    frame.evaluate("postMessage({ eva: 1, command: 'pause' }, '*')")
    tab.page.evaluate(
        """(origin) => {
          const player = it.shadowRoot.querySelector("iframe").contentWindow;
          player.postMessage({ eva: 1, command: "toString" }, origin);
          player.postMessage("pause", origin);
        }""",
        walk.url,
    )
    tab.page.wait_for_timeout(500)
    video = "document.querySelector('eva-embed').renderRoot.querySelector('eva-player').video"
    assert frame.evaluate(f"{video}.paused") is False


@pytest.mark.slow
def test_the_smallest_player(
    walk: Stack,
    museum: tuple[str, dict[str, str]],
    visit: Callable[..., Tab],
    screenshots: Path,
):
    origin, pages = museum
    pages["/"] = page(walk, width=200)
    tab = visit(origin)
    wait_news(tab, "news.state?.at(-1)?.phase === 'live'", 30)
    tab.page.screenshot(path=screenshots / "page-embedded-200.png")
    assert violations(tab.page) == []


@pytest.mark.slow
def test_the_playground_shows_what_the_player_tells(
    walk: Stack, visit: Callable[..., Tab], screenshots: Path
):
    tab = visit(f"{walk.url}/docs/embed")
    tab.page.get_by_role("combobox", name="Broadcast").select_option(SLUG)
    tab.wait_for("eva-playground >> .news", 'it.textContent.includes(\'"phase":"live"\')', 30)
    tab.page.get_by_role("button", name='setCamera("drone")').click()
    tab.wait_for("eva-playground >> .news", "it.textContent.includes('\"drone\"')", 20)
    rung = walk.get(f"/api/v1/broadcasts/{SLUG}")["cameras"][0]["renditions"][-1]["name"]
    tab.page.get_by_role("button", name=f'setQuality("{rung}")').click()
    tab.wait_for("eva-playground >> .news", f"it.textContent.includes({rung!r})", 20)
    tab.page.get_by_role("combobox", name="Theme").select_option("light")
    tab.wait_for("eva-playground >> iframe", "it.src.includes('theme=light')", 5)
    walk.partner("play", "Play", walk.url)
    tab.page.get_by_label("Partner").press_sequentially("play")
    tab.page.get_by_label("Partner").press("Enter")
    tab.wait_for("eva-playground >> iframe", "it.src.includes('partner=play')", 5)
    tab.allow_clipboard()
    tab.page.get_by_role("button", name="Copy").first.click()
    tab.page.get_by_role("button", name="Copied").wait_for()
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    assert all(part in copied for part in ('theme="light"', 'partner="play"', "/embed.js"))
    assert tab.page.get_by_role("contentinfo").get_by_role("link").count() == 2
    tab.page.screenshot(path=screenshots / "page-playground.png", full_page=True)
    assert violations(tab.page) == []


# In Chromium alone: Firefox does not tell how much it was sent.
@pytest.mark.slow
@pytest.mark.parametrize("query", ["lang=en", "lang=fr", "lang=fr&camera=orbit"])
def test_a_players_first_load_is_small(
    query: str,
    walk: Stack,
    open_tab: Callable[..., Tab],
    figure: Callable[[str], None],
):
    sizes = loaded(open_tab("about:blank"), f"{walk.url}/embed/{SLUG}?{query}")
    names = " ".join(sizes)
    assert f"/embed/{SLUG}?{query}" in names
    assert "/whep/" in names
    assert ("/fr-" in names) == ("fr" in query)
    size = sum(sizes.values())
    figure(f"embed?{query}: {size / 1000:.1f} kB until the first picture")
    # Looking around is fetched where a camera films all around, and not counted against others.
    around = sum(sizes[each] for each in sizes if "/sphere-" in each)
    assert (around > 0) == ("orbit" in query)
    assert size - around <= 90_000


def loaded(tab: Tab, url: str) -> dict[str, int]:
    """Bytes that a browser is sent, headers too, by the address of all that a page asks for until
    its first picture: the document, scripts, styles, words and the answer to its offer.
    """
    asked: dict[str, tuple[str, float]] = {}
    sizes: dict[str, int] = {}
    network = tab.page.context.new_cdp_session(tab.page)
    network.on(
        "Network.requestWillBeSent",
        lambda it: asked.update({it["requestId"]: (it["request"]["url"], it["wallTime"])}),
    )
    network.on(
        "Network.loadingFinished",
        lambda it: sizes.update({it["requestId"]: it["encodedDataLength"]}),
    )
    network.send("Network.enable")
    tab.page.goto(url)
    tab.wait_picture(30)
    first = "(performance.timeOrigin + it.timings.firstFrame) / 1000"
    pictured_s = tab.element("eva-player", first)
    wanted = {name: url for name, (url, at_s) in asked.items() if at_s <= pictured_s}
    for _ in range(250):
        if sizes.keys() >= wanted.keys():
            break
        tab.page.wait_for_timeout(20)
    return {url: sizes.get(name, 0) for name, url in wanted.items()}  # some are given up


def test_first_loads_are_small(walk: Stack, figure: Callable[[str], None]):
    sizes = {}
    for name, path in (("page", f"/b/{SLUG}"), ("home", "/")):
        html = fetched(walk.url + path).decode()
        found = re.findall(r'(?:src|href)="(/static/assets/[^"]+)"', html)
        assert found
        sizes[name] = sum(packed(walk.url + one) for one in set(found))
    sizes["embed.js"] = packed(f"{walk.url}/embed.js")
    for name, size in sizes.items():
        figure(f"{name}: {size / 1000:.1f} kB gzip at first")
    assert sizes["embed.js"] <= 5_000


def packed(url: str) -> int:
    """Bytes that the gateway sends to a browser that takes gzip."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=HANG_S) as response:
        body = bytes(response.read())
        assert response.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in response.headers["Vary"]
    assert gzip.decompress(body)
    return len(body)


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=HANG_S) as response:
        return bytes(response.read())
