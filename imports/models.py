"""What is kept of an import: the file, the job, its lanes with their checkpoints, what became of its rows."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from acme_importer.cluster.identity import HOLDER_LENGTH, holder
from acme_importer.texts import printable
from imports.files.storage import FILENAME_MAX_LENGTH
from imports.options import Options
from products.fields import SKU_MAX_LENGTH

# How long a claim holds without a sign of life, where no supervisor says that its worker is dead. A chunk takes a
# second or two; a worker that has been silent for this long is taken for dead. Should it live after all, its chunk
# fails at the compare-and-set of the lane's offset.
LEASE = timedelta(seconds=45)
# The longest names that Python has for encodings have half of it.
ENCODING_MAX_LENGTH = 40
SUPPLIER_MAX_LENGTH = 100
KEEP_MISSING, DEACTIVATE_MISSING = "keep", "deactivate"
MISSING = [(KEEP_MISSING, "Keep them as they are"), (DEACTIVATE_MISSING, "Deactivate them")]
# Of how many files in a row it may be asked for that a product is absent.
MOST_FILES_ABSENT = 10
# Spreadsheet programs allow names of 31 characters; other programs write longer ones.
SHEET_MAX_LENGTH = 255


# The fields of work that nobody has claimed, and of work that is begun afresh.
UNCLAIMED: dict[str, Any] = {"claimed_until": None, "claimed_by": ""}
UNTRIED: dict[str, Any] = {**UNCLAIMED, "attempts": 0, "last_error": ""}


class Supplier(models.Model):
    """Somebody whose files come again and again, read in the same way. The newest of its versions says how."""

    name = models.CharField(max_length=SUPPLIER_MAX_LENGTH)
    # The number of its newest version, which is what holds.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                Lower("name"), name="supplier_name_unique", violation_error_message="There is a supplier of this name."
            ),
        )

    def __str__(self) -> str:
        return printable(self.name)


class SupplierVersion(models.Model):
    """How a supplier's files are read, as it was decided once. It is never changed: a new version takes its place."""

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    # The import whose file was read in this way; none where a person has changed the version before.
    learned_from = models.ForeignKey("ImportJob", on_delete=models.SET_NULL, null=True, related_name="+")

    # As in SentFile, with a column, or none, for each field. Then what the files look like: the names of their columns,
    # what these have in common in any order (`imports.reading.drift.fingerprint`), and their known format, if any.
    options = models.JSONField(default=dict, blank=True)
    header = models.JSONField(default=list, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    format = models.CharField(max_length=100, blank=True)

    # What becomes of products that its files had and have no longer: one of MISSING, once they are absent from so many
    # complete files in a row (`imports.syncing`).
    missing = models.CharField(max_length=10, choices=MISSING, default=KEEP_MISSING)
    missing_after = models.PositiveSmallIntegerField(default=1)
    # The limits of the guards over its files, where they are not the usual ones (`imports.guards`); null if there are
    # no guards but those of the installation.
    guards = models.JSONField(default=dict, null=True, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["supplier", "number"], name="supplierversion_supplier_number_unique"),
        )
        indexes = (models.Index(fields=["fingerprint"], name="supplierversion_fingerprint"),)

    def __str__(self) -> str:
        return f"{self.supplier}, version {self.number}"


