"""How much one user may have waiting: files under review, queued, held or being imported, and their bytes.

For everybody with an account, superusers too. What comes without a user, by the command, is not limited: whoever may
run it has the machine.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Count, QuerySet, Sum

from acme_importer.texts import counted
from imports.models import Draft, ImportJob

UNFINISHED = (ImportJob.Status.QUEUED, ImportJob.Status.RUNNING, ImportJob.Status.HELD)


class QuotaError(Exception):
    """The user has too much waiting; the text says what, and what to do."""


def check(user_id: int | None, size: int) -> None:
    """Raise QuotaError if the user may not have another file of `size` bytes waiting.

    Others may be on their way: it is `check_and_hold` that decides.
    """
    if user_id is None:
        return
    waiting = [
        # What waits for its check has the file of that, which is counted.
        _files_and_bytes(ImportJob.objects.filter(created_by=user_id, status__in=UNFINISHED, awaits_check=False)),
        _files_and_bytes(Draft.objects.filter(created_by=user_id)),
    ]
    files, used = (sum(counts) for counts in zip(*waiting, strict=True))
    what_to_do = "Wait until some are imported, or cancel or discard some that you do not need, then upload it again."
    if files >= settings.IMPORT_MAX_WAITING_FILES:
        raise QuotaError(
            f"You have {counted(files, 'file')} under review, waiting or being imported; the limit is "
            f"{settings.IMPORT_MAX_WAITING_FILES:,} (IMPORT_MAX_WAITING_FILES). {what_to_do}"
        )
    if used + size > settings.IMPORT_MAX_WAITING_MB * 1024**2:
        raise QuotaError(
            f"You have {_megabytes(used)} MB of files under review, waiting or being imported, and this file has "
            f"{_megabytes(size)} MB; the limit is {settings.IMPORT_MAX_WAITING_MB:,} MB together "
            f"(IMPORT_MAX_WAITING_MB). {what_to_do}"
        )


def check_and_hold(user_id: int | None, size: int) -> None:
    """As `check`, in the transaction that creates the file's job or draft: until its end the user's others wait here.

    So however many uploads arrive at once, no file is kept beyond the limit.
    """
    if user_id is None:
        return
    list(get_user_model().objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk"))
    check(user_id, size)


def _files_and_bytes(files: QuerySet[Any]) -> tuple[int, int]:
    found = files.order_by().aggregate(files=Count("pk"), size=Sum("file_size"))
    return found["files"], found["size"] or 0


def _megabytes(size: int) -> str:
    megabytes = size / 1024**2
    return f"{megabytes:,.0f}" if megabytes >= 10 else f"{megabytes:,.1f}"
