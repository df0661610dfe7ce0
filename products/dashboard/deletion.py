"""The page that asks before many products are deleted: how many, never which."""

from __future__ import annotations

from typing import Any

from django import forms

from products.dashboard.forms import DeletionForm
from products.selection import Selection


def question(form: DeletionForm, selection: Selection, ids: list[str]) -> dict[str, Any]:
    """What the page shows: the form that is to be confirmed, and what its answer sends besides."""
    sent = [("action", "delete_selected"), *(("_selected_action", id_) for id_ in ids)]
    if not ids:
        sent += [("select_across", "1"), ("_selected_action", "all")]
    sent.append(("expected", str(form.count)))
    return {
        "title": "Delete products",
        "form": form,
        "count": form.count,
        "whole_catalogue": "all" in selection.how,
        "which": _which(form.count, selection),
        "hidden": [forms.HiddenInput().render(name, value) for name, value in sent],
    }


def _which(count: int, selection: Selection) -> str:
    if "ids" in selection.how:
        return f"You selected {'it' if count == 1 else 'them'} in the list."
    return "" if "all" in selection.how else "These are all products that match the filters of the list."
