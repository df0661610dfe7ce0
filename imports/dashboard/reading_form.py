"""The form in which the sender of a file changes how it is read, and what becomes of its rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.functional import cached_property

from acme_importer.texts import printable, shortened
from imports.dashboard.encodings import ENCODING_NAMES
from imports.models import Draft
from imports.options import NEW_PRODUCTS, Options
from imports.preview import Preview
from imports.reading.booleans import WORDS
from imports.reading.empty_cells import USUAL, choices_of
from imports.reading.errors import FileRefusedError
from imports.reading.header import DELIMITER_NAMES
from imports.reading.numbers import NumberStyle
from imports.reading.questions import column_reference
from imports.said import EMPTY_CELLS, MODES
from products.fields import FIELDS

NO_COLUMN = "— not in the file —"
LABEL_LENGTH = 40
# A file may have a hundred thousand columns, and a thousand words; a page should not.
COLUMNS_OFFERED = 300
WORDS_OFFERED = 40

READING = ("encoding", "delimiter", "quote", "escape")
NUMBERS = ("decimal", "thousands", "currency")
ROWS = ("mode", "new_products", *(f"empty_{name}" for name in USUAL), "extra")

NO_SEPARATOR = "none"
THOUSANDS = {",": "comma", ".": "point", " ": "space", "'": "apostrophe", NO_SEPARATOR: "none"}
QUOTE_NAMES = {'"': 'Double: "', "'": "Single: '"}
ESCAPE_NAMES = {"\\": "Backslash: \\"}
STATUS_NAMES = {True: "active", False: "inactive", None: "not known: rejected"}


class ReadingForm(forms.Form):
    """How a draft is to be read. Starts with what was detected; a choice that is left alone stays open."""

    def __init__(self, data: Any, *, draft: Draft, preview: Preview) -> None:
        super().__init__(data)
        self._said = draft.options
        self._header = preview.header
        # Those that are not generally known first, whatever has been said of them by now.
        self._words = sorted(preview.words, key=WORDS.__contains__)[:WORDS_OFFERED]
        if not preview.sheets:
            self._add_reading(preview)
        if self._header:
            self._add_columns(preview)
            self._add_values(preview)
            self._add_rows()

    def _add(self, name: str, label: str, choices: dict[str, str], *, chosen: str = "", usual: str) -> None:
        """A choice that starts with `chosen`; left at nothing, it is as `usual`."""
        unusual = {chosen: chosen} if chosen and chosen not in choices else {}
        offered = [("", usual), *choices.items(), *unusual.items()]
        self.fields[name] = forms.ChoiceField(choices=offered, required=False, label=label)
        self.initial[name] = chosen

    def _add_reading(self, preview: Preview) -> None:
        """What a workbook has not."""
        said = self._said
        names = {name: name.capitalize() for name in DELIMITER_NAMES.values()}
        encoding = "" if said.encoding else ENCODING_NAMES.get(preview.encoding, preview.encoding)
        found = "" if said.delimiter else DELIMITER_NAMES.get(preview.delimiter, "")
        asked = DELIMITER_NAMES.get(said.delimiter, "")
        self._add("encoding", "Encoding", ENCODING_NAMES, chosen=said.encoding, usual=_detected(encoding))
        self._add("delimiter", "Delimiter", names, chosen=asked, usual=_detected(found.capitalize()))
        self._add("quote", "Quotation mark", QUOTE_NAMES, chosen=said.quote, usual=_detected())
        self._add("escape", "Escape character", ESCAPE_NAMES, chosen=said.escape, usual=_detected())

    def _add_columns(self, preview: Preview) -> None:
        """A choice for each product field: the columns of the file by position, with a value from each."""
        columns = {
            str(position): _short(name) + (f" (e.g. {_short(sample)})" if sample else "")
            for position, (name, sample) in enumerate(zip(self._header, preview.samples, strict=True))
            if name and (position < COLUMNS_OFFERED or position in preview.columns.values())
        }
        for name in FIELDS:
            label = "sku (required)" if name == "sku" else name
            # Where the columns cannot be told, what was asked for is no help either: nothing is chosen then.
            chosen = str(preview.columns.get(name, ""))
            self._add(f"column_{name}", label, columns, chosen=chosen, usual=NO_COLUMN)

    def _add_values(self, preview: Preview) -> None:
        """How prices are written, and what the words in the status column mean."""
        if "price" in preview.columns:
            said = self._said.numbers
            signs = {sign: f"{name}: {NumberStyle(sign, other).example}" for sign, name, other in _DECIMALS}
            found = "" if "decimal" in said else preview.numbers.example
            self._add("decimal", "Decimal sign", signs, chosen=said.get("decimal", ""), usual=_detected(found))
            separator = said.get("thousands")
            chosen = NO_SEPARATOR if separator == "" else separator or ""
            self._add("thousands", "Thousands separator", THOUSANDS, chosen=chosen, usual=_detected())
            self.fields["currency"] = forms.CharField(max_length=10, required=False, label="Currency")
            self.fields["currency"].widget.attrs["placeholder"] = preview.numbers.currency or "such as EUR"
            self.initial["currency"] = said.get("currency", "")
        for number, word in enumerate(self._words):
            said_active = self._said.words.get(word)
            chosen = "" if said_active is None else STATUS_NAMES[said_active]
            usual = "as usual" if chosen else STATUS_NAMES[preview.words[word]]
            statuses = {name: name for name in NEW_PRODUCTS}
            self._add(f"word_{number}", printable(word), statuses, chosen=chosen, usual=usual)

    def _add_rows(self) -> None:
        """What becomes of the rows."""
        said = self._said
        usual_mode, *other_modes = (name for name in MODES if name)
        modes = {name: MODES[name].capitalize() for name in other_modes}
        mode = said.mode if said.mode in modes else ""
        self._add("mode", "Rows", modes, chosen=mode, usual=MODES[usual_mode].capitalize())
        new = "inactive" if said.new_products == "inactive" else ""
        self._add("new_products", "New products without a status", {"inactive": "Inactive"}, chosen=new, usual="Active")
        for name, usual in USUAL.items():
            chosen = said.empty_cells.get(name, "")
            others = {choice: EMPTY_CELLS[choice] for choice in choices_of(name) if choice != usual}
            self._add(
                f"empty_{name}",
                f"An empty {name}",
                others,
                chosen="" if chosen == usual else chosen,
                usual=EMPTY_CELLS[usual],
            )
        self.fields["extra"] = forms.BooleanField(required=False, label="Keep other columns with the products")
        self.initial["extra"] = said.extra

    def column_fields(self) -> list[forms.BoundField]:
        """The choices of columns, for the template."""
        return self._some([f"column_{name}" for name in FIELDS])

    def number_fields(self) -> list[forms.BoundField]:
        """How prices are written."""
        return self._some(NUMBERS)

    def word_fields(self) -> list[forms.BoundField]:
        """What the words in the status column mean."""
        return self._some([f"word_{number}" for number in range(len(self._words))])

    def row_fields(self) -> list[forms.BoundField]:
        """What becomes of the rows."""
        return self._some(ROWS)

    def reading_fields(self) -> list[forms.BoundField]:
        """How text becomes fields."""
        return self._some(READING)

    def _some(self, names: Any) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    @cached_property
    def changed_data(self) -> list[str]:
        """The names of what was changed; of a box, a browser sends nothing when it is empty."""
        return [name for name in super().changed_data if name in self.data or name == "extra"]

    def clean(self) -> dict[str, Any]:
        """Refuse what no file can be read by."""
        try:
            self.options()
        except FileRefusedError as error:
            self.add_error(None, printable(str(error)))
        return self.cleaned_data

    def options(self) -> Options:
        """What was chosen, with what had been said before. Raises FileRefusedError for what is not allowed."""
        said, changed = self._said, set(self.changed_data)
        if changed & set(READING):
            # Other columns, which are detected again.
            said = replace(said, mapping={})
        elif any(name.startswith("column_") for name in changed):
            said = replace(said, mapping=self._mapping())
        delimiters = {name: delimiter for delimiter, name in DELIMITER_NAMES.items()}
        chosen = self.cleaned_data
        for name in changed & {"encoding", "quote", "escape", "mode", "new_products", "extra"}:
            said = replace(said, **{name: chosen.get(name, "")})
        if "delimiter" in changed:
            said = replace(said, delimiter=delimiters.get(chosen.get("delimiter", ""), ""))
        return replace(
            said,
            numbers=self._changed(said.numbers, {part: part for part in NUMBERS}, {NO_SEPARATOR: ""}),
            words=self._changed(
                said.words,
                {f"word_{number}": word for number, word in enumerate(self._words)},
                {"active": True, "inactive": False},
            ),
            empty_cells=self._changed(said.empty_cells, {f"empty_{name}": name for name in USUAL}, {}),
        )

    def _mapping(self) -> dict[str, str]:
        chosen = {name: self.cleaned_data.get(f"column_{name}", "") for name in FIELDS}
        return {
            name: column_reference(int(position), self._header) if position else "" for name, position in chosen.items()
        }

    def _changed(self, said: dict[str, Any], names: dict[str, str], values: dict[str, Any]) -> dict[str, Any]:
        """`said`, with what was chosen in the fields of those `names`; `values` tells what their choices stand for."""
        result = dict(said)
        for field, name in names.items():
            if field in self.changed_data:
                result.pop(name, None)
                if chosen := self.cleaned_data.get(field):
                    result[name] = values.get(chosen, chosen)
        return result


_DECIMALS = ((".", "Point", ","), (",", "Comma", "."))


def _detected(title: str = "") -> str:
    return f"Detected: {title}" if title else "Detect automatically"


def _short(text: str) -> str:
    return shortened(printable(text), LABEL_LENGTH)
