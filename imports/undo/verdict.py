"""What undoing makes of one product: which of its fields are restored, and which are kept. Knows no database.

A field is restored if the product still holds what the import wrote; whether something touched it in between does not
matter, only what it holds. A product that the import created is deleted if it is as the import left it. Each product
falls into exactly one class; where several of its fields have changed, the verdict names those restored and those kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from products.history.records import CREATED, DELETED, KEPT, Record, Values


class Class(StrEnum):
    """What becomes of a product: the first three are written."""

    RESTORED = "restored"
    DELETED = "deleted"
    CREATED_AGAIN = "created_again"
    EDITED_SINCE = "edited_since"
    CHANGED_LATER = "changed_later"
    ALREADY_SO = "already_so"
    GONE = "gone"
    # Only fields are selected, and it is about the whole product.
    NOT_SELECTED = "not_selected"


_NOTHING: Mapping[str, tuple[Any, Any]] = MappingProxyType({})


class Verdict(NamedTuple):
    """The class of a product; what is restored, as {field: (value now, value then)}; and the fields that are kept."""

    of: Class
    restored: Mapping[str, tuple[Any, Any]] = _NOTHING
    kept: tuple[str, ...] = ()


def judge(own: Sequence[Record], now: Values | None, fields: Collection[str] = KEPT) -> Verdict:
    """The verdict on one product. Of one that is kept it says EDITED_SINCE; only its story tells who has changed it.

    Args:
        own: what is to be undone: all records of the product of that import, the newest first; at least one.
        now: the values that the product has, of all fields that those records have; None if there is none.
        fields: those that may be restored; a product is only deleted, or created again, where these are all.
    """
    newest, oldest = own[0], own[-1]
    if newest.kind == DELETED:
        return _whole(newest.before, now, Class.CREATED_AGAIN if now is None else Class.ALREADY_SO)
    if oldest.kind == CREATED:
        if len(fields) < len(KEPT):
            return Verdict(Class.NOT_SELECTED)
        left = {name: value for record in reversed(own) for name, value in record.after.items()}
        return _whole(left, now, Class.ALREADY_SO if now is None else Class.DELETED)
    return Verdict(Class.GONE) if now is None else _by_fields(own, now, fields)


def _by_fields(own: Sequence[Record], now: Values, fields: Collection[str]) -> Verdict:
    """The verdict on a product that was changed, and is still there."""
    newest, restored, kept = own[0], {}, []
    before, after = (newest.before, newest.after) if len(own) == 1 else _net(own)
    for name, written in after.items():
        value, original = now[name], before[name]
        if name not in fields or original in (value, written):
            continue
        if value == written:
            restored[name] = (value, original)
        else:
            kept.append(name)
    if restored:
        return Verdict(Class.RESTORED, restored, tuple(kept))
    if kept:
        return Verdict(Class.EDITED_SINCE, kept=tuple(kept))
    return Verdict(Class.ALREADY_SO)


def _whole(values: Values, now: Values | None, otherwise: Class) -> Verdict:
    """The verdict on a product that is kept as a whole unless it has these values, or is not there."""
    differing = () if now is None else tuple(name for name in KEPT if now[name] != values.get(name, {}))
    return Verdict(Class.EDITED_SINCE, kept=differing) if differing else Verdict(otherwise)


def _net(own: Sequence[Record]) -> tuple[Values, Values]:
    """The values of all fields that these records have changed: before the oldest of them, and after the newest."""
    before: Values = {}
    after: Values = {}
    for record in reversed(own):
        before = record.before | before
        after |= record.after
    return before, {name: after[name] for name in KEPT if name in after}
