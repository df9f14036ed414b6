"""Chromium, driven by Playwright, as a viewer: joins by WHEP and tells when what has happened.

The page is a bare player of a few lines, so that figures are the relay's and the browser's; it is
loaded, and its script compiled, before anything is measured. As in the relay's own player the next
offer is made before anybody clicks; sockets and candidates come only then.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from relay.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--autoplay-policy=no-user-gesture-required",
)

_SCRIPT: Final = """
window.peer = null;
window.next = null;
window.ready = async () => {
  const peer = new RTCPeerConnection({bundlePolicy: "max-bundle"});
  peer.addTransceiver("video", {direction: "recvonly"}).receiver.jitterBufferTarget = 0;
  peer.addTransceiver("audio", {direction: "recvonly"});
  window.next = {peer, offer: await peer.createOffer()};
};
window.join = async ({url, port}) => {
  window.peer?.close();
  document.body.replaceChildren();
  const video = document.createElement("video");
  Object.assign(video, {muted: true, autoplay: true, playsInline: true});
  document.body.append(video);
  window.video = video;
  const at = {clicked: Date.now()}, clicked = performance.now();
  const note = (name) => (at[name] ??= performance.now() - clicked);
  const {peer, offer} = window.next;
  window.peer = peer;
  peer.onconnectionstatechange = () => peer.connectionState === "connected" && note("connected");
  peer.ontrack = ({track}) => {
    if (track.kind === "video") {
      track.onunmute = () => note("first packet");
      video.srcObject = new MediaStream([track]);
    }
  };
  const shown = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no picture within 20 s")), 20000);
    video.requestVideoFrameCallback((now) => { note("first frame"); resolve(); });
  });
  note("offer");
  const headers = {"Content-Type": "application/sdp"};
  const posted = fetch(url, {method: "POST", body: offer.sdp, headers});
  await peer.setLocalDescription(offer);
  const response = await posted;
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  let sdp = await response.text();
  note("answer");
  if (port) sdp = sdp.replace(/(a=candidate:\\S+ 1 udp \\d+ \\S+) \\d+/g, `$1 ${port}`);
  await peer.setRemoteDescription({type: "answer", sdp});
  await shown;
  return at;
};
window.leave = () => { window.peer?.close(); window.peer = null; };
"""


@contextmanager
def page_of(url: str) -> Iterator[Page]:
    """A page of this address, with the player's script in it.

    Raises:
        OperatorError: Playwright or Chromium is missing.
    """
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - for developers only
    except ImportError:
        raise OperatorError(
            "this bench needs Playwright: pip install 'playwright>=1.54', or the extra `dev`"
        ) from None
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise OperatorError("this bench needs Chromium: install the system's package `chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            page.evaluate(f"() => {{ {_SCRIPT} }}")
            yield page
        finally:
            browser.close()


def join(
    page: Page, url: str, port: int = 0, until: Callable[[], None] | None = None
) -> dict[str, float]:
    """Join by WHEP and wait for the first frame: when what happened, ms after the click, which
    itself is in ms of the Unix clock.

    With `port`, media goes through the one that listens there. What the click finds ready is made
    before `until`, if that is given, is called, which then says when to click.
    """
    page.evaluate("() => window.ready()")
    if until is not None:
        until()
    found: dict[str, float] = page.evaluate("(to) => window.join(to)", {"url": url, "port": port})
    return found


def leave(page: Page) -> None:
    """Leave."""
    page.evaluate("() => window.leave()")


def watch(page: Page, frames: int) -> list[dict[str, Any]]:
    """The next frames, each with the line of its timecode strip and with when what happened to it,
    in ms of the Unix clock, as far as the browser tells.
    """
    found: list[dict[str, Any]] = page.evaluate(_WATCH, frames)
    return found


_WATCH: Final = """
(frames) => new Promise((resolve) => {
  const width = 640, found = [], video = window.video;
  const canvas = new OffscreenCanvas(width, 1);
  const context = canvas.getContext("2d", {willReadFrequently: true});
  const look = (now, frame) => {
    const seen = performance.now(), origin = Date.now() - seen;
    const top = video.videoHeight / 36 * 0.4;
    context.drawImage(video, 0, top, video.videoWidth, 2, 0, 0, width, 1);
    const pixels = context.getImageData(0, 0, width, 1).data;
    found.push({
      line: Array.from({length: width}, (_, i) => pixels[4 * i + 1]),
      origin,
      received: frame.receiveTime ?? null,
      decode: (frame.processingDuration ?? 0) * 1000,
      composed: frame.presentationTime,
      seen,
    });
    found.length < frames ? video.requestVideoFrameCallback(look) : resolve(found);
  };
  video.requestVideoFrameCallback(look);
})
"""
