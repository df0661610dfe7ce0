"""Which records of the audit trail a caller wants to see."""

from __future__ import annotations

from django_filters import rest_framework as filters

from acme_importer.audit.acts import CHOICES, Way
from acme_importer.audit.models import Record
from acme_importer.rest.filters import MomentFilter


class RecordFilter(filters.FilterSet):
    user = filters.CharFilter("user_name", help_text="The name of who did it.")
    act = filters.MultipleChoiceFilter(choices=CHOICES, help_text="Repeat it for several.")
    way = filters.ChoiceFilter(choices=Way.choices, help_text="`dashboard`, `api`, `command` or `system`.")
    address = filters.CharFilter(help_text="The address that it was done from.")
    kind = filters.CharFilter(help_text="The kind of what was changed, such as `product`.")
    object_id = filters.CharFilter(help_text="The id of what was changed.")
    after = MomentFilter("at", lookup_expr="gte", help_text="Done at this moment or later.")
    before = MomentFilter("at", lookup_expr="lt", help_text="Done before this moment.")

    class Meta:
        model = Record
        fields = ()
