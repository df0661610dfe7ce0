"""A product's history as its pages show it: a sentence for each field, and the changes as rows of a table.

All values are a stranger's: shortened here, with what cannot be seen spelled out; templates escape them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from acme_importer.texts import printable, shortened
from products.extra import EXTRA
from products.fields import normalize_sku
from products.history.blame import FieldHistory, History
from products.history.plain import plain
from products.history.records import CREATED, DELETED
from products.history.sources import Source
from products.history.stories import Entry

SHOWN_LENGTH = 120
# How much is shown before the first letter that differs, of texts that begin alike.
SHOWN_BEFORE = 20

LABELS = {
    "sku": "SKU",
    "name": "Name",
    "description": "Description",
    "price": "Price",
    "is_active": "State",
    EXTRA: "Extra",
}
NONE = "none"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a change: an import with its file and line, or a user; the product itself without either."""

    import_number: int | None
    filename: str
    url: str
    line: int
    user: str
    undo_of: int | None

    @classmethod
    def of(cls, entry: Entry, known: Mapping[int, Source]) -> Origin:
        """The origin of a change, with what is known of imports by their numbers."""
        number = entry.change_set.import_number
        source = known.get(number) if number is not None else None
        return cls(
            import_number=number,
            filename=_shown(source.filename) if source else "",
            url=source.url if source else "",
            line=entry.record.line,
            user=_shown(entry.change_set.user_name),
            undo_of=source.undo_of if source else None,
        )

    @property
    def sentence(self) -> SafeString:
        """Where a change is from, within a sentence."""
        if self.import_number is None:
            return format_html("by <bdi>{}</bdi>", self.user) if self.user else SafeString("by the system")
        number = f"import {self.import_number}"
        if self.undo_of is not None:
            number += f" (undo of import {self.undo_of})"
        said = [
            format_html('<a href="{}">{}</a>, <bdi>{}</bdi>', self.url, number, self.filename) if self.url else number
        ]
        if self.line:
            said.append(f"line {self.line:,}")
        return format_html_join(", ", "{}", ((part,) for part in said))


@dataclass(frozen=True, slots=True)
class ShownField:
    """What the sentence about a field is made of; `was` is empty where there was nothing before."""

    label: str
    value: str
    since: datetime | None
    origin: Origin | None
    is_created: bool
    was: str

    @property
    def how_long(self) -> str:
        """What stands before the date."""
        if self.origin is None:
            return "at least since"
        return "since it was created on" if self.is_created else "since"

    @property
    def from_where(self) -> SafeString:
        """What stands behind the date."""
        if self.origin is None:
            return SafeString("")
        was = format_html("; was <bdi>{}</bdi>", self.was) if self.was else ""
        return format_html(", {}{}", self.origin.sentence, was)


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A field of a change: empty texts where there was no value, or is none any longer."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A row of the table. `sku` is empty, unless the product had another one than it has."""

    at: datetime
    kind: str
    origin: Origin
    sku: str
    values: list[ShownValue]


def fields(found: History, known: Mapping[int, Source]) -> list[ShownField]:
    """The sentences; none about the extra of a product that has none, and had none."""
    return [_field(field, known) for field in found.fields if field.name != EXTRA or field.value or _was(field)]


def changes(found: History, known: Mapping[int, Source]) -> list[ShownChange]:
    """The rows of the table."""
    return [_change(entry, found.subject.sku, known) for entry in found.page.entries]


def _field(field: FieldHistory, known: Mapping[int, Source]) -> ShownField:
    entry, name = field.entry, field.name
    before = entry.record.before if entry else {}
    old, new = _pair(name, before.get(name), field.value)
    return ShownField(
        label=LABELS[name],
        value=new,
        since=entry.change_set.at if entry else field.unchanged_since,
        origin=Origin.of(entry, known) if entry else None,
        is_created=entry is not None and entry.record.kind == CREATED,
        was=old if name in before else "",
    )


def _was(field: FieldHistory) -> Any:
    return field.entry and field.entry.record.before.get(field.name)


def _change(entry: Entry, sku: str, known: Mapping[int, Source]) -> ShownChange:
    record = entry.record
    values = []
    for name in record.fields:
        old, new = _pair(name, record.before.get(name), record.after.get(name))
        # Of a whole product, only what it has.
        if record.kind not in (CREATED, DELETED) or {old, new} != {NONE}:
            has_old, has_new = name in record.before, name in record.after
            values.append(ShownValue(LABELS[name], old if has_old else "", new if has_new else ""))
    other = "" if normalize_sku(record.sku) == normalize_sku(sku) else _shown(record.sku)
    return ShownChange(entry.change_set.at, record.kind, Origin.of(entry, known), other, values)


def _pair(name: str, old: Any, new: Any) -> tuple[str, str]:
    """Both values in words. Of long texts that begin alike, what they begin with is left out."""
    if name == EXTRA:
        old, new = old or {}, new or {}
        if old and new:
            same = {key for key in old if old[key] == new.get(key)}
            old, new = ({key: text for key, text in each.items() if key not in same} for each in (old, new))
    texts = [_in_words(name, old), _in_words(name, new)]
    alike = sum(1 for _ in takewhile(lambda letters: letters[0] == letters[1], zip(*texts, strict=False)))
    if alike > SHOWN_BEFORE and max(map(len, texts)) > SHOWN_LENGTH and texts[0] != texts[1]:
        start = alike - SHOWN_BEFORE
        texts = ["…" + text[start:] for text in texts]
    return _shown(texts[0]), _shown(texts[1])


def _in_words(name: str, value: Any) -> str:
    if name == "is_active":
        return "active" if value else "inactive"
    if name == EXTRA:
        return ", ".join(f"{key}: {text}" for key, text in sorted(value.items())) or NONE
    return NONE if value in (None, "") else str(plain(name, value))


def _shown(text: str) -> str:
    return printable(shortened(text, SHOWN_LENGTH))
