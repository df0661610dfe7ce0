"""Writing to the audit trail: `record`, which whatever changes something calls in the transaction of the change."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction

from acme_importer.audit.acting import current
from acme_importer.audit.acts import ACTS
from acme_importer.audit.models import NAME_MAX_LENGTH, SHORT_MAX_LENGTH, Record
from acme_importer.texts import printable, shortened

# Of a list, what is kept: names of fields are fewer.
MOST_ITEMS = 50
# Of a text among the details: as long as people may explain themselves.
DETAIL_MAX_LENGTH = 500


def record(
    act: str, changed: models.Model | None = None, *, name: str = "", count: int = 1, user: Any = None, **details: Any
) -> None:
    """Record that the one who acts now has done `act` to `changed`, or to `count` things at once.

    `name` is what `changed` is called, where its own text may hold a secret. `user` is who did it, where the caller
    knows; otherwise the request does. `details` hold no secrets either.
    """
    if act not in ACTS:
        raise ValueError(f"The audit trail knows no act '{act}'.")
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An act is recorded in the transaction of its change.")
    actor = current()
    who = user or actor.user
    Record.objects.create(
        act=act,
        user_id=who.pk if who else None,
        user_name=_bounded(who.get_username() if who else actor.name, NAME_MAX_LENGTH),
        token=_bounded(actor.token),
        address=_bounded(actor.address),
        way=actor.way,
        kind=str(changed._meta.verbose_name) if changed else "",
        object_id=_bounded(str(changed.pk)) if changed else "",
        object_name=_bounded(name or str(changed), NAME_MAX_LENGTH) if changed else "",
        count=count,
        details={name: _clean(value) for name, value in details.items()},
        request_id=_bounded(actor.request_id),
    )


def _bounded(text: str, length: int = SHORT_MAX_LENGTH) -> str:
    """`text`, which may be a stranger's, as it is stored: no database takes a NUL, no column more than its length."""
    return shortened(printable(text[:length]), length)


def _clean(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in list(value)[:MOST_ITEMS]]
    if isinstance(value, dict):
        return {_bounded(str(name)): _clean(item) for name, item in list(value.items())[:MOST_ITEMS]}
    return value if value is None or isinstance(value, bool | int | float) else _bounded(str(value), DETAIL_MAX_LENGTH)
