"""The button that remembers how the file of an import was read."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views import View

from imports import remembering, suppliers
from imports.dashboard.permissions import may_see
from imports.models import ImportJob


class RememberView(View):
    """Makes a supplier of how the file of a completed import was read, or a new version of the one that it has."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Do it, and say so on the import's page."""
        job = get_object_or_404(ImportJob.objects.select_related("read_by__supplier"), pk=job_id)
        needed = "imports.change_supplier" if job.read_by else "imports.add_supplier"
        if not (request.user.has_perm(needed) and may_see(request.user, job)):
            raise PermissionDenied
        try:
            if job.read_by:
                supplier = job.read_by.supplier
                remembering.learn(supplier, job, request.user)
            else:
                supplier = remembering.remember(request.POST.get("name", ""), job, request.user)
        except suppliers.SupplierError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, f"Files with these columns will be read like this one, as those of {supplier}.")
        return redirect("admin:imports_importjob_change", job.pk)
