"""How an import is shown in the dashboard's pages and lists: its state, its receipt, texts from its file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils.timesince import timesince

from imports.models import ImportJob, ImportLane
from imports.reading import texts

register = template.Library()

# A few words for the rules that rows break, where the code does not read as one.
RULES = {
    "missing": "Missing value",
    "field_count": "Wrong number of fields",
    "not_boolean": "Neither yes nor no",
    "nul": "NUL byte",
    "undecodable": "Undecodable bytes",
    "decimals": "Too many decimals",
    "refused": "Refused by the database",
    "unreadable": "Unreadable row",
    "quoting": "Quotation marks",
}


@register.filter
def printable(text: object) -> str:
    """A text from a stranger's file, with control characters and what turns the direction of writing spelt out."""
    return texts.printable(str(text))


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
    """How long ago something was; what Django would say of the first minute is "0 minutes"."""
    told = timesince(moment)
    return "just now" if told.startswith("0") else f"{told} ago"


@register.filter
def rule(code: str) -> str:
    """The rule that a code stands for, in a few words."""
    return RULES.get(code, code.replace("_", " ").capitalize())


@register.inclusion_tag("admin/imports/importjob/badge.html")
def status_badge(job: ImportJob) -> dict[str, Any]:
    """The job's state in a word."""
    return {"job": job}


@register.inclusion_tag("admin/imports/importjob/receipt_bar.html")
def receipt_bar(job: ImportJob, *, legend: bool = True) -> dict[str, Any]:
    """What became of the rows of a job from `with_progress`: a stacked bar, which has it as text as well."""
    counts = {name.removesuffix("_rows"): getattr(job, name) for name in ImportLane.COUNTS}
    total = sum(counts.values())
    parts, x = [], 0.0
    for name, count in counts.items():
        width = count * 100 / total if total else 0
        parts.append({"name": name, "count": count, "x": f"{x:.3f}", "width": f"{width:.3f}"})
        x += width
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "no rows"
    return {"parts": parts, "said": said, "legend": legend}
