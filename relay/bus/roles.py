"""What each kind of process may do on bus and state: one user for each, as ACL rules (Redis 7.0).

Whoever takes over a process that parses what strangers send has the rights of that process and no
more: it writes no votes, reads no keys and tokens, and speaks for no other process. Passwords are
made of one secret, which only whoever starts the processes knows: none of them tells another's.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import reduce
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from relay.bus import keys, presence

OPERATOR: Final = "operator"
"""Who starts and looks after the others, and the commands that people type."""
ROLES: Final = (OPERATOR, "gateway", "ingest", "pull", "camera", "edge", "demo")

_ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class _Rights:
    """Of one role on one server."""

    commands: str
    """Commands, and categories with an @; those with a - in front are taken away again."""
    reads: tuple[str, ...] = ()
    """Patterns of the keys that it reads, and does not write."""
    writes: tuple[str, ...] = ()
    """Patterns of the keys that it writes, and may read."""
    channels: tuple[str, ...] = ()
    """Patterns of the channels on which it tells and hears."""

    def and_(self, other: _Rights) -> _Rights:
        """Both, for a server that is bus and state."""
        return _Rights(
            f"{self.commands} {other.commands}",
            self.reads + other.reads,
            self.writes + other.writes,
            self.channels + other.channels,
        )

    def rules(self) -> str:
        """As they stand in an ACL file."""
        commands = f"ping select {self.commands}".split()
        rules = [
            *(f"%R~{pattern}" for pattern in self.reads),
            *(f"~{pattern}" for pattern in self.writes),
            *(f"&{pattern}" for pattern in self.channels),
            *(f"+{name}" for name in commands if not name.startswith("-")),
            *(name for name in commands if name.startswith("-")),
        ]
        return " ".join(dict.fromkeys(rules))


def _facts(*kinds: str) -> tuple[str, ...]:
    """The keys of facts of these kinds."""
    return tuple(
        key for kind in kinds for key in (keys.presence(kind, _ANY), keys.presence_members(kind))
    )


_TELLS: Final = "set sadd del srem"
"""What telling a fact, and taking it back, is made of."""
_SENDS: Final = (
    keys.source_units(_ANY),
    keys.camera_history(_ANY),
    keys.lease(f"publish:{_ANY}"),
    *_facts(presence.CAMERA, presence.FAULT),
)
_SENDING: Final = f"{_TELLS} get xadd xrevrange pexpire expire hincrby hset eval publish"
_ALL: Final = _Rights("@all -@admin -@dangerous", writes=(_ANY,), channels=(_ANY,))

_BUS: Final = {
    OPERATOR: _ALL,
    "gateway": _Rights(
        "@read @write @pubsub @blocking @transaction eval time -@dangerous",
        writes=(
            *_facts(
                *(presence.CAMERA, presence.LADDER, presence.EDGE),
                *(presence.PROCESS, presence.FAULT),
            ),
            *(keys.camera_history(_ANY), keys.sessions(_ANY), keys.calls(_ANY), keys.reply(_ANY)),
            *(keys.RIGHTS, keys.PROBE, keys.limit(_ANY, _ANY), keys.salt(_ANY)),
            *(keys.watched(_ANY, _ANY), keys.watched_by(_ANY, _ANY)),
            *(keys.page(_ANY, _ANY), keys.pages(_ANY), keys.playing(_ANY, _ANY)),
        ),
        reads=(keys.still(_ANY), keys.thumbnail(_ANY)),
        channels=(
            *(keys.CAMERA_EVENTS, keys.REGISTRY_EVENTS, keys.EDGE_EVENTS, keys.RIGHTS_EVENTS),
            keys.ALL_BROADCAST_EVENTS,
        ),
    ),
    "ingest": _Rights(
        f"{_SENDING} psubscribe punsubscribe",
        writes=(*_SENDS, *_facts(presence.PROCESS)),
        channels=(keys.CAMERA_EVENTS, keys.ALL_KEYFRAME_WISHES),
    ),
    "pull": _Rights(
        _SENDING, writes=(*_SENDS, *_facts(presence.PROCESS)), channels=(keys.CAMERA_EVENTS,)
    ),
    "camera": _Rights(
        f"{_TELLS} xadd xread xrange xrevrange pexpire expire hincrby eval_ro time zrangebyscore "
        "publish subscribe unsubscribe",
        reads=(keys.source_units(_ANY), keys.demand(_ANY)),
        # No rendition begins as `source` does.
        writes=(
            keys.rendition_units(_ANY, "[^s]*"),
            *_facts(presence.LADDER, presence.PROCESS, presence.FAULT),
            *(keys.still(_ANY), keys.thumbnail(_ANY), keys.camera_history(_ANY)),
        ),
        channels=(keys.keyframe_wishes(_ANY), keys.demand_events(_ANY)),
    ),
    "edge": _Rights(
        f"{_TELLS} get xread xrange xrevrange time eval zadd zrem zcard zremrangebyscore expire "
        "rpush pexpire publish subscribe unsubscribe",
        reads=(
            keys.rendition_units(_ANY, _ANY),
            keys.presence(presence.CAMERA, _ANY),
            keys.presence(presence.LADDER, _ANY),
            *(keys.RIGHTS, keys.calls(_ANY)),
        ),
        writes=(
            *_facts(presence.EDGE),
            *(keys.sessions(_ANY), keys.demand(_ANY), keys.reply(_ANY)),
        ),
        channels=(keys.demand_events(_ANY), keys.keyframe_wishes(_ANY), keys.RIGHTS_EVENTS),
    ),
    "demo": _Rights("eval_ro time zrangebyscore", reads=(keys.demand(_ANY),)),
}
_STATE: Final = {
    OPERATOR: _ALL,
    "gateway": _Rights(
        "@read @write @transaction eval evalsha time -@dangerous",
        writes=(
            *(keys.ALL_REGISTRY, keys.SECRETS, keys.PROBE, keys.markers(_ANY)),
            *(keys.comments(_ANY), keys.comment_list(_ANY, _ANY)),
            *(keys.feedback(_ANY), keys.feedback_order(_ANY)),
            *(keys.audience(_ANY, _ANY), keys.audience_partners(_ANY), keys.unique(_ANY, _ANY)),
            *(keys.rating(_ANY), keys.rating_part(_ANY, _ANY)),
        ),
    ),
    "ingest": _Rights("hget hgetall", reads=(keys.CAMERAS, keys.BROADCASTS, keys.PUBLISH_KEYS)),
    "pull": _Rights("hget", reads=(keys.CAMERAS,)),
}
"""Who is not named here has no user there."""
SERVERS: Final = {"bus": _BUS, "state": _STATE}


def user(role: str) -> str:
    """The name of a role's user."""
    return f"relay-{role}"


def password(secret: str, role: str) -> str:
    """The password of a role's user."""
    return hmac.new(secret.encode(), user(role).encode(), hashlib.sha256).hexdigest()


def acl_lines(secret: str | None, *servers: str) -> list[str]:
    """The users of a server that is "bus" or "state", or both, as lines of an ACL file.

    Without a secret, a word stands for the SHA-256 of each password.
    """
    lines = ["user default off"]
    for role in ROLES:
        found = [SERVERS[server][role] for server in servers if role in SERVERS[server]]
        if found:
            word = "HASH" if secret is None else _hash(password(secret, role))
            lines.append(f"user {user(role)} on #{word} {reduce(_Rights.and_, found).rules()}")
    return lines


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def url_for(url: str, role: str, secret: str) -> str:
    """A server's URL with the user of a role, in place of the one that it names."""
    parts = urlsplit(url)
    login = f"{user(role)}:{quote(password(secret, role))}@"
    return urlunsplit(parts._replace(netloc=login + parts.netloc.rpartition("@")[2]))
