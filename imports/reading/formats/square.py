"""Square's item library export: a row a variation, each with its item's name and its own."""

from __future__ import annotations

from imports.reading.formats.description import Format, Header, Options

SQUARE = Format(
    name="Square item library export",
    headers=(
        Header(
            (
                *("Token", "Reference Handle", "Item Name", "Customer-facing Name", "Variation Name", "Archived"),
                *("Square Online Item Visibility", "Option Name 1", "Option Value 1", "Sellable", "Stockable"),
                *("Default Unit Cost", "Skip Detail Screen in POS", "Contains Alcohol", "Reporting Category"),
                *("Self-serve Ordering Enabled", "Auto Add Item to Check"),
            ),
            at_least=3,
        ),
    ),
    columns={
        "sku": ("SKU",),
        "name": ("Item Name", "Customer-facing Name", "Name"),
        "description": ("Description",),
        "price": ("Price",),
        "is_active": ("Archived",),
    },
    # The column says the opposite of what the field does.
    active={"y": False, "yes": False, "true": False, "n": True, "no": True, "false": True},
    no_price=("variable",),
    options=Options(("Variation Name",), ignored=("Regular",)),
    notes=(
        "Each variation is a product; its name is appended to the item's: Coffee – Large.",
        "Archived items are inactive; a variable price is none.",
    ),
)
