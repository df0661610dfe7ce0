"""Currencies as prices name them: the codes of ISO 4217, and signs and words in common use. Knows no exchange rates.

A sign that several currencies share ($, kr) stands for any of them, until another price of the file says which.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

Currencies = frozenset[str]

CODES = frozenset(
    (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
        "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD "
        "HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL "
        "LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR "
        "PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP "
        "TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
    ).split()
)
# Prices in these have no decimals (ISO 4217, minor unit 0): "15.000 Fcfa" is fifteen thousand.
WITHOUT_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())

# In lower case, without a full stop at the end.
_NAMES = {
    "$": "USD CAD AUD NZD MXN SGD HKD TWD ARS CLP COP UYU BBD BMD BSD BZD FJD GYD JMD KYD LRD NAD SBD SRD TTD XCD",
    "us$": "USD",
    "u$s": "USD",
    "usd$": "USD",
    "$us": "USD",
    "ca$": "CAD",
    "c$": "CAD",
    "cdn$": "CAD",
    "a$": "AUD",
    "au$": "AUD",
    "nz$": "NZD",
    "mx$": "MXN",
    "s$": "SGD",
    "hk$": "HKD",
    "nt$": "TWD",
    "r$": "BRL",
    "rd$": "DOP",
    "ar$": "ARS",
    "dollar": "USD CAD AUD NZD SGD HKD TWD",
    "dollars": "USD CAD AUD NZD SGD HKD TWD",
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "£": "GBP EGP GIP FKP SHP LBP SYP SDG SSP",
    "¥": "JPY CNY",
    "円": "JPY",
    "yen": "JPY",
    "元": "CNY TWD HKD",
    "rmb": "CNY",
    "cn¥": "CNY",
    "jp¥": "JPY",
    "yuan": "CNY",
    "₩": "KRW KPW",
    "원": "KRW",
    "won": "KRW",
    "kr": "SEK NOK DKK ISK",
    "kč": "CZK",
    "kc": "CZK",
    "zł": "PLN",
    "zl": "PLN",
    "ft": "HUF",
    "lei": "RON MDL",
    "leu": "RON MDL",
    "лв": "BGN",
    "лева": "BGN",
    "lv": "BGN",
    "kn": "HRK",
    "din": "RSD",
    "дин": "RSD",
    "ден": "MKD",
    "km": "BAM",
    "₴": "UAH",
    "грн": "UAH",
    "₽": "RUB",
    "руб": "RUB",
    "р": "RUB",
    "rub": "RUB",
    "₺": "TRY",
    "tl": "TRY",
    "₸": "KZT",
    "тг": "KZT",
    "тенге": "KZT",
    "сом": "KGS",
    "сум": "UZS",
    "₾": "GEL",
    "֏": "AMD",
    "₼": "AZN",
    "fr": "CHF",
    "sfr": "CHF",
    "franken": "CHF",
    "fcfa": "XOF XAF",
    "f cfa": "XOF XAF",
    "cfa": "XOF XAF",
    "₹": "INR",
    "rs": "INR PKR LKR NPR MUR",
    "₨": "INR PKR LKR NPR MUR",
    "৳": "BDT",
    "tk": "BDT",
    "rp": "IDR",
    "rm": "MYR",
    "₫": "VND",
    "đ": "VND",
    "vnđ": "VND",
    "฿": "THB",
    "บาท": "THB",
    "₱": "PHP CUP",
    "₪": "ILS",
    "r": "ZAR",
    "₦": "NGN",
    "₵": "GHS",
    "gh₵": "GHS",
    "ksh": "KES",
    "tsh": "TZS",
    "ush": "UGX",
    "dh": "AED MAD",
    "dhs": "AED MAD",
    "s/": "PEN",
    "bs": "BOB VES",
    "₲": "PYG",
    "gs": "PYG",
    "₡": "CRC",
    "﷼": "IRR SAR QAR OMR YER",
    # Codes that people write in small letters. Not all of them: "all", "top" and "try" are words.
}
# Codes that people write in small letters. Not all of them: "all", "top" and "try" are words.
_SMALL_CODES = "EUR USD GBP CHF PLN CZK SEK NOK DKK HUF RON BGN UAH CAD AUD NZD JPY CNY INR BRL MXN ZAR AED".split()
_CURRENCIES = {name: frozenset(codes.split()) for name, codes in _NAMES.items()} | {
    written: frozenset({code})
    for code in CODES
    for written in (code, *([code.lower()] if code in _SMALL_CODES else []))
}
# Full-width forms.
_WIDE = str.maketrans("＄￠￡￥￦", "$¢£¥₩")

# Those whose full stop may stand right before the number: "Rs.500" is five hundred, but "$.50" a half.
_ABBREVIATIONS = frozenset("fr sfr rs rp kr s/ bs gs dh dhs tk kč zł руб грн лв din дин ден тг сом сум".split())


def is_abbreviation(name: str) -> bool:
    """Whether `name` is a currency whose full stop at the end belongs to it, and is no decimal point."""
    return name.endswith(".") and name[:-1].strip().casefold() in _ABBREVIATIONS


@lru_cache(maxsize=1024)
def currencies_of(name: str) -> Currencies:
    """The currencies that `name` may stand for; none if it is not the name of a currency."""
    name = name.strip().translate(_WIDE)
    known = _CURRENCIES.get(name) or _CURRENCIES.get(name.casefold().rstrip("."))
    if known is not None:
        return known
    # A sign of which nothing is known but that it is one stands for itself.
    is_sign = len(name) == 1 and name != "¢" and unicodedata.category(name) == "Sc"
    return frozenset({name}) if is_sign else frozenset()


def label_of(name: str) -> str:
    """How a currency is called: by its code, or as it was written if that may be several."""
    currencies = currencies_of(name)
    return next(iter(currencies)) if len(currencies) == 1 else name.strip().translate(_WIDE).rstrip(".")
