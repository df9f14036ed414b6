"""Damages what is right, over and over. What comes to something new is damaged further.

The same input each time, from a seed; `RELAY_FUZZ` multiplies how many there are (`make fuzz`).
"""

from __future__ import annotations

import os
import time
import tracemalloc
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

FACTOR: Final = int(os.environ.get("RELAY_FUZZ", "1"))
TIMEOUT_S: Final = 600 * FACTOR

KEPT: Final = 256
"""Inputs that are kept because they came to something new, at the most."""
WEIGHED: Final = 64
"""Of so many inputs one's memory is measured, which makes it many times slower."""
MEMORY: Final = (256 * 1024, 256)
"""Bytes that an input may take, and as many times its length."""

COST: Final = (300e-6, 2e-6)
"""Seconds that an input may take on the machine of `_LOOP_S`, and as many for each of its bytes."""
KEEPS: Final = (64 * 1024, 4)
"""Bytes that may be kept once an input was read, in caches, and as many times its length."""
_LOOP_S: Final = 0.56e-3
"""What `_loop` takes on the machine that the costs are meant for."""
_AGAIN: Final = 5
"""An input that takes too long is read so often again: others use the machine as well."""

_ODD: Final = (0, 1, 2, 3, 4, 7, 8, 0x0A, 0x1F, 0x20, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFE, 0xFF)
_NO_DIGITS: Final = str.maketrans("", "", "0123456789")


class Mutator:
    """Makes input out of a corpus, which may grow."""

    def __init__(self, random: Random, seeds: Sequence[bytes], words: Sequence[bytes], most: int):
        self.corpus = list(seeds)
        self._random = random
        self._words = words
        self._most = most
        self._operations = (
            self._flip, self._flip, self._odd, self._odd, self._number, self._number,
            self._cut, self._double, self._truncate, self._splice, self._noise,
            *((self._word, self._word) if words else ()),
        )  # fmt: skip

    def make(self) -> bytes:
        """One of the corpus with one to six faults in it."""
        chance = self._random.random
        out = bytearray(self._pick())
        while True:
            self._operations[int(chance() * len(self._operations))](out)
            if chance() < 0.5 or len(out) > self._most:
                return bytes(out[: self._most])

    def _pick(self) -> bytes:
        return self.corpus[int(self._random.random() * len(self.corpus))]

    def _below(self, limit: int) -> int:
        return int(self._random.random() * limit)

    def _range(self, out: bytearray) -> tuple[int, int]:
        """Part of it, mostly a short one."""
        start = self._below(len(out) + 1)
        longest = len(out) - start if self._random.random() < 0.1 else min(len(out) - start, 16)
        return start, start + self._below(longest + 1)

    def _flip(self, out: bytearray) -> None:
        if out:
            out[self._below(len(out))] ^= 1 << self._below(8)

    def _odd(self, out: bytearray) -> None:
        if out:
            out[self._below(len(out))] = _ODD[self._below(len(_ODD))]

    def _number(self, out: bytearray) -> None:
        """Something that may be a length says more, less, nothing, all, or just what is there."""
        size = 1 + self._below(4)
        if len(out) < size:
            return
        at = self._below(len(out) - size + 1)
        value = int.from_bytes(out[at : at + size], "big")
        rest = len(out) - at - size
        values = (
            value + 1,
            value - 1,
            value * 2,
            value // 2,
            0,
            -1,
            rest,
            rest + 1,
            1 << 8 * size - 1,
        )
        value = values[self._below(len(values))] % (1 << 8 * size)
        out[at : at + size] = value.to_bytes(size, "big")

    def _cut(self, out: bytearray) -> None:
        start, end = self._range(out)
        del out[start:end]

    def _double(self, out: bytearray) -> None:
        start, end = self._range(out)
        at = self._below(len(out) + 1)
        out[at:at] = out[start:end]

    def _truncate(self, out: bytearray) -> None:
        del out[self._below(len(out) + 1) :]

    def _splice(self, out: bytearray) -> None:
        """The head of this one and the tail of another."""
        other = self._pick()
        del out[self._below(len(out) + 1) :]
        out += other[self._below(len(other) + 1) :]

    def _noise(self, out: bytearray) -> None:
        at = self._below(len(out) + 1)
        out[at:at] = self._random.randbytes(1 + self._below(8))

    def _word(self, out: bytearray) -> None:
        """A word of the language, in the place of something or between."""
        start, end = self._range(out)
        end = end if self._random.random() < 0.5 else start
        out[start:end] = self._words[self._below(len(self._words))]


