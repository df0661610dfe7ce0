"""The writer of a dry run: counts what a real run would do, and writes no product.

A real run notes in each product which import wrote it last (`last_import`), which tells a duplicate from an update. A
dry run keeps a list of SKUs of its own for that.
"""

from __future__ import annotations

from collections.abc import Sequence

from imports.models import DryRunSku
from imports.reading.rows import CleanRow
from imports.writing import extra
from imports.writing.catalogue import find_products
from imports.writing.overlaps import without_superseded
from imports.writing.plan import USUAL_RULES, Outcome, Rules, make_plan
from products.extra import EXTRA


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
        planned = without_superseded(rows, found, self._job_id)
        whole, too_large = extra.merged(planned, catalogue) if EXTRA in self._fields else (planned, [])
        plan = make_plan(
            whole,
            catalogue,
            set(written.values_list("sku_normalized", flat=True)),
            self._fields,
            self._rules,
        )
        plan.outcome.superseded = len(rows) - len(planned)
        plan.outcome.rejections += too_large
        DryRunSku.objects.bulk_create(
            [DryRunSku(job_id=self._job_id, sku_normalized=sku) for sku in (*plan.create, *plan.update)],
            ignore_conflicts=True,
        )
        return plan.outcome
