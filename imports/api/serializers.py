"""What the API accepts with an upload, and what it shows of jobs and of rejected rows."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers

from acme_importer.rest.serializers import StrictSerializer
from imports.models import ENCODING_MAX_LENGTH, SHEET_MAX_LENGTH, ImportJob, ImportLane, RejectedRow
from imports.options import Options
from imports.reading.errors import FileRefusedError
from imports.reading.header import DELIMITER_NAMES, DELIMITERS_BY_NAME
from imports.representation import represent
from products.fields import FIELDS

NO_FILE = "There is no file. Send it as the field 'file' of a form (multipart/form-data), or as the body (text/csv)."


class MappingField(serializers.CharField):
    """A JSON object of fields and the names of their columns, as text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            allow_blank=True,
            style={"base_template": "textarea.html", "rows": 2},
            help_text='A JSON object such as {"name": "Product title"}, for columns whose names are not recognized. '
            f"The fields are {', '.join(FIELDS)}; an empty name means that a field has no column.",
            **kwargs,
        )

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise serializers.ValidationError('Must be a JSON object such as {"name": "Product title"}.') from None


class DelimiterField(serializers.CharField):
    """A delimiter, or its name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        return DELIMITERS_BY_NAME.get(text.strip().lower(), text)


# What uploads have besides: the file's name, read with the body, and what the browsable API adds.
NO_OPTIONS = frozenset({"filename", "format", "csrfmiddlewaretoken"})


class UploadSerializer(StrictSerializer):
    """A file to import, and what its sender knows about it. Strict: a misspelled `dry_run` would be a real import."""

    besides = NO_OPTIONS

    file = serializers.FileField(
        error_messages={"required": NO_FILE, "empty": "The file is empty."},
        help_text="A CSV file, also compressed (.gz, or .zip with one file in it), or a workbook (.xlsx, .xls, .ods).",
    )
    mapping = MappingField(required=False)
    delimiter = DelimiterField(
        required=False,
        help_text=f"The character or its name: {', '.join(DELIMITER_NAMES.values())}. Detected unless given.",
    )
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
        help_text="The name of the sheet of a workbook. The first one unless given.",
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Do everything except write products: the counts are those of a real import."
    )

    def validate_mapping(self, mapping: Any) -> dict[str, str]:
        """Refuse what is not a mapping of product fields to column names."""
        if mapping == "":
            return {}
        # JSON can write NUL and halves of characters, which neither a database nor a response can hold.
        for name in (*mapping, *mapping.values()) if isinstance(mapping, dict) else ():
            if isinstance(name, str):
                serializers.CharField(allow_blank=True).run_validation(name)
        _check_option(mapping=mapping)
        return mapping

    def validate_delimiter(self, delimiter: str) -> str:
        """Refuse a delimiter that cannot be read."""
        _check_option(delimiter=delimiter)
        return delimiter

    def validate_encoding(self, encoding: str) -> str:
        """Refuse an encoding that is not known."""
        _check_option(encoding=encoding)
        return encoding

    def file_and_options(self) -> tuple[UploadedFile, Options]:
        """What was sent, once it is valid."""
        given = dict(self.validated_data)
        return given.pop("file"), Options(**given)


def _check_option(**option: Any) -> None:
    try:
        Options(**option)
    except FileRefusedError as error:
        raise serializers.ValidationError(str(error)) from None


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
        help_text="The import whose rejected rows this file corrects, or the dry run whose file is imported.",
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
            "created_by",
            "encoding",
            "delimiter",
            "sheet",
            "format",
            "warnings",
            "columns",
            "ignored_columns",
            "progress",
            "total_rows",
            "processed_rows",
            *ImportLane.COUNTS,
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