def fuzz(
    name: str,
    count: int,
    seeds: Sequence[bytes],
    check: Callable[[bytes], Hashable],
    *,
    refusal: type[Exception] | tuple[()] = (),
    words: Sequence[bytes] = (),
    most: int = 4096,
    memory: tuple[int, int] = MEMORY,
    cost: tuple[float, float] = COST,
) -> str:
    """Give `check` damaged `seeds`, `count` times, and say how that went.

    `check` asserts what has to be true of what it made of its input, and tells what that was; it
    may raise `refusal` and nothing else. Input of which it tells something new is damaged further.
    """
    mutator = Mutator(Random(name), seeds, words, most)
    met: set[Hashable] = {_outcome(check, refusal, seed)[0] for seed in seeds}
    refused = 0
    began = time.process_time()
    meter = Meter(cost)
    for number in range(count * FACTOR):
        data = mutator.make()
        try:
            if number % WEIGHED:
                outcome, refusing = meter.run(partial(_outcome, check, refusal), data)
            else:
                outcome, refusing = _weighed(check, refusal, data, memory)
        except BaseException as error:
            error.add_note(f"{name}, input {number}: {data.hex()}")
            raise
        refused += refusing
        if outcome not in met and len(mutator.corpus) < len(seeds) + KEPT:
            met.add(outcome)
            mutator.corpus.append(data)
    taken = time.process_time() - began
    total = count * FACTOR
    # Where all is refused, or all is taken, the input is not worth much.
    assert len(met) > 1
    assert not refusal or total / 100 < refused < total * 0.99, f"{refused} of {total} refused"
    spent = f"{taken:.1f} s, at most {meter.worst_us:.2f} us a byte"
    return f"{total:,} inputs, {refused / total:.0%} refused, {len(met)} outcomes, {spent}"


def _loop() -> int:
    """Work of pure Python, by which machines are compared."""
    total = 0
    for number in range(20_000):
        total += number & 7
    return total


def _least_s(work: Callable[[], Any], times: int) -> float:
    spent = []
    for _ in range(times):
        began = time.thread_time()
        work()
        spent.append(time.thread_time() - began)
    return min(spent)


def _slowness() -> float:
    """How many times as long as the reference this machine takes for `_loop` at the moment."""
    return max(_least_s(_loop, 20) / _LOOP_S, 1.0)


class Meter:
    """Whether reading an input costs no more than it may, on a machine as fast as this one is."""

    def __init__(self, cost: tuple[float, float]) -> None:
        self._fixed_s, self._byte_s = cost
        self._slowness = _slowness()
        self.worst_us = 0.0
        """Of inputs of a thousand bytes and more, what a byte of the dearest took."""

    def run(self, work: Callable[[bytes], Any], data: bytes) -> Any:
        """Do the work of reading `data`, and see to what it costs."""
        began = time.thread_time()
        result = work(data)
        spent = time.thread_time() - began
        may = self._fixed_s + self._byte_s * len(data)
        if spent > may * self._slowness:
            # Others may have come to this machine since it was measured.
            self._slowness = _slowness()
            spent = _least_s(partial(work, data), _AGAIN)
            assert spent <= may * self._slowness, f"{spent * 1e6:.0f} us for {len(data)} bytes"
        if len(data) >= 1000:
            self.worst_us = max(self.worst_us, spent * 1e6 / len(data))
        return result


def _outcome(
    check: Callable[[bytes], Hashable], refusal: Any, data: bytes
) -> tuple[Hashable, bool]:
    try:
        return check(data), False
    except refusal as error:
        return str(error)[:48].translate(_NO_DIGITS), True


def _weighed(
    check: Callable[[bytes], Hashable], refusal: Any, data: bytes, memory: tuple[int, int]
) -> tuple[Hashable, bool]:
    tracemalloc.start()
    try:
        found = _outcome(check, refusal, data)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= memory[0] + memory[1] * len(data), f"{peak} bytes for {len(data)}"
    assert kept <= KEEPS[0] + KEEPS[1] * len(data), f"{kept} bytes kept of {len(data)}"
    return found
