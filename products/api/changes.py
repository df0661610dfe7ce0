"""The change feed over HTTP: to read, and to wait for."""

from __future__ import annotations

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import GenericViewSet

from acme_importer.rest.errors import GoneError
from acme_importer.rest.filters import refuse_unknown_parameters
from products.history import feed
from products.history.plain import plain_changes
from products.history.records import KEPT, KINDS
from products.history.waiting import CrowdedError, room
from products.models import Product

NOW = "now"
IMPORT = "import"
IMPORTED = "imported"
FEED_KINDS = (*KINDS, IMPORTED)
# Proxies wait for 60 seconds, some for 30.
LONGEST_WAIT_SECONDS = 30
# When to ask again, where too many wait already.
RETRY_SECONDS = 5
# What a page of the browsable API is worth reading of; its HTML takes many times the memory of its JSON.
BROWSABLE_ENTRIES = 100


class WantedSerializer(serializers.Serializer):
    """The parameters of the feed."""

    after = serializers.CharField(
        required=False,
        help_text="Where to begin: the `next` of the page before, or `now` for none but changes to come. Without it, "
        "the feed begins with the first change that was ever made.",
    )
    wait = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=LONGEST_WAIT_SECONDS,
        help_text="If there are no changes yet, wait up to so many seconds for some. Where many wait already the "
        "response comes at once, with `retry_after`.",
    )
    limit = serializers.IntegerField(
        default=feed.MOST_ENTRIES,
        min_value=1,
        max_value=feed.MOST_ENTRIES,
        help_text="The most entries of a page, which has fewer if their values are long.",
    )
    fold = serializers.ChoiceField(
        choices=[IMPORT],
        required=False,
        help_text="`import`: what an import changes is an entry of the kind `imported` with counts, not one a product.",
    )


@extend_schema_field(
    {
        "type": "object",
        "description": "The fields that changed, each with its old and new value, as products have them. Of a product "
        "that was created these are all fields, and all old values are null; of a deleted one the new values are.",
        "additionalProperties": {"type": "object", "properties": {"old": {}, "new": {}}, "required": ["old", "new"]},
    }
)
class FieldsField(serializers.Field):
    """Old and new values by the names of the fields."""


class FoldedSerializer(serializers.Serializer):
    first_number = serializers.IntegerField(help_text="The number of the first changes in it; `number` is the last.")
    created = serializers.IntegerField(help_text="Products that the import created.")
    changed = serializers.IntegerField(help_text="Products that it changed.")
    deleted = serializers.IntegerField(help_text="Products that it deleted: only the undoing of an import does.")
    fields_changed = serializers.ListField(
        child=serializers.ChoiceField(choices=KEPT), help_text="The fields that differ in the changed products."
    )
    first_line = serializers.IntegerField(help_text="The first line of the file that changed something; 0 without.")
    last_line = serializers.IntegerField(help_text="The last one.")


class ChangeSerializer(serializers.Serializer):
    number = serializers.IntegerField(
        help_text="Changes that were committed together have one number; those that were committed later a higher one."
    )
    at = serializers.DateTimeField(help_text="When it was changed, by the database's clock.")
    kind = serializers.ChoiceField(
        choices=FEED_KINDS, help_text=f"What became of the product; `{IMPORTED}` is what an import did, folded."
    )
    sku = serializers.CharField(
        allow_null=True,
        help_text="The product's SKU, after the change. It names the product: an id is none in the feed, since "
        "a product that was deleted has none. Null if folded.",
    )
    previous_sku = serializers.CharField(
        allow_null=True, help_text="The SKU before, if it was changed, were it in letter case only; else null."
    )
    fields = FieldsField()  # type: ignore[assignment]
    import_number = serializers.IntegerField(allow_null=True, help_text="The import that made the change.")
    line = serializers.IntegerField(allow_null=True, help_text="The line of its file.")
    user = serializers.CharField(
        allow_null=True, help_text="The user who made the change; null as well if the product itself did."
    )
    folded = FoldedSerializer(allow_null=True, help_text="What the import changed, in an entry that is folded.")


class ChangesSerializer(serializers.Serializer):
    changes = ChangeSerializer(many=True, help_text="In the order in which they were committed.")
    next = serializers.CharField(help_text="The `after` of the next request, always. Keep it as it is.")
    has_more = serializers.BooleanField(help_text="Whether there were more changes already.")
    retry_after = serializers.IntegerField(
        allow_null=True,
        help_text="The seconds to let pass before the next request, where there was no room to wait; also a header.",
    )


