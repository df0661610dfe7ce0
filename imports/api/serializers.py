"""What the API accepts with an upload, and what it shows of jobs and of rejected rows."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied

from acme_importer.rest.serializers import StrictSerializer
from imports import suppliers
from imports.api.guards import ApprovalSerializer, TripSerializer
from imports.models import (
    ENCODING_MAX_LENGTH,
    SHEET_MAX_LENGTH,
    SUPPLIER_MAX_LENGTH,
    ImportJob,
    ImportLane,
    RejectedRow,
    Supplier,
)
from imports.options import (
    EMPTY_CELLS,
    ESCAPES,
    HIGHEST_HEADER_LINE,
    MODES,
    NEW_PRODUCTS,
    NO_HEADER,
    QUOTES,
    Options,
)
from imports.reading.errors import FileRefusedError
from imports.reading.header import DELIMITER_NAMES, DELIMITERS_BY_NAME
from imports.representation import represent
from products.fields import FIELDS

NO_FILE = "There is no file. Send it as the field 'file' of a form (multipart/form-data), or as the body (text/csv)."


class JsonField(serializers.CharField):
    """A JSON object as text, so that it fits into a form and into an address."""

    def __init__(self, example: str, *, help_text: str) -> None:
        self._example = example
        super().__init__(
            required=False,
            allow_blank=True,
            style={"base_template": "textarea.html", "rows": 2},
            help_text=f"A JSON object such as {example}: {help_text}",
        )

    def run_validation(self, data: Any = serializers.empty) -> Any:
        told = super().run_validation(data)
        return {} if told == "" else told

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            raise serializers.ValidationError(f"Must be a JSON object such as {self._example}.") from None
        # JSON can write NUL and halves of characters, which neither a database nor a response can hold.
        for part in (*told, *told.values()) if isinstance(told, dict) else ():
            if isinstance(part, str):
                serializers.CharField(allow_blank=True, trim_whitespace=False).run_validation(part)
        return told


class DelimiterField(serializers.CharField):
    """A delimiter, or its name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_blank=True, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        return DELIMITERS_BY_NAME.get(text.strip().lower(), text)


class OneOfField(serializers.ChoiceField):
    """One of a few words; as usual unless given."""

    def __init__(self, choices: tuple[str, ...], *, help_text: str) -> None:
        super().__init__(choices=choices, required=False, help_text=help_text)
        self.error_messages["invalid_choice"] = f"'{{input}}' is not allowed; there are {', '.join(choices)}."

    def to_internal_value(self, data: Any) -> str:
        return "" if data == "" else super().to_internal_value(data)


class HeaderLineField(serializers.IntegerField):
    """The number of a line; detected if it is left empty."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return None if data == "" else super().run_validation(data)


# What uploads have besides: the file's name, read with the body, and what the browsable API adds.
NO_OPTIONS = frozenset({"filename", "format", "csrfmiddlewaretoken"})


class UploadSerializer(StrictSerializer):
    """A file to import, and what its sender knows about it. Strict: a misspelled `dry_run` would be a real import."""

    besides = NO_OPTIONS

    file = serializers.FileField(
        error_messages={"required": NO_FILE, "empty": "The file is empty."},
        help_text="A CSV file, also compressed (.gz, or .zip with one file in it), or a workbook (.xlsx, .xls, .ods).",
    )
    mapping = JsonField(
        '{"name": "Product title"}',
        help_text="which column is which field, for columns whose names are not recognized. "
        f"The fields are {', '.join(FIELDS)}; an empty name means that a field has no column.",
    )
    delimiter = DelimiterField(
        help_text=f"The character or its name: {', '.join(DELIMITER_NAMES.values())}. Detected unless given."
    )
    quote = OneOfField(QUOTES, help_text="What quotes fields. Detected unless given.")
    escape = OneOfField(ESCAPES, help_text="What makes the next character itself in a quoted field. Detected.")
    encoding = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=ENCODING_MAX_LENGTH,
        help_text="Such as utf-8 or cp1252. Detected unless given.",
    )
    sheet = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=SHEET_MAX_LENGTH,
        trim_whitespace=False,
        help_text="The name of the sheet of a workbook. The first one with products unless given.",
    )
    header_line = HeaderLineField(
        required=False,
        min_value=NO_HEADER,
        max_value=HIGHEST_HEADER_LINE,
        help_text="The line of the file that its header begins in, from 1; 0 if it has none: its columns are then "
        "named by their numbers in a mapping. Detected unless given.",
    )
    numbers = JsonField(
        '{"decimal": ","}',
        help_text="how prices are written: `decimal` is . or , and `thousands` is , or . or a space or an apostrophe; "
        "`currency` is a code or a sign. What is not given is detected.",
    )
    words = JsonField('{"ja": true}', help_text="what words of the status column mean, true being active.")
    empty_cells = JsonField(
        '{"description": "keep"}',
        help_text="what an empty cell does to an existing product, by field: "
        f"{', '.join(EMPTY_CELLS)}. Unless given, an empty description or price is cleared, a name or status kept.",
    )
    mode = OneOfField(MODES, help_text=f"Which rows are imported; {MODES[0]} unless given.")
    new_products = OneOfField(
        NEW_PRODUCTS, help_text=f"The status of new products where the file has none; {NEW_PRODUCTS[0]} unless given."
    )
    extra = serializers.BooleanField(
        default=False, help_text="Keep the columns that are no field with the products, as raw text."
    )
    check = serializers.BooleanField(
        default=False,
        help_text="Only find out what the file would do: see the job's `changes`, and import that by its `apply`.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Another name for `check`.")
    supplier = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=SUPPLIER_MAX_LENGTH,
        help_text="The name of a supplier as whose the file is read, where the other options do not say otherwise. If "
        "its columns are not those of that supplier's files so far, it is not imported before a `mapping` says which "
        "is which.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse options that make no sense, each by its name."""
        faults = {}
        for name in attrs.keys() - {"file", "check", "supplier"}:
            try:
                Options(**{name: attrs[name]})
            except FileRefusedError as error:
                faults[name] = [str(error)]
        if faults:
            raise serializers.ValidationError(faults)
        return attrs

    def validate_supplier(self, name: str) -> Supplier | None:
        """The supplier of that name; its user must be one who may see suppliers."""
        if not name:
            return None
        if not self.context["request"].user.has_perm("imports.view_supplier"):
            raise PermissionDenied("To name a supplier, you need the permission to view suppliers.")
        try:
            return suppliers.find(name)
        except suppliers.NoSuchSupplierError as error:
            raise serializers.ValidationError(str(error)) from error

    def file_and_options(self) -> tuple[UploadedFile, Options, Supplier | None]:
        """What was sent, once it is valid."""
        given = dict(self.validated_data)
        is_check, supplier = given.pop("check"), given.pop("supplier", None)
        return given.pop("file"), Options(**{**given, "dry_run": is_check or given["dry_run"]}), supplier


