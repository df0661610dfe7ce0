"""What the page of a check shows: what the file would change, in a few sentences, and what can be done about it; and
of an import that was approved by one, the rows that were held.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from acme_importer.texts import counted
from imports import applying, drafts, proposed
from imports.dashboard.job_page import has_results
from imports.dashboard.permissions import may_apply, may_import
from imports.models import ImportJob
from imports.proposed import BY_MOVE
from imports.reading.texts import shown
from imports.writing.findings import Findings
from products.history.records import KEPT

HELD_SHOWN = 20
# What can be done about rows that break a rule, where the rule has to do with how the file is read.
HOW_TO_READ = {
    "new_without_name": "Say which column has the names, if it has another title.",
    "missing": "Say which column is which, if the columns have other titles.",
    "not_a_price": "Say how its prices are written, or which column has them.",
    "ambiguous": "Say how its prices are written: with a comma or a point.",
    "number_style": "Say how its prices are written: with a comma or a point.",
    "decimals": "Say how its prices are written: with a comma or a point.",
    "currency": "Say which currency its prices are in.",
    "not_boolean": "Say what the words in its status column mean.",
    "field_count": "Say what separates its fields, or which line is its header.",
    "too_long": "Say which column is which, if the columns have other titles.",
}
OTHERWISE = "Look at the columns, the way its prices are written, and the line of its header."


class Finding(NamedTuple):
    """A sentence on some of the changes, and the query of the page that lists them."""

    text: str
    query: str


class HeldField(NamedTuple):
    """What was shown of one field of a held row, and what would be now, each as texts of old and new."""

    name: str
    shown: tuple[str, str] | None
    now: tuple[str, str] | None


class HeldShown(NamedTuple):
    """A held row as it is shown; `kind` is what it would do to its product now, empty if nothing."""

    line: int
    sku: str
    kind: str
    fields: list[HeldField]


def context(job: ImportJob, user: Any, shown_of_job: dict[str, Any]) -> dict[str, Any]:
    """What the template needs to know of `job`, from `with_progress`, for this user.

    `shown_of_job` is what the page shows of any job (`job_page.context`).
    """
    told: dict[str, Any] = {
        "may_reopen": may_import(user) and not drafts.why_not_reopened(job),
        **_held(job, user),
    }
    if not job.dry_run or job.is_undo:
        return told
    return told | {
        "is_check": True,
        "findings": found(proposed.findings(job), shown_of_job["summary"].fields) if has_results(job) else [],
        **_decision(job, user, shown_of_job["rejected_groups"]),
    }


def _decision(job: ImportJob, user: Any, rejected_groups: dict[str, int]) -> dict[str, Any]:
    """Whether the user may import what the check has shown; if not, why not; and what to do where nothing would be."""
    if job.status != job.Status.COMPLETED:
        return {}
    if not (job.created_rows or job.updated_rows or job.deactivated_products or job.activated_products):
        return {"nothing_to_import": hopeless(job, rejected_groups)}
    reason = applying.why_not(job, user)
    return {
        "may_be_applied": may_apply(user) and not reason,
        "why_not_applied": reason,
        "expires_at": proposed.expires_at(job),
    }


def hopeless(job: ImportJob, rejected_groups: dict[str, int]) -> str:
    """What to do with a checked file that would change nothing, in sentences.

    `rejected_groups` has how many rows break each rule first, the most frequent first.
    """
    if job.held_rows:
        return "Others have changed the products of its rows since. Rows in conflict can be imported all the same."
    if not job.rejected_rows:
        return "There is nothing to import: it would neither create nor change a product."
    most = next(iter(rejected_groups), "")
    return (
        f"Nothing would be imported: {counted(job.rejected_rows, 'row')} of {job.processed_rows:,} would be rejected. "
        f"Change how the file is read, and check it again. {HOW_TO_READ.get(most, OTHERWISE)}"
    )


def found(findings: Findings, fields: dict[str, int]) -> list[Finding]:
    """What was found, in the words of people: by field, the fields in their usual order."""
    told = []
    for name in KEPT:
        if not (count := fields.get(name, 0)):
            continue
        if name == "price":
            told.append(Finding(_prices(findings, count), f"order={BY_MOVE}"))
        elif name == "is_active":
            continue
        else:
            told.append(Finding(f"{name}: {count:,} changed", f"field={name}"))
    if findings.to_zero:
        told.append(Finding(f"{counted(findings.to_zero, 'price')} set to zero", "mark=price_to_zero"))
    for name, count in sorted(findings.emptied.items()):
        told.append(Finding(f"{name}: {counted(count, 'value')} emptied", f"mark=emptied&field={name}"))
    return told


def _prices(findings: Findings, count: int) -> str:
    parts = [f"{number:,} {way}" for number, way in ((findings.up, "up"), (findings.down, "down")) if number]
    if others := count - findings.up - findings.down:
        parts.append(f"{others:,} set or emptied")
    median = findings.median_percent
    return f"price: {', '.join(parts)}" + (f", median {median:+.1f}%" if median is not None else "")


def _held(job: ImportJob, user: Any) -> dict[str, Any]:
    if not job.held_rows or not user.has_perm("products.view_product"):
        return {}
    rows = job.held.order_by("line")[:HELD_SHOWN]
    return {
        "held_gone": applying.why_held_gone(job),
        "held_rows": [
            HeldShown(row.line, row.sku, row.now.get("kind", ""), _fields(row.shown, row.now)) for row in rows
        ],
        # Of corrected rows, what matters is what others have made of their products since.
        "held_are_conflicts": job.follows_id is not None and job.held_by_id is None,
        "held_more": job.held_rows - len(rows),
        "may_import_held": may_apply(user) and not applying.why_not_held(job, user),
    }


def _fields(then: dict[str, Any], now: dict[str, Any]) -> list[HeldField]:
    """The fields in which what was shown and what would be now are not the same."""
    shown_fields, now_fields = then.get("fields", {}), now.get("fields", {})
    return [
        HeldField(name, _pair(shown_fields.get(name)), _pair(now_fields.get(name)))
        for name in KEPT
        if shown_fields.get(name) != now_fields.get(name)
    ]


def _pair(change: dict[str, Any] | None) -> tuple[str, str] | None:
    return None if change is None else (_said(change["old"]), _said(change["new"]))


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "active" if value else "inactive"
    return shown(str(value)) if value not in (None, "", {}) else "empty"
