"""Every Redis key and channel, spelled here and nowhere else.

Braces are Redis Cluster hash tags: what one command or script touches together shares a slot.
"""

from __future__ import annotations

# --- bus: short-lived ------------------------------------------------------------------------


def source_units(camera: str) -> str:
    """Stream of the units that a camera sends, sound and picture interleaved."""
    return f"units:{{{camera}}}:source"


def rendition_units(camera: str, rendition: str) -> str:
    """Stream of one rung of a camera's ladder, or of its sound."""
    return f"units:{{{camera}}}:{rendition}"


def camera_history(camera: str) -> str:
    """Hash: what befell a camera → how often, and `seen` → when its last unit came, seconds since
    the epoch; for a day.
    """
    return f"history:{{{camera}}}"


def demand(camera: str) -> str:
    """Sorted set: name of a rendition → µs of the Redis clock until which somebody wants it."""
    return f"demand:{{{camera}}}"


def demand_events(camera: str) -> str:
    """Channel on which a camera's worker hears that a rendition is wanted anew."""
    return f"wanted:{camera}"


def presence(kind: str, member: str) -> str:
    """A short-lived fact about one process, camera or edge: JSON with a time to live."""
    return f"presence:{kind}:{{{member}}}"


def presence_members(kind: str) -> str:
    """Set of the members of which `presence` may hold a fact."""
    return f"presence:{kind}"


def sessions(broadcast: str) -> str:
    """Sorted set: viewer, or session of an unknown one → µs of the Redis clock at which it stops
    counting.
    """
    return f"sessions:{{{broadcast}}}"


def lease(name: str) -> str:
    """Who may do a thing that must be done once, with a time to live."""
    return f"lease:{{{name}}}"


def calls(process: str) -> str:
    """Stream of requests to one process (`bus.rpc`)."""
    return f"calls:{{{process}}}"


def reply(call: str) -> str:
    """List that takes the reply to one call."""
    return f"reply:{{{call}}}"


def broadcast_events(broadcast: str) -> str:
    """Channel of what every open page of a broadcast hears."""
    return f"events:{broadcast}"


def broadcast_of_channel(channel: str) -> str:
    """The broadcast of a `broadcast_events` channel."""
    return channel.removeprefix("events:")


ALL_BROADCAST_EVENTS = "events:*"
"""Pattern of all `broadcast_events` channels."""

CAMERA_EVENTS = "cameras"
"""Channel on which cameras come and go."""

EDGE_EVENTS = "edges"
"""Channel on which the loss of an edge is told."""


REGISTRY_EVENTS = "registry"
"""Channel on which a change of the registry is told, so that gateways read it at once."""

RIGHTS = "rights"
"""Who may watch what, as a gateway has read it last: JSON of what is live."""

RIGHTS_EVENTS = "rights-changed"
"""Channel on which edges hear that `RIGHTS` has changed."""


def keyframe_wishes(camera: str) -> str:
    """Channel on which a camera's worker is asked for a keyframe."""
    return f"keyframe:{camera}"


ALL_KEYFRAME_WISHES = "keyframe:*"
"""Pattern of all `keyframe_wishes` channels."""


def camera_of_wishes(channel: str) -> str:
    """The camera of a `keyframe_wishes` channel."""
    return channel.removeprefix("keyframe:")


def limit(what: str, who: str) -> str:
    """When a bucket of `bus.limits` will be empty, µs of the Redis clock."""
    return f"limit:{what}:{{{who}}}"


def salt(day: int | str) -> str:
    """The salt of a day (counted from the epoch), with which addresses are hashed."""
    return f"salt:{{{day}}}"


def watched(broadcast: str, day: int | str) -> str:
    """Hash of a day (counted from the epoch): `viewer:…` or `session:…` → seconds that it has
    watched, of a bounded number of them.
    """
    return f"watched:{{{broadcast}}}:{day}"


def watched_by(broadcast: str, day: int | str) -> str:
    """Hash of a day: WHEP session in `watched` → the viewer for whom it speaks."""
    return f"watched-by:{{{broadcast}}}:{day}"


PROBE = "probe"
"""What readiness writes, to see whether it can be."""


def still(camera: str) -> str:
    """A JPEG of what a camera shows, with a time to live."""
    return f"still:{{{camera}}}"


def thumbnail(camera: str) -> str:
    """The same picture as `still`, small."""
    return f"thumbnail:{{{camera}}}"


def page(broadcast: str, name: str) -> str:
    """What an open page tells of its player: JSON with a time to live."""
    return f"page:{{{broadcast}}}:{name}"


