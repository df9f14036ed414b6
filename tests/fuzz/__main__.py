"""`make fuzz`: the fuzz tests of Rust and Python, so many times as `RELAY_FUZZ` says, and how many
inputs that were in all.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
COMMANDS: Final = (
    (["cargo", "test", "--quiet", "fuzz::", "--", "--nocapture"], ROOT / "relay/native"),
    ([sys.executable, "-m", "pytest", "-n", "auto", "tests/fuzz"], ROOT),
)


def main() -> int:
    """Run both; returns the exit code."""
    total = 0
    failed = False
    for command, folder in COMMANDS:
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                total += sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) inputs", line))
                print(line, end="", flush=True)
        failed |= process.returncode != 0
        print(f"{total:,} inputs so far", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
