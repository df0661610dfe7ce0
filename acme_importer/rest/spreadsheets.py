"""The query parameter `for` of CSV downloads: for spreadsheets, which would take some values for formulas."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from acme_importer.rest.filters import StrictFilterBackend

FOR = "for"
SPREADSHEETS = "spreadsheets"
PARAMETER = OpenApiParameter(
    FOR,
    str,
    enum=[SPREADSHEETS],
    description=(
        "`spreadsheets`: values that begin with `=`, `+`, `-`, `@`, a tab or a carriage return get a `'` in front, so "
        "that no spreadsheet runs them as formulas, and the file a last column `spreadsheet_safe`, by which an import "
        "knows to take the marks off again. Without it, the values are as they are."
    ),
)


def is_for_spreadsheets(request: Request) -> bool:
    """Whether the file is wanted for spreadsheets. Raises ValidationError if it is for something unknown."""
    wanted = request.query_params.getlist(FOR)
    if any(purpose != SPREADSHEETS for purpose in wanted):
        raise serializers.ValidationError({FOR: [f"Must be '{SPREADSHEETS}', or not be given."]})
    return bool(wanted)


class ExportFilterBackend(StrictFilterBackend):
    """The filters of a list for its export, which has the parameter `for` besides."""

    def _other_parameters(self, view: Any) -> list[str]:
        return [*super()._other_parameters(view), FOR]
