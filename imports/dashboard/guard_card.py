"""What pages show of guards: on that of a check, which would trip; on that of an import, which have, with the worst
examples, and the form by which somebody decides.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.urls import reverse

from imports import approval, changes, guarded, proposed
from imports.dashboard.permissions import may_approve
from imports.models import ImportJob
from imports.proposed import BY_MOVE

Status = ImportJob.Status

# Where the worst examples are that a guard has tripped over: among the changes of the check, by their query.
EXAMPLES = {
    "prices_moved": [("Largest price moves", f"order={BY_MOVE}")],
    "deactivated": [("Products that become inactive", "mark=deactivated")],
    "emptied": [("Emptied values", "mark=emptied")],
    "new": [("New products", "kind=created")],
}
TO_ZERO, PRICES_EMPTIED = ("Prices set to zero", "mark=price_to_zero"), ("Prices emptied", "mark=emptied&field=price")


class ShownTrip(NamedTuple):
    """A guard that has tripped: its sentence, and links to examples, each with its text."""

    sentence: str
    examples: list[tuple[str, str]]


def context(job: ImportJob, user: Any) -> dict[str, Any]:
    """What the template needs to know of `job`, from `with_progress`, for this user."""
    if changes.is_check(job):
        found = [trip.as_json() for trip in guarded.trips(job)] if _may_still_be_imported(job) else []
        return {"would_be_held": _shown(found, job, user)}
    told: dict[str, Any] = {
        "was_held": _shown(job.trips, job.applies, user) if job.trips else [],
        "decided_at": datetime.fromisoformat(job.approval["at"]) if job.approval else None,
    }
    if job.status == Status.HELD:
        reason = approval.why_not(job, user)
        told |= {"why_not_approved": reason, "may_approve": may_approve(user) and not reason}
        told |= {"may_reject": may_approve(user), "reason_max_length": approval.REASON_MAX_LENGTH}
    return told


def _may_still_be_imported(check: ImportJob) -> bool:
    is_there = check.status == Status.COMPLETED and bool(guarded.limits_for(check)) and not proposed.is_gone(check)
    return is_there and not check.applied_by.exists()


def _shown(trips: list[dict[str, Any]], check: ImportJob | None, user: Any) -> list[ShownTrip]:
    return [ShownTrip(trip["sentence"], _examples(trip["guard"], check, user)) for trip in trips]


def _examples(guard: str, check: ImportJob | None, user: Any) -> list[tuple[str, str]]:
    if check is None or proposed.is_gone(check):
        return []
    if guard == "rejected":
        return [("Rejected rows", f"{reverse('admin:imports_importjob_change', args=[check.pk])}#rejected")]
    if not user.has_perm("products.view_product"):
        return []
    address = reverse("admin:imports_importjob_changes", args=[check.pk])
    return [(text, f"{address}?{query}") for text, query in _queries(guard, check)]


def _queries(guard: str, check: ImportJob) -> list[tuple[str, str]]:
    if guard != "prices_zero":
        return EXAMPLES.get(guard, [])
    found = proposed.findings(check)
    return [TO_ZERO] * bool(found.to_zero) + [PRICES_EMPTIED] * bool(found.emptied["price"])
