"""Shopify's product export, with its older and its newer column names: a row a variant, or a further image."""

from __future__ import annotations

from imports.reading.formats.description import CarryDown, Format, Header, Options, Skip

SHOPIFY = Format(
    name="Shopify product export",
    headers=(
        Header(
            (
                *("Handle", "Body (HTML)", "Option1 Name", "Option1 Value", "Variant SKU", "Variant Price"),
                *("Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy"),
                *("Variant Fulfillment Service", "Variant Compare At Price", "Variant Requires Shipping"),
                *("Variant Taxable", "Variant Barcode", "Variant Weight Unit", "Variant Image", "Image Src"),
            ),
            at_least=3,
        ),
        Header(
            (
                *("URL handle", "Published on online store", "Option1 name", "Option1 value", "Compare-at price"),
                *("Continue selling when out of stock", "Weight value (grams)", "Weight unit for display"),
                *("Inventory tracker", "Fulfillment service", "Product image URL", "Variant image URL", "Charge tax"),
            ),
            at_least=3,
        ),
    ),
    columns={
        "sku": ("Variant SKU", "SKU"),
        "name": ("Title",),
        "description": ("Body (HTML)", "Description"),
        "price": ("Variant Price", "Price"),
        "is_active": ("Status", "Published", "Published on online store"),
    },
    # Unlisted products are sold to everyone who has the link.
    active={"active": True, "unlisted": True, "draft": False, "archived": False, "true": True, "false": False},
    decimal=".",
    skips=(Skip("image_row", blank=("sku", "name", "price"), blank_columns=("Option1 Value",)),),
    carry_down=CarryDown(fields=("name", "description", "is_active"), key=("Handle", "URL handle")),
    options=Options(("Option1 Value", "Option2 Value", "Option3 Value"), ignored=("Default Title",)),
    notes=(
        "Each variant is a product; it takes title, description and status from the first row of its handle.",
        "The variant's options are appended to the title: Shirt – Red / M.",
        "Rows that only add an image are skipped.",
    ),
)
