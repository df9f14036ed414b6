"""What a person at a terminal is asked, and what each answer does."""

from __future__ import annotations

import io

import pytest

from tests.commands.test_wrong import Call, call

__all__ = ["call"]
pytestmark = pytest.mark.parametrize("store_kind", ["valkey"], indirect=True)


class Terminal(io.StringIO):
    """A person who types this."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def answer(call: Call, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls a command and answers what it asks."""

    def run(typed: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", Terminal(f"{typed}\n"))
        return call(*arguments)

    return run


@pytest.mark.parametrize(
    ("typed", "told"), [("y", "Let go: here."), ("n", "Its cameras may go on sending: here.")]
)
def test_an_end_asks_whether_cameras_are_let_go(typed: str, told: str, call: Call, answer: Call):
    assert call("broadcast", "change", "eva", "--camera", "here")[0] == 0
    assert call("broadcast", "start", "eva")[0] == 0
    code, out, _ = answer(typed, "broadcast", "end", "eva")
    assert code == 0
    assert "Let its cameras go too (here)?" in out
    assert "eva has ended" in out
    assert told in out


@pytest.mark.parametrize(
    "what", [("camera", "remove", "here"), ("broadcast", "remove", "eva")], ids=lambda what: what[0]
)
def test_what_cannot_be_undone_is_asked_for(what: tuple[str, str, str], call: Call, answer: Call):
    group, _, name = what
    code, out, _ = answer("n", *what)
    assert code == 1
    assert "?" in out
    assert f"\n{name} " in call(group, "list")[1]
    code, _, _ = answer("y", *what)
    assert code == 0
    assert f"\n{name} " not in call(group, "list")[1]
