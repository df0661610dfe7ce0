"""BigCommerce's product exports: the older one, of items called Product, SKU and Rule, and the newer one.

In both, a product's row is followed by those of its variants. The older one names the options where a product has its
name, as `[S]Size=Small,[CS]Color=Red:#ff0000`, the newer one as `Type=Swatch|Name=Color|Value=Red[#ff0000]`.
"""

from __future__ import annotations

from imports.reading.formats.description import CarryDown, Format, Header, Options, Skip, When

_KIND = ("Item Type", "Item")

BIGCOMMERCE = Format(
    name="BigCommerce product export",
    headers=(
        Header(
            (
                *("Item Type", "Product Code/SKU", "Bin Picking Number", "Option Set", "Option Set Align"),
                *("Fixed Shipping Cost", "Allow Purchases?", "Product Visible?", "Product Availability"),
                *("Current Stock Level", "Low Stock Level", "Product Image File - 1", "Stop Processing Rules"),
            ),
            at_least=4,
        ),
        Header(
            (
                *("Item", "Options", "Inventory Tracking", "Current Stock", "Low Stock", "Is Visible", "Is Featured"),
                *("Image URL (Import)", "Internal Image URL (Export)", "Image is Thumbnail", "Variant Image URL"),
                *("Image Sort Order", "YouTube ID", "Free Shipping", "Product URL", "Brand ID"),
            ),
            at_least=4,
        ),
    ),
    columns={
        "sku": ("Product Code/SKU", "SKU"),
        "name": ("Product Name", "Name"),
        "description": ("Product Description", "Description"),
        "price": ("Price",),
        "is_active": ("Product Visible?", "Is Visible"),
    },
    active={"y": True, "n": False, "true": True, "false": False},
    decimal=".",
    skips=(
        Skip("price_rule", when=When(_KIND, ("rule",))),
        Skip("image_row", when=When(_KIND, ("image", "video"))),
    ),
    carry_down=CarryDown(
        fields=("name", "description", "price", "is_active"),
        first=When(_KIND, ("product",)),
        members=("sku", "variant", "rule", "image", "video"),
        # Of the older export only: the newer one has no name in the rows of variants.
        replaced=("name",),
    ),
    options=Options(
        ("Product Name", "Options"),
        pattern=r"(?:\|Value=|\[[A-Z]+\][^=,\[\]]*=)\s*(.*?)\s*(?=\||Type=|\[#|\[http|,\[|:#|:http|$)",
        when=When(_KIND, ("sku", "variant")),
    ),
    notes=(
        "Each variant is a product; it takes description, price and visibility from its product where it has none.",
        "The variant's options are appended to the product's name: Shirt – Red / M.",
        "Rows of price rules, images and videos are skipped.",
    ),
)
