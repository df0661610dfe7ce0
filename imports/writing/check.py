"""The writer of a check, or dry run: plans what an import would do, keeps it to be shown, and writes no product.

An import notes in each product which import wrote it last (`last_import`), which tells a duplicate from an update, and
has a record of each. A check keeps a list of SKUs of its own for that, and notes what became of every row. The rows
that follow see the products as it would have left them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from imports.models import DryRunSku, ProposedBlock
from imports.reading.rows import CleanRow
from imports.writing import extra
from imports.writing.catalogue import Found, find_products
from imports.writing.conflicts import Conflicts
from imports.writing.fates import CREATED, DUPLICATE, UPDATED, Fate
from imports.writing.findings import Findings
from imports.writing.listing import Listed, list_skus
from imports.writing.plan import USUAL_RULES, Outcome, Plan, Rules, make_plan
from imports.writing.proposals import Proposal, block_of
from products.extra import EXTRA
from products.fields import normalize_sku

# Blocks that are fetched at a time.
BLOCKS_AT_A_TIME = 20


class CheckWriter:
    """Plans what an import of now would do, and keeps that. `findings` are those of the chunk that came last.

    An import that applies the check comes after all others of now, so none of its rows is superseded. Of a file with
    corrected rows, those with `conflicts` are held here as they will be there.
    """

    def __init__(
        self,
        job_id: int,
        fields: tuple[str, ...],
        rules: Rules = USUAL_RULES,
        conflicts: Conflicts | None = None,
    ) -> None:
        self._job_id = job_id
        self._conflicts = conflicts
        self._fields = fields
        self._rules = rules
        self.findings = Findings()

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """See Writer; the catalogue stays as it is."""
        seen = find_products(rows, self._fields)
        listed = DryRunSku.objects.filter(job=self._job_id)
        written = list(listed.filter(sku_normalized__any_of={row.sku_normalized for row in rows}))
        found = self._as_left_by(written, seen)
        held = self._conflicts.among(rows, found) if self._conflicts else []
        held_lines = {each.row.line for each in held}
        rows = [row for row in rows if row.line not in held_lines] if held else rows
        lines = {each.sku_normalized: each.line for each in written}
        whole, too_large = extra.merged(rows, found.values) if EXTRA in self._fields else (rows, [])
        plan = make_plan(whole, found.values, set(lines), self._fields, self._rules)
        plan.outcome.rejections += too_large
        plan.outcome.hold(held)
        plan.outcome.fates = _all_fates(plan, lines)
        proposal = Proposal(self._job_id, self._fields, self._rules.constants(self._fields))
        proposal.keep(plan, found)
        self.findings = proposal.findings
        plan.outcome.summary = proposal.summary
        self._list(plan, proposal, seen, {each.sku_normalized: each.seen for each in written if each.left is not None})
        return plan.outcome

    def _list(self, plan: Plan, proposal: Proposal, found: Found, seen: Mapping[str, Any]) -> None:
        """List the SKUs that the plan writes. Of those that several rows have written by now, `seen` has what their
        products had before; what the others have is `found`.
        """
        repeated = {normalize_sku(fate.sku) for fate in plan.outcome.fates if fate.code == DUPLICATE}
        list_skus(
            self._job_id,
            [
                Listed(sku, row.line, proposal.blocks[row.line])
                if sku not in repeated
                else Listed(
                    sku,
                    row.line,
                    proposal.blocks[row.line],
                    seen[sku] if sku in seen else _stored(found.values.get(sku)),
                    _stored(row.values),
                )
                for sku, row in {**plan.create, **plan.update}.items()
            ],
        )

    def _as_left_by(self, written: Sequence[DryRunSku], found: Found) -> Found:
        """What was `found`, with the products that this check would have `written` as they would be then."""
        if not written:
            return found
        values = dict(found.values)
        wanted: dict[int, dict[int, str]] = {}
        for each in written:
            if each.left is not None:
                values[each.sku_normalized] = restored(self._fields, each.left)
            else:
                wanted.setdefault(each.block, {})[each.line] = each.sku_normalized
        blocks = ProposedBlock.objects.filter(pk__any_of=wanted.keys()).values_list("pk", "data")
        for pk, data in blocks.iterator(chunk_size=BLOCKS_AT_A_TIME):
            block = block_of(pk, bytes(data))
            for place, line in enumerate(block.lines):
                if (sku := wanted[pk].get(line)) is not None:
                    after = block.record(place).after
                    before = values.get(sku) or (None,) * len(self._fields)
                    values[sku] = tuple(map(after.get, self._fields, before))
        return replace(found, values=values)


def _stored(values: tuple[Any, ...] | None) -> list[Any] | None:
    return None if values is None else [str(value) if isinstance(value, Decimal) else value for value in values]


def restored(fields: tuple[str, ...], stored: list[Any]) -> tuple[Any, ...]:
    """The values of these fields that were listed."""
    return tuple(
        Decimal(value) if name == "price" and value is not None else value
        for name, value in zip(fields, stored, strict=True)
    )


def _all_fates(plan: Plan, lines: Mapping[str, int]) -> list[Fate]:
    """What becomes of the rows: also of those that an import would have a record of.

    `lines` has the lines of earlier rows, by their SKU, that a duplicate may repeat.
    """
    fates = [
        fate._replace(repeats=lines[normalize_sku(fate.sku)]) if fate.code == DUPLICATE and not fate.repeats else fate
        for fate in plan.outcome.fates
    ]
    told = {fate.line for fate in fates}
    for code, rows in ((CREATED, plan.create), (UPDATED, plan.update)):
        fates += [Fate(row.line, row.values[0], code) for row in rows.values() if row.line not in told]
    return fates
