"""WooCommerce's product export, in English, German or French: a variable product has a row, and each variation."""

from __future__ import annotations

from imports.reading.formats.description import Format, Header, Inherit, Skip, When

_PARENT = ("Parent", "Übergeordnetes Produkt", "Übergeordnetes Element")
_TYPE = ("Type", "Typ")
_VARIABLE = When(_TYPE, ("variable",))

WOOCOMMERCE = Format(
    name="WooCommerce product export",
    headers=(
        Header(
            (
                *("Is featured?", "Visibility in catalog", "Short description", "Date sale price starts"),
                *("Date sale price ends", "Tax status", "In stock?", "Backorders allowed?", "Sold individually?"),
                *("Allow customer reviews?", "Grouped products", "Download limit", "Attribute 1 name"),
                *("Attribute 1 value(s)", "Attribute 1 visible", "Low stock amount"),
            ),
            at_least=3,
        ),
        # Who exports only some columns has these.
        Header(("ID", "Type", "SKU", "Published", "Parent", "Regular price", "Sale price"), at_least=6),
        Header(
            (
                *("Veröffentlicht", "Ist hervorgehoben?", "Sichtbarkeit im Katalog", "Kurzbeschreibung", "Vorrätig?"),
                *("Angebotspreis", "Regulärer Preis", "Nur einzeln verkaufen?", "Kundenbewertungen erlauben?"),
            ),
            at_least=4,
        ),
        Header(
            (
                *("UGS", "Publié", "Mis en avant ?", "Visibilité dans le catalogue", "Description courte"),
                *("En stock ?", "Tarif régulier", "Tarif promo", "Vendre individuellement ?"),
            ),
            at_least=4,
        ),
    ),
    columns={
        "sku": ("SKU", "Artikelnummer", "UGS"),
        "name": ("Name", "Nom"),
        "description": ("Description", "Beschreibung"),
        "price": ("Regular price", "Regulärer Preis", "Tarif régulier"),
        "is_active": ("Published", "Veröffentlicht", "Publié"),
    },
    # 0 is private; so is what waits for a review.
    active={"1": True, "0": False, "-1": False},
    formula_mark="'",
    escaped_line_breaks=True,
    skips=(Skip("parent_without_sku", when=_VARIABLE, blank=("sku",)),),
    inherit=Inherit(
        fields=("name", "description"),
        parent=_PARENT,
        ids={"": ("SKU", "Artikelnummer", "UGS"), "id:": ("ID",)},
        parents=_VARIABLE,
    ),
    notes=(
        "Variations are products; one without a description takes its parent's.",
        "Variable products are imported, too, without a price; those without a SKU are skipped.",
        "Published 1 is active; 0 (private) and -1 (draft) are not.",
    ),
)
