"""Guards: what of a file is so unusual that somebody is to look at it before it is imported.

The rules with their limits and sentences. Knows no database, and not where the limits come from.

Each guard counts something of what a check has found, and has a limit for it as a share and as a number. It trips where
either is exceeded.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, NamedTuple

from imports.writing.findings import Findings

# One row of a tiny file is a large share of it, and nothing unusual.
FEWEST = 2
# What stands for the limits below, as a setting.
DEFAULTS_SAID = "defaults"


class GuardsError(ValueError):
    """What was said of the limits makes no sense; the text says why."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is still usual; None switches that half off.

    Attributes:
        share: in per cent.
        number: how many.
        percent: of price moves, from how many per cent on one is counted.
    """

    share: float | None = None
    number: int | None = None
    percent: float | None = None

    @property
    def is_off(self) -> bool:
        """Whether nothing exceeds it."""
        return self.share is None and self.number is None


# By the names of the guards that are on.
Limits = Mapping[str, Limit]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a check has found, as the guards take it.

    Attributes:
        rows: how many rows the file has, without those that are no products of their own.
        rejected: how many of them would be rejected.
        created: how many products would be new.
        existing: how many products of the file exist already, whether it would change them or not.
        absent: how many products would become inactive since the file of their supplier lacks them.
        deactivated: how many would become inactive, these included.
        findings: what else was found of these.
    """

    rows: int = 0
    rejected: int = 0
    created: int = 0
    existing: int = 0
    absent: int = 0
    deactivated: int = 0
    findings: Findings = field(default_factory=Findings)


@dataclass(frozen=True, slots=True)
class LastFile:
    """The file before, of the same supplier: how many rows and SKUs it had, and how many of these are missing now."""

    rows: int
    skus: int
    missing: int


class Case(NamedTuple):
    """What one guard has counted: so many, of so many; and what its sentence says besides."""

    number: int
    of: int
    said: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Trip:
    """A guard that has tripped: its name, a sentence for people, and by what: so many, of so many, in per cent."""

    guard: str
    sentence: str
    number: int
    of: int
    share: float

    def as_json(self) -> dict[str, Any]:
        """The trip as it is stored and told."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard: its sentence, its usual limit, and how it counts; None where there is nothing to be judged."""

    sentence: str
    default: Limit
    count: Callable[[Measured, Limit, LastFile | None], Case | None]


def _prices_moved(found: Measured, limit: Limit, _: LastFile | None) -> Case:
    percent = limit.percent or 0
    return Case(found.findings.moved_by_more_than(percent), found.existing, {"percent": f"{percent:g}"})


def _prices_zero(found: Measured, _: Limit, __: LastFile | None) -> Case:
    return Case(found.findings.to_zero + found.findings.emptied["price"], found.existing)


def _emptied(found: Measured, _: Limit, __: LastFile | None) -> Case | None:
    """Of the field that is emptied most: over all cells, one column of many would be a small share."""
    # Prices have a guard of their own.
    others = {name: count for name, count in found.findings.emptied.items() if name != "price"}
    if not others:
        return None
    most = max(others, key=lambda name: others[name])
    return Case(others[most], found.existing, {"field": most})


def _new(found: Measured, _: Limit, last: LastFile | None) -> Case | None:
    return Case(found.created, found.created + found.existing) if last else None


def _rows(found: Measured, _: Limit, last: LastFile | None) -> Case | None:
    if last is None:
        return None
    more = found.rows - last.rows
    return Case(abs(more), last.rows, {"rows": f"{found.rows:,}", "way": "more" if more > 0 else "fewer"})


def _overlap(_: Measured, __: Limit, last: LastFile | None) -> Case | None:
    return Case(last.missing, last.skus) if last else None


# The reasons for their limits are in docs/guards.md.
GUARDS: Mapping[str, Guard] = {
    "prices_moved": Guard(
        "{number} of {of} prices ({share}%) would move by more than {percent}%",
        Limit(share=10, number=5_000, percent=50),
        _prices_moved,
    ),
    "prices_zero": Guard(
        "{number} of {of} prices ({share}%) would become zero or be emptied", Limit(share=1, number=100), _prices_zero
    ),
    "deactivated": Guard(
        "{number} of {of} products ({share}%) would become inactive",
        Limit(share=10, number=1000),
        lambda found, _, __: Case(found.deactivated, found.existing + found.absent),
    ),
    "emptied": Guard(
        "{number} of {of} products ({share}%) would lose their {field}", Limit(share=10, number=1_000), _emptied
    ),
    "new": Guard("{number} of {of} products ({share}%) would be new", Limit(share=50, number=20_000), _new),
    "rejected": Guard(
        "{number} of {of} rows ({share}%) would be rejected",
        Limit(share=10, number=1_000),
        lambda found, _, __: Case(found.rejected, found.rows),
    ),
    "rows": Guard(
        "The file has {rows} rows, {number} {way} ({share}%) than the last one", Limit(share=30, number=50_000), _rows
    ),
    "overlap": Guard(
        "{number} of the {of} SKUs of the last file ({share}%) are not in this one",
        Limit(share=20, number=20_000),
        _overlap,
    ),
}
DEFAULTS: Limits = {name: guard.default for name, guard in GUARDS.items()}


