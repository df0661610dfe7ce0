"""Which of Django's scripts a page of the dashboard loads: those it uses. Knows no page.

Django's admin puts the same eight into every list and form. One of them, for pop-ups, listens for `unload`, which
browsers call deprecated, and which keeps pages out of the cache that Back returns to.
"""

from __future__ import annotations

from django import template
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.forms import Media
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# As they stand in addresses, where a hash may follow the name.
POP_UPS = "admin/js/admin/RelatedObjectLookups."
OF_LISTS = "admin/js/actions."
OF_FORMS = (
    "admin/js/vendor/jquery/",
    "admin/js/jquery.init.",
    "admin/js/core.",
    "admin/js/urlify.",
    "admin/js/prepopulate.",
    "admin/js/vendor/xregexp/",
)


@register.filter
def for_list(media: Media) -> SafeString:
    """The scripts of a list: those of its actions, not those of forms."""
    return without(media, POP_UPS, *OF_FORMS)


@register.simple_tag
def scripts_of_form(media: Media, form: AdminForm) -> SafeString:
    """The scripts of a form: those of pop-ups only where a field has them, never those of lists."""
    return without(media, OF_LISTS) if has_pop_ups(form) else without(media, OF_LISTS, POP_UPS)


def has_pop_ups(form: AdminForm) -> bool:
    """Whether a field offers to add, change, delete or view in a window of its own what it refers to."""
    widgets = (field.widget for field in form.form.fields.values())
    return any(
        widget.can_add_related or widget.can_change_related or widget.can_delete_related or widget.can_view_related
        for widget in widgets
        if isinstance(widget, RelatedFieldWidgetWrapper)
    )


def without(media: Media, *names: str) -> SafeString:
    """The script elements of `media`, but for those whose address has one of `names` in it."""
    kept = [element for element in media.render_js() if not any(name in element for name in names)]
    return mark_safe("\n".join(kept))  # noqa: S308  # Django has escaped the addresses
