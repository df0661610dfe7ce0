"""What was measured: kept as JSON, so that tables and plots can be made of it later, and reduced to medians."""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

SITUATIONS = ("new", "again", "10 % changed")
FIGURES = ("seconds", "client_cpu", "server_cpu", "peak_mb", "wal_mb", "table_mb", "index_mb")


@dataclass(frozen=True)
class Measurement:
    """What one contender took for one file in one situation."""

    database: str
    contender: str
    situation: str
    rows: int
    seconds: float
    client_cpu: float
    server_cpu: float
    peak_mb: float
    wal_mb: float
    table_mb: float
    index_mb: float


def medians(measurements: list[Measurement]) -> list[Measurement]:
    """One measurement for each contender and situation: the median in each figure."""
    groups: dict[tuple[str, str, str, int], list[Measurement]] = {}
    for item in measurements:
        groups.setdefault((item.database, item.contender, item.situation, item.rows), []).append(item)
    return [
        Measurement(*key, **{name: statistics.median(getattr(item, name) for item in group) for name in FIGURES})
        for key, group in groups.items()
    ]


def this_machine() -> str:
    """The machine and the day, in a line."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    day = datetime.now(UTC).date()
    return f"{day}, {os.cpu_count()} cores ({model}), Python {platform.python_version()}"


def save(path: Path, measurements: list[Measurement]) -> None:
    """Write every single measurement, and where it was made."""
    content = {"machine": this_machine(), "measurements": [asdict(item) for item in measurements]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def load(paths: list[Path]) -> tuple[list[str], list[Measurement]]:
    """The machines and the measurements of files that `save` wrote."""
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    machines = list(dict.fromkeys(content["machine"] for content in contents))
    return machines, [Measurement(**item) for content in contents for item in content["measurements"]]
