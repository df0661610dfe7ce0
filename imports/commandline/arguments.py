"""The arguments of `import_csv`: what contradicts itself or cannot be done is refused before anything is read."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from acme_importer.texts import printable
from imports.options import NEW_PRODUCTS, NO_HEADER, Options
from imports.reading.header import DELIMITERS_BY_NAME

USAGE_EXIT_CODE = 2
# What is said of a file, but for the line of its header, of which 0 says something, too.
OTHER_OPTIONS = (
    *("mapping", "delimiter", "quote", "escape", "encoding", "sheet", "decimal", "thousands", "currency", "word"),
    *("mode", "new_products", "empty", "extra", "dry_run", "supplier"),
)


class UsageError(CommandError):
    """There is nothing that could be imported; the text says why."""

    def __init__(self, message: object) -> None:
        super().__init__(message, returncode=USAGE_EXIT_CODE)


def check_usage(options: dict[str, Any]) -> None:
    """Raise UsageError where options contradict each other, or name a file that cannot be written."""
    if sum(options[name] is not None for name in ("file", "resume", "apply")) != 1:
        raise UsageError(
            "Give a file, or - for standard input, or --resume with the number of an import, or --apply with that of a "
            "check."
        )
    if options["workers"] < 1:
        raise UsageError("--workers: must be 1 or more.")
    if options["workers"] > 1 and options["queue"]:
        raise UsageError("--workers cannot be used with --queue: how many workers the queue has is set by WORKERS.")
    has_others = options["header_line"] is not None or any(map(options.get, OTHER_OPTIONS))
    if options["resume"] is not None and has_others:
        raise UsageError("--resume continues with the options that the import was started with; it takes no others.")
    if options["apply"] is not None and has_others:
        raise UsageError("--apply imports the file as it was checked; it takes no other options.")
    if options["rejected"]:
        _check_target(Path(options["rejected"]), options["file"])


def _check_target(target: Path, source: str | None) -> None:
    """Say now, and not after an hour's import, that the rejected rows cannot be written to `target`."""
    try:
        if source and target.exists() and target.samefile(source):
            raise UsageError("--rejected names the file that is to be imported.")
        target.open("ab").close()
    except OSError as error:
        raise UsageError(f"{printable(str(error.filename))}: {error.strerror}") from None


def add_options(parser: ArgumentParser) -> None:
    """Add the arguments that say how a file is read, and what becomes of its rows."""
    reading = parser.add_argument_group("how the file is read", "Whatever is not given is detected.")
    reading.add_argument(
        "--supplier", default="", metavar="NAME", help="As the files of this supplier, where nothing else is given."
    )
    reading.add_argument(
        "--mapping",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help='Which column is which field; repeat it, or give JSON: \'{"name": "Title"}\'.',
    )
    reading.add_argument("--delimiter", default="", metavar="CHARACTER", help="Or comma, semicolon, tab, pipe, space.")
    reading.add_argument("--quote", default="", metavar="CHARACTER", help="What quotes fields: \" or '.")
    reading.add_argument("--escape", default="", metavar="CHARACTER", help="What escapes quotation marks: \\.")
    reading.add_argument("--encoding", default="", help="Such as utf-8 or cp1252.")
    reading.add_argument(
        "--sheet", default="", metavar="NAME", help="Of a workbook. Default: the first sheet with products."
    )
    header = reading.add_mutually_exclusive_group()
    header.add_argument("--header-line", type=int, metavar="N", help="The line that the header begins in, from 1.")
    header.add_argument(
        "--no-header",
        action="store_const",
        const=NO_HEADER,
        dest="header_line",
        help="The file has no header; map its columns by number: --mapping sku=1.",
    )
    reading.add_argument("--decimal", metavar="SIGN", help="The decimal sign of prices: . or ,")
    reading.add_argument(
        "--thousands", metavar="SIGN", help='The thousands separator: , or . or " " or "\'"; "" if there is none.'
    )
    reading.add_argument("--currency", metavar="CODE", help="The currency of prices, such as EUR.")
    reading.add_argument(
        "--word",
        action="append",
        default=[],
        metavar="WORD=active|inactive",
        help="What a word in the status column means; repeat it.",
    )
    rows = parser.add_argument_group("what becomes of its rows")
    rows.add_argument(
        "--mode",
        default="",
        metavar="MODE",
        help="create-and-update (default), update-only or create-only.",
    )
    rows.add_argument(
        "--new-products",
        default="",
        metavar="STATUS",
        help="What new products are that the file does not decide: active (default) or inactive.",
    )
    rows.add_argument(
        "--empty",
        action="append",
        default=[],
        metavar="FIELD=keep|clear|reject",
        help="What an empty cell does to an existing product; repeat it. Default: an empty description or price is "
        "cleared, a name or status kept.",
    )
    rows.add_argument(
        "--extra", action="store_true", help="Keep the columns that are no field with the products, as raw text."
    )


def read_options(options: dict[str, Any]) -> Options:
    """What the arguments say of the file. Raises UsageError, or FileRefusedError for a value that is not allowed."""
    numbers = {part: options[part] for part in ("decimal", "thousands", "currency") if options[part] is not None}
    return Options(
        mapping=read_mapping(options["mapping"]),
        delimiter=DELIMITERS_BY_NAME.get(options["delimiter"], options["delimiter"]),
        quote=options["quote"],
        escape=options["escape"],
        encoding=options["encoding"],
        sheet=options["sheet"],
        header_line=options["header_line"],
        numbers=numbers,
        words=_read_words(options["word"]),
        empty_cells=dict(_pair("--empty", text, "description=keep") for text in options["empty"]),
        mode=options["mode"].replace("-", "_"),
        new_products=options["new_products"],
        extra=options["extra"],
        dry_run=options["dry_run"],
    )


def read_mapping(texts: list[str]) -> dict[str, str]:
    """The mapping that the arguments of --mapping give together; raises UsageError where one is neither form."""
    mapping: dict[str, str] = {}
    for text in texts:
        if text.lstrip().startswith("{"):
            try:
                mapping |= json.loads(text)
            except ValueError as error:
                raise UsageError(f"--mapping: not valid JSON: {error}.") from None
        else:
            field, column = _pair("--mapping", text, "name='Product title'")
            mapping[field] = column
    return mapping


def _read_words(texts: list[str]) -> dict[str, bool]:
    words = {}
    for text in texts:
        word, status = _pair("--word", text, "ja=active")
        if status not in NEW_PRODUCTS:
            raise UsageError(f"--word: '{status}' is not a status; there are {' and '.join(NEW_PRODUCTS)}.")
        words[word] = status == "active"
    return words


def _pair(argument: str, text: str, example: str) -> tuple[str, str]:
    """The two sides of an argument such as `name=Title`."""
    name, equals, value = text.partition("=")
    if not equals:
        kind = "FIELD=COLUMN" if argument == "--mapping" else "of the form NAME=VALUE"
        raise UsageError(f"{argument}: '{text}' is not {kind}, such as {example}.")
    return name.strip(), value.strip()
