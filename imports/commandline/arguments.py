"""The arguments of `import_csv`: what contradicts itself or cannot be done is refused before anything is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from acme_importer.texts import printable

USAGE_EXIT_CODE = 2


class UsageError(CommandError):
    """There is nothing that could be imported; the text says why."""

    def __init__(self, message: object) -> None:
        super().__init__(message, returncode=USAGE_EXIT_CODE)


def check_usage(options: dict[str, Any]) -> None:
    """Raise UsageError where options contradict each other, or name a file that cannot be written."""
    if (options["file"] is None) == (options["resume"] is None):
        raise UsageError("Give a file, or - for standard input, or --resume with the number of an import.")
    if options["workers"] < 1:
        raise UsageError("--workers: must be 1 or more.")
    if options["workers"] > 1 and options["queue"]:
        raise UsageError("--workers cannot be used with --queue: how many workers the queue has is set by WORKERS.")
    if options["resume"] is not None and any(
        options[name] for name in ("mapping", "delimiter", "encoding", "sheet", "dry_run")
    ):
        raise UsageError("--resume continues with the options that the import was started with; it takes no others.")
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
            field, equals, column = text.partition("=")
            if not equals:
                raise UsageError(f"--mapping: '{text}' is not FIELD=COLUMN, such as name='Product title'.")
            mapping[field.strip()] = column.strip()
    return mapping
