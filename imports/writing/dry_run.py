"""The writer of a dry run: counts what a real run would do, and writes no product.

A real run notes in each product which import wrote it last (`last_import`), which tells a duplicate from an update, and
has a record of each. A dry run keeps a list of SKUs of its own for that, and notes what became of every row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imports.models import DryRunSku
from imports.reading.rows import CleanRow
from imports.writing import extra
from imports.writing.catalogue import find_products
from imports.writing.fates import CREATED, DUPLICATE, UPDATED, Fate
from imports.writing.overlaps import without_superseded
from imports.writing.plan import USUAL_RULES, Outcome, Plan, Rules, make_plan
from products.extra import EXTRA
from products.fields import normalize_sku


class DryRunWriter:
    """Counts what a real run would do, and remembers the SKUs that it would have written."""

    def __init__(self, job_id: int, fields: tuple[str, ...], rules: Rules = USUAL_RULES) -> None:
        self._job_id = job_id
        self._fields = fields
        self._rules = rules

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """See Writer; the catalogue stays as it is."""
        found = find_products(rows, self._fields)
        catalogue = found.values
        listed = DryRunSku.objects.filter(job=self._job_id)
        written = listed.filter(sku_normalized__any_of={row.sku_normalized for row in rows})
        lines = dict(written.values_list("sku_normalized", "line"))
        own = without_superseded(rows, found, self._job_id)
        whole, too_large = extra.merged(own, catalogue) if EXTRA in self._fields else (own, [])
        plan = make_plan(
            whole,
            catalogue,
            set(lines),
            self._fields,
            self._rules,
        )
        plan.outcome.supersede(rows, own)
        plan.outcome.rejections += too_large
        plan.outcome.fates = _all_fates(plan, lines)
        planned = {**plan.create, **plan.update}
        DryRunSku.objects.bulk_create(
            [DryRunSku(job_id=self._job_id, sku_normalized=sku, line=row.line) for sku, row in planned.items()],
            update_conflicts=True,
            unique_fields=["job", "sku_normalized"],
            update_fields=["line"],
        )
        return plan.outcome


def _all_fates(plan: Plan, lines: Mapping[str, int]) -> list[Fate]:
    """What becomes of the rows: also of those that a real run would have a record of.

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
