"""Which jobs, and which rejected rows, a caller wants to see."""

from __future__ import annotations

from django_filters import rest_framework as filters

from acme_importer.rest.filters import MomentFilter, TrueOrFalseFilter, WholeNumberFilter
from imports.models import ImportJob


class JobFilter(filters.FilterSet):
    status = filters.MultipleChoiceFilter(choices=ImportJob.Status.choices, help_text="Repeat it for several.")
    dry_run = TrueOrFalseFilter(help_text="`true` or `false`.")
    filename = filters.CharFilter(lookup_expr="icontains", help_text="Part of the file's name, in any letter case.")
    sha256 = filters.CharFilter(lookup_expr="iexact", help_text="The SHA-256 of the file, in hexadecimal.")
    supplier = WholeNumberFilter("read_by__supplier__id", help_text="The number of the supplier that it is read as.")
    created_after = MomentFilter("created_at", lookup_expr="gte", help_text="Created at this moment or later.")
    created_before = MomentFilter("created_at", lookup_expr="lt", help_text="Created before this moment.")

    class Meta:
        model = ImportJob
        fields = ()


class RejectedRowFilter(filters.FilterSet):
    code = filters.CharFilter(help_text="The rule that the row breaks first, such as `missing` or `not_a_price`.")
