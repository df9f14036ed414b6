"""Partners: whose sites may show broadcasts, and whose servers may let viewers into closed ones."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field, StrictInt

from relay.errors import Forbidden, Unauthorized
from relay.gateway.access import ACCESS_COOKIE, GRANT_S, TOKEN_S
from relay.gateway.cookies import set_cookie
from relay.gateway.keys import ACCESS, AUTH, LIVE, REGISTRY
from relay.gateway.route import Patch, Route, json_response, read_body
from relay.state.models import Line as Name
from relay.state.models import Model, Origins, Partner, Slug
from relay.state.rights import Pass, opens, partner_generation

BASE: Final = "/api/v1/partners"
TOKENS: Final = "/api/v1/broadcasts/{slug}/tokens"
ENTER: Final = "/api/v1/broadcasts/{slug}/access"


class NewPartner(Model):
    """A partner to create."""

    id: Slug
    name: Name
    origins: Origins = ()


class PartnerView(Model):
    """A partner."""

    id: str
    name: str
    origins: list[str]
    """The origins of its sites."""
    has_key: bool
    """Whether its server may make tokens."""


class PartnerList(Model):
    """All partners."""

    partners: list[PartnerView]


class PartnerKey(Model):
    """A partner's key, shown this once."""

    key: str


class NewToken(Model):
    """What a token is to be like."""

    valid_s: Annotated[StrictInt, Field(ge=1, le=TOKEN_S)] = 600
    """How long it lets in."""


class Token(Model):
    """A token that lets into a closed broadcast, for the fragment of its page's address."""

    token: str
    expires_at: datetime


class Grant(Model):
    """What opens a closed broadcast to a page."""

    grant: str
    """What to send as Eva-Access where cookies are blocked."""


class Entry(Model):
    """A token that was given to a viewer."""

    token: Annotated[str, Field(max_length=256)]


def partner_view(partner: Partner) -> PartnerView:
    """A partner for operators."""
    return PartnerView(
        id=partner.id,
        name=partner.name,
        origins=list(partner.origins),
        has_key=bool(partner.key_hash),
    )


async def list_all(request: web.Request) -> web.Response:
    """GET /api/v1/partners."""
    found = await request.app[REGISTRY].partners.all()
    return json_response(PartnerList(partners=[partner_view(each) for each in found]))


async def read(request: web.Request) -> web.Response:
    """GET /api/v1/partners/{id}."""
    found = await request.app[REGISTRY].partners.get(request.match_info["id"])
    return json_response(partner_view(found))


async def create(request: web.Request) -> web.Response:
    """POST /api/v1/partners."""
    new = await read_body(request, NewPartner)
    partner = Partner(id=new.id, name=new.name, origins=new.origins)
    await request.app[REGISTRY].partners.create(partner.id, partner)
    response = json_response(partner_view(partner), status=201)
    response.headers["Location"] = f"{BASE}/{partner.id}"
    return response


async def change(request: web.Request) -> web.Response:
    """PATCH /api/v1/partners/{id}."""
    patch = await read_body(request, Patch)
    partners = request.app[REGISTRY].partners
    return json_response(
        partner_view(await partners.change(request.match_info["id"], patch.applied_to))
    )


async def delete(request: web.Request) -> web.Response:
    """DELETE /api/v1/partners/{id}."""
    await request.app[REGISTRY].delete_partner(request.match_info["id"])
    await request.app[LIVE].changed()
    return web.Response(status=204)


async def rotate_key(request: web.Request) -> web.Response:
    """POST /api/v1/partners/{id}/key."""
    key = await request.app[REGISTRY].rotate_partner_key(request.match_info["id"])
    await request.app[LIVE].changed()
    return json_response(PartnerKey(key=key), status=201)


async def make_token(request: web.Request) -> web.Response:
    """POST …/tokens, by a partner's server with its key, or by an operator."""
    app, auth = request.app, request.app[AUTH]
    partner: Partner | None = None
    if not auth.is_admin(request):
        key = auth.bearer(request)
        partner = None if key is None else await app[REGISTRY].partner_of_key(key)
        if partner is None:
            raise Unauthorized("this needs an Authorization header with a partner's key")
    wanted = await read_body(request, NewToken)
    broadcast = await app[REGISTRY].broadcasts.get(request.match_info["slug"])
    if partner is not None and partner.id not in broadcast.partners:
        raise Forbidden(f"partner {partner.id!r} may not let viewers into this broadcast")
    until = int(time.time()) + wanted.valid_s
    # As they stand in the state now: what this gateway has in mind may be a moment old.
    found = await app[REGISTRY].generations()
    allowed = Pass(broadcast.slug, found.get(f"broadcast:{broadcast.slug}", 0))
    if partner is not None:
        generation = partner_generation(found, partner.id, broadcast.slug)
        allowed = replace(allowed, partner=partner.id, partner_generation=generation)
    token = Token(
        token=app[ACCESS].token(allowed, until),
        expires_at=datetime.fromtimestamp(until, UTC),
    )
    return json_response(token, status=201)


async def enter(request: web.Request) -> web.Response:
    """POST …/access: a viewer brings its token, and gets a cookie and a grant."""
    body = await read_body(request, Entry)
    broadcast = await request.app[REGISTRY].broadcasts.get(request.match_info["slug"])
    doorkeeper, now_s = request.app[ACCESS], time.time()
    shown = doorkeeper.of_token(body.token, now_s)
    if shown is None or not opens(shown, request.app[LIVE].show(broadcast)):
        raise Unauthorized(
            "the token is not for this broadcast, is too old, or was taken back", kind="closed"
        )
    cookie = doorkeeper.cookie(request.cookies.get(ACCESS_COOKIE, ""), shown, now_s)
    response = json_response(Grant(grant=doorkeeper.grant(shown, now_s)))
    set_cookie(request, response, ACCESS_COOKIE, cookie, max_age=GRANT_S, embedded=True)
    return response


_ONE = BASE + "/{id}"
ROUTES = [
    Route("GET", BASE, list_all, "All partners", answer=PartnerList, admin=True),
    Route("POST", BASE, create, "Create a partner", NewPartner, PartnerView, 201, admin=True),
    Route("GET", _ONE, read, "One partner", answer=PartnerView, admin=True),
    Route("PATCH", _ONE, change, "Change fields of a partner", Patch, PartnerView, admin=True),
    Route("DELETE", _ONE, delete, "Delete a partner", status=204, admin=True),
    Route(
        "POST",
        _ONE + "/key",
        rotate_key,
        "Give a partner a new key; the old one is refused from now on",
        answer=PartnerKey,
        status=201,
        admin=True,
    ),
    Route(
        "POST",
        TOKENS,
        make_token,
        "Make a token for a closed broadcast, with the key of one of its partners",
        NewToken,
        Token,
        201,
        guarded=False,
    ),
    Route(
        "POST",
        ENTER,
        enter,
        "Enter a closed broadcast with a token",
        Entry,
        Grant,
        guarded=False,
    ),
]
