"""The feed of Google Merchant Center, which other marketplaces read as well (Meta, Microsoft, Pinterest)."""

from __future__ import annotations

from imports.reading.formats.description import Format, Header

GOOGLE = Format(
    name="Google Merchant Center feed",
    headers=(
        Header(
            (
                *("link", "image_link", "availability", "condition", "gtin", "mpn", "google_product_category"),
                *("product_type", "item_group_id", "additional_image_link", "identifier_exists", "age_group"),
                *("sale_price", "sale_price_effective_date", "shipping_weight", "mobile_link", "custom_label_0"),
            ),
            at_least=4,
        ),
        # What the smallest feed has besides its id: the required attributes (Google's product data specification).
        Header(("title", "description", "link", "image_link", "availability"), at_least=5),
    ),
    columns={
        "sku": ("id",),
        "name": ("title",),
        "description": ("description",),
        "price": ("price",),
        "is_active": ("availability",),
    },
    # The only column that says whether a product can be bought; out of stock, it cannot.
    active={
        "in_stock": True,
        "in stock": True,
        "out_of_stock": False,
        "out of stock": False,
        "preorder": True,
        "backorder": True,
        "available for order": True,
        "limited availability": True,
        "discontinued": False,
    },
    decimal=".",
    notes=("Products out of stock are inactive; those for preorder or backorder are active.",),
)
