"""The catalogue of events: what can happen, and what its message looks like.

Documentation and OpenAPI are generated from it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Data = Mapping[str, Any]


@dataclass(frozen=True)
class EventType:
    """One kind of event: what it means, and an example of the `data` in its body."""

    name: str
    description: str
    example: Data
    # Sent only to endpoints that subscribe to it by name, not to those that want all events.
    by_name_only: bool = False

    @property
    def permission(self) -> str:
        """The permission to see what the event is about, and so the body of its deliveries; empty if none is needed."""
        return _PERMISSIONS.get(self.name.partition(".")[0], "")

    def is_wanted(self, events: Collection[str]) -> bool:
        """Whether an endpoint that subscribes to `events` wants this one."""
        return self.name in events if events else not self.by_name_only


_PERMISSIONS = {"product": "products.view_product", "import": "imports.view_importjob"}

_JOB: Data = {
    "id": 42,
    "url": "/api/jobs/42",
    "status": "queued",
    "filename": "products.csv",
    "file_size": 67108864,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "dry_run": False,
    "follows": None,
    "applies": None,
    "supplier": None,
    "supplier_version": None,
    "undoes": None,
    "awaits_check": False,
    "trips": [],
    "approval": None,
    "created_by": "admin",
    "encoding": "",
    "delimiter": "",
    "sheet": "",
    "format": "",
    "warnings": [],
    "header_lines": [],
    "columns": {},
    "ignored_columns": [],
    "numbers": {},
    "words": {},
    "options": {},
    "question": None,
    "progress": 0.0,
    "total_rows": None,
    "processed_rows": 0,
    "created_rows": 0,
    "updated_rows": 0,
    "unchanged_rows": 0,
    "duplicate_rows": 0,
    "rejected_rows": 0,
    "skipped_rows": 0,
    "deleted_rows": 0,
    "superseded_rows": 0,
    "held_rows": 0,
    "open_rows": 0,
    "deactivated_products": 0,
    "activated_products": 0,
    "rows_per_second": None,
    "eta_seconds": None,
    "rejected_rows_deleted_at": None,
    "failure_reason": "",
    "created_at": "2025-06-01T09:30:00Z",
    "started_at": None,
    "finished_at": None,
}
_HELD: Data = {
    **_JOB,
    "status": "held",
    "applies": 41,
    "trips": [
        {
            "guard": "prices_moved",
            "sentence": "412 of 1,000 prices (41.2%) would move by more than 50%; the limit is 10%.",
            "number": 412,
            "of": 1000,
            "share": 41.2,
        }
    ],
}
_STARTED: Data = {
    **_JOB,
    "status": "running",
    "encoding": "utf-8",
    "delimiter": ",",
    "header_lines": [1],
    "columns": {"sku": "SKU", "name": "Product name", "price": "Price"},
    "ignored_columns": ["EAN"],
    "numbers": {"decimal": ".", "thousands": ",", "currency": "EUR", "source": "detected"},
    "started_at": "2025-06-01T09:30:01Z",
}
_HALFWAY: Data = {
    **_STARTED,
    "progress": 0.5,
    "processed_rows": 250000,
    "created_rows": 240000,
    "updated_rows": 9000,
    "unchanged_rows": 500,
    "duplicate_rows": 300,
    "rejected_rows": 200,
    "open_rows": 200,
    "rows_per_second": 20833.3,
    "eta_seconds": 12,
}
_COMPLETED: Data = {
    **_HALFWAY,
    "status": "completed",
    "progress": 1.0,
    "total_rows": 500000,
    "processed_rows": 500000,
    "created_rows": 480000,
    "updated_rows": 18000,
    "unchanged_rows": 1000,
    "duplicate_rows": 600,
    "rejected_rows": 400,
    "open_rows": 400,
    "eta_seconds": None,
    "finished_at": "2025-06-01T09:30:25Z",
}
_PRODUCT: Data = {
    "id": 7,
    "sku": "LAMP-001",
    "name": "Desk lamp",
    "description": "Oak, 40 cm.",
    "price": "49.90",
    "is_active": True,
    "extra": {"Brand": "Acme", "EAN": "4006381333931"},
    "created_at": "2025-06-01T09:30:12Z",
    "updated_at": "2025-06-02T14:05:00Z",
    "last_import": 42,
    "event_sequence": 3,
}


def _of_job(job: Data, sequence: int) -> Data:
    return {"sequence": sequence, "job": job}


def _of_product(product: Data, sequence: int) -> Data:
    return {"sequence": sequence, "product": {**product, "event_sequence": min(sequence, 3)}}


CATALOGUE: Mapping[str, EventType] = {
    event.name: event
    for event in (
        EventType("import.queued", "A file has been uploaded; its import is waiting for a worker.", _of_job(_JOB, 1)),
        EventType("import.started", "A worker has opened the file and the import is running.", _of_job(_STARTED, 2)),
        EventType(
            "import.progress",
            "The import has progressed by another 10% or more. Sent only to endpoints that subscribe to it by name.",
            _of_job(_HALFWAY, 7),
            by_name_only=True,
        ),
        EventType(
            "import.held",
            "A guard has tripped over what the check of this file has found: `trips` says which. Nothing is written "
            "until somebody approves it.",
            _of_job(_HELD, 2),
        ),
        EventType("import.completed", "Every row of the file is accounted for.", _of_job(_COMPLETED, 12)),
        EventType(
            "import.failed",
            "The import has failed, and `failure_reason` says why. Rows written before that stay in the catalogue.",
            _of_job({**_HALFWAY, "status": "failed", "failure_reason": "There is no column for the SKU."}, 3),
        ),
        EventType(
            "import.cancelled",
            "Somebody has cancelled the import. Rows written before that stay in the catalogue.",
            _of_job({**_HALFWAY, "status": "cancelled"}, 8),
        ),
        EventType(
            "product.created",
            "A product was added by hand (admin or API, not by an import).",
            _of_product({**_PRODUCT, "last_import": None}, 1),
        ),
        EventType(
            "product.updated",
            "A product was changed by hand (admin or API, not by an import).",
            _of_product(_PRODUCT, 3),
        ),
        EventType("product.deleted", "A product was deleted by hand; this is what it was.", _of_product(_PRODUCT, 4)),
        EventType(
            "product.bulk_updated",
            "Many products were changed at once. `count` is how many were not so before. `selection` says which ones "
            "were selected, as in `product.bulk_deleted`; `by` is the user.",
            {
                "count": 3,
                "selection": {"ids": [7, 8, 9]},
                "by": "admin",
                "changes": {"is_active": False},
            },
        ),
        EventType(
            "product.bulk_deleted",
            "Many products were deleted at once; there is no event for each of them. `selection` says how they were "
            'selected: `{"ids": […]}`, `{"filter": {…}}` with names and values as in the list of products, or '
            '`{"all": true}`. There are 1,000 ids at most; if there were more, a `note` says how many.',
            {
                "count": 1250,
                "selection": {"filter": {"sku_prefix": "OLD-", "is_active": False}},
                "by": "admin",
            },
        ),
        EventType(
            "webhook.test",
            "A test of this endpoint. Sent without retries, whatever events the endpoint subscribes to.",
            {"endpoint_id": 3},
            by_name_only=True,
        ),
    )
}
TEST = "webhook.test"
# What an endpoint can subscribe to by name.
SUBSCRIBABLE = tuple(name for name in CATALOGUE if name != TEST)


def example_body(event: EventType) -> dict[str, Any]:
    """The whole body of an `event`, by way of example."""
    return {"type": event.name, "timestamp": "2025-06-01T09:30:00.123Z", "data": event.example}


def as_markdown() -> str:
    """The catalogue as the section of the documentation that lists the events."""
    return "\n".join(
        f"### `{event.name}`\n\n{event.description}\n\n```json\n{json.dumps(example_body(event), indent=2)}\n```\n"
        for event in CATALOGUE.values()
    )


def may_see_body(user: Any, event_type: str) -> bool:
    """Whether `user`, who may see deliveries, may see the body of one: what a product is, one who may see products."""
    permission = CATALOGUE[event_type].permission
    return not permission or user.has_perm(permission)


def event_choices() -> list[tuple[str, str]]:
    """Every event type, for fields and filters."""
    return [(name, name) for name in CATALOGUE]
