"""The history of a product over HTTP: since when each field has had its value, from where, and the whole story."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from acme_importer.rest.filters import refuse_unknown_parameters
from products.fields import SKU_MAX_LENGTH
from products.history.blame import FieldHistory, Subject, history
from products.history.plain import plain, plain_changes
from products.history.records import KEPT, KINDS
from products.history.sources import Source, sources
from products.history.stories import Entry

PAGE_SIZE, LARGEST_PAGE = 50, 100
BEFORE, SIZE = "before", "page_size"


class ListedField(serializers.ChoiceField):
    """The name of a field."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=KEPT, **kwargs)


@extend_schema_field({"description": "In the type that the field has in a product."})
class ValueField(serializers.Field):
    """A value of any field."""


@extend_schema_field(
    {
        "type": "object",
        "description": "Old and new value by names of fields: of those that changed, or of all where the product was "
        "created (the old ones are null) or deleted (the new ones are).",
        "additionalProperties": {"type": "object", "properties": {"old": {}, "new": {}}, "required": ["old", "new"]},
    }
)
class ChangedFieldsField(serializers.Field):
    """Old and new values."""


class OriginSerializer(serializers.Serializer):
    """Who made a change: an import, or a user; neither, if it was the product itself, or if that is not known."""

    import_number = serializers.IntegerField(allow_null=True, help_text="The number of the import.")
    filename = serializers.CharField(
        allow_null=True, help_text="The import's file; null for a user who may not view imports."
    )
    undo_of = serializers.IntegerField(
        allow_null=True, help_text="The number of the import that it took back, if it was an undo; as for `filename`."
    )
    line = serializers.IntegerField(allow_null=True, help_text="The line of the file.")
    user = serializers.CharField(allow_null=True, help_text="The name of the user who made the change by hand.")


class FieldHistorySerializer(OriginSerializer):
    field = ListedField(help_text="The field.")
    value = ValueField()
    since = serializers.DateTimeField(allow_null=True, help_text="When it got this value; null if nothing is known.")
    since_is_exact = serializers.BooleanField(
        help_text="`false`: the change is not on record, or lies further back than is looked; the field has had its "
        "value at least since then."
    )
    kind = serializers.ChoiceField(
        choices=KINDS,
        allow_null=True,
        help_text="Whether the product was created with this value, or it was changed to it; null if that is unknown.",
    )
    was = ValueField(help_text="The value before; null as well if the product was created with this one.")


class StoryEntrySerializer(OriginSerializer):
    address = serializers.IntegerField(help_text="The address of the record: each change has its own.")
    at = serializers.DateTimeField(help_text="When the change was made.")
    kind = serializers.ChoiceField(choices=KINDS, help_text="What became of the product.")
    sku = serializers.CharField(help_text="The product's SKU after the change, or until it was deleted.")
    fields = ChangedFieldsField()  # type: ignore[assignment]


class HistorySerializer(serializers.Serializer):
    product = serializers.IntegerField(
        allow_null=True, help_text="The product's id; null if the SKU has none any more."
    )
    sku = serializers.CharField(help_text="The product's SKU.")
    fields = FieldHistorySerializer(  # type: ignore[assignment]
        many=True, help_text="Each field of the product; empty on later pages. Of a deleted product its last values."
    )
    changes = StoryEntrySerializer(many=True, help_text="A page of the story, newest first.")
    next = serializers.URLField(allow_null=True, help_text="Where older changes are; null if these are the oldest.")
    older_pruned = serializers.BooleanField(
        help_text="Whether older changes were deleted: they are kept for `HISTORY_KEEP_DAYS`."
    )
    notice = serializers.CharField(
        allow_null=True, help_text="A sentence where the story is not whole, or there is none."
    )


class Asked(serializers.Serializer):
    """The parameters of a page of a story."""

    before = serializers.IntegerField(required=False, min_value=1, max_value=models.BigIntegerField.MAX_BIGINT)
    page_size = serializers.IntegerField(default=PAGE_SIZE, min_value=1, max_value=LARGEST_PAGE)


class AskedBySku(Asked):
    sku = serializers.CharField(max_length=SKU_MAX_LENGTH)