def pages(broadcast: str) -> str:
    """Set of the pages of which `page` may hold a report."""
    return f"pages:{{{broadcast}}}"


def playing(broadcast: str, partner: str) -> str:
    """Sorted set: page → second of the Redis clock at which it stops counting; of a partner's site,
    or, with "", of all.
    """
    return f"playing:{{{broadcast}}}:{partner}"


# --- state: what must survive ------------------------------------------------------------------

ALL_REGISTRY = "{registry}:*"
"""Pattern of the keys that are of no one broadcast."""

CAMERAS = "{registry}:cameras"
"""Hash: camera id → JSON."""

BROADCASTS = "{registry}:broadcasts"
"""Hash: slug → JSON."""

BEGINNINGS = "{registry}:beginnings"
"""Hash: slug → µs since the epoch at which a camera was first seen on air."""

GENERATIONS = "{registry}:generations"
"""Hash: `broadcast:…`, `partner:…`, or `partner:…:…` for one in a broadcast → its generation; see
`state.rights`. What is deleted keeps its own, so that a later one of that name begins with another.
"""

PUBLISH_KEYS = "{registry}:publish-keys"
"""Hash: SHA-256 of a publish key → camera id."""

PARTNERS = "{registry}:partners"
"""Hash: partner id → JSON."""

SECRETS = "secrets"
"""Hash: name of a secret that the relay made for itself → the secret, or its hash."""


def markers(broadcast: str) -> str:
    """Hash: marker id → JSON. Apart from the document, since it grows while the broadcast runs."""
    return f"markers:{{{broadcast}}}"


BLOCKED_AUTHORS = "{registry}:blocked-authors"
"""Set of the viewers whose comments are refused."""


def comments(broadcast: str) -> str:
    """Hash: comment id → JSON."""
    return f"comments:{{{broadcast}}}"


COMMENT_LISTS = ("all", "shown", "held", "hidden", "pinned", "reported", "reports")


def comment_list(broadcast: str, name: str) -> str:
    """Sorted set: comment id → µs since the epoch, or, of `reported`, how often; `reports` is a
    hash: comment id → JSON of who reported it and why.
    """
    return f"comments:{{{broadcast}}}:{name}"


def feedback(broadcast: str) -> str:
    """Hash: id → JSON of what a viewer tells the operators."""
    return f"feedback:{{{broadcast}}}"


def feedback_order(broadcast: str) -> str:
    """Sorted set: id of feedback → when it came, seconds since the epoch."""
    return f"feedback:{{{broadcast}}}:order"


def audience(broadcast: str, partner: str) -> str:
    """Hash with totals of those who watched at a partner's site, or, with "", of all: `peak`,
    `watch_ms`.
    """
    return f"audience:{{{broadcast}}}:{partner}"


def unique(broadcast: str, partner: str) -> str:
    """HyperLogLog of the viewers at a partner's site, or, with "", of all."""
    return f"unique:{{{broadcast}}}:{partner}"


def audience_partners(broadcast: str) -> str:
    """Set of the partners at whose sites somebody watched."""
    return f"audience:{{{broadcast}}}"


def rating(broadcast: str) -> str:
    """Hash with the totals of a broadcast's votes: `sum`, `count`."""
    return f"rating:{{{broadcast}}}"


def votes(broadcast: str) -> str:
    """Hash: viewer → stars."""
    return f"rating:{{{broadcast}}}:votes"


RATING_PARTS = ("network-of", "networks", "stars", "odd", "moments", "series", "receipts")
"""What `rating_part` names, in the order of the script that counts votes."""


def rating_part(broadcast: str, part: str) -> str:
    """What is kept of votes besides: `network-of` (hash: viewer → network), `networks` (sorted set:
    network → voters), `stars` (hash: network → their sum), `odd` (set of networks), `moments`
    (hash: moment and viewer → stars), `series` (hash: moment and network → voters, and stars),
    `receipts` (hash: viewer → minute, votes in it, and the keys of its last votes), and `minute:…`
    (hash: network → new voters, and votes), which expires.
    """
    return f"rating:{{{broadcast}}}:{part}"


def of_broadcast(broadcast: str) -> tuple[str, ...]:
    """All that the state keeps of a broadcast besides its document, which goes when it goes."""
    lists = (comment_list(broadcast, name) for name in COMMENT_LISTS)
    return (
        *(markers(broadcast), comments(broadcast), *lists, feedback(broadcast)),
        feedback_order(broadcast),
        *(rating(broadcast), votes(broadcast)),
        *(rating_part(broadcast, part) for part in RATING_PARTS),
    )
