"""Odoo's product export, with labels or, where it is made to be imported again, with technical names."""

from __future__ import annotations

from imports.reading.formats.description import Format, Header, Skip

ODOO = Format(
    name="Odoo product export",
    headers=(
        Header(
            (
                *("Internal Reference", "Sales Price", "Public Price", "External ID", "Product Type", "Can be Sold"),
                *("Can be Purchased", "Sales Description", "Quantity On Hand", "Forecasted Quantity"),
                *("Product Category", "Unit of Measure", "Customer Taxes", "Vendor Taxes", "Invoicing Policy"),
            ),
            at_least=3,
        ),
        Header(
            (
                *("default_code", "list_price", "lst_price", "standard_price", "description_sale", "categ_id"),
                *("categ_id/id", "uom_id", "uom_id/id", "sale_ok", "purchase_ok", "qty_available", "product_tmpl_id"),
            ),
            at_least=2,
        ),
    ),
    columns={
        "sku": ("Internal Reference", "default_code"),
        "name": ("Name", "Display Name"),
        "description": ("Sales Description", "description_sale", "Description for Customers", "Description"),
        # Odoo 10 calls its list price Sale Price; it is no reduced one.
        "price": ("Sales Price", "list_price", "Public Price", "lst_price", "Sale Price"),
        "is_active": ("Active",),
    },
    active={"true": True, "false": False, "1": True, "0": False},
    decimal=".",
    currency=("Currency", "currency_id", "currency_id/id"),
    formula_mark="'",
    skips=(Skip("continuation", blank=("sku", "name"), blank_columns=("External ID", "id")),),
    notes=("Rows that only continue a list of the product above (taxes, attributes, vendors) are skipped.",),
)
