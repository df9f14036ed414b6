"""The users of the roles: what each may do on real servers, and what it is refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from relay.bus import embedded, keys, presence
from relay.bus.client import check_rights, connect, store_errors
from relay.bus.roles import ROLES, SERVERS, acl_lines, password, url_for
from relay.errors import OperatorError, StoreRefused
from tests.support.processes import relay
from tests.support.server import answers
from tests.support.stack import Stack, free_port
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Urls = Callable[[str, str], str]

SECRET = "a-secret-of-the-tests"
SHARED = ("bus", "state")
DOCUMENT = Path(__file__).parents[2] / "STORES.md"


class Guarded:
    """A server with the users of the roles, as one of one's own has them by an ACL file."""

    def __init__(self, folder: Path, lines: list[str]) -> None:
        program = shutil.which("redis-server")
        assert program is not None, "redis-server is missing; run: apt-get install redis-server"
        (folder / "users.acl").write_text("".join(f"{line}\n" for line in lines))
        self.url = f"redis://127.0.0.1:{free_port()}/0"
        port = self.url.rpartition(":")[2].partition("/")[0]
        self.process = subprocess.Popen(
            [
                *(
                    program,
                    "--port",
                    port,
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--dir",
                    str(folder),
                ),
                *("--aclfile", str(folder / "users.acl")),
                *("--appendonly", "yes", "--appendfsync", "always"),
            ],
            stdout=subprocess.DEVNULL,
        )
        with redis.Redis.from_url(self.of("operator")) as client:
            wait_until(lambda: answers(client), "the server to answer")

    def of(self, role: str) -> str:
        """Its URL for a role."""
        return url_for(self.url, role, SECRET)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    tester = "user tester on >t ~* &* +@all"
    server = Guarded(tmp_path, [*acl_lines(SECRET, *SHARED), tester])
    yield server
    server.process.kill()
    server.process.wait()


@pytest.fixture(scope="module", params=["valkey", "redis"])
def urls(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Urls]:
    """The URL of a server, "bus" or "state", for a role."""
    folder = tmp_path_factory.mktemp("roles")
    if request.param == "redis":
        made = {
            name: Guarded(tmp_path_factory.mktemp(name), acl_lines(SECRET, name))
            for name in SERVERS
        }
        yield lambda server, role: made[server].of(role)
        processes = [each.process for each in made.values()]
    else:
        options = {"bus": embedded.BUS, "state": embedded.STATE}
        processes = [
            subprocess.Popen(
                embedded.server_command(embedded.write_config(folder, name, options[name])),
                stdout=subprocess.DEVNULL,
            )
            for name in SERVERS
        ]
        for name in SERVERS:
            with redis.Redis.from_url(embedded.url(folder, name)) as client:
                wait_until(lambda c=client: answers(c), "the server to answer")
        yield lambda server, role: embedded.url(folder, server, role)
    for process in processes:
        process.kill()
        process.wait()


UNITS, OTHERS = keys.source_units("cam"), keys.rendition_units("cam", "720p")
FOREIGN = [
    # Nobody whose process was taken over ends or empties a server, or changes its rights.
    *(
        ("bus", role, command)
        for role in ROLES
        if role != "operator"
        for command in (
            *("FLUSHALL", "KEYS *", "SHUTDOWN NOSAVE", "CONFIG SET dir /tmp", "ACL LIST"),
            *("CONFIG GET *", "MONITOR", "CLIENT LIST", "SAVE", "MODULE LIST"),
            *("SCRIPT FLUSH", "REPLICAOF NO ONE", "SORT x", "DEL foreign", "PUBLISH foreign x"),
        )
    ),
    *(("state", role, "HGETALL secrets") for role in ("ingest", "pull")),
    *(("state", role, "HGETALL {registry}:partners") for role in ("ingest", "pull")),
    *(("state", role, "HSET {registry}:publish-keys a b") for role in ("ingest", "pull")),
    *(("state", role, "HGET rating:{b} sum") for role in ("ingest", "pull")),
    *(("state", role, "EVAL return(1) 0") for role in ("ingest", "pull")),
    ("state", "gateway", "FLUSHALL"),
    ("bus", "camera", f"XADD {UNITS} * a b"),
    ("bus", "camera", f"DEL {UNITS}"),
    ("bus", "ingest", f"XADD {OTHERS} * a b"),
    ("bus", "edge", f"XADD {OTHERS} * a b"),
    ("bus", "edge", f"DEL {keys.RIGHTS}"),
    ("bus", "edge", f"SET {keys.RIGHTS} []"),
    ("bus", "edge", f"SET {keys.presence(presence.CAMERA, 'cam')} x"),
    ("bus", "edge", f"PUBLISH {keys.RIGHTS_EVENTS.replace('rights', 'events:')} x"),
    ("bus", "gateway", f"XADD {UNITS} * a b"),
    ("bus", "gateway", f"XRANGE {UNITS} - +"),
    ("bus", "demo", f"XRANGE {UNITS} - +"),
    ("bus", "demo", f"SET {keys.demand('cam')} x"),
    ("bus", "camera", f"XRANGE {keys.calls('edge')} - +"),
    ("bus", "ingest", f"SET {keys.lease('camera:cam')} x"),
]


