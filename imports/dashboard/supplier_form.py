"""The form of a supplier in the dashboard: its name, and what of its reading does not depend on its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms

from acme_importer.texts import printable
from imports import suppliers
from imports.dashboard.reading_form import NO_SEPARATOR, THOUSANDS
from imports.guards import DEFAULTS, Limit, limits_from_json
from imports.models import MISSING, MOST_FILES_ABSENT, Supplier
from imports.options import MODES as MODE_NAMES
from imports.options import NEW_PRODUCTS, Options
from imports.reading.empty_cells import USUAL, choices_of
from imports.reading.errors import FileRefusedError
from imports.reading.numbers import DECIMAL_SIGNS
from imports.said import EMPTY_CELLS, MODES

PRICES = ("decimal", "thousands", "currency")
ROWS = ("mode", "new_products", *(f"empty_{name}" for name in USUAL), "extra")


def _empty(name: str) -> forms.ChoiceField:
    """What an empty cell of the field `name` does to a product that exists."""
    choices = [(choice, EMPTY_CELLS[choice]) for choice in choices_of(name)]
    return forms.ChoiceField(label=f"An empty {name}", choices=choices)


def _guard_fields() -> dict[str, forms.Field]:
    """A field for each part of each guard's limit; left empty, that part is off."""
    fields: dict[str, forms.Field] = {}
    for name, title in GUARD_TITLES.items():
        share = forms.FloatField(label=f"{title}: more than %", required=False, min_value=0, max_value=100)
        number = forms.IntegerField(label=f"{title}: more than this number", required=False, min_value=0)
        fields |= {f"guard_{name}_share": share, f"guard_{name}_number": number}
    percent = forms.FloatField(label="Prices that move by more than %", required=False, min_value=0)
    return fields | {"guard_prices_moved_percent": percent}


# In the order of the guards; of price moves also from how many per cent on.
GUARD_TITLES = {
    "prices_moved": "Prices that move",
    "prices_zero": "Prices that become zero or empty",
    "deactivated": "Products deactivated",
    "emptied": "Filled cells emptied",
    "new": "New SKUs",
    "rejected": "Rejected rows",
    "rows": "Rows more or fewer than in the last file",
    "overlap": "SKUs of the last file missing",
}
GUARD_LINES = (
    "guards_on",
    "guard_prices_moved_percent",
    *((f"guard_{name}_share", f"guard_{name}_number") for name in GUARD_TITLES),
)
GuardFields = type("GuardFields", (forms.Form,), _guard_fields())


class SupplierForm(GuardFields, forms.ModelForm):  # type: ignore[misc, valid-type]  # made of the guards
    guards_on = forms.BooleanField(
        required=False,
        label="Hold unusual files until somebody approves them",
        help_text="A limit that is left empty is off.",
    )
    decimal = forms.ChoiceField(
        label="Decimal sign",
        required=False,
        choices=[("", "Detected"), *((sign, name.capitalize()) for sign, name in DECIMAL_SIGNS.items())],
    )
    thousands = forms.ChoiceField(
        label="Thousands separator",
        required=False,
        choices=[("", "Detected"), *((sign, name.capitalize()) for sign, name in THOUSANDS.items())],
    )
    currency = forms.CharField(max_length=10, required=False)
    mode = forms.ChoiceField(label="Rows", choices=[(name, MODES[name].capitalize()) for name in MODE_NAMES])
    new_products = forms.ChoiceField(
        label="New products without a status", choices=[(name, name.capitalize()) for name in NEW_PRODUCTS]
    )
    empty_name = _empty("name")
    empty_description = _empty("description")
    empty_price = _empty("price")
    empty_is_active = _empty("is_active")
    extra = forms.BooleanField(required=False, label="Keep other columns with the products")

    missing = forms.ChoiceField(
        label="Products that its file has no longer",
        choices=MISSING,
        help_text="What its last complete file had, and a new one lacks. A rejected row counts as there.",
    )
    missing_after = forms.IntegerField(
        label="Absent from so many files in a row", min_value=1, max_value=MOST_FILES_ABSENT
    )

    class Meta:
        model = Supplier
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = suppliers.current(self.instance)
        self._said = Options.from_json(version.options)
        self.initial.update(_initial(self._said))
        self.initial.update(missing=version.missing, missing_after=version.missing_after, **_told(version.guards))

    def clean(self) -> dict[str, Any]:
        """Refuse what no file can be read by."""
        cleaned = super().clean() or {}
        try:
            self.options()
        except FileRefusedError as error:
            self.add_error(None, printable(str(error)))
        return cleaned

    def kept(self) -> dict[str, Any]:
        """What was chosen besides, by the names of `remembering.KEPT_FROM_VERSION`."""
        chosen = self.cleaned_data
        return {
            "missing": chosen["missing"],
            "missing_after": chosen["missing_after"],
            "guards": _guards(chosen) if chosen["guards_on"] else None,
        }

    def options(self) -> Options:
        """What was chosen, with what the supplier had besides. Raises FileRefusedError for what is not allowed."""
        chosen = self.cleaned_data
        separator = chosen.get("thousands", "")
        numbers = {
            "decimal": chosen.get("decimal", ""),
            "thousands": separator,
            "currency": chosen.get("currency", "").strip(),
        }
        numbers = {part: value for part, value in numbers.items() if value}
        if separator == NO_SEPARATOR:
            numbers["thousands"] = ""
        empty = {name: chosen.get(f"empty_{name}", "") for name in USUAL}
        mode = chosen.get("mode", "")
        return replace(
            self._said,
            numbers=numbers,
            mode="" if mode == MODE_NAMES[0] else mode,
            new_products="" if chosen.get("new_products") == NEW_PRODUCTS[0] else chosen.get("new_products", ""),
            empty_cells={name: choice for name, choice in empty.items() if choice and choice != USUAL[name]},
            extra=chosen.get("extra", False),
        )


def _told(guards: Any) -> dict[str, Any]:
    """What the fields of the guards show, by the limits that are stored."""
    limits = limits_from_json(guards or {})
    shown: dict[str, Any] = {"guards_on": guards is not None}
    for name in GUARD_TITLES:
        limit = limits.get(name, Limit(percent=DEFAULTS[name].percent))
        shown |= {f"guard_{name}_{part}": getattr(limit, part) for part in ("share", "number")}
    return shown | {
        "guard_prices_moved_percent": limits.get("prices_moved", DEFAULTS["prices_moved"]).percent,
    }


def _guards(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The limits that the fields say, as they are stored: those that are not the usual ones."""
    told: dict[str, Any] = {}
    for name, usual in DEFAULTS.items():
        parts = {part: chosen.get(f"guard_{name}_{part}") for part in ("share", "number")}
        if name == "prices_moved":
            # Any move is one from no per cent on.
            parts["percent"] = chosen.get("guard_prices_moved_percent") or 0
        if differing := {part: value for part, value in parts.items() if value != getattr(usual, part)}:
            told[name] = differing
    return told


def _initial(said: Options) -> dict[str, Any]:
    numbers = said.numbers
    return {
        "decimal": numbers.get("decimal", ""),
        "thousands": NO_SEPARATOR if numbers.get("thousands") == "" else numbers.get("thousands", ""),
        "currency": numbers.get("currency", ""),
        "mode": said.mode or MODE_NAMES[0],
        "new_products": said.new_products or NEW_PRODUCTS[0],
        "extra": said.extra,
        **{f"empty_{name}": said.empty_cells.get(name, usual) for name, usual in USUAL.items()},
    }