class SentFile(models.Model):
    """A file as it was sent, and what was asked for with it."""

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    filename = models.CharField(max_length=FILENAME_MAX_LENGTH)
    stored_as = models.CharField(max_length=255, blank=True)
    file_size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    # The options that came with it (`imports.options`); what is not there is detected.
    asked = models.JSONField(default=dict, blank=True)
    # The import whose rejected rows this file corrects.
    follows = models.ForeignKey("ImportJob", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # The supplier's version that it is read by, of which `asked` has the options already; and the fields of which the
    # sender has said himself which column of this file they have (`imports.reading.drift`).
    read_by = models.ForeignKey(SupplierVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    remapped = models.JSONField(default=list, blank=True)

    class Meta:
        abstract = True

    @property
    def options(self) -> Options:
        """What the sender says about the file."""
        return Options.from_json(self.asked)


class Draft(SentFile):
    """An uploaded file that its sender is still reviewing. It becomes a job, or it is deleted after a day."""

    # The beginning of the file as text, if it had to be rewritten for that, and what is known of it (`excerpts`).
    excerpt_stored_as = models.CharField(max_length=255, blank=True)
    excerpt = models.JSONField(default=dict, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Draft {self.pk}: {printable(self.filename)}"


class Work(models.Model):
    """Something that one worker at a time does: opening a job's file, or taking a lane forward."""

    # Work that nobody has claimed for this long counts as stalled.
    LOST_AFTER = timedelta(seconds=60)

    # Claims since the last progress, with the one that has made it; one that is never released is a worker that died.
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)
    # Which worker of which cluster has claimed it (`acme_importer.cluster.identity`).
    claimed_by = models.CharField(max_length=HOLDER_LENGTH, blank=True)
    # When a message for this work was last put on the queue, and its number; none if a command does the work.
    woken_at = models.DateTimeField(null=True)
    message = models.BigIntegerField(null=True)
    # What the last attempt failed with, if it did.
    last_error = models.TextField(blank=True)

    class Meta:
        abstract = True

    @classmethod
    def unclaimed(cls) -> Q:
        """What picks work that nobody has claimed.

        The last commit of a worker that was killed may come after its claim was freed, and extends a claim of nobody.
        """
        return Q(claimed_until=None) | Q(claimed_by="")

    @classmethod
    def stalled(cls) -> Q:
        """What picks stalled work: its worker died, or nobody has claimed it for long."""
        now = timezone.now()
        return Q(claimed_until__lt=now) | cls.unclaimed() & Q(woken_at__lt=now - cls.LOST_AFTER)

    @classmethod
    def abandoned(cls) -> Q:
        """What picks work that is to be woken: its worker died; or it has no message, and has been left for long.

        Then the command that was to do it has died, or an error that it failed with has had time to pass. Work whose
        message was lost is found by `imports.stalled`.
        """
        now = timezone.now()
        return Q(claimed_until__lt=now) | cls.unclaimed() & Q(message=None, woken_at__lt=now - cls.LOST_AFTER)

    def claim(self) -> bool:
        """Take this work, unless another worker has it. Counts the attempt and loads the row as it then is.

        If the connection is lost before the row is loaded, the work has not been taken: nobody would do it.
        """
        now = timezone.now()
        free = self.unclaimed() | Q(claimed_until__lt=now)
        with transaction.atomic():
            claimed = (
                type(self)
                ._default_manager.filter(free, pk=self.pk)
                .update(claimed_until=now + LEASE, claimed_by=holder(), attempts=F("attempts") + 1)
            )
            if claimed:
                self.refresh_from_db()
        return bool(claimed)

    def keep_claim(self) -> None:
        """Say that this work is still being done. May be called often: it writes once a third of the lease is over."""
        now = timezone.now()
        if self.claimed_until is None or self.claimed_until - now < LEASE * 2 / 3:
            self.claimed_until = now + LEASE
            self.own_claim().update(claimed_until=self.claimed_until)

    def renew_claim(self) -> bool:
        """Load the row as it is now, and keep the claim; returns whether it is still this worker's."""
        renewed = self.own_claim().update(claimed_until=timezone.now() + LEASE)
        if renewed:
            self.refresh_from_db()
        return bool(renewed)

    def release(self, error: str = "") -> None:
        """Let go of this work, so that the next worker may claim it at once.

        With an `error`, what it failed with, it is left alone for a minute.
        """
        outcome: dict[str, Any] = {"message": None, "woken_at": timezone.now()} if error else {"attempts": 0}
        self.own_claim().update(last_error=error, **UNCLAIMED, **outcome)

    def own_claim(self) -> models.QuerySet[Any]:
        """This work, if nobody has taken it over."""
        return type(self)._default_manager.filter(pk=self.pk, claimed_by=self.claimed_by)


class JobQuerySet(models.QuerySet["ImportJob"]):
    """Jobs; `with_progress` adds what the lanes have counted so far."""

    def with_progress(self) -> JobQuerySet:
        """Add what each job's lanes have counted, by one more query; no row of the job changes while lanes work."""
        lanes = ImportLane.objects.order_by().only("job_id", "offset", *ImportLane.COUNTS, *ImportLane.OF_SYNC)
        return self.prefetch_related(models.Prefetch("lanes", lanes, to_attr="counted_lanes"))


def _counted(name: str) -> cached_property[int]:
    """An attribute of a job: the sum of this field over the lanes that `with_progress` has fetched."""
    return cached_property(lambda job: sum(getattr(lane, name) for lane in job.counted_lanes))


class ImportJob(SentFile, Work):
    """One file on its way into the catalogue."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"
        # Until somebody approves it (`imports.approval`).
        HELD = "held", "Held for approval"

    class Decision(models.TextChoices):
        """What was decided on a job that was held."""

        APPROVED = "approved"
        REJECTED = "rejected"

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    dry_run = models.BooleanField(default=False)

    # What was decided when the file was opened. The content is the original file, or its rewriting as UTF-8, in which
    # control characters may stand for what a CSV field cannot say (`imports.reading.marks`).
    content_stored_as = models.CharField(max_length=255, blank=True)
    content_size = models.PositiveBigIntegerField(default=0)
    content_encoding = models.CharField(max_length=ENCODING_MAX_LENGTH, blank=True)
    # How its fields are separated and quoted (`imports.reading.dialect`).
    content_dialect = models.JSONField(default=dict, blank=True)
    content_has_marks = models.BooleanField(default=False)
    # The sheet of a workbook, and the names of all of its sheets.
    sheet = models.CharField(max_length=SHEET_MAX_LENGTH, blank=True)
    sheets = models.JSONField(default=list, blank=True)
    # The known format that the file was recognized as, such as "Shopify product export".
    format = models.CharField(max_length=100, blank=True)
    # Sentences about the file as a whole that its sender should know.
    warnings = models.JSONField(default=list, blank=True)
    encoding = models.CharField(max_length=ENCODING_MAX_LENGTH, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    header = models.JSONField(default=list, blank=True)
    # The lines that it is in: one, or two with a second row of names or units; none if the file has no header.
    header_lines = models.JSONField(default=list, blank=True)
    # Position in the header of each product field that the file has: {"sku": 0, "name": 3}.
    columns = models.JSONField(default=dict, blank=True)
    # How its prices are written (`imports.reading.numbers`), and which words mean active or inactive in it.
    numbers = models.JSONField(default=dict, blank=True)
    words = models.JSONField(default=dict, blank=True)
    # What only the sender can say: {"field", "sentence", "candidates", "mapping"}; empty if nothing is open.
    question = models.JSONField(default=dict, blank=True)
    # The SKUs whose rows are rejected (`imports.reading.suspicions.damaged_skus`); in nearly every file there are none.
    damaged_skus = models.JSONField(default=dict, blank=True)

    total_rows = models.PositiveBigIntegerField(null=True)
    failure_reason = models.TextField(blank=True)
    # Completed, but there is something to be said of it as a whole (`imports.verdict`), which is among the warnings.
    is_doubtful = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # When the rejected rows of the job were deleted, which the counts outlive.
    rejected_rows_deleted_at = models.DateTimeField(null=True)
    # When this run of the job began, and how many rows had been read by then: a retry begins a new run.
    run_started_at = models.DateTimeField(null=True)
    run_first_row = models.PositiveBigIntegerField(default=0)

    # How many webhook events there have been of this job, and the progress that was announced last.
    event_sequence = models.PositiveIntegerField(default=0)
    announced_tenths = models.PositiveSmallIntegerField(default=0)

    # Of an import that was approved by its check, a dry run: that check. And the number of the newest changes of
    # products when the import, or its check, began: whatever changes them after that may alter what a check shows, and
    # is in conflict with what is corrected of the file.
    applies = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="applied_by")
    checked_from = models.BigIntegerField(null=True)
    # Of an import of rows that another one has held: that import.
    held_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="held_imported_by")

    # Of a supplier's file: whether it is cut off, whether it counts as a complete one, and the earlier complete ones
    # that it is compared with for a full sync, or why there is none (`imports.sync_rules`). Of a check of one also what
    # guards compare with, the `last` file.
    sync = models.JSONField(default=dict, blank=True)

    # Of an import under guard (`imports.guarded`): whether it still waits for its check, before it takes its place in
    # turn; the guards that have tripped, and what was decided: {"decision", "by", "at", "reason"}.
    awaits_check = models.BooleanField(default=False)
    trips = models.JSONField(default=list, blank=True)
    approval = models.JSONField(default=dict, blank=True)
    # How many of its rejected and held rows later imports have brought in (`imports.chain`).
    fixed_rows = models.PositiveBigIntegerField(default=0)

    # Of an undo: the import whose changes it takes back, or the numbers of the first and the last of some change sets;
    # and which of them: {"skus": […], "fields": […]}, all unless named. A preview is a dry run of it.
    undoes = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="undone_by")
    undoes_sets = models.JSONField(default=list, blank=True)
    selection = models.JSONField(default=dict, blank=True)

    # Only on jobs from `with_progress`, as what follows.
    counted_lanes: list[ImportLane]
    created_rows = _counted("created_rows")
    updated_rows = _counted("updated_rows")
    deleted_rows = _counted("deleted_rows")
    unchanged_rows = _counted("unchanged_rows")
    duplicate_rows = _counted("duplicate_rows")
    rejected_rows = _counted("rejected_rows")
    skipped_rows = _counted("skipped_rows")
    superseded_rows = _counted("superseded_rows")
    held_rows = _counted("held_rows")
    deactivated_products = _counted("deactivated_products")
    activated_products = _counted("activated_products")
    lanes_offset = _counted("offset")

    @cached_property
    def lane_count(self) -> int:
        """The number of lanes."""
        return len(self.counted_lanes)

    @cached_property
    def processed_rows(self) -> int:
        """The number of rows of which it is known what became of them."""
        return sum(getattr(self, name) for name in ImportLane.COUNTS)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = "import"
        ordering = ("-id",)
        permissions = (
            ("undo_importjob", "Can undo imports"),
            ("apply_importjob", "Can import what a check has shown"),
            ("approve_importjob", "Can approve imports that are held"),
        )
        # To find the next file of a user, and the imports in a state.
        indexes = (models.Index(fields=["status", "created_by", "id"], name="importjob_status_user"),)

    def __str__(self) -> str:
        return f"Import {self.pk}: {printable(self.filename)}"

    @property
    def is_undo(self) -> bool:
        """Whether the job takes changes back, and has no file."""
        return self.undoes_id is not None or bool(self.undoes_sets)

    @property
    def is_approved(self) -> bool:
        """Whether somebody has approved the job, over which guards had tripped."""
        return self.approval.get("decision") == self.Decision.APPROVED

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to the job by itself."""
        return self.status in (self.Status.COMPLETED, self.Status.FAILED, self.Status.CANCELLED)


class ImportLane(Work):
    """One lane of a job: the SKUs whose hash falls to `number`, its checkpoint in the file, and its counts."""

    COUNTS = (
        "created_rows",
        "updated_rows",
        "unchanged_rows",
        "duplicate_rows",
        "rejected_rows",
        "skipped_rows",
        # Only an undo deletes products.
        "deleted_rows",
        "superseded_rows",
        # Only imports that were approved by a check hold rows, and those of corrected rows, with their checks.
        "held_rows",
    )

    # Products, not rows: those that a full sync has deactivated, and those that have come back.
    OF_SYNC = ("deactivated_products", "activated_products")

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="lanes")
    # The lane that comes last, of the products that the file has no longer, or has again (`imports.syncing`).
    is_sync = models.BooleanField(default=False)
    number = models.PositiveSmallIntegerField()
    # The checkpoint: the byte offset of the next record, its line number, and how many records of the file are before.
    # Of an undo: how many changes are done, and the address of the one that was done last.
    offset = models.PositiveBigIntegerField()
    line = models.PositiveBigIntegerField()
    records = models.PositiveBigIntegerField(default=0)
    # The line of the header of another table, if that is what the next record belongs to; else 0.
    second_table = models.PositiveBigIntegerField(default=0)
    finished = models.BooleanField(default=False)
    # How many of its next rows hold the one at which its workers die or fail; 0 if there is none (`imports.poison`).
    narrowed_to = models.PositiveIntegerField(default=0)
    # The last line of the chunk that was tried last and did not go in; less than `line` if that is not known.
    tried_line = models.PositiveBigIntegerField(default=0)

    created_rows = models.PositiveBigIntegerField(default=0)
    updated_rows = models.PositiveBigIntegerField(default=0)
    deleted_rows = models.PositiveBigIntegerField(default=0)
    unchanged_rows = models.PositiveBigIntegerField(default=0)
    duplicate_rows = models.PositiveBigIntegerField(default=0)
    rejected_rows = models.PositiveBigIntegerField(default=0)
    skipped_rows = models.PositiveBigIntegerField(default=0)
    superseded_rows = models.PositiveBigIntegerField(default=0)
    held_rows = models.PositiveBigIntegerField(default=0)
    deactivated_products = models.PositiveBigIntegerField(default=0)
    activated_products = models.PositiveBigIntegerField(default=0)
    # How many rows were skipped for each reason, by its code.
    skipped_by_reason = models.JSONField(default=dict, blank=True)
    # What an undo tells besides (`imports.undo.writing.Report`), or a check (`imports.writing.findings`).
    report = models.JSONField(default=dict, blank=True)
    # What its changes come to (`imports.writing.summary`).
    summary = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=["job", "number"], name="importlane_job_number_unique"),)

    def __str__(self) -> str:
        return f"Lane {self.number} of import {self.job_id}"


