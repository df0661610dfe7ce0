"""Where `generate_products` writes to: a file, a compressed file, or standard output."""

from __future__ import annotations

import gzip
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from django.core.management.base import CommandError

from imports.commandline.generator import Recipe, write_products


def write_file(recipe: Recipe, name: str) -> None:
    """Write the products of `recipe` to the file `name`; `-` is standard output."""
    try:
        with _output(name) as stream:
            write_products(recipe, stream)
    except BrokenPipeError:
        # The reader has seen enough, as `head` does. Nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None


@contextmanager
def _output(name: str) -> Iterator[TextIO]:
    if name == "-":
        with _as_text(os.fdopen(os.dup(sys.stdout.fileno()), "wb")) as stream:
            yield stream
        return
    with Path(name).open("wb") as file:
        # Neither name nor time in the file: the same options give the same bytes.
        binary = gzip.GzipFile("", "wb", 6, file, mtime=0) if name.endswith(".gz") else file
        with _as_text(binary) as stream:
            yield stream


def _as_text(binary: BinaryIO | gzip.GzipFile) -> TextIO:
    """A text stream into `binary`, which it closes."""
    return io.TextIOWrapper(binary, encoding="utf-8", newline="")
