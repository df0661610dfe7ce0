"""The encodings that people can choose from, and those that are offered beside a guess."""

from __future__ import annotations

from acme_importer.texts import printable
from imports.reading.encodings import TWICE_UTF8, Detection, other_readings

# What shops' spreadsheets are written in. Others can be asked for over the API and on the command line.
ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Western European (Windows-1252)",
    "iso8859-15": "Western European (ISO 8859-15)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp1257": "Baltic (Windows-1257)",
    "cp874": "Thai (Windows-874)",
    "iso8859-2": "Central European (ISO 8859-2)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "cp866": "Cyrillic (DOS 866)",
    "cp850": "Western European (DOS 850)",
    "cp852": "Central European (DOS 852)",
    "gb18030": "Simplified Chinese (GB 18030)",
    "big5": "Traditional Chinese (Big5)",
    "cp932": "Japanese (Shift JIS)",
    "euc_jp": "Japanese (EUC-JP)",
    "euc_kr": "Korean (EUC-KR)",
    TWICE_UTF8: "UTF-8, encoded twice",
}
# Other encodings beside one that is a guess.
READINGS_OFFERED = 3


def readings_offered(detection: Detection) -> list[tuple[str, str, str]]:
    """Other encodings that a guess could have been: of each its name in Python, its title, and how the words read."""
    offered = [(name, words) for name, words in other_readings(detection) if name in ENCODING_NAMES]
    return [
        (name, ENCODING_NAMES[name], " · ".join(map(printable, words))) for name, words in offered[:READINGS_OFFERED]
    ]
