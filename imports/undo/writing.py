"""The writer of an undo: restores fields, deletes and creates products again, as the verdicts say, and counts them.

It writes through the importer's own writers, and what it writes is on record as an import's is. So an undo can itself
be undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction

from acme_importer.texts import shortened
from imports.reading.rows import CleanRow, Rejection
from imports.undo.judging import Judge
from imports.undo.selection import EVERYTHING, Selection
from imports.undo.source import UndoneRow
from imports.undo.verdict import Class, Verdict
from imports.writing.bulk_create import BulkCreateWriter
from imports.writing.catalogue import Found, find_products
from imports.writing.kept import NOT_SELECTED, REASONS
from imports.writing.overlaps import AloneNeededError, take_turn
from imports.writing.plan import Outcome, Plan
from products.fields import PRICE_DECIMAL_PLACES
from products.search.changes import WITH_WORDS, note

# Of each class, a report has so many examples, with no more of a value than this.
EXAMPLES = 5
SHOWN_LENGTH = 100


@dataclass(slots=True)
class Report:
    """What an undo tells besides its counts: how often each field was restored, how many products only in part, and
    some examples of each class.
    """

    fields: Counter[str] = field(default_factory=Counter)
    in_part: int = 0
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Report:
        """The report that was stored."""
        return cls(Counter(told.get("fields", {})), told.get("in_part", 0), told.get("examples", {}))

    def as_json(self) -> dict[str, Any]:
        """The report as it is stored."""
        return {"fields": dict(self.fields), "in_part": self.in_part, "examples": self.examples}

    def take_in(self, later: Report) -> None:
        """Add the report of the next chunk."""
        self.fields.update(later.fields)
        self.in_part += later.in_part
        for of, examples in later.examples.items():
            self.examples[of] = [*self.examples.get(of, []), *examples][:EXAMPLES]

    @classmethod
    def of(
        cls, rows: Sequence[UndoneRow], verdicts: Sequence[Verdict | None], found: Found, fields: Sequence[str]
    ) -> Report:
        """The report of some verdicts, by what was `found` of the `fields` of their products."""
        report = cls()
        restored = [verdict for verdict in verdicts if verdict and verdict.restored]
        report.in_part = sum(1 for verdict in restored if verdict.kept)
        # Mostly the same fields of all products.
        for names, count in Counter(tuple(verdict.restored) for verdict in restored).items():
            report.fields.update(dict.fromkeys(names, count))
        told = {verdict.of for verdict in verdicts if verdict} - {Class.NOT_SELECTED}
        for of in sorted(told):
            those = ((row, each) for row, each in zip(rows, verdicts, strict=True) if each and each.of is of)
            report.examples[of] = [
                _example(row, each, dict(zip(fields, found.values.get(row.sku_normalized, ()), strict=False)))
                for row, each in islice(those, EXAMPLES)
            ]
        return report


class _Attempt(NamedTuple):
    """What was found of a chunk's products, the verdicts on them, the plan of it, and the rows that were refused."""

    found: Found
    verdicts: list[Verdict | None]
    plan: Plan
    refusals: list[Rejection]


