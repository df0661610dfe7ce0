"""Magento 2's product export (Adobe Commerce): a row a product, and one more for each store view that differs."""

from __future__ import annotations

from imports.reading.formats.description import Format, Header, Skip, When

MAGENTO = Format(
    name="Magento 2 product export",
    headers=(
        Header(("store_view_code", "product_online"), at_least=1),
        Header(
            (
                *("attribute_set_code", "product_websites", "tax_class_name", "configurable_variations"),
                *("additional_attributes", "out_of_stock_qty", "use_config_min_qty", "use_config_manage_stock"),
                *("display_product_options_in", "map_enabled", "url_key"),
            ),
            at_least=3,
        ),
    ),
    columns={
        "sku": ("sku",),
        "name": ("name",),
        "description": ("description", "short_description"),
        "price": ("price",),
        "is_active": ("product_online",),
    },
    active={"1": True, "2": False, "0": False},
    decimal=".",
    # Magento puts a space in front of what a spreadsheet would take for a formula.
    formula_mark=" ",
    skips=(Skip("translation", when=When(("store_view_code",))),),
    notes=(
        "Rows of a store view are translations; they are skipped, and the default row is imported.",
        "Online 1 is active, 2 is not.",
    ),
)
