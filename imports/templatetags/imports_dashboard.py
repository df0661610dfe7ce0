"""How an import is shown in the dashboard's pages and lists: its state, its receipt, texts from its file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from acme_importer import texts
from acme_importer.dashboard import badges
from acme_importer.dashboard.drawings import Segment
from imports.dashboard import sentences
from imports.dashboard.receipt import counted, receipt_segments, receipt_text
from imports.dashboard.state import kind_of, name_of, shown_state
from imports.models import ImportJob

register = template.Library()

# How much of a rejected row is shown.
ROW_LENGTH = 2000

# A few words for the rules that rows break, where the code does not read as one.
RULES = {
    "missing": "Missing value",
    "new_without_name": "New product without a name",
    "field_count": "Wrong number of fields",
    "second_table": "Row of a second table",
    "not_boolean": "Invalid yes/no value",
    "nul": "NUL byte",
    "undecodable": "Undecodable bytes",
    "decimals": "Too many decimals",
    "error_value": "Error in a cell",
    "ambiguous": "Ambiguous price",
    "number_style": "Price in another style",
    "currency": "Another currency",
    "control_character": "Control character",
    "damaged_sku": "Damaged SKU",
    "refused": "Refused by the database",
    "unreadable": "Unreadable row",
    "quoting": "Quotation marks",
}


@register.filter
def printable(text: object) -> str:
    """A text from a stranger's file, with control characters and what turns the direction of writing spelled out."""
    return texts.printable(str(text))


@register.filter
def whole_row(record: list[str]) -> str:
    """The fields of a rejected row in one line; the beginning of a long one, cut before anything is done with it."""
    text = " | ".join(record[:ROW_LENGTH])
    return texts.printable(texts.shortened(text, ROW_LENGTH))


@register.filter
def thousands(number: int) -> str:
    """A whole number with separators."""
    return f"{number:,}"


@register.filter
def duration(seconds: float) -> str:
    """Seconds for people."""
    return texts.duration(seconds)


@register.filter
def ago(moment: datetime) -> str:
    """How long ago something was. Of the first minute, Django would say "0 minutes"."""
    told = timesince(moment, depth=1)
    return "just now" if told.startswith("0") else f"{told} ago"


@register.filter
def rule(code: str) -> str:
    """The rule that a code stands for, in a few words."""
    return RULES.get(code, code.replace("_", " ").capitalize())


@register.filter
def job_name(job: ImportJob) -> str:
    """What a job is called."""
    return name_of(job)


@register.filter
def rows_said(job: ImportJob) -> str:
    """How many rows of a job from `with_progress` have been processed."""
    return sentences.rows_of(job, job.processed_rows)


@register.filter
def job_kind(job: ImportJob) -> str:
    """What a job is that writes nothing; empty of all others."""
    return kind_of(job)


@register.filter
def word(segment: Segment) -> str:
    """What the rows of a part of a receipt are: `duplicates`, but `duplicate` of one."""
    return counted(segment.kind, segment.count)


@register.simple_tag
def status_badge(job: ImportJob) -> SafeString:
    """The state of a job from `with_progress`, in a badge."""
    state = shown_state(job)
    return badges.badge(state.label, state.kind)


@register.simple_tag
def badge(text: object, kind: str = "") -> SafeString:
    """A word or a number in a badge: `good`, `busy`, `warn`, `bad`, or plain; `count` has no dot."""
    return badges.badge(str(text), kind)


@register.inclusion_tag("admin/imports/importjob/receipt_bar.html")
def receipt_bar(job: ImportJob, *, legend: bool = True, every_kind: bool = False) -> dict[str, Any]:
    """What became of the rows of a job from `with_progress`: a stacked bar, which has it as text as well.

    `every_kind` is for a page whose script updates it: kinds with no rows so far are in it too.
    """
    parts = receipt_segments(job, every_kind=every_kind)
    return {"parts": parts, "said": receipt_text(parts), "legend": legend}