class ChangesViewSet(GenericViewSet):
    """Every change of a product, in the order of the commits."""

    # For the permission: who may see products may see how they became what they are.
    queryset = Product.objects.none()
    serializer_class = ChangesSerializer
    filter_backends = ()
    pagination_class = None

    @extend_schema(
        operation_id="changes_retrieve",
        summary="Follow all changes of products",
        description=(
            "Every change of a product in the order in which they were committed, whoever made it: an import, a "
            "person, a bulk action, the API, an undo. Nothing is skipped that is committed late, and nothing comes "
            "twice. Follow it from `next` to `next`, with `wait` where it ends. A cursor whose changes are not on "
            "record any more is a 410: begin with the export of all products, whose header `Changes-Cursor` says "
            "where to go on."
        ),
        parameters=[WantedSerializer],
        responses={
            200: forced_singular_serializer(ChangesSerializer),
            410: OpenApiResponse(
                description="What follows the cursor is not on record any more. Besides `detail`, the body has "
                "`export`, the address of all products, and `after`, the cursor of this moment: read them now, in this "
                "order, and go on with it."
            ),
        },
    )
    def list(self, request: Request) -> Response:
        """A page of changes; `after` is the `next` of the page before."""
        wanted = WantedSerializer(data=request.query_params.dict())
        refuse_unknown_parameters(request, wanted.fields)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        limit = asked["limit"]
        if getattr(request.accepted_renderer, "format", "") == "api":
            limit = min(limit, BROWSABLE_ENTRIES)
        after = _cursor(asked.get("after"))
        fold_imports = asked.get("fold") == IMPORT
        page = _page(after, limit, request, fold_imports=fold_imports)
        retry_after = None
        if not page.entries and not page.has_more and asked["wait"]:
            try:
                room.wait_beyond(page.next.number, asked["wait"])
                page = _page(page.next, limit, request, fold_imports=fold_imports)
            except CrowdedError:
                retry_after = RETRY_SECONDS
        body = {
            "changes": [_entry(entry) for entry in page.entries],
            "next": str(page.next),
            "has_more": page.has_more,
            "retry_after": retry_after,
        }
        return Response(body, headers={"Retry-After": str(retry_after)} if retry_after else None)


def _cursor(text: str | None) -> feed.Cursor:
    if text is None:
        return feed.BEGINNING
    if text == NOW:
        return feed.now()
    try:
        return feed.Cursor.parse(text)
    except feed.BadCursorError as error:
        raise serializers.ValidationError({"after": [str(error)]}) from error


def _page(after: feed.Cursor, limit: int, request: Request, *, fold_imports: bool) -> feed.Page:
    try:
        return feed.page(after, limit, fold_imports=fold_imports)
    except feed.BadCursorError as error:
        raise serializers.ValidationError({"after": [str(error)]}) from error
    except feed.CursorExpiredError as error:
        export = reverse("product-export", request=request)
        sentence = (
            f"What follows this cursor is not on record any more. Begin anew: read all products from {export}, "
            f"and then follow the changes after its header Changes-Cursor, or after {error.now}."
        )
        raise GoneError({"detail": sentence, "export": export, "after": str(error.now)}) from error


def _entry(entry: feed.Change | feed.ImportChanges) -> dict[str, Any]:
    if isinstance(entry, feed.ImportChanges):
        return _folded(entry)
    record, change_set = entry.record, entry.change_set
    return {
        "number": change_set.number,
        "at": change_set.at,
        "kind": record.kind,
        "sku": record.sku,
        "previous_sku": entry.previous_sku,
        "fields": plain_changes(record),
        "import_number": change_set.import_number,
        "line": record.line or None,
        "user": change_set.user_name or None,
        "folded": None,
    }


def _folded(entry: feed.ImportChanges) -> dict[str, Any]:
    return {
        "number": entry.last.number,
        "at": entry.last.at,
        "kind": IMPORTED,
        "sku": None,
        "previous_sku": None,
        "fields": {},
        "import_number": entry.import_number,
        "line": None,
        "user": None,
        "folded": {
            "first_number": entry.first.number,
            "created": entry.created,
            "changed": entry.changed,
            "deleted": entry.deleted,
            "fields_changed": list(entry.field_names),
            "first_line": entry.first_line,
            "last_line": entry.last_line,
        },
    }