PARAMETERS = [
    OpenApiParameter(BEFORE, int, description="Where older changes begin: from `next`."),
    OpenApiParameter(SIZE, int, description=f"Changes per page: {PAGE_SIZE} unless told, {LARGEST_PAGE} at most."),
]
BY_SKU = OpenApiParameter("sku", str, required=True, description="The SKU, in any letter case.")
DESCRIPTION = (
    "`fields` says of each field since when it has had its value, from which import and line of its file, or by which "
    "user, and what it was before; `changes` is the whole story, newest first, in pages. Older pages are behind `next`."
)


class HistoryActions:
    """The history, a part of the view set of products."""

    @extend_schema(
        operation_id="products_history_retrieve",
        summary="The history of a product",
        description=DESCRIPTION,
        parameters=PARAMETERS,
        responses={200: HistorySerializer},
    )
    @action(detail=True, pagination_class=None, filter_backends=[], filterset_class=None)
    def history(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """Since when each field has had its value, from where, and the whole story."""
        asked = _asked(request, Asked)
        return _response(request, Subject.of_product(self.get_object()), asked)  # type: ignore[attr-defined]

    @extend_schema(
        operation_id="products_history_by_sku_retrieve",
        summary="The history of a SKU, also of a deleted product",
        description=f"{DESCRIPTION} Of the product that has the SKU, or had it until it was deleted or got another.",
        parameters=[BY_SKU, *PARAMETERS],
        responses={
            200: HistorySerializer,
            404: OpenApiResponse(description="No product is known to have had the SKU."),
        },
    )
    @action(
        detail=False,
        url_path="history",
        url_name="history-of-sku",
        pagination_class=None,
        filter_backends=[],
        filterset_class=None,
    )
    def history_of_sku(self, request: Request) -> Response:
        """The same by a SKU, also of a product that was deleted."""
        asked = _asked(request, AskedBySku)
        subject = Subject.of_sku(asked["sku"])
        if subject is None:
            raise NotFound(
                "No product has this SKU, and none is on record that had it in the last "
                f"{settings.HISTORY_KEEP_DAYS} days."
            )
        return _response(request, subject, asked)


def _asked(request: Request, kind: type[Asked]) -> dict[str, Any]:
    refuse_unknown_parameters(request, list(kind().fields))
    serializer = kind(data=request.query_params.dict())
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _response(request: Request, subject: Subject, asked: dict[str, Any]) -> Response:
    try:
        found = history(subject, asked[SIZE], asked.get(BEFORE))
    except IndexError:
        raise ValidationError({BEFORE: ["There is no such change. Take the address from `next`."]}) from None
    known = sources(found.import_numbers, request.user)
    after = found.page.next_address
    shown = {
        "product": subject.product.pk if subject.product else None,
        "sku": subject.sku,
        "fields": [_field(field, known) for field in found.fields],
        "changes": [_change(entry, known) for entry in found.page.entries],
        "next": replace_query_param(request.build_absolute_uri(), BEFORE, after) if after else None,
        "older_pruned": found.page.is_pruned,
        "notice": found.notice,
    }
    return Response(shown)


def _origin(entry: Entry | None, known: Any) -> dict[str, Any]:
    if entry is None:
        return dict.fromkeys(("import_number", "filename", "undo_of", "line", "user"))
    number = entry.change_set.import_number
    source: Source | None = known.get(number)
    return {
        "import_number": number,
        "filename": source.filename if source else None,
        "undo_of": source.undo_of if source else None,
        "line": entry.record.line or None,
        "user": entry.change_set.user_name or None,
    }


def _field(field: FieldHistory, known: Any) -> dict[str, Any]:
    entry = field.entry
    return {
        "field": field.name,
        "value": plain(field.name, field.value),
        "since": _moment(entry.change_set.at if entry else field.unchanged_since),
        "since_is_exact": entry is not None,
        "kind": entry.record.kind if entry else None,
        **_origin(entry, known),
        "was": plain(field.name, entry.record.before.get(field.name)) if entry else None,
    }


def _change(entry: Entry, known: Any) -> dict[str, Any]:
    record = entry.record
    return {
        "address": record.address,
        "at": _moment(entry.change_set.at),
        "kind": record.kind,
        **_origin(entry, known),
        "sku": record.sku,
        "fields": plain_changes(record),
    }


def _moment(moment: Any) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
