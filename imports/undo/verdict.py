"""What undoing makes of one product: which of its fields are restored, and which are kept. Knows no database.

A field is restored if the product still holds what the import wrote; whether something touched it in between does not
matter, only what it holds. A product that the import created is deleted if it is as the import left it. Each product
falls into exactly one class; where several of its fields have changed, the verdict names those restored and those kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Later:
    """A change that somebody has made to the product since: its record, and by which import, if it was one."""

    record: Record
    import_number: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The class of a product; what is restored, as {field: (value now, value then)}; and the fields that are kept."""

    of: Class
    restored: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


def judge(own: Sequence[Record], later: Sequence[Later], now: Values | None, fields: Collection[str] = KEPT) -> Verdict:
    """The verdict on one product.

    Args:
        own: what is to be undone: all records of the product of that import, the newest first; at least one.
        later: the product's records since the newest of those, the newest first.
        now: the values that the product has; None if there is none.
        fields: those that may be restored; a product is only deleted, or created again, where these are all.
    """
    newest, oldest = own[0], own[-1]
    if newest.kind == DELETED:
        return _recreated(newest, later, now)
    if oldest.kind == CREATED:
        return _deleted(own, later, now)
    if now is None:
        return Verdict(Class.GONE)
    restored, kept, same = {}, [], []
    for name in KEPT:
        touching = [record for record in own if name in record.after and name in fields]
        if not touching:
            continue
        written, original = touching[0].after[name], touching[-1].before[name]
        if now[name] == original:
            same.append(name)
        elif now[name] == written:
            restored[name] = (now[name], original)
        else:
            kept.append(name)
    if restored:
        return Verdict(Class.RESTORED, restored, tuple(kept))
    if kept:
        return Verdict(_who(later, kept), kept=tuple(kept))
    return Verdict(Class.ALREADY_SO)


def _deleted(own: Sequence[Record], later: Sequence[Later], now: Values | None) -> Verdict:
    """The verdict on a product that the import created."""
    if now is None:
        return Verdict(Class.ALREADY_SO)
    left = {name: value for record in reversed(own) for name, value in record.after.items()}
    differing = [name for name in KEPT if now[name] != left.get(name, {})]
    if differing:
        return Verdict(_who(later, differing), kept=tuple(differing))
    return Verdict(Class.DELETED)


def _recreated(deletion: Record, later: Sequence[Later], now: Values | None) -> Verdict:
    """The verdict on a product that was deleted."""
    if now is None:
        return Verdict(Class.CREATED_AGAIN)
    differing = [name for name in KEPT if now[name] != deletion.before[name]]
    if not differing:
        return Verdict(Class.ALREADY_SO)
    return Verdict(_who(later, differing), kept=tuple(differing))


def _who(later: Sequence[Later], fields: Collection[str]) -> Class:
    """Who has last changed one of these fields: a later import, or somebody by hand."""
    for change in later:
        if any(name in change.record.after for name in fields):
            return Class.EDITED_SINCE if change.import_number is None else Class.CHANGED_LATER
    return Class.EDITED_SINCE
