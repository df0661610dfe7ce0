"""The words of column names in English, German, French, Spanish, Italian, Dutch, Polish and Portuguese.

They are written as people write them; `names` compares them without letter case and accents. A new word is
put into its
list, and works in any position, also joined with another one (`Artikelnummer`, `UnitPrice`).
"""

from __future__ import annotations

# What says by itself which field a column is.
HEADS = {
    "sku": """
        sku skus ref référence reference referencia referência referentie riferimento referenz referencja
        código codice indeks ordernumber
    """,
    "name": """
        name title titel titre título titolo tytuł bezeichnung benennung nom libellé désignation intitulé
        nombre denominación designación nome denominazione naam benaming nazwa designação denominação
    """,
    "description": """
        description descriptions descr desc body beschreibung descripción descrizione omschrijving beschrijving opis
        descrição summary
    """,
    "price": """
        price prices preis preise prix precio precios prezzo prezzi prijs prijzen cena ceny preço preços vk pvp tarif
        tarifa msrp rrp srp uvp cost costs ek coste costo coût custo
    """,
    "is_active": """
        active activated enabled published visible status availability available
        aktiv aktiviert freigegeben veröffentlicht sichtbar verfügbarkeit verfügbar lieferbar
        actif activé publié statut état disponibilité disponible
        activo activado activa publicado publicada estado disponibilidad
        attivo attiva attivato pubblicato stato disponibilità disponibile visibile
        actief geactiveerd gepubliceerd beschikbaarheid beschikbaar zichtbaar
        aktywny aktywna aktywne aktywność opublikowany dostępność dostępny widoczny
        ativo ativado disponibilidade disponível situação visível
    """,
}

# Of the heads, those that say it only if no better column does.
LESSER_HEADS = {
    "name": "",
    "description": "summary",
    "price": "tarif tarifa",
    "is_active": """
        status availability available verfügbarkeit verfügbar lieferbar statut état disponibilité disponible
        estado disponibilidad stato disponibilità disponibile beschikbaarheid beschikbaar dostępność dostępny
        disponibilidade disponível situação
    """,
}

# A thing, and a number of it: together a SKU ("Item number", "Art.-Nr.", "Kod produktu"). The things are no part of any
# other name ("Product title", "Nom du produit"). In the singular: a "Number of items" is none.
THINGS = """
    product item article variant
    artikel produkt waren art bestell katalog variante
    produit artículo producto articolo prodotto
    bestel towaru towar produktu katalogowy artykułu artykuł produto artigo part teile
"""
NUMBERS = """
    number no nr num nummer numéro número numero numer code cod kod kennung
"""
# A number by itself, or another number of the thing: may be the SKU, but only its sender knows.
OTHER_NUMBERS = """
    number no nr nummer numéro número numero numer code kod id ident ean gtin upc barcode barras isbn mpn asin
    model modell modèle modelo modello handle
"""
# Whose number it is, where that is not the sender's own.
OTHERS = """
    manufacturer manufacturers hersteller herstellers fabricant fabricante produttore fabrikant producenta
    supplier suppliers vendor lieferant lieferanten fournisseur proveedor fornitore leverancier leveranciers
    dostawcy fornecedor
    external internal old customer kunden
"""

# What kind of price a column has. "Regular price" is as plain as "Price".
PLAIN_PRICES = """
    regular retail selling sales normal standard current shop web online laden verkauf verkaufs endkunden
    vente venta vendita verkoop sprzedaży venda régulier normale normal regular público publico pubblico public
    consumenten detaliczna listino
"""
LISTED_PRICES = "listed listen catalogue catalog catalogo katalog katalogowa"
UNIT_PRICES = """
    unit units unitaire unitário unitaria unitario stück stücks einzel grund base basis jednostkowa jednostki
    sztukę stuk stuks
    eenheid eenheids piece pieces pcs pc stk st per pro par por je za kg kilo g l liter litre m m2 100g 100ml
"""
SALE_PRICES = """
    sale special offer promo promotion promotional discount discounted reduced clearance deal final angebots
    angebot aktions
    aktion sonder soldes solde soldé promotionnel promotionnelle remisé oferta ofertas rebajado rebaja
    promoción promocional
    offerta scontato saldo saldi aanbieding aanbiedings actie promocyjna promocja wyprzedaży promoção
    promocional saldos
"""
OTHER_PRICES = """
    compare compared was before old original previous strike crossed msrp rrp srp uvp recommended suggested
    streich alter alt barré ancien anterior antes tachado consigliato vecchio advies adviesverkoop oude stara
    sugerowana
    recomendado sugerido conseillé min minimum max maximum map
    wholesale dealer trade bulk tier reseller händler großhandels staffel gros revendeur mayorista ingrosso
    groothandel hurtowa
    atacado grossista
"""
COST_PRICES = """
    cost costs purchase purchasing buying landed einkauf einkaufs ek bezugs achat revient compra coste costo
    coût custo
    acquisto inkoop inkoops kost zakupu
"""
# With or without tax.
NET = """
    net netto neto nett ht excl excluding excluded exclusive excludes ex exkl exklusive ohne zzgl hors hor sin
    sem senza escl
    esclusa escluso zonder bez without wo untaxed before excluido s
"""
GROSS = """
    gross brutto bruto lordo ttc incl including included inclusive includes inc inkl inklusive mit con com c
    inclusa incluso
    incluido incluído with w z after
"""
TAXES = """
    tax taxes vat gst mwst ust tva iva btw taxe steuer steuern podatek podatku podatkiem impuestos imposto impostos i
"""
CURRENCIES = """
    eur euro euros usd dollar dollars gbp chf pln zł zloty brl czk sek nok dkk huf ron bgn try cad aud nzd mxn
    ars clp cop
    jpy cny inr rub uah ils zar aed sar sgd hkd krw twd thb idr myr php vnd r currency währung devise waluta
"""

# Which of several descriptions.
LONG = "long full lang langer longue larga lunga lange pełny długi longa completa"
SHORT = "short kurz kurzer courte brève breve corta korte krótki skrócony curta résumé brief"
# "Is active".
IS = "is ist est es jest está 0 1"
# Which language a text is in.
LANGUAGES = (
    "en de fr es it nl pl pt us gb uk at ch english deutsch français español italiano nederlands polski português"
)
# What says how to fill in a column, in any of them.
REMARKS = """
    required mandatory optional pflicht pflichtfeld obligatoire obligatorio obbligatorio verplicht wymagane
    obrigatório
    yes no ja nein oui non true false value html text texto texte testo
"""
# What stands between the words.
LINKS = """
    of the a an in at for to and de du des d la le les l del della dello dell di do da dos das el der die das dem van
    den het een em w na al
"""

# What only all of the words together tell.
PHRASES = {
    "sku": "stock keeping unit, stock code, stock number, best nr",
    "description": "langtext, artikeltext, produkttext, artikelomschrijving",
}
# "Product" may be its name or its number; only the sender knows.
ASKED_PHRASES = {
    "name": """
        item, article, artikel, product, produkt, produit, producto, prodotto, produto, artículo, articolo,
        artigo, towar,
        kurztext, kurzbezeichnung
    """,
    # As "price list", it would name a list.
    "price": "list price, listino prezzi",
}