class RejectedRow(models.Model):
    """A rejected row of the file, and why it was rejected."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="rejected", db_index=False)
    line = models.PositiveBigIntegerField()
    # The rule of the first fault, to group by; `faults` has all: [{"column", "value", "code", "reason"}].
    code = models.CharField(max_length=30)
    faults = models.JSONField()
    # The row's fields as they were read, and whether only their beginning is kept (`imports.reading.texts.kept`).
    record = models.JSONField()
    is_cut = models.BooleanField(default=False)
    # The number of the import that has brought it in, corrected (`imports.chain`).
    fixed_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("job", "line")
        indexes = (
            models.Index(fields=["job", "line"], name="rejectedrow_job_line"),
            # To count the rows of each code, and to page through those of one.
            models.Index(fields=["job", "code", "line"], name="rejectedrow_job_code"),
        )

    def __str__(self) -> str:
        return f"Line {self.line} of import {self.job_id}: {self.code}"


class ChunkOutcome(models.Model):
    """What became of the rows of a chunk that are neither rejected nor on record in the history of products.

    That is unchanged rows, duplicates and skipped ones; of a dry run all, since it has no history.
    """

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="outcomes", db_index=False)
    first_line = models.PositiveBigIntegerField()
    # Compressed (`imports.writing.fates`).
    data = models.BinaryField()

    class Meta:
        default_permissions = ()
        indexes = (models.Index(fields=["job", "first_line"], name="chunkoutcome_job_line"),)

    def __str__(self) -> str:
        return f"Rows from line {self.first_line} of import {self.job_id}"


class FileSkus(models.Model):
    """The SKUs of some rows of a supplier's file, whatever became of them (`imports.file_skus`)."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="skus")
    # Compressed. And how many of the rows have none that can be relied on.
    data = models.BinaryField()
    unreadable = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Some SKUs of the file of import {self.job_id}"


