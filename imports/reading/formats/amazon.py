"""Amazon's flat files, of which the header has rows above it, in older and newer names; and its listings report."""

from __future__ import annotations

from imports.reading.formats.description import Format, Header, Skip, When

AMAZON = Format(
    name="Amazon product file",
    headers=(
        Header(
            (
                *("item_sku", "standard_price", "feed_product_type", "external_product_id", "update_delete"),
                *("external_product_id_type", "parent_child", "parent_sku", "relationship_type", "variation_theme"),
                *("main_image_url", "brand_name"),
            ),
            at_least=3,
        ),
        Header(("contribution_sku#1.value", "::record_action", "product_type#1.value"), at_least=1),
        Header(("seller-sku", "listing-id", "item-name", "asin1", "fulfillment-channel", "open-date"), at_least=3),
    ),
    columns={
        "sku": ("item_sku", "contribution_sku#1.value", "seller-sku"),
        "name": ("item_name", "item_name#1.value"),
        "description": ("product_description", "product_description#1.value", "item-description"),
        "price": ("standard_price", "purchasable_offer#1.our_price#1.schedule#1.value_with_tax", "price"),
        "is_active": ("status",),
    },
    active={"active": True, "inactive": False, "incomplete": False},
    currency=("currency", "purchasable_offer#1.currency"),
    skips=(
        Skip("example_row", when=When(("contribution_sku#1.value",), ("abc123",))),
        Skip("deletion", when=When(("update_delete", "::record_action"), ("delete",))),
    ),
    notes=("The rows above the header are not read.", "Rows marked for deletion are skipped."),
)