@pytest.mark.parametrize(("server", "role", "command"), FOREIGN, ids=str)
def test_a_foreign_command_or_key_is_refused(urls: Urls, server: str, role: str, command: str):
    with (
        redis.Redis.from_url(urls(server, role)) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.execute_command(*command.split())


@pytest.mark.parametrize("server", list(SERVERS))
def test_only_who_has_a_user_is_let_in(urls: Urls, server: str):
    plain = urls(server, "gateway")
    head, _, tail = plain.partition("://")
    nobody = f"{head}://{tail.partition('@')[2]}"
    for url in (nobody, plain.replace("relay-gateway", "default"), plain.replace("@", "0@", 1)):
        with (
            redis.Redis.from_url(url) as client,
            pytest.raises((redis.exceptions.AuthenticationError, redis.exceptions.ResponseError)),
        ):
            client.ping()
    for role in set(ROLES) - SERVERS[server].keys():
        with (
            redis.Redis.from_url(urls(server, role)) as client,
            pytest.raises(redis.exceptions.AuthenticationError),
        ):
            client.ping()


def test_no_role_tells_the_password_of_another():
    passwords = {password(SECRET, role) for role in ROLES}
    assert len(passwords) == len(ROLES)
    assert not any(SECRET in each for each in passwords)
    text = "\n".join(acl_lines(SECRET, *SHARED))
    assert not any(each in text for each in passwords)  # only their hashes


async def test_the_relay_is_told_in_plain_words_what_to_do(urls: Urls):
    with pytest.raises(OperatorError, match=r"lacks a right on the server: .*`relay acl` prints"):
        await check_rights(urls("bus", "demo"), "RELAY_BUS_URL")
    client = connect(urls("bus", "edge"))
    line = client.connection_pool.line  # type: ignore[attr-defined]
    script = f"return redis.call('DEL', '{keys.RIGHTS}')"
    for work in (
        lambda: client.delete(keys.RIGHTS),
        lambda: line.call(b"DEL", keys.RIGHTS.encode()),
        lambda: client.eval(script, 0),
        lambda: client.eval("return 1", 1, keys.RIGHTS),
    ):
        with pytest.raises(StoreRefused, match="lacks a right"):
            async with store_errors("trying"):
                await work()
    await client.aclose()


# --- servers of one's own ----------------------------------------------------------------------


def documented(title: str) -> list[str]:
    """The lines of the document under a title."""
    part = DOCUMENT.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    return [line.strip() for line in part.splitlines() if line.startswith("    user ")]


@pytest.mark.parametrize("server", list(SERVERS))
def test_the_document_has_the_lines(server: str):
    assert documented(f"The {server}'s users") == acl_lines(None, server)


def test_a_relay_runs_on_a_server_with_these_users(guarded: Guarded, tmp_path: Path, clip: Path):
    (tmp_path / "relay").mkdir()
    stack = Stack(
        tmp_path / "relay",
        RELAY_BUS_URL=guarded.url,
        RELAY_STATE_URL=guarded.url,
        RELAY_STORE_SECRET=SECRET,
    )
    printed = relay(stack, "acl", *SHARED)
    assert printed.stdout.splitlines() == acl_lines(SECRET, *SHARED), printed.stderr
    assert SECRET not in printed.stdout
    with stack.running():
        stack.publish(stack.camera("helmet"), clip)
        stack.broadcast("show", ["helmet"])
        stack.wait_live("show", "helmet")
        assert relay(stack, "camera", "list").returncode == 0
        with redis.Redis.from_url(guarded.url.replace("//", "//tester:t@")) as client:
            assert {each["user"] for each in client.client_list()} >= {
                *("relay-operator", "relay-gateway", "relay-ingest", "relay-edge", "relay-camera")
            }
            assert client.acl_log() == []
    log = stack.log.read_text()
    assert "lacks a right" not in log
    assert "NOPERM" not in log
    assert SECRET not in log


def test_without_the_secret_nothing_is_printed(tmp_path: Path):
    stack = Stack(tmp_path)
    assert "RELAY_STORE_SECRET" in relay(stack, "acl", "bus").stderr
    assert "must be bus, state" in relay(stack, "acl", "cache").stderr
    short = relay(stack, "acl", "bus", RELAY_STORE_SECRET="short")
    assert "RELAY_STORE_SECRET=•••: must be 16 or more" in short.stderr
