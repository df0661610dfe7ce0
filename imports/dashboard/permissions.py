"""Who may do what with imports in the dashboard. Asked by the pages and by the admin."""

from __future__ import annotations

from typing import Any

from imports.models import ImportJob


def may_view(user: Any) -> bool:
    """Whether the user may see imports; who may control them may see them."""
    return user.has_perm("imports.view_importjob") or may_control(user)


def may_see(user: Any, job: ImportJob) -> bool:
    """Whether the user may see this import: all of them with the permission to view, else those of their own."""
    return may_view(user) or job.created_by_id == user.pk


def may_import(user: Any) -> bool:
    """Whether the user may upload files and import them."""
    return user.has_perm("imports.add_importjob")


def may_apply(user: Any) -> bool:
    """Whether the user may import what a check has shown, and rows that were held."""
    return user.has_perm("imports.apply_importjob")


def may_approve(user: Any) -> bool:
    """Whether the user may approve imports that are held, or reject them."""
    return user.has_perm("imports.approve_importjob")


def may_control(user: Any) -> bool:
    """Whether the user may cancel and retry imports."""
    return user.has_perm("imports.change_importjob")


def may_view_suppliers(user: Any) -> bool:
    """Whether the user may see suppliers, and have files read as theirs."""
    return user.has_perm("imports.view_supplier")


def may_undo(user: Any) -> bool:
    """Whether the user may undo imports, of which a preview shows values of products."""
    return may_view(user) and user.has_perms(("imports.undo_importjob", "products.view_product"))
