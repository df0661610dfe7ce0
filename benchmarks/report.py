"""The measurements to look at: a Markdown table, and their place in docs/performance.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.contenders import Limit
from benchmarks.databases import BASE_DIR
from benchmarks.measurements import SITUATIONS, Measurement, load, medians
from benchmarks.plot import rows_per_second

PAGE = BASE_DIR / "docs" / "performance.md"
PLOT = BASE_DIR / "docs" / "images" / "rows-per-second.svg"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

COLUMNS = (
    "database", "rows", "situation", "contender", "seconds", "÷ limit", "rows/s", "client CPU s", "server CPU s",
    "peak MB", "WAL MB", "table MB", "index MB",
)  # fmt: skip
LEFT_ALIGNED = ("database", "situation", "contender")
RULE = "|".join("---" if column in LEFT_ALIGNED else "--:" for column in COLUMNS)


def table(measurements: list[Measurement]) -> str:
    """The measurements as a Markdown table, with the ratio to the limit of the same database, situation and size."""
    limits = {(m.database, m.situation, m.rows): m.seconds for m in measurements if m.contender == Limit.name}
    order = {situation: number for number, situation in enumerate(SITUATIONS)}
    by_situation = sorted(measurements, key=lambda m: (m.database, m.rows, order[m.situation]))
    return "\n".join(
        [
            f"| {' | '.join(COLUMNS)} |",
            f"|{RULE}|",
            *(_line(m, limits.get((m.database, m.situation, m.rows))) for m in by_situation),
        ]
    )


def _line(m: Measurement, limit: float | None) -> str:
    ratio = f"{m.seconds / limit:.2f}" if limit else ""
    return (
        f"| {m.database} | {m.rows:,} | {m.situation} | {m.contender} | {m.seconds:.2f} | {ratio} "
        f"| {m.rows / m.seconds:,.0f} | {m.client_cpu:.1f} | {m.server_cpu:.1f} | {m.peak_mb:.0f} "
        f"| {m.wal_mb:.0f} | {m.table_mb:.0f} | {m.index_mb:.0f} |"
    )


def render(paths: list[Path]) -> str:
    """Put table and plot of the measurements in `paths` into the documentation; returns the table."""
    machines, measurements = load(paths)
    found = medians(measurements)
    repetitions = max(Counter((m.database, m.rows, m.situation, m.contender) for m in measurements).values())
    text = f"Measured on {'; '.join(machines)}; medians of up to {repetitions}.\n\n{table(found)}"
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    PLOT.parent.mkdir(exist_ok=True)
    PLOT.write_text(rows_per_second(found), encoding="utf-8")
    return text
