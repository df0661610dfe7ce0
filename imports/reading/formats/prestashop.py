"""PrestaShop's product files: in the columns of its import, or exported from the list of products."""

from __future__ import annotations

from imports.reading.formats.description import Format, Header

PRESTASHOP = Format(
    name="PrestaShop product file",
    headers=(
        Header(
            (
                *("Active (0/1)", "Categories (x,y,z...)", "Price tax excluded", "Price tax included", "Tax rules ID"),
                *("Wholesale price", "On sale (0/1)", "Discount from (yyyy-mm-dd)", "Reference #", "Ecotax"),
                *("Supplier reference #", "Minimal quantity", "URL rewritten", "Image URLs (x,y,z...)"),
                *("Available for order (0 = No, 1 = Yes)", "Show price (0 = No, 1 = Yes)"),
            ),
            at_least=4,
        ),
        Header(("Product ID", "Reference", "Price (tax excl.)", "Price (tax incl.)"), at_least=3),
        Header(("ID", "Reference", "Base price", "Final price"), at_least=4),
    ),
    columns={
        "sku": ("Reference #", "Reference"),
        "name": ("Name",),
        "description": ("Description", "Summary", "Short description"),
        # The shop keeps prices without tax, and adds the tax of each country.
        "price": ("Price tax excluded", "Price (tax excl.)", "Base price", "Price tax included", "Price (tax incl.)"),
        "is_active": ("Active (0/1)", "Status", "Active", "Enabled"),
    },
    active={"1": True, "0": False, "enabled": True, "disabled": False},
    notes=("The price is the one without tax, where the file has both.",),
)
