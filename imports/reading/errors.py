"""The importer's own exceptions; their text is a sentence for the person who sent the file."""


class FileRefusedError(Exception):
    """The file, or what was asked to be done with it, cannot be taken; the text names the fault and what to do."""
