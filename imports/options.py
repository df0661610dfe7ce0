"""What the sender of a file may say about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from imports.reading.encodings import canonical_name
from imports.reading.errors import FileRefusedError
from imports.reading.header import DELIMITER_NAMES, check_mapping


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be read, as far as its sender says. Raises FileRefusedError for a value that is not allowed."""

    mapping: dict[str, str] = field(default_factory=dict)
    delimiter: str = ""
    encoding: str = ""
    sheet: str = ""
    dry_run: bool = False

    def __post_init__(self) -> None:
        check_mapping(self.mapping)
        if self.delimiter and self.delimiter not in DELIMITER_NAMES:
            names = ", ".join(DELIMITER_NAMES.values())
            raise FileRefusedError(f"delimiter: '{self.delimiter}' is not supported. Supported: {names}.")
        if self.encoding:
            object.__setattr__(self, "encoding", canonical_name(self.encoding))
