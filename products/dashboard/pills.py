"""The filters of the list as pills: what each asks, what is chosen in it, and the address without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.forms.boundfield import BoundField

from acme_importer.texts import printable
from products.history.records import KEPT

# The pills in their order, and by names of fields what each of them asks. The search box is none of them.
PILLS: Mapping[str, tuple[str, ...]] = {
    "SKU": ("sku",),
    "SKU begins with": ("sku_prefix",),
    "Name contains": ("name",),
    "Description contains": ("description",),
    "Active": ("is_active",),
    "Price": ("price_min", "price_max"),
    "Last import": ("last_import",),
    "Changed": ("changed_by_import", "changed_field", "changed_since"),
    "Extra": ("extra",),
}
LABELS = {
    **{names[0]: title for title, names in PILLS.items()},
    "price_min": "Minimum price",
    "price_max": "Maximum price",
    "last_import": "Last import (number)",
    "changed_by_import": "By import (number)",
    "changed_field": "Field",
    "changed_since": "Since (as 2026-11-03, in UTC)",
    "extra": "Column and value, as Brand:Acme",
}
ACTIVE = {"": "Any", "true": "Yes", "false": "No"}

# The address of the list with those values of filters changed; None takes one away.
Address = Callable[[dict[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the few values of a filter, as a link."""

    text: str
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Pill:
    """One filter: a button that opens a menu, and once something is chosen says what, and can be removed."""

    id: str
    title: str
    value: str
    url_without: str
    fields: list[BoundField]
    choices: list[Choice]


def prepare(form: forms.Form) -> None:
    """Give the fields the labels of the pills. The first of each menu has the cursor when the menu opens."""
    for title, names in PILLS.items():
        form.fields[names[0]].widget.attrs["autofocus"] = True
        for name in names:
            form.fields[name].label = LABELS.get(name, title)
    cast("forms.ChoiceField", form.fields["changed_field"]).choices = [("", "Any"), *((name, name) for name in KEPT)]


def chosen(form: forms.Form) -> bool:
    """Whether any filter is in use, or something is searched."""
    return any(form.data.get(name) for name in form.fields)


def pills(form: forms.Form, address: Address) -> Iterator[Pill]:
    """The pills for the filters as they were sent. To find one SKU there is the search box; links may ask for one."""
    for title, names in PILLS.items():
        given = [printable(form.data.get(name) or "") for name in names]
        if title == "SKU" and not any(given):
            continue
        choices: list[Choice] = []
        if title == "Active":
            (value,) = given
            given = [ACTIVE.get(value, value) if value else ""]
            choices = [Choice(text, address({"is_active": key or None}), key == value) for key, text in ACTIVE.items()]
        yield Pill(
            id=names[0],
            title=title,
            value=_in_words(*given) if title == "Price" else ", ".join(filter(None, given)),
            url_without=address(dict.fromkeys(names)),
            fields=[form[name] for name in names],
            choices=choices,
        )


def _in_words(lowest: str, highest: str | None = None) -> str:
    """One value, or a range of which one end may be open."""
    if highest is None or not (lowest or highest):
        return lowest
    if not highest:
        return f"from {lowest}"
    return f"{lowest} to {highest}" if lowest else f"up to {highest}"