class Deactivation(models.Model):
    """A product that a full sync has deactivated, to know it again when it comes back."""

    # There may be many: whoever deletes the supplier deletes them before, by one statement (`imports.remembering`).
    supplier = models.ForeignKey(Supplier, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    sku_normalized = models.CharField(max_length=300)
    # The record of it in the history of products.
    address = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["supplier", "sku_normalized"], name="deactivation_supplier_sku_unique"),
        )

    def __str__(self) -> str:
        return f"{self.sku_normalized}, deactivated by a full sync"


class HeldRow(models.Model):
    """A row that was not written, since its product was changed after the check in a way that alters what was shown; or
    since it corrects a row of an earlier file, and others have changed its product since (`imports.writing.conflicts`).
    """

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="held", db_index=False)
    line = models.PositiveBigIntegerField()
    sku = models.CharField(max_length=SKU_MAX_LENGTH)
    # The change that the check has shown, and the one that it would be now: {"kind", "fields": {name: {"old", "new"}}};
    # empty where nothing would be changed, or, of a row in conflict, where nothing was shown.
    shown = models.JSONField()
    now = models.JSONField()
    # The number of the import that has brought it in after all (`imports.chain`).
    fixed_by = models.BigIntegerField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ("job", "line")
        indexes = (models.Index(fields=["job", "line"], name="heldrow_job_line"),)

    def __str__(self) -> str:
        return f"Line {self.line} of import {self.job_id}, held"


