"""Settings: where they come from, and what is said of wrong ones."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from relay.config import Settings, load, primary_address
from relay.errors import SettingsError, cannot_listen

SECRET = "hunter2"


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without `relay.toml`, and an environment without settings."""
    for name in [name for name in os.environ if name.startswith("RELAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        load()
    return str(caught.value)


def test_defaults_are_those_of_the_design():
    settings = load()
    assert (settings.http_port, settings.rtmp_port, settings.srt_port) == (8080, 1935, 8890)
    assert (settings.webrtc_port, settings.whip_port, settings.edges) == (8189, 8188, 1)
    assert settings.edge_port(3) == 8192
    assert not settings.pull_private


def test_the_environment_wins_over_the_file(empty_place: Path, monkeypatch: pytest.MonkeyPatch):
    (empty_place / "relay.toml").write_text("http_port = 1000\nrtmp_port = 2000\nedges = 3\n")
    monkeypatch.setenv("RELAY_HTTP_PORT", "3000")
    settings = load()
    assert (settings.http_port, settings.rtmp_port, settings.edges) == (3000, 2000, 3)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("HTTP_PORT", "abc", "1 to 65535"),
        ("HTTP_PORT", "", "1 to 65535"),
        ("HTTP_PORT", "80.5", "1 to 65535"),
        ("HTTP_PORT", "0", "1 to 65535"),
        ("RTMP_PORT", "65536", "1 to 65535"),
        ("WEBRTC_PORT", "-1", "1 to 65535"),
        ("EDGES", "0", "1 to 64"),
        ("EDGES", "65", "1 to 64"),
        ("EDGES", "many", "1 to 64"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("LOG_FORMAT", "xml", "'text' or 'json'"),
        ("VIDEO_PRESET", "placebo", "'superfast'"),
        ("PULL_PRIVATE", "perhaps", "true or false"),
        ("PUBLIC_URL", "eva.example", "https://"),
        ("PUBLIC_URL", "https://", "https://"),
        ("PUBLIC_URL", "https://eva.example/path?query", "https://"),
        ("DATA_DIR", "", "a folder"),
        ("WEBRTC_HOST", "eva.example", "IPv4 address such as 203.0.113.7, not a host name"),
        ("WEBRTC_HOST", "localhost", "not a host name"),
        ("WEBRTC_HOST", "2001:db8::1", "IPv4 address"),
        ("WEBRTC_HOST", "0.0.0.0", "IPv4 address"),
        ("TRUSTED_PROXIES", "proxy.example", "addresses or networks"),
    ],
)
def test_a_wrong_setting_is_refused_with_name_value_and_what_is_allowed(
    name: str, value: str, allowed: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(f"RELAY_{name}", value)
    text = refusal()
    assert text.startswith(f"RELAY_{name}={value!r}: ")
    assert allowed in text
    assert "\n" not in text


def test_edges_must_have_ports(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELAY_WEBRTC_PORT", "65530")
    monkeypatch.setenv("RELAY_EDGES", "6")
    assert load().edge_port(5) == 65535
    monkeypatch.setenv("RELAY_EDGES", "7")
    text = refusal()
    assert text.startswith("RELAY_EDGES='7': ")
    assert "65535" in text


@pytest.mark.parametrize("name", ["STATE_URL", "BUS_URL"])
@pytest.mark.parametrize(
    "value",
    [
        f"http://user:{SECRET}@host",
        f"redis://:{SECRET}@host:port/0",
        f"redis://:{SECRET}@host:99999/0",
        f"redis://:{SECRET}@[::1/0",
        f"redis://:{SECRET}@host/first",
        f"redis://:{SECRET}@host/0?socket_timeout=soon",
    ],
)
def test_a_wrong_redis_url_is_refused_without_being_shown(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(f"RELAY_{name}", value)
    text = refusal()
    assert text.startswith(f"RELAY_{name}=•••: ")
    assert SECRET not in text


@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "redis://:pw@host:6379/1",
        "rediss://user:pw@host/0",
        "unix:///run/redis.sock",
        "redis://[::1]:6379/0",
    ],
)
def test_redis_urls_are_taken(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELAY_STATE_URL", url)
    assert load().state_url.get_secret_value() == url


def test_secrets_do_not_show_in_the_settings(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELAY_ADMIN_TOKEN", SECRET * 4)
    monkeypatch.setenv("RELAY_STATE_URL", f"redis://:{SECRET}@host")
    assert SECRET not in repr(load())


def test_every_wrong_setting_has_its_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELAY_HTTP_PORT", "x")
    monkeypatch.setenv("RELAY_EDGES", "y")
    assert [line.partition("=")[0] for line in refusal().splitlines()] == [
        "RELAY_HTTP_PORT",
        "RELAY_EDGES",
    ]


def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELAY_HTPP_PORT", "1")
    text = refusal()
    assert text.startswith("RELAY_HTPP_PORT: ")
    assert "RELAY_HTTP_PORT" in text


def test_the_supervisors_own_variable_is_not_a_setting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELAY_READY_FD", "7")
    load()


def test_an_unknown_name_in_the_file_is_refused(empty_place: Path):
    (empty_place / "relay.toml").write_text("htpp_port = 1\n")
    assert refusal() == "RELAY_HTPP_PORT: relay.toml has no setting 'htpp_port'"


@pytest.mark.parametrize("content", [b"http_port = ", b"\xff\xfe", b"[http]\nport = 1\n"])
def test_a_broken_file_is_refused(content: bytes, empty_place: Path):
    (empty_place / "relay.toml").write_bytes(content)
    assert "relay.toml" in refusal()


def test_the_data_folder_is_absolute(empty_place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELAY_DATA_DIR", "some/../folder")
    assert load().data_dir == empty_place / "folder"


def test_a_trailing_slash_is_not_part_of_an_origin(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RELAY_PUBLIC_URL", "https://eva.example/")
    assert load().public_url == "https://eva.example"


def test_settings_are_documented():
    lines = Path(Settings.__module__.replace(".", "/") + ".py")
    source = (Path(__file__).parents[1] / lines).read_text()
    for name in Settings.model_fields:
        after = source.split(f"    {name}: ", 1)[1].splitlines()[1]
        assert after.strip().startswith('"""'), name


def test_there_is_always_an_address_to_advertise():
    assert primary_address().count(".") == 3


@pytest.mark.parametrize("host", ["nosuch.invalid", "192.0.2.7"])
async def test_a_host_that_is_no_address_of_this_machine_is_named(host: str):
    with pytest.raises(OSError) as found:  # noqa: PT011 - which one is for the system to say
        await asyncio.start_server(lambda *_: None, host, 1935)
    text = str(cannot_listen("RTMP", host, 1935, found.value))
    assert text.startswith(f"RELAY_RTMP_HOST={host}: is no address of this machine; ")


def test_a_port_that_is_taken_is_named():
    error = OSError(errno.EADDRINUSE, "address already in use")
    assert str(cannot_listen("HTTP", "::", 80, error)).startswith("RELAY_HTTP_PORT=80: ")
