"""What the gateway's handlers find in their application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from redis.asyncio import Redis

from relay.audience.anonymous import Anonymous
from relay.audience.ballots import Ballots
from relay.audience.heartbeats import Heartbeats
from relay.bus.limits import Limits
from relay.config import Settings
from relay.gateway.auth import Auth
from relay.gateway.frontend import Frontend
from relay.gateway.hosting import Hosting
from relay.gateway.hub import Hub
from relay.gateway.kept import Kept
from relay.gateway.live import Live
from relay.gateway.placement import Placement
from relay.state.registry import Registry

if TYPE_CHECKING:
    from relay.gateway.access import Doorkeeper
    from relay.gateway.doors import Doors
    from relay.gateway.guesses import Guesses

ACCESS: web.AppKey[Doorkeeper] = web.AppKey("access")
GUESSES: web.AppKey[Guesses] = web.AppKey("guesses")
DOORS: web.AppKey[Doors] = web.AppKey("doors")
SETTINGS = web.AppKey("settings", Settings)
STATE = web.AppKey("state", Redis)
BUS = web.AppKey("bus", Redis)
REGISTRY = web.AppKey("registry", Registry)
AUTH = web.AppKey("auth", Auth)
ANONYMOUS = web.AppKey("anonymous", Anonymous)
BALLOTS = web.AppKey("ballots", Ballots)
HEARTBEATS = web.AppKey("heartbeats", Heartbeats)
LOVED: web.AppKey[Kept[dict[str, float]]] = web.AppKey("loved", Kept)
LIMITS = web.AppKey("limits", Limits)
TAKES_WRITES: web.AppKey[Kept[bool]] = web.AppKey("takes-writes", Kept)
LIVE = web.AppKey("live", Live)
PLACEMENT = web.AppKey("placement", Placement)
FRONTEND = web.AppKey("frontend", Frontend)
HOSTING = web.AppKey("hosting", Hosting)
HUB = web.AppKey("hub", Hub)
