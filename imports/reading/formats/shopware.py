"""Shopware 6's product export, in its default profile: a variant names its parent, and inherits what it leaves open."""

from __future__ import annotations

from imports.reading.formats.description import Format, Header, Inherit

SHOPWARE = Format(
    name="Shopware 6 product export",
    headers=(
        Header(
            (
                *("product_number", "parent_id", "price_net", "price_gross", "tax_id", "tax_rate", "tax_name"),
                *("cover_media_id", "cover_media_url", "manufacturer_id", "manufacturer_name", "sales_channel"),
                *("propertyIds", "optionIds"),
            ),
            at_least=4,
        ),
    ),
    columns={
        "sku": ("product_number",),
        "name": ("name",),
        "description": ("description",),
        # What the shop shows.
        "price": ("price_gross", "price_net"),
        "is_active": ("active",),
    },
    active={"1": True, "0": False, "true": True, "false": False},
    decimal=".",
    inherit=Inherit(
        fields=("name", "description", "price", "is_active"),
        parent=("parent_id",),
        ids={"": ("id",)},
    ),
    notes=(
        "A variant takes name, description, price and status from its parent where it has none of its own.",
        "The price is the gross one, where the file has both.",
    ),
)
