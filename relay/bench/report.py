"""Figures, their spread, and how they are shown: a table for people, JSON for machines."""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over several rounds."""

    values: tuple[float, ...]
    """One a round, the first round left out."""

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        if len(self.values) == 1:
            return f"{self.median:.3g}"
        return f"{self.median:.3g} ({min(self.values):.3g}–{max(self.values):.3g})"


def figure(values: list[float]) -> Figure:
    """A figure of these rounds; the first is dropped if there are more."""
    return Figure(tuple(values[1:] if len(values) > 1 else values))


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


@dataclass
class Report:
    """A bench's outcome."""

    name: str
    """Of the bench."""
    columns: list[str]
    """Heads of the table."""
    rows: list[list[str]] = field(default_factory=list)
    """Cells of the table."""
    data: dict[str, Any] = field(default_factory=dict)
    """The raw values, for the JSON file."""
    notes: list[str] = field(default_factory=list)
    """What has to be said with it."""

    def show(self) -> str:
        """The table, as Markdown."""
        lines = [
            f"### {self.name}",
            "",
            f"{machine()}, {datetime.now(UTC):%Y-%m-%d}",
            "",
            "| " + " | ".join(self.columns) + " |",
            "|" + "---|" * len(self.columns),
            *("| " + " | ".join(row) + " |" for row in self.rows),
            *(f"\n{note}" for note in self.notes),
        ]
        return "\n".join(lines)

    def write(self, folder: Path) -> Path:
        """Write the JSON file; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        content = {
            "bench": self.name,
            "machine": machine(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "columns": self.columns,
            "rows": self.rows,
            "data": self.data,
            "notes": self.notes,
        }
        path.write_text(json.dumps(content, indent=1) + "\n")
        return path


def machine() -> str:
    """This machine in a few words."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{os.cpu_count()} × {model}, {platform.system()} {platform.release().split('-')[0]}"
