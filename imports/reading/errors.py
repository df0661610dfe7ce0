"""The importer's own exceptions; their text is a sentence for the person who sent the file."""


class FileRefusedError(Exception):
    """The file, or what was asked to be done with it, cannot be taken; the text names the fault and what to do."""


class BadValueError(ValueError):
    """A value breaks a rule: `code` names the rule; the text says what is wrong and what would be right."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
