"""The house's own rules, read from the source: who imports whom, where keys are spelled, how long
files and functions are.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

RELAY = Path(__file__).parents[1] / "relay"
KEYS = RELAY / "bus" / "keys.py"
SOURCES = sorted(RELAY.rglob("*.py"))

# Each part of the house and the parts that it may look at; `ground` is what stands alone.
# What is not named here may not exist.
GROUND = {
    *("errors", "ids", "log", "config", "process", "confine", "budget"),
    *("network", "pool", "tally", "listening"),
}
MAY_IMPORT = {
    "log": {"tally"},
    "media": {"errors"},
    "demo": {"media", "errors", "log"},
    "webrtc": {"media", "errors", "ids", "log"},
    "av": {"media", "errors"},
    "listening": {"log", "network"},
    "bus": {"media", "errors", "ids", "log", "budget"},
    "state": {"bus", "media", *GROUND},
    "ingest": {"state", "bus", "media", *GROUND},
    "camera": {"av", "state", "bus", "media", *GROUND},
    "edge": {"state", "bus", "media", "webrtc", "_native", *GROUND},
    "director": {"state", "bus", "media", *GROUND},
    "audience": {"state", "bus", "media", *GROUND},
    "gateway": {
        *("edge", "camera", "ingest", "director", "audience", "webrtc"),
        *("state", "bus", "media", *GROUND),
    },
    "bench": {"edge", "webrtc", "demo", "media", "_native", *GROUND, "bus", "gateway", "state"},
    "supervisor": {"gateway", "state", "bus", "media", *GROUND},
}
FREE = {"commands", "cli", "__main__", "__init__"}
"""These stand at the top, and may look at everything; only `commands` not at `cli`."""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def part_of(path: Path) -> str:
    """The part of the house that a file belongs to."""
    return path.relative_to(RELAY).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Dotted names of ours that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] == "relay"}


def parts_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if "." in name}


def place(path: Path) -> str:
    return str(path.relative_to(RELAY))


def strangers(path: Path) -> set[str]:
    """The parts of the house that a file imports and may not look at."""
    part = part_of(path)
    if part in FREE:
        return {"cli"} & parts_imported(path) if part == "commands" else set()
    assert part in MAY_IMPORT or part in GROUND, f"{part} has no place in the house yet"
    return parts_imported(path) - {part} - MAY_IMPORT.get(part, {"errors", "ids", "log", "config"})


def test_imports_point_one_way():
    wrong = {place(path): sorted(found) for path in SOURCES if (found := strangers(path))}
    assert wrong == {}


def docstrings(module: ast.Module) -> set[ast.Constant]:
    """The constants that are documentation: strings that stand alone."""
    return {
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def literals(path: Path) -> list[tuple[int, str]]:
    """Strings of a file, except its documentation, with their lines."""
    skipped = docstrings(tree(path))
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in skipped
    ]


def key_beginnings() -> set[str]:
    """What keys begin with, such as `units:`."""
    found = (re.match(r"(\{?[a-z]+\}?):", text) for _, text in literals(KEYS))
    return {match[0] for match in found if match}


def test_keys_are_found_where_they_are_spelled():
    assert {"units:", "presence:", "lease:", "{registry}:", "rating:"} <= key_beginnings()


def test_redis_keys_are_spelled_in_one_file():
    beginnings = tuple(key_beginnings())
    wrong = [
        f"{place(path)}:{line}: {text!r}"
        for path in SOURCES
        for line, text in literals(path)
        if path != KEYS and text.startswith(beginnings)
    ]
    assert wrong == []


REDIS_COMMANDS = {
    *("get", "set", "delete", "expire", "pexpire", "publish", "psubscribe", "subscribe"),
    *("xadd", "xrange", "xrevrange", "xread", "xlen", "rpush", "blpop", "zadd", "zrem", "zcount"),
    *("sadd", "srem", "smembers", "hget", "hset", "hsetnx", "hdel", "hgetall", "hmget", "watch"),
}
CLIENTS = re.compile(r"\b_?(bus|state|pipe|client|blocking|redis)$")


def is_command(node: ast.AST) -> bool:
    """Whether a node calls a Redis command with a key that is spelled on the spot."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in REDIS_COMMANDS
        and CLIENTS.search(ast.unparse(node.func.value)) is not None
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
    )


def test_no_redis_command_is_given_a_key_spelled_on_the_spot():
    wrong = [
        f"{place(path)}: {ast.unparse(node)}"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if is_command(node)
    ]
    assert wrong == []


def test_files_are_short():
    long = {place(path): n for path in SOURCES if (n := len(path.read_text().splitlines())) > 400}
    assert long == {}


def test_functions_are_short():
    long = {
        f"{place(path)}: {node.name}": length
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > 60
    }
    assert long == {}
