"""The rows of the list of products, and the inputs in them. Does not know the list, its pages or its filters.

Written out, since Django's own way, by a form for each row, took two thirds of the processor time of the page
(measured: benchmarks/dashboard.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

from django import forms
from django.utils.safestring import SafeString

from acme_importer.texts import printable
from products.fields import NAME_MAX_LENGTH, PRICE_DECIMAL_PLACES
from products.models import Product

# What is edited in the rows, and what each of them sends.
EDITABLE = ("name", "price", "is_active")
SENT = ("id", *EDITABLE)
NO_FAULTS = dict.fromkeys(SENT, "")

PRICE_STEP = Decimal(1).scaleb(-PRICE_DECIMAL_PLACES)


@dataclass(frozen=True, slots=True)
class Row:
    """A product of the list, and by names of fields what its inputs hold, and what is wrong with that.

    `shown` is what the page showed before anybody changed it, which is sent along with what the inputs hold.
    """

    product: Product
    prefix: str
    values: Mapping[str, Any]
    shown: Mapping[str, Any]
    faults: Mapping[str, Any]

    @classmethod
    def stored(cls, number: int, product: Product) -> Row:
        """A row that nobody has changed."""
        values = {"name": product.name, "price": product.price, "is_active": product.is_active}
        return cls(product, f"form-{number}", values, values, NO_FAULTS)

    @classmethod
    def sent(cls, form: forms.ModelForm) -> Row:
        """A row as it was sent, of the form's own product: what is on this page of the list may be others by now."""
        values = {name: form[name].value() for name in SENT}
        shown = {name: form.data.get(form[name].html_initial_name) for name in EDITABLE}
        return cls(form.instance, str(form.prefix), values, shown, {name: form[name].errors for name in SENT})

    @property
    def sku(self) -> str:
        """The SKU, to be read."""
        return printable(self.product.sku)

    @property
    def plain_name(self) -> str:
        """The name, to be read; the input has it as it is."""
        return printable(self.product.name)

    @property
    def box(self) -> SafeString:
        """The box that selects the product for an action."""
        label = f"Select this product for an action - {self.product}"
        return SafeString(
            f'<input type="checkbox" name="_selected_action" value="{self.product.pk}" class="action-select" '
            f'aria-label="{_text(label)}">'
        )

    @property
    def name(self) -> SafeString:
        """The input of the name."""
        value, label = _text(self.values["name"]), f"Name of {self.sku}"
        return self._cell("name", f'type="text" value="{value}" maxlength="{NAME_MAX_LENGTH}"', label)

    @property
    def price(self) -> SafeString:
        """The input of the price."""
        value, label = _text(self.values["price"]), f"Price of {self.sku}"
        return self._cell("price", f'type="number" value="{value}" step="{PRICE_STEP}"', label)

    @property
    def is_active(self) -> SafeString:
        """The box for the state, and what tells which product the row is about."""
        checked = " checked" if self.values["is_active"] else ""
        box = self._cell("is_active", f'type="checkbox"{checked}', f"{self.sku} is active")
        return box + self._hidden("", "id", self.product.pk)

    @property
    def gone(self) -> SafeString:
        """What stands in the place of a product that has been deleted: it is sent again, and refused again."""
        return self._hidden("", "id", self.values["id"]) + self._hidden("", "name", self.values["name"])

    def _cell(self, field: str, attributes: str, label: str) -> SafeString:
        """One input with its faults before it and, after it, what the page showed."""
        faults = self.faults[field]
        if faults:
            attributes += f' aria-invalid="true" aria-describedby="id_{self.prefix}-{field}_error"'
        shown = self._hidden("initial-", field, self.shown[field])
        return SafeString(
            f'{faults}<input name="{self.prefix}-{field}" aria-label="{_text(label)}" {attributes}>{shown}'
        )

    def _hidden(self, before: str, field: str, value: Any) -> SafeString:
        return SafeString(f'<input type="hidden" name="{before}{self.prefix}-{field}" value="{_text(value)}">')


def _text(value: Any) -> str:
    """The value as text within an attribute. All that products hold passes through here.

    Not by `format_html`, which took 6 ms more for a page of 50 rows (measured: benchmarks/dashboard.py).
    """
    return "" if value is None else escape(str(value))
