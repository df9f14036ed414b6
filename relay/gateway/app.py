"""The gateway's application: what it serves, in one list, and what it needs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from aiohttp import web

from relay import process
from relay.audience.anonymous import Anonymous
from relay.audience.ballots import Ballots
from relay.audience.heartbeats import Heartbeats
from relay.bus.client import connect, connect_blocking
from relay.bus.limits import Limits
from relay.errors import StoreError
from relay.gateway import embed, events, openapi, pages, whep
from relay.gateway.access import Doorkeeper
from relay.gateway.api import (
    broadcasts,
    cameras,
    comments,
    feedback,
    markers,
    moderation,
    operations,
    operator_view,
    partners,
    rating,
    sessions,
    similar,
)
from relay.gateway.auth import Auth
from relay.gateway.body import MAX_BODY
from relay.gateway.cors import cors
from relay.gateway.doors import Doors, turns
from relay.gateway.errors import errors
from relay.gateway.frontend import STATIC, Frontend
from relay.gateway.guesses import Guesses, guesses
from relay.gateway.hosting import Hosting
from relay.gateway.hub import Hub
from relay.gateway.kept import Kept
from relay.gateway.keys import (
    ACCESS,
    ANONYMOUS,
    AUTH,
    BALLOTS,
    BUS,
    DOORS,
    FRONTEND,
    GUESSES,
    HEARTBEATS,
    HOSTING,
    HUB,
    LIMITS,
    LIVE,
    LOVED,
    REGISTRY,
    SETTINGS,
    STATE,
    TAKES_WRITES,
)
from relay.gateway.live import Live
from relay.ids import hash_key
from relay.state import secret
from relay.state.registry import Registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from relay.config import Settings

ROUTES: Final = [
    *rating.ROUTES,  # first, since votes come in the largest numbers
    *broadcasts.ROUTES,
    *markers.ROUTES,
    *feedback.ROUTES,
    *moderation.ROUTES,
    *comments.ROUTES,
    *similar.ROUTES,
    *partners.ROUTES,
    *cameras.ROUTES,
    *operator_view.ROUTES,
    *sessions.ROUTES,
    *operations.ROUTES,
]


async def make_app(
    settings: Settings, *, state_url: str, bus_url: str, frontend: Path = STATIC
) -> web.Application:
    """The application, connected to state and bus; `frontend` is the folder of the pages' build.

    Raises:
        OperatorError: the front-end is not built.
        StoreError: the state is out of reach.
    """
    app = web.Application(middlewares=[cors, errors, turns, guesses], client_max_size=MAX_BODY)
    app[FRONTEND], app[DOORS] = Frontend(frontend), Doors(settings)
    app[GUESSES] = Guesses()
    state, bus, blocking = connect(state_url), connect(bus_url), connect_blocking(bus_url)
    registry, hub = Registry(state), Hub()
    live = Live(state=state, bus=bus, blocking=blocking, registry=registry, hub=hub)
    app[SETTINGS], app[STATE], app[BUS] = settings, state, bus
    app[REGISTRY], app[HUB], app[LIVE] = registry, hub, live
    app[LIMITS] = Limits(bus, asyncio.get_running_loop().time)
    app[ANONYMOUS], beats = Anonymous(bus), Heartbeats(state, bus)
    ballots = Ballots(state, bus, registry, pace=settings.vote_pace)
    app[BALLOTS], app[HEARTBEATS] = ballots, beats
    app[TAKES_WRITES] = Kept(operations.KEPT_S)
    app[LOVED] = Kept(similar.LOVED_S)
    app[ACCESS] = Doorkeeper(await secret.signing_key(state, "access"))
    app[HOSTING] = Hosting(await secret.signing_key(state, "hosting"))
    app[AUTH] = Auth(
        admin_token_hash=await _admin_token_hash(settings, state),
        viewer_key=await secret.signing_key(state, "viewer"),
    )
    for route in ROUTES:
        route.add_to(app)
    openapi.add_routes(app, ROUTES)
    events.add_routes(app)
    whep.add_routes(app)
    pages.add_routes(app)
    embed.add_routes(app)

    async def keep_up(_app: web.Application) -> AsyncIterator[None]:
        with suppress(StoreError):  # it goes on trying
            await live.refresh()
        parts = {"live": live.run(), "ballots": ballots.run(), "beats": beats.run()}
        tasks = [process.vital(work, name) for name, work in parts.items()]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in (state, bus, blocking):
            await client.aclose()

    app.cleanup_ctx.append(keep_up)
    return app


async def _admin_token_hash(settings: Settings, state: object) -> str:
    configured = settings.admin_token.get_secret_value()
    if configured:
        return hash_key(configured)
    return await secret.admin_token_hash(state) or ""  # type: ignore[arg-type]