def judge(measured: Measured, limits: Limits, last: LastFile | None = None) -> list[Trip]:
    """Which guards trip, by what a check has found; those that compare with the `last` file only where it is known."""
    found = []
    for name, limit in limits.items():
        case = GUARDS[name].count(measured, limit, last)
        if case is not None and (trip := _trip(name, case, limit)):
            found.append(trip)
    return found


def _trip(name: str, case: Case, limit: Limit) -> Trip | None:
    # A product that is in the file several times may be counted for several of its rows; of the rest, none can be.
    number = case.number if name == "rows" else min(case.number, case.of)
    share = number * 100 / case.of if case.of else 0.0
    exceeded = []
    if limit.share is not None and share > limit.share and number >= FEWEST:
        exceeded.append(f"{limit.share:g}%")
    if limit.number is not None and number > limit.number:
        exceeded.append(f"{limit.number:,}")
    if not exceeded:
        return None
    said = GUARDS[name].sentence.format(number=f"{number:,}", of=f"{case.of:,}", share=_share_said(share), **case.said)
    limits_said = f"the limit{'s are' if len(exceeded) > 1 else ' is'} {' and '.join(exceeded)}"
    return Trip(name, f"{said}; {limits_said}.", number, case.of, round(share, 3))


def _share_said(share: float) -> str:
    return f"{round(share, 1):g}" if share >= 0.1 else "less than 0.1"


def limits_from_text(text: str) -> Limits:
    """The limits that a setting says: none if it is empty. Raises GuardsError."""
    text = text.strip()
    if not text:
        return {}
    if text.strip('"') == DEFAULTS_SAID:
        return DEFAULTS
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise GuardsError(f'must be "{DEFAULTS_SAID}" or a JSON object such as {EXAMPLE}.') from None
    return limits_from_json(told)


def limits_from_json(told: Any) -> Limits:
    """The limits of the guards that are on: the usual ones, but for what is told. Raises GuardsError."""
    if not isinstance(told, Mapping):
        raise GuardsError(f"guards are a JSON object such as {EXAMPLE}.")
    if unknown := [name for name in told if name not in GUARDS]:
        raise GuardsError(f"there is no guard '{unknown[0]}'; there are {', '.join(GUARDS)}.")
    limits = {name: _limit(name, told.get(name, {})) for name in GUARDS}
    return {name: limit for name, limit in limits.items() if not limit.is_off}


def with_own(limits: Limits, told: Any) -> Limits:
    """The limits for a supplier's files: those of all files, or the usual ones if there are none, but for what is told.

    Raises GuardsError.
    """
    own = limits_from_json(told)
    base = limits or DEFAULTS
    return {name: limit for name in GUARDS if (limit := (own if name in told else base).get(name))}


EXAMPLE = '{"rejected": {"share": 5, "number": null}}'


def _limit(name: str, told: Any) -> Limit:
    """The limit of this guard, of which some parts are told; none at all switches it off."""
    if told is None:
        return Limit()
    usual = GUARDS[name].default
    parts = [part.name for part in fields(Limit) if part.name != "percent" or usual.percent is not None]
    if not isinstance(told, Mapping):
        raise GuardsError(f"{name}: must be an object with {', '.join(parts)}, or null to switch it off.")
    if unknown := [part for part in told if part not in parts]:
        raise GuardsError(f"{name}: there is no '{unknown[0]}'; there are {', '.join(parts)}.")
    for part, value in told.items():
        if fault := _fault(part, value):
            raise GuardsError(f"{name}.{part}: {fault}")
    return replace(usual, **told)


def _fault(part: str, value: Any) -> str:
    """What is wrong with the value of this part of a limit; empty if nothing is."""
    if value is None:
        return "must be a number." if part == "percent" else ""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "must be a number." if part == "percent" else "must be a number, or null to switch it off."
    if value < 0:
        return "must not be negative."
    if part == "number" and not isinstance(value, int):
        return "must be a whole number."
    if part == "share" and value > 100:
        return "is in per cent, and must not be over 100."
    return ""
