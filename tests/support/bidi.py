"""`python -m tests.support.bidi FIREFOX …`: a Firefox, as Playwright expects one.

Playwright speaks WebDriver BiDi with Debian's Firefox, and has it change media features for each
context, which the extended support release cannot yet; Playwright then gives the context up. This
stands between them and takes such refusals for done: a test that depends on it sees that it is not.
All else goes to and fro as it is.

Back-pressure: a message is passed on before the next is read.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Final

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

_LISTENING: Final = "WebDriver BiDi listening on "
_DISPENSABLE: Final = "emulation."
_Line = web.WebSocketResponse | ClientWebSocketResponse


class Bridge:
    """One browser's line."""

    def __init__(self, browser: str) -> None:
        """`browser` is where it listens, `ws://…`."""
        self._browser = browser
        self._asked: dict[int, str] = {}
        """Methods of commands that are not answered yet."""

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Connect Playwright with the browser until one of them hangs up."""
        ours = web.WebSocketResponse(max_msg_size=0)
        await ours.prepare(request)
        async with (
            ClientSession() as http,
            http.ws_connect(self._browser + request.path, max_msg_size=0) as theirs,
        ):
            ways = [
                asyncio.create_task(self._pass_on(ours, theirs)),
                asyncio.create_task(self._pass_on(theirs, ours)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        await ours.close()
        return ours

    async def _pass_on(self, source: _Line, sink: _Line) -> None:
        async for message in source:
            if message.type is WSMsgType.TEXT:
                await sink.send_str(self._read(message.data))

    def _read(self, text: str) -> str:
        said = json.loads(text)
        number, method = said.get("id"), said.get("method")
        if method is not None and number is not None:
            self._asked[number] = method
        elif number is not None:
            asked = self._asked.pop(number, "")
            if said.get("error") == "unknown command" and asked.startswith(_DISPENSABLE):
                return json.dumps({"type": "success", "id": number, "result": {}})
        return text


async def run(command: list[str]) -> int:
    """Start the browser, tell where to reach it, and stay until it ends; returns its exit code."""
    browser = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    assert browser.stderr is not None
    runner: web.AppRunner | None = None
    async for raw in browser.stderr:
        line = raw.decode(errors="replace").rstrip()
        found = re.search(rf"{_LISTENING}(ws://\S+)", line)
        if found is not None and runner is None:
            app = web.Application()
            app.router.add_get("/{path:.*}", Bridge(found[1]).serve)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            line = f"{_LISTENING}ws://127.0.0.1:{runner.addresses[0][1]}"
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    if runner is not None:
        await runner.cleanup()
    return await browser.wait()


if __name__ == "__main__":
    raise SystemExit(asyncio.run(run(sys.argv[1:])))
