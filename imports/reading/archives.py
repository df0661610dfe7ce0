"""What Python's readers of archives raise for a damaged one. Knows no storage, and nothing of what archives hold."""

from __future__ import annotations

import errno
import lzma
import struct
import zipfile
import zlib

# Beside their own exceptions: OSError, where an offset that the archive tells lies before its beginning, or gzip has a
# wrong checksum; RuntimeError for parts that are encrypted after all; NotImplementedError, which is one, for others.
FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


def told(error: BaseException) -> str:
    """What to say of the fault; of a system call that got a wrong number, nothing that a person could use.

    Raises `error` again if the disk could not be read: that says nothing of the archive, and may be over soon.
    """
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error
    return "it is damaged" if getattr(error, "errno", None) else str(error) or "it is damaged"
