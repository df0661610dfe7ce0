"""The header line: where it is among the first records of a file, what stands above it, and a second one below it.

Does not read the file: it gets the records. Which delimiter they are read with, the header's own line tells as well.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imports.reading import booleans
from imports.reading.errors import FileRefusedError
from imports.reading.names import Standing, folded, meaning
from imports.reading.questions import numbered
from imports.reading.texts import storable
from products.fields import FIELDS

# Those that are detected. Columns by spaces are read only where somebody says so.
DELIMITERS = ",;\t|"
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space"}
DELIMITERS_BY_NAME = {**{name: delimiter for delimiter, name in DELIMITER_NAMES.items()}, r"\t": "\t"}

# The header is one of so many first records.
HEADER_AMONG = 20
# And of so many columns at most: as many as a spreadsheet can have.
MOST_COLUMNS = 16_384

# Values, not names: amounts, dates, codes with several digits; texts that are too long for a name.
_VALUE = re.compile(r"\W*\d[\d\s.,:/'’-]*\W*[A-Za-z€$£%]{0,3}\W*|.{61,}|.*\d{4,}.*|https?:.*", re.DOTALL)
# What stands below names to say what is in the columns: units, types, whether it is required.
_REMARK = re.compile(
    r"""[(\[<]?\s*(?:
        [€$£¥%] | eur | usd | gbp | chf | pln | kg | g | mg | lbs? | oz | mm | cm | m[2²]? | m?l
        | pcs? | stk\.? | szt\.? | pz | text | texte | texto | testo | tekst | string | str | char | varchar
        | number | numeric | zahl | nombre | n[úu]mero | getal | liczba | integer | int | decimal | float | double
        | bool | boolean | date | datum | fecha | data | required | mandatory | optional | pflicht(?:feld)?
        | obligatoire | facultatif | obligatorio | opcional | obbligatorio | facoltativo | verplicht | optioneel
        | wymagane | opcjonalne | obrigatório | unique | key | html | yes/no | ja/nein | oui/non | s[íì]/no | y/n
        | 0/1 | 1/0 | true/false | max\.?\s*\d+(?:\s*\w+)? | - | —
    )(?:\s?\(\d+(?:,\s?\d+)?\))?\s*[)\]>]?\*?""",
    re.VERBOSE | re.IGNORECASE,
)


_NO_UNIT = "-—*"


@dataclass(frozen=True, slots=True)
class HeaderFound:
    """The header of a file.

    `index` is the record that has the `names`, -1 if the file has no header. `rows` are the records that make up the
    header: two where one has labels and the other technical names, or units. Below the last one is data, at `data`;
    above the first one is a preamble. `score` is how much speaks for it, 0 where nothing does but its place.
    """

    index: int
    names: list[str]
    score: float
    rows: tuple[int, ...]

    @property
    def looks_like_data(self) -> bool:
        """Whether the file may have no header: no field is named in it, and there are values among the names."""
        return not self.score and any(map(_VALUE.fullmatch, self.names))

    @property
    def data(self) -> int:
        """The index of the first record that is data."""
        return self.rows[-1] + 1 if self.rows else 0


def find_header(
    records: Sequence[Sequence[str]], mapping: Mapping[str, str] | None = None, index: int | None = None
) -> HeaderFound:
    """The header among the first of `records`, told by the names of fields in it, or the columns that `mapping` names.

    Without either it is the first record that is as wide as the others and has no values in it; if there is none, the
    first at all. `index` says which one it is. Raises FileRefusedError if there is no such record, or none at all.
    """
    first = [[storable(text).strip() for text in record] for record in records[:HEADER_AMONG]]
    if index is not None:
        if not 0 <= index < len(records):
            raise FileRefusedError(f"The file has no record {index + 1} that could be the header.")
        near = [[storable(text).strip() for text in record] for record in records[index : index + 2]]
        rows = (index, index + 1) if _is_second(near, 1, mapping or {}) else (index,)
        return HeaderFound(index, near[0], _score(near[0], mapping or {}), rows)
    filled = [i for i, texts in enumerate(first) if any(texts)]
    if not filled:
        raise FileRefusedError("The file is empty: it does not even have a header.")
    recurring = _recurring(first)
    scores: dict[int, float] = {}
    best = filled[0]
    for i in filled:
        texts = [text if (at, text) not in recurring else "" for at, text in enumerate(first[i])]
        scores[i] = _score(texts, mapping or {})
        if scores[i] > scores[best]:
            best = i
        if scores[best] >= _ALL_BUT_CERTAIN and i > best:
            break
    if scores[best] < _ENOUGH:
        best = _by_shape(first, filled)
        return HeaderFound(best, first[best], 0, (best,))
    rows = (best, best + 1) if _is_second(first, best + 1, mapping or {}) else (best,)
    if rows == (best,) and _is_second(first, best, mapping or {}) and _fields(first[best - 1]):
        rows = (best - 1, best)
    return HeaderFound(best, first[best], scores[best], rows)


def without_header(records: Sequence[Sequence[str]], *, is_sheet: bool = False) -> HeaderFound:
    """For a file without header: its columns are named "1", "2", … and mapped by these names.

    There are as many as most records have, so that a damaged one does not decide it; but as the widest has in a sheet,
    whose rows end with their last filled cell.
    """
    widths = Counter(map(len, records))
    width = max(widths, key=lambda width: (0 if is_sheet else widths[width], width), default=0)
    return HeaderFound(-1, numbered(width), 0, ())


def reads_as_header(texts: Sequence[str], columns: Mapping[str, int]) -> bool:
    """Whether a row further down is a header, too: two fields are named in it, and there are no values.

    Not counted are the words that say whether a product is active: some are values as well. `columns` are the positions
    of the fields: no header has a digit in the column of the SKUs, or "true" in that of what is active.
    """
    if any(map(_VALUE.fullmatch, texts)):
        return False
    if columns["sku"] < len(texts) and any(map(str.isdigit, texts[columns["sku"]])):
        return False
    is_active = columns.get("is_active", len(texts))
    if is_active < len(texts) and _is_only_state(texts[is_active]):
        return False
    return len(_fields(texts).keys() - {"is_active"}) > 1


def find_delimiter(lines: Sequence[str], sku_column: str) -> str:
    """The delimiter with which one of the first `lines` has a SKU column; of several the one with the most columns.

    Where none has, the one with the most columns in the first line. `sku_column` is the name that a mapping gives to
    the SKU column, or empty.
    """

    def is_sku(name: str) -> bool:
        if sku_column:
            return folded(name) == folded(sku_column)
        # Read word by word, two names with another delimiter between them may look like one.
        told = None if any(delimiter in name for delimiter in DELIMITERS) else meaning(name)
        return told is not None and told.field == "sku" and told.standing == Standing.PLAIN

    def rank(line: str, delimiter: str) -> tuple[bool, int]:
        names = next(csv.reader([line], delimiter=delimiter), [])
        return any(map(is_sku, names)), len(names)

    for line in lines:
        best = max(DELIMITERS, key=lambda delimiter: rank(line, delimiter))
        if rank(line, best)[0]:
            return best
    return max(DELIMITERS, key=lambda delimiter: rank(lines[0], delimiter))


def clean_name(text: str) -> str:
    """A column name without what is around it: white space, a byte order mark, curly or other quotation marks."""
    name = storable(text).strip().strip("\ufeff").strip()
    if len(name) > 1 and name[-1] in _QUOTED_BY.get(name[0], ""):
        name = name[1:-1].strip()
    return name


# The marks that may end what one of them begins.
_QUOTED_BY = {'"': '"', "'": "'", "`": "`´'", "´": "´", "“": "”“", "”": "”", "„": "“”", "‘": "’", "‚": "‘’", "’": "’"}
_QUOTED_BY |= {"«": "»", "»": "«"}


def check_mapping(mapping: object) -> dict[str, str]:
    """The mapping {field: column name} that a caller gave, checked for its form; raises FileRefusedError."""
    if not isinstance(mapping, dict):
        raise FileRefusedError('mapping: must be an object such as {"name": "Product title"}.')
    for field, column in mapping.items():
        if field not in FIELDS:
            raise FileRefusedError(f"mapping: '{field}' is not a product field; the fields are {', '.join(FIELDS)}.")
        # JSON can write NUL and halves of characters, which no database takes.
        if not isinstance(column, str) or column != storable(column):
            raise FileRefusedError(f"mapping: the column for '{field}' must be a text without NUL.")
    return mapping


# One field alone may be a value ("active"), or a word in a title; a SKU, or two fields, make a header.
_ENOUGH = 2.0
# The SKU and three more fields; below such a row, only the next one can be the better header.
_ALL_BUT_CERTAIN = 5.0


def _score(texts: Sequence[str], mapping: Mapping[str, str]) -> float:
    """How much of a header `texts` has: of its fields one point each, of the SKU and of a mapped column two more."""
    mapped = {folded(name) for name in mapping.values() if name}
    found = _fields(texts)
    score = len(found) + (1.0 if found.get("sku") else 0)
    if mapped:
        score += 2 * len(mapped.intersection(map(folded, texts)))
    if not score:
        return 0
    # Of a title line, or of data, some words may be names, too.
    filled = [text for text in texts if text]
    values = sum(1 for text in filled if _VALUE.fullmatch(text))
    return score * (1 - values / len(filled))


def _fields(texts: Sequence[str]) -> dict[str, bool]:
    """The fields that `texts` name; each with whether it is named plainly."""
    found: dict[str, bool] = {}
    for text in texts:
        told = meaning(text) if text else None
        if told:
            found[told.field] = found.get(told.field, False) or told.standing <= Standing.LESSER
    return found


def _is_only_state(text: str) -> bool:
    """Whether `text` says that a product is active or is not, and is no name of a column, as "active" is."""
    return booleans.folded(text) in booleans.WORDS and meaning(text) is None


def _contradicts(text: str, field: str) -> bool:
    """Whether `text`, below the name of `field`, names another field, or is its value."""
    below = meaning(text)
    return (below is not None and below.field != field) or (field == "is_active" and _is_only_state(text))


def _recurring(first: Sequence[Sequence[str]]) -> set[tuple[int, str]]:
    """The texts that are in a column more than twice: a name may stand there twice, as label and as technical name."""
    counts = Counter((at, text) for texts in first for at, text in enumerate(texts) if text)
    return {place for place, count in counts.items() if count > 2}


def _by_shape(first: Sequence[Sequence[str]], filled: Sequence[int]) -> int:
    """The first record that is as wide as most are, and in which there are no values."""
    widths = Counter(sum(map(bool, first[i])) for i in filled)
    usual = max(widths, key=lambda width: (widths[width], width))
    for i in filled:
        texts = [text for text in first[i] if text]
        if len(texts) * 3 >= usual * 2 and len(texts) > 1 and not any(map(_VALUE.fullmatch, texts)):
            return i
    return filled[0]


def _is_second(first: Sequence[Sequence[str]], index: int, mapping: Mapping[str, str]) -> bool:
    """Whether that record belongs to the header right above it: names as well, or units. Data never does."""
    if not 0 < index < len(first):
        return False
    names, texts = first[index - 1], first[index]
    filled = [text for text in texts if text]
    if not filled or len(texts) > len(names):
        return False
    told = [meaning(name) for name in names]
    mapped = folded(mapping.get("sku", ""))
    skus = [
        text
        for text, name, by_name in zip(texts, names, told, strict=False)
        if (folded(name) == mapped if mapped else by_name and by_name.field == "sku")
    ]
    if all(map(_REMARK.fullmatch, filled)):
        # What has a code for its SKU is a product.
        is_code = any(len(text) == 1 and text not in _NO_UNIT for text in skus)
        return bool(skus) and not is_code and not all(text in _NO_UNIT for text in filled)
    if any(map(_VALUE.fullmatch, filled)):
        return False
    if any(name and _contradicts(text, name.field) for text, name in zip(texts, told, strict=False)):
        return False
    # "Artnr" in the column of the SKUs is no SKU.
    return len(filled) > 1 and (len(_fields(texts)) > 1 or any(skus)) and all(map(meaning, filter(None, skus)))
