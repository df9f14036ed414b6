"""What each process of the relay is told: the settings of its role, and where its stores are.

Nobody gets the supervisor's own environment, and none of these processes reads `relay.toml`: both
hold tokens and passwords of which most roles need none.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from relay.bus import embedded
from relay.bus.roles import OPERATOR, SERVERS, url_for
from relay.config import SUPERVISED

if TYPE_CHECKING:
    from relay.config import Settings

_ALL: Final = ("data_dir", "log_format", "log_level")
SETTINGS: Final = {
    "gateway": (
        *("http_host", "http_port", "public_url", "webrtc_host", "trusted_proxies"),
        *("vote_watch_s", "vote_pace", "pull_folders", "admin_token"),
    ),
    "ingest": ("rtmp_host", "rtmp_port", "standby_s"),
    "pull": ("pull_private", "pull_folders"),
    "camera": ("video_preset",),
    "edge": ("webrtc_port", "edges", "edge_core", "edge_load"),
    "demo": (),
}
"""By role, besides those that every process may know."""

_MACHINE: Final = re.compile(
    r"PATH|HOME|USER|TMPDIR|TZ|TERM|LANG|LANGUAGE|LC_\w+|NO_COLOR|FORCE_COLOR|VIRTUAL_ENV"
    r"|PYTHON\w+|LD_\w+|MALLOC_\w+|GLIBC_TUNABLES|SSL_CERT_(?:FILE|DIR)|COVERAGE_\w+"
)
"""Variables that say how programs run on this machine."""


class Urls:
    """Where bus and state are, for a role."""

    def __init__(self, settings: Settings, role: str = OPERATOR) -> None:
        """An empty URL in the settings means the embedded server."""
        self.bus = _url(settings, "bus", role)
        self.state = _url(settings, "state", role)


def _url(settings: Settings, server: str, role: str) -> str:
    given: str = getattr(settings, f"{server}_url").get_secret_value()
    if SUPERVISED in os.environ:
        return given  # with its user; or it is none of this role's servers
    if not given:
        return embedded.url(settings.data_dir, server, role)
    secret = settings.store_secret.get_secret_value()
    return url_for(given, role, secret) if secret else given


def inherited() -> dict[str, str]:
    """What any process may know of this one's environment."""
    return {name: value for name, value in os.environ.items() if _MACHINE.fullmatch(name)}


def of_role(settings: Settings, role: str) -> dict[str, str]:
    """The variables of a process: its settings, and the servers on which its role has a user."""
    urls = Urls(settings, role)
    return {
        SUPERVISED: "1",
        **settings.environment((*_ALL, *SETTINGS[role])),
        "RELAY_DATA_DIR": str(settings.data_dir),
        **{
            f"RELAY_{server.upper()}_URL": getattr(urls, server)
            for server, rights in SERVERS.items()
            if role in rights
        },
    }
