"""Corrected rows whose products others have changed since the file was read that they are from: held, not written.

Who corrects a row has seen what the first file says, and not what a later import or edit has made of the product. So
whatever has changed a product since the first file's import, or its check, began is a conflict; but for what that
import, and those of rows corrected since, have written themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imports.reading.rows import CleanRow
from imports.writing import extra
from imports.writing.catalogue import Found
from imports.writing.holding import Holder, change_of
from imports.writing.later import LaterChanges
from imports.writing.plan import Change, Held, Plan, Rules, make_plan
from products.extra import EXTRA


class Conflicts:
    """Holds the corrected rows whose products are among the `later` changes; and what another `holder` holds, if any.

    Each row is judged by itself: held if it alone would change its product. So it makes no difference which rows are
    in a chunk with it.
    """

    def __init__(
        self, fields: tuple[str, ...], rules: Rules, later: LaterChanges, holder: Holder | None = None
    ) -> None:
        self._fields = fields
        self._rules = rules
        self._constants = rules.constants(fields)
        self._later = later
        self._holder = holder

    def is_quiet(self) -> bool:
        """See Holder."""
        return self._later.is_quiet() and (self._holder is None or self._holder.is_quiet())

    def held(self, rows: Sequence[CleanRow], plan: Plan, found: Found, constants: Mapping[str, Any]) -> list[Held]:
        """See Holder. What has changed since a check is held as such."""
        held = self._holder.held(rows, plan, found, constants) if self._holder else []
        lines = {each.row.line for each in held}
        return [*held, *(each for each in self.among(rows, found) if each.row.line not in lines)]

    def among(self, rows: Sequence[CleanRow], found: Found) -> list[Held]:
        """Those of `rows` that are in conflict with what was `found`."""
        suspects = self._later.suspects({row.sku_normalized for row in rows}, found)
        suspected = [row for row in rows if row.sku_normalized in suspects]
        changes = [(row, self._change(row, found)) for row in suspected]
        return [Held(row, None, change) for row, change in changes if change]

    def _change(self, row: CleanRow, found: Found) -> Change | None:
        """What `row` alone would do; None if nothing."""
        before = found.values.get(row.sku_normalized)
        now = {} if before is None else {row.sku_normalized: before}
        whole = extra.merged([row], now)[0] if EXTRA in self._fields else [row]
        plan = make_plan(whole, now, set(), self._fields, self._rules)
        planned = [*plan.create.values(), *plan.update.values()]
        return change_of(self._fields, planned[0], before, self._constants) if planned else None
