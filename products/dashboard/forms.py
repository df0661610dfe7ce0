"""The forms of the dashboard in which people write products."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import cached_property

from products import editing
from products.models import Product


class ListedProductFormSet(forms.BaseModelFormSet):
    """The rows of the list. Forms are made of what is sent; showing rows takes none, which saves 10 ms for 50 rows
    (measured: benchmarks/dashboard.py).
    """

    @cached_property
    def forms(self) -> list[Any]:
        return super().forms if self.is_bound else []

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["id"].error_messages["invalid_choice"] = (
            "This product has been deleted in the meantime, so nothing was saved. Reload the list to change the others."
        )


class NewProductForm(forms.ModelForm):
    """What it takes to add a product from the list."""

    prefix = "new"

    class Meta:
        model = Product
        fields = ("sku", "name", "price", "is_active")
        widgets = {"sku": forms.TextInput(attrs={"autocomplete": "off"})}

    def try_to_save(self, editor: editing.Editor) -> Product | None:
        """The product, once it is saved; None when there are faults, which the form then shows."""
        if not self.is_valid():
            return None
        try:
            return editing.create(self.instance, editor)
        except editing.SkuTakenError as error:
            self.add_error("sku", str(error))
            return None


class DeletionForm(forms.Form):
    """Asks whether so many products are really to be deleted. For many, their number has to be typed."""

    TYPED_FROM = 101

    # The number that the page showed, which is what was confirmed.
    expected = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    typed = forms.CharField(
        required=False, max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"})
    )

    def __init__(self, data: Any = None, *, count: int) -> None:
        super().__init__(data, initial={"expected": count})
        self.count = count
        self.fields["typed"].label = f"Type {count:,} to delete them"
        if count < self.TYPED_FROM:
            del self.fields["typed"]

    def clean_expected(self) -> int:
        """Refuse a confirmation of another number than it is now."""
        expected = self.cleaned_data["expected"]
        if expected != self.count:
            raise forms.ValidationError("The selection has changed in the meantime. Check the number again.")
        return expected

    def clean_typed(self) -> str:
        """Refuse any other number; thousands separators are fine."""
        typed = self.cleaned_data["typed"]
        if typed.replace(",", "").replace(" ", "") != str(self.count):
            raise forms.ValidationError(f"Type the number {self.count:,} to delete these products, or go back.")
        return typed