class QuestionSerializer(serializers.Serializer):
    """What only the sender of a file can say."""

    field = serializers.CharField(
        help_text="The product field whose column is not clear. Empty if it is the header: send `header_line`; or if "
        "the columns are not those of the supplier's files so far."
    )
    sentence = serializers.CharField(help_text="The question, for people.")
    candidates = serializers.ListField(
        child=serializers.CharField(), help_text="The columns that it could be, the best first, for a mapping."
    )
    mapping = serializers.DictField(
        child=serializers.CharField(),
        help_text="Send it as `mapping`, with the file, to take what is proposed; empty if nothing is.",
    )


class JobSerializer(serializers.ModelSerializer):
    """An import job as it is now."""

    # Takes jobs from `with_progress`. The fields are here for the OpenAPI schema; `represent` gives their values.
    url = serializers.CharField(read_only=True, help_text="The address of the job.")
    created_by: serializers.SlugRelatedField = serializers.SlugRelatedField(
        slug_field="username", read_only=True, allow_null=True, help_text="The user who uploaded the file, if known."
    )
    follows: serializers.PrimaryKeyRelatedField = serializers.PrimaryKeyRelatedField(
        read_only=True,
        allow_null=True,
        help_text="The import whose rejected rows this file corrects, or whose held rows are imported.",
    )
    applies: serializers.PrimaryKeyRelatedField = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True, help_text="The check that this import was approved by, if it was."
    )
    supplier = serializers.CharField(
        read_only=True, allow_null=True, help_text="The supplier as whose the file is read, if it is."
    )
    supplier_version = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Which version of that supplier it is read by."
    )
    undoes: serializers.PrimaryKeyRelatedField = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True, help_text="The import that this job undoes, if it is an undo."
    )
    awaits_check = serializers.BooleanField(
        read_only=True, help_text="Whether the job is under guard, and waits for its check, which `applies` names."
    )
    trips = TripSerializer(many=True, read_only=True, help_text="The guards that have tripped over the file.")
    approval = ApprovalSerializer(
        read_only=True, allow_null=True, help_text="What was decided on the import that was held, if anything."
    )
    header_lines = serializers.ListField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="The lines of the header: one, or two with a second row of names or units; none if there is none.",
    )
    columns = serializers.DictField(
        child=serializers.CharField(), read_only=True, help_text="The name of the column that each product field is in."
    )
    warnings = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Sentences about the file as a whole."
    )
    ignored_columns = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="The names of the columns that are not imported."
    )
    numbers = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        read_only=True,
        help_text="How its prices are written: `decimal`, `thousands`, `currency`, each empty where the file leaves it "
        "open, and `source`: `detected`, or `asked` if any was sent with the file.",
    )
    words = serializers.DictField(
        child=serializers.BooleanField(),
        read_only=True,
        help_text="What words of the status column mean besides those that are always known.",
    )
    options = serializers.DictField(
        child=serializers.JSONField(), read_only=True, help_text="The options that were sent with the file."
    )
    question = QuestionSerializer(
        read_only=True, allow_null=True, help_text="What has to be said before the file can be imported, if anything."
    )
    progress = serializers.FloatField(
        read_only=True, help_text="How much of the file has been read, from 0 to 1, by bytes; 1 only once completed."
    )
    processed_rows = serializers.IntegerField(read_only=True, help_text="Rows read so far, whatever became of them.")
    created_rows = serializers.IntegerField(read_only=True)
    updated_rows = serializers.IntegerField(read_only=True)
    unchanged_rows = serializers.IntegerField(
        read_only=True, help_text="Rows whose product had the same values already."
    )
    duplicate_rows = serializers.IntegerField(
        read_only=True, help_text="Rows with a SKU that occurs earlier in the file; the last one wins."
    )
    rejected_rows = serializers.IntegerField(read_only=True)
    skipped_rows = serializers.IntegerField(
        read_only=True, help_text="Rows that are no products of their own, such as the image rows of a Shopify export."
    )
    deleted_rows = serializers.IntegerField(
        read_only=True, help_text="Products that an undo has deleted, since the undone import had created them."
    )
    superseded_rows = serializers.IntegerField(
        read_only=True, help_text="Rows whose product an import uploaded later has written; they were not written."
    )
    held_rows = serializers.IntegerField(
        read_only=True,
        help_text="Rows that would have done something else than the check has shown, or that correct a row whose "
        "product others have changed since; they were not written.",
    )
    open_rows = serializers.IntegerField(
        read_only=True,
        help_text="Rejected and held rows that no later import of corrected rows, or of the held ones, has brought in.",
    )
    deactivated_products = serializers.IntegerField(
        read_only=True,
        help_text="Products that the supplier's file has no longer, and that were deactivated; they are no rows.",
    )
    activated_products = serializers.IntegerField(
        read_only=True, help_text="Products that came back, and were activated again; their rows are counted besides."
    )
    rows_per_second = serializers.FloatField(
        read_only=True, allow_null=True, help_text="Since this run began; null while unknown."
    )
    eta_seconds = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="How long the rest will take; null if unknown or over."
    )

    class Meta:
        model = ImportJob
        fields = (
            "id",
            "url",
            "status",
            "filename",
            "file_size",
            "sha256",
            "dry_run",
            "follows",
            "applies",
            "supplier",
            "supplier_version",
            "undoes",
            "awaits_check",
            "trips",
            "approval",
            "created_by",
            "encoding",
            "delimiter",
            "sheet",
            "format",
            "warnings",
            "header_lines",
            "columns",
            "ignored_columns",
            "numbers",
            "words",
            "options",
            "question",
            "progress",
            "total_rows",
            "processed_rows",
            *ImportLane.COUNTS,
            "open_rows",
            *ImportLane.OF_SYNC,
            "rows_per_second",
            "eta_seconds",
            "rejected_rows_deleted_at",
            "failure_reason",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields

    def to_representation(self, instance: ImportJob) -> dict[str, Any]:
        """See `imports.representation`; with an absolute address where the request is known."""
        shown = represent(instance)
        request = self.context.get("request")
        return {**shown, "url": request.build_absolute_uri(shown["url"])} if request else shown


class FaultSerializer(serializers.Serializer):
    """One thing that is wrong with a row."""

    column = serializers.CharField(help_text="The column's name in the file; empty where the whole row is at fault.")
    value = serializers.CharField()
    code = serializers.CharField(help_text="The rule that is broken.")
    reason = serializers.CharField(help_text="A sentence for people.")


class RejectedRowSerializer(serializers.ModelSerializer):
    """A rejected row: its first fault, all of its faults, and its fields as they were read."""

    column = serializers.SerializerMethodField()
    # REST framework has a `get_value` of its own.
    value = serializers.SerializerMethodField(method_name="get_wrong_value")
    reason = serializers.SerializerMethodField()
    faults = FaultSerializer(many=True)
    record = serializers.ListField(child=serializers.CharField())

    is_cut = serializers.BooleanField(
        read_only=True, help_text="Whether the row is very long, and only the beginning of its fields was kept."
    )

    class Meta:
        model = RejectedRow
        fields = ("line", "column", "value", "reason", "code", "faults", "record", "is_cut")
        read_only_fields = fields

    def get_column(self, row: RejectedRow) -> str:
        """The column of the first fault."""
        return row.faults[0]["column"]

    def get_wrong_value(self, row: RejectedRow) -> str:
        """The value of the first fault."""
        return row.faults[0]["value"]

    def get_reason(self, row: RejectedRow) -> str:
        """The reason of the first fault."""
        return row.faults[0]["reason"]
