"""Logging: one line an event, and no secret on any of them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import unicodedata
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from relay.ids import new_admin_token, new_publish_key
from relay.log import HIDDEN, escape_steering, hide_secrets
from tests.support.stalls import HANG_S

SECRET = "hunter2"


def shown(**event: object) -> str:
    """What is left of an event's fields."""
    return repr(hide_secrets(None, "info", {"event": "", **event}))


@pytest.mark.parametrize(
    "text",
    [
        f"rtsp://user:{SECRET}@camera/stream",
        f"rtsp://user:a,{SECRET}@camera/stream",
        f"rtsp://user:a&{SECRET}@camera/stream",
        f"rtsp://user:a@{SECRET}@camera/stream",
        f"rtsp://user:a/{SECRET}@camera/stream",
        f"redis://:{SECRET}@host/0",
        f"https://{SECRET}@host/path",
        f"srt://host:8890?passphrase={SECRET}&latency=200",
        f"srt://host:8890?latency=200&passphrase={SECRET}",
        f"#!::m=publish,r=helmet,s={SECRET}",
        f"#!::s={SECRET},r=helmet",
        f"https://host/live.ts?access_token={SECRET}",
        f"https://host/live.ts?key={SECRET}",
        f"https://host/live.ts?X-Amz-Signature={SECRET}&a=b",
        f"https://host/live.ts?sig={SECRET}",
        f"https://host/live.ts?pass={SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"Authorization: Basic {SECRET}",
    ],
)
def test_texts_lose_their_secrets(text: str):
    assert SECRET not in shown(error=text)
    assert HIDDEN in shown(error=text)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://camera.example:8554/stream",
        "https://host/live.ts?keyframe=1&tokens=no",
        "mail ada@example.org about https://host/",
        "redis://host:6379/0",
        "a time of 10:20:30, and http://host:80/a@b",
    ],
)
def test_texts_without_secrets_stay_as_they_are(text: str):
    assert text in shown(error=text)


@pytest.mark.parametrize("name", ["key", "stream_key", "api_token", "password", "Authorization"])
@pytest.mark.parametrize("value", [SECRET, SECRET.encode(), [SECRET], {"a": SECRET}])
def test_fields_with_secret_names_are_hidden_whatever_they_hold(name: str, value: object):
    assert SECRET not in shown(**{name: value})


@pytest.mark.parametrize("make", [new_publish_key, new_admin_token])
def test_our_own_keys_are_hidden_wherever_they_stand(make):
    key = make()
    for value in (
        key,
        f"rtmp://host/live/{key}?x=y",
        [key],
        {"values": (key, 1)},
        {key: 1},
        key.encode(),
        ValueError(f"no camera of {key}"),
    ):
        assert key[4:] not in shown(value=value)


def test_other_values_stay_what_they_are():
    event = {"event": "x", "count": 3, "ratio": 0.5, "none": None, "sizes": [1, 2], "key_id": 7}
    assert hide_secrets(None, "info", dict(event)) == event


@given(st.text())
def test_any_text_can_be_logged(text: str):
    assert isinstance(hide_secrets(None, "info", {"event": text})["event"], str)


PROGRAM = """
import logging
from relay import log
log.configure(process="edge-0", json={json}, level="info")
log.logger().debug("too quiet to be heard")
log.logger().info("ladder", camera="helmet", url="rtsp://u:hunter2@host/")
logging.getLogger("aiohttp").warning("odd request %s", "GET /?token=hunter2")
logging.getLogger("aiohttp").info("too quiet to be heard")
try:
    raise ValueError("rtsp://u:hunter2@host/")
except ValueError:
    log.logger().exception("failed")
    logging.getLogger("redis").exception("failed as well")
"""


def run(*, as_json: bool) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(json=as_json)],
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG_S,
    )
    assert done.stdout == ""
    return done.stderr


def test_a_line_is_json_for_machines():
    lines = [json.loads(line) for line in run(as_json=True).splitlines()]

    assert [line["event"] for line in lines] == [
        "ladder",
        f"odd request GET /?token={HIDDEN}",
        "failed",
        "failed as well",
    ]
    assert {line["process"] for line in lines} == {"edge-0"}
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert [line["level"] for line in lines] == ["info", "warning", "error", "error"]
    assert "ValueError" in lines[2]["exception"]
    assert "ValueError" in lines[3]["exception"]


@pytest.mark.parametrize("as_json", [True, False])
def test_no_form_of_log_shows_a_secret(as_json: bool):
    written = run(as_json=as_json)
    assert SECRET not in written
    assert "too quiet" not in written
    assert "Traceback" in written


def test_logging_is_not_configured_by_importing_it():
    assert logging.getLogger().level in (logging.WARNING, logging.NOTSET)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("/b/\x1b[2J\x1b]0;owned\x07", r"/b/\x1b[2J\x1b]0;owned\x07"),
        ("a\nprocess ended", r"a\nprocess ended"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egnp.exe\u2069", r"\u202egnp.exe\u2069"),
        ("GoPro Hero 12 – Ada Økafor", "GoPro Hero 12 – Ada Økafor"),
    ],
)
def test_what_strangers_write_does_not_steer_a_terminal(text: str, written: str):
    assert escape_steering(None, "info", {"event": "", "path": text})["path"] == written  # type: ignore[arg-type]


def test_tracebacks_keep_their_lines():
    told = escape_steering(None, "info", {"exception": "a\n\tb\x1b["})  # type: ignore[arg-type]
    assert told["exception"] == "    a\n    \\tb\\x1b["


ANY = st.text() | st.text("\x1b[]0;2Jm\x07\n\r\t\x9b\u202e\u2028 /abc=\"'\\")


@pytest.mark.parametrize("kind", [str, list, dict, bytes, ValueError])
@given(text=ANY)
def test_whatever_a_stranger_says_is_printable_on_its_own_line(kind: Any, text: str):
    """`path`, `encoder`, `reason`, `error` …: as a value of any type, through the whole way."""
    made: Any = {
        str: lambda: text,
        list: lambda: [text],
        dict: lambda: {text: text},
        bytes: lambda: text.encode("utf-8", "surrogatepass"),
        ValueError: lambda: ValueError(text),
    }[kind]()
    event: Any = {"event": "told", "encoder": made, "timestamp": "", "level": "info"}
    for step in (hide_secrets, escape_steering):
        event = step(None, "info", event)
    line = structlog.dev.ConsoleRenderer(colors=False)(None, "info", event)
    assert _harmless(line), ascii(line)


@given(text=ANY)
def test_an_error_of_a_strangers_making_forges_no_line(text: str):
    error = ValueError(text)
    event: Any = {"event": "failed", "exc_info": error, "timestamp": "", "level": "error"}
    for step in (structlog.processors.format_exc_info, hide_secrets, escape_steering):
        event = step(None, "error", event)
    first, *others = structlog.dev.ConsoleRenderer(colors=False)(None, "error", event).split("\n")
    assert "failed" in first
    assert all(line.startswith("    ") or not line for line in others), others
    assert all(_harmless(line) for line in (first, *others))


def _harmless(line: str) -> bool:
    return not any(
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(char) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI")
        for char in line
    )