class UndoWriter:
    """Writes the chunks of one undo; a `preview` only counts. `report` is about the chunk that was written last."""

    def __init__(self, writer: BulkCreateWriter, judge: Judge, selection: Selection, *, preview: bool) -> None:
        self._writer = writer
        self._judge = judge
        self._selection = selection
        self._preview = preview
        self.report = Report()

    def write(self, rows: Sequence[UndoneRow]) -> Outcome:
        """Undo these records, the newest first. Runs inside the chunk's transaction."""
        passed = len(rows)
        if self._selection != EVERYTHING:
            rows = [row for row in rows if self._selection.has(row)]
        left_out = passed - len(rows)
        refused: list[Rejection] = []
        alone = False
        while True:
            try:
                attempt = self._attempt(rows, alone=alone)
            except AloneNeededError:
                alone = True
                continue
            if not attempt.refusals:
                break
            refused += attempt.refusals
            refused_skus = {rejection.record[0] for rejection in attempt.refusals}
            # Older records of the same products stay: these are not judged by themselves.
            rows = [
                row
                for row, verdict in zip(rows, attempt.verdicts, strict=True)
                if not verdict or row.record[0] not in refused_skus
            ]
        if not self._preview:
            note(_with_other_words(rows, attempt.verdicts))
        self.report = Report.of(rows, attempt.verdicts, attempt.found, self._judge.fields)
        outcome = _outcome(attempt.verdicts)
        outcome.summary = attempt.plan.outcome.summary
        outcome.rejections += refused
        if left_out:
            outcome.skipped[NOT_SELECTED] += left_out
        return outcome

    def _attempt(self, rows: Sequence[UndoneRow], *, alone: bool) -> _Attempt:
        """Judge and write, all or nothing. Raises AloneNeededError."""
        with transaction.atomic():
            if not self._preview:
                take_turn(alone=alone)
            found = find_products(rows, self._judge.fields, hold=alone)
            verdicts = self._judge.verdicts(rows, found)
            plan = _plan(rows, verdicts, found, self._judge.fields)
            refusals = [] if self._preview else self._writer.carry_out(plan, found, alone=alone)
            if refusals:
                transaction.set_rollback(True)
        return _Attempt(found, verdicts, plan, refusals)


def _outcome(verdicts: Sequence[Verdict | None]) -> Outcome:
    counts = Counter(verdict.of for verdict in verdicts if verdict)
    return Outcome(
        created=counts[Class.CREATED_AGAIN],
        updated=counts[Class.RESTORED],
        deleted=counts[Class.DELETED],
        unchanged=counts[Class.ALREADY_SO],
        duplicate=len(verdicts) - counts.total(),
        skipped=Counter({of.value: count for of, count in counts.items() if of.value in REASONS}),
    )


def _plan(rows: Sequence[UndoneRow], verdicts: Sequence[Verdict | None], found: Found, fields: Sequence[str]) -> Plan:
    """What the verdicts say, as the importer's writers take it."""
    plan = Plan()
    places = {name: place for place, name in enumerate(fields)}
    for (change, sku), verdict in zip(rows, verdicts, strict=True):
        if verdict is None:
            continue
        of, restored, _ = verdict
        if of is Class.RESTORED:
            values = list(found.values[sku])
            for name, then in restored.items():
                values[places[name]] = then
            plan.update[sku] = CleanRow(change.line, sku, tuple(values), [change.sku])
        elif of is Class.DELETED:
            plan.delete[sku] = CleanRow(change.line, sku, found.values[sku], [change.sku])
        elif of is Class.CREATED_AGAIN:
            values = [change.before[name] for name in fields]
            plan.create[sku] = CleanRow(change.line, sku, tuple(values), [change.sku])
    return plan


def _with_other_words(rows: Sequence[UndoneRow], verdicts: Sequence[Verdict | None]) -> list[str]:
    """The SKUs of the products whose words the search index does not have as they now are."""
    return [
        row.sku_normalized
        for row, verdict in zip(rows, verdicts, strict=True)
        if verdict and (verdict.of is Class.CREATED_AGAIN or not WITH_WORDS.isdisjoint(verdict.restored))
    ]


def _example(row: UndoneRow, verdict: Verdict, now: Mapping[str, Any]) -> dict[str, Any]:
    restored = {name: [_shown(now[name]), _shown(then)] for name, then in verdict.restored.items()}
    return {"sku": row.change.sku, "line": row.line, "restored": restored, "kept": list(verdict.kept)}


def _shown(value: Any) -> Any:
    """A value as JSON has it, no longer than people read."""
    if isinstance(value, Decimal):
        return f"{value:.{PRICE_DECIMAL_PLACES}f}"
    return shortened(value, SHOWN_LENGTH) if isinstance(value, str) else value
