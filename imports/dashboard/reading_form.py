"""The form in which the sender of a file corrects what was detected in it."""

from __future__ import annotations

from typing import Any

from django import forms

from acme_importer.texts import printable
from imports.models import Draft
from imports.options import Options
from imports.preview import Preview
from imports.reading.encodings import TWICE_UTF8, Detection, other_readings
from imports.reading.header import DELIMITER_NAMES
from products.fields import FIELDS

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
NO_COLUMN = "— not in the file —"
LABEL_LENGTH = 40
# A file may have a hundred thousand columns; a page should not.
COLUMNS_OFFERED = 300
# Other encodings beside one that is a guess.
READINGS_OFFERED = 3


class ReadingForm(forms.Form):
    """How a draft is to be read. Starts with what was detected; a choice that is left alone stays open."""

    sheet = forms.ChoiceField(required=False)
    encoding = forms.ChoiceField(required=False)
    delimiter = forms.ChoiceField(required=False)

    def __init__(self, data: Any, *, draft: Draft, preview: Preview) -> None:
        self._draft = draft
        self._header = preview.header
        initial = {
            "sheet": preview.sheet,
            "encoding": draft.options.encoding,
            "delimiter": DELIMITER_NAMES.get(draft.options.delimiter, ""),
        }
        super().__init__(data, initial=initial)
        if preview.sheets:
            self._offer_sheets(preview)
        else:
            del self.fields["sheet"]
            self._choices("encoding", ENCODING_NAMES, "" if draft.options.encoding else preview.encoding)
            delimiters = {name: name.capitalize() for name in DELIMITER_NAMES.values()}
            found = DELIMITER_NAMES.get(preview.delimiter, "")
            self._choices("delimiter", delimiters, "" if draft.options.delimiter else found)
        if self._header:
            self._add_columns(preview)

    def _offer_sheets(self, preview: Preview) -> None:
        """A workbook has sheets to choose from, and neither an encoding nor a delimiter."""
        del self.fields["encoding"], self.fields["delimiter"]
        field = self.fields["sheet"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # for the type checker
        field.choices = [(name, _short(name)) for name in preview.sheets]

    def _choices(self, name: str, choices: dict[str, str], found: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # for the type checker
        unusual = {value: value for value in [self.initial[name]] if value and value not in choices}
        title = choices.get(found, found)
        field.choices = [
            ("", f"Detected: {title}" if title else "Detect automatically"),
            *choices.items(),
            *unusual.items(),
        ]

    def _add_columns(self, preview: Preview) -> None:
        """A choice for each product field: the columns of the file by position, with a value from each."""
        columns = [("", NO_COLUMN)]
        for position, name in enumerate(self._header):
            if name and (position < COLUMNS_OFFERED or position in preview.columns.values()):
                sample = preview.samples[position]
                columns.append((str(position), _short(name) + (f" (e.g. {_short(sample)})" if sample else "")))
        for name in FIELDS:
            self.fields[f"column_{name}"] = forms.ChoiceField(choices=columns, required=False, label=name)
            # Where the columns cannot be told, what was asked for is no help either: nothing is chosen then.
            self.initial[f"column_{name}"] = str(preview.columns.get(name, ""))

    def column_fields(self) -> list[forms.BoundField]:
        """The choices of columns, for the template."""
        return [self[f"column_{name}"] for name in FIELDS] if self._header else []

    def options(self) -> Options:
        """What was chosen. A different sheet, encoding or delimiter gives other columns, which are detected again."""
        if {"sheet", "encoding", "delimiter"} & set(self.changed_data):
            mapping = {}
        elif self.has_changed():
            chosen = {name: self.cleaned_data[f"column_{name}"] for name in FIELDS}
            mapping = {name: self._header[int(position)] if position else "" for name, position in chosen.items()}
        else:
            mapping = self._draft.options.mapping
        names = {name: delimiter for delimiter, name in DELIMITER_NAMES.items()}
        return Options(
            mapping=mapping,
            delimiter=names.get(self.cleaned_data.get("delimiter", ""), ""),
            encoding=self.cleaned_data.get("encoding", ""),
            sheet=self.cleaned_data.get("sheet", ""),
        )


def readings_offered(detection: Detection) -> list[tuple[str, str, str]]:
    """Other encodings that a guess could have been: of each its name in Python, its title, and how the words read."""
    offered = [(name, words) for name, words in other_readings(detection) if name in ENCODING_NAMES]
    return [
        (name, ENCODING_NAMES[name], " · ".join(map(printable, words))) for name, words in offered[:READINGS_OFFERED]
    ]


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= LABEL_LENGTH else text[: LABEL_LENGTH - 1] + "…"