class ProposedBlock(models.Model):
    """Up to 500 changes that a check has found a file to make, in the order of their lines."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="proposed", db_index=False)
    first_line = models.PositiveBigIntegerField()
    last_line = models.PositiveBigIntegerField()
    created = models.PositiveSmallIntegerField()
    changed = models.PositiveSmallIntegerField()
    # The fields that change, a bit each, and what else is to be said of some of them (`imports.writing.findings`).
    fields = models.PositiveSmallIntegerField()
    marks = models.PositiveSmallIntegerField()
    # Its price moves, the largest first (`imports.writing.moves`), and its records, as the history keeps them.
    moves = models.BinaryField()
    data = models.BinaryField()

    class Meta:
        default_permissions = ()
        indexes = (
            models.Index(fields=["job", "id"], name="proposedblock_job"),
            # To find what was shown of some rows.
            models.Index(fields=["job", "last_line"], name="proposedblock_job_line"),
        )

    def __str__(self) -> str:
        return f"Proposed changes from line {self.first_line} of check {self.job_id}"


class DryRunSku(models.Model):
    """A SKU that a dry run would have written: what `Product.last_import` tells a real run about duplicates."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    sku_normalized = models.CharField(max_length=300)
    # The line of the row that would have written it last, and the ProposedBlock that has it.
    line = models.PositiveBigIntegerField()
    block = models.BigIntegerField()
    # Where several rows would have written it: what the product had in the file's fields before the first of them, if
    # it was there, and what it would have now (`imports.writing.check`).
    seen = models.JSONField(null=True)
    left = models.JSONField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["job", "sku_normalized"],
                name="dryrunsku_job_sku_unique",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
        )

    def __str__(self) -> str:
        return f"{self.sku_normalized} in dry run {self.job_id}"
