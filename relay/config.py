"""Settings: `relay.toml` in the working folder and `RELAY_…` in the environment, which wins."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from redis.asyncio.connection import parse_url

from relay.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAST_PORT: Final = 65535
_ORIGIN: Final = re.compile(r"https?://(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?/?")

_LEAST_TOKEN: Final = 16

SUPERVISED: Final = "RELAY_SUPERVISED"
"""Environment variable of the processes that a supervisor starts."""

Port = Annotated[int, Field(ge=1, le=_LAST_PORT)]
CoreName = Literal["auto", "native", "python"]


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_redis_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        parse_url(text)  # the library's own reader: port and options
    except ValueError:
        return False
    if parts.scheme == "unix":
        return bool(parts.path)
    return bool(parts.hostname) and re.fullmatch(r"/?\d*", parts.path) is not None


class Settings(BaseSettings):
    """What can be set; every field is also `RELAY_` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="RELAY_", toml_file="relay.toml", extra="forbid", frozen=True
    )

    http_host: str = "0.0.0.0"  # noqa: S104 - a relay is there to be reached
    """Address that pages and API listen on."""
    http_port: Port = 8080
    """TCP port of pages, API and signalling."""
    public_url: str = ""
    """Origin that viewers use, such as https://eva.example; empty: taken from each request."""
    webrtc_port: Port = 8189
    """UDP port of edge 0; edge n uses this + n."""
    webrtc_host: str = ""
    """IPv4 address that viewers send media to; empty: the one their HTTP request came in on."""
    whip_port: Port = 8188
    """UDP port for publishers' media."""
    rtmp_host: str = "0.0.0.0"  # noqa: S104
    """Address that RTMP listens on."""
    rtmp_port: Port = 1935
    """TCP port of RTMP."""
    srt_port: Port = 8890
    """UDP port of SRT."""
    state_url: SecretStr = SecretStr("")
    """Redis that keeps what must survive; empty: an embedded one in the data folder."""
    bus_url: SecretStr = SecretStr("")
    """Redis that carries frames; empty: an embedded one in the data folder."""
    store_secret: SecretStr = SecretStr("")
    """What the passwords of the roles' users on servers of one's own are made of (`relay acl`);
    empty: every process uses the user of the URLs.
    """
    data_dir: Path = Path("data")
    """Folder of the embedded servers' files, sockets and recordings."""
    admin_token: SecretStr = SecretStr("")
    """Bearer token with all rights; empty: one is made at the first start."""
    edges: Annotated[int, Field(ge=1, le=64)] = 1
    """Number of edge processes on this machine."""
    edge_core: CoreName = "auto"
    """What does an edge's work for each packet; auto: the native core where it was built."""
    edge_load: Annotated[float, Field(gt=0, le=2)] = 0.85
    """Share of a CPU that one of an edge's threads uses, or of the edge's CPUs that all do, from
    which it takes no more viewers; more than 1: there is no limit.
    """
    log_format: Literal["text", "json"] = "text"
    """How log lines are written."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least level that is logged."""
    video_preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast"] = "superfast"
    """x264 preset of the ladder."""
    pull_private: bool = False
    """Whether cameras may be pulled from loopback, link-local and private addresses."""

    pull_folders: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders whose files cameras may pull, with : between them; others only if they are named on
    this machine with `relay camera`.
    """

    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses or networks of the proxies whose X-Forwarded-For is believed, with commas between
    them.
    """

    vote_watch_s: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """Where many of one network have voted, further viewers have to have watched for so long, in
    seconds; while there is no picture, to have opened a page so long ago.
    """

    standby_s: Annotated[float, Field(ge=0.5, le=60)] = 2.0
    """Seconds of silence after which a second encoder on a camera's key takes over."""

    vote_pace: Annotated[int, Field(ge=0, le=1_000_000)] = 30
    """Votes that a viewer may cast within a minute, and a network 120 times as many; 0: any."""

    @field_validator("pull_folders", mode="before")
    @classmethod
    def _folders(cls, value: object) -> object:
        return [each for each in value.split(":") if each] if isinstance(value, str) else value

    @field_validator("pull_folders")
    @classmethod
    def _whole_paths(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        found = tuple(each.expanduser() for each in value)
        if not all(each.is_absolute() for each in found):  # processes work in folders of their own
            raise ValueError("must be the whole paths of folders, with : between them")
        return found

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_network(each.strip(), strict=False)) for each in value)
        except ValueError as error:
            raise ValueError(f"must be a list of addresses or networks: {error}") from None

    @field_validator("data_dir", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        if value == "":  # it would be the working folder
            raise ValueError("must be the path of a folder")
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        if value and _ORIGIN.fullmatch(value) is None:
            raise ValueError("must be http:// or https:// and a host, without a path")
        return value.rstrip("/")

    @field_validator("webrtc_host")
    @classmethod
    def _address(cls, value: str) -> str:
        # Browsers take no names as candidates, and nobody can send to 0.0.0.0.
        if value and (not _is_ipv4(value) or ipaddress.IPv4Address(value).is_unspecified):
            raise ValueError("must be an IPv4 address such as 203.0.113.7, not a host name")
        return value

    @field_validator("admin_token", "store_secret")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and (len(text) < _LEAST_TOKEN or not text.isascii() or not text.isprintable()
                     or " " in text):  # fmt: skip
            raise ValueError(f"must be {_LEAST_TOKEN} or more printable characters, without spaces")
        return value

    @field_validator("state_url", "bus_url")
    @classmethod
    def _redis_url(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not _is_redis_url(text):
            raise ValueError(
                "must be redis://[[user]:password@]host[:port][/database], the same with rediss, "
                "or unix://path; special characters in them are written as %XX"
            )
        return value

    @field_validator("edges")
    @classmethod
    def _ports(cls, value: int, info: ValidationInfo) -> int:
        first = info.data.get("webrtc_port", 1)
        if first + value - 1 > _LAST_PORT:
            raise ValueError(
                f"must leave each edge a port: they use RELAY_WEBRTC_PORT={first} and those "
                f"after it, up to {_LAST_PORT}"
            )
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of sources: arguments (tests), environment, `relay.toml`.

        A process that a supervisor has started was told all it needs, and leaves the file alone.
        """
        del dotenv_settings, file_secret_settings
        path = None if SUPERVISED in os.environ else settings_cls.model_config.get("toml_file")
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path)

    def environment(self, names: Iterable[str]) -> dict[str, str]:
        """Those of these settings that are not as they are by default, as variables that are read
        back as the same.
        """
        return {
            f"RELAY_{name.upper()}": _written(getattr(self, name))
            for name in names
            if name in self.model_fields_set
        }

    def edge_port(self, index: int) -> int:
        """The UDP port of edge `index`."""
        return self.webrtc_port + index


def _written(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        paths = any(isinstance(each, Path) for each in value)
        return (":" if paths else ",").join(map(str, value))
    return str(value)


_SECRET_FIELDS = frozenset({"admin_token", "store_secret", "state_url", "bus_url"})


def load() -> Settings:
    """Read the settings.

    Raises:
        SettingsError: with a line for each wrong or unknown setting.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    except (OSError, ValueError) as error:  # an unreadable or malformed relay.toml
        raise SettingsError(f"relay.toml: {error}") from None
    unknown = _unknown_variables()
    if unknown:
        raise SettingsError("\n".join(unknown))
    return settings


def _explain(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False):
        field = str(item["loc"][0]) if item["loc"] else "settings"
        name = f"RELAY_{field.upper()}"
        if item["type"] == "extra_forbidden":
            lines.append(f"{name}: relay.toml has no setting {field!r}")
            continue
        shown = "•••" if field in _SECRET_FIELDS else repr(item["input"])
        ours = item["type"] == "value_error"
        message = item["msg"].removeprefix("Value error, ").replace("Input should", "must")
        lines.append(f"{name}={shown}: {(not ours and _allowed(field)) or message}")
    return "\n".join(lines)


def _allowed(field: str) -> str:
    """What is allowed, where the field's type says it better than the library's message."""
    info = Settings.model_fields[field]
    if info.annotation is bool:
        return "must be true or false"
    least = next((each.ge for each in info.metadata if hasattr(each, "ge")), None)
    most = next((each.le for each in info.metadata if hasattr(each, "le")), None)
    if least is None:
        return ""
    kind = "number" if info.annotation is float else "whole number"
    return f"must be a {kind} from {least} to {most}"


def _unknown_variables() -> list[str]:
    known = {f"RELAY_{name.upper()}" for name in Settings.model_fields}
    internal = {"RELAY_READY_FD", SUPERVISED}
    return [
        f"{name}: there is no such setting (allowed: {', '.join(sorted(known))})"
        for name in sorted(os.environ)
        if name.startswith("RELAY_") and name not in known | internal
    ]


def primary_address() -> str:
    """The address of the interface that the default route uses; loopback where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a UDP socket sends nothing; it only asks the routing table.
            probe.connect(("192.0.2.1", 9))
            address: str = probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"
    return address
