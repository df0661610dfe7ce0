"""The probes of load balancers and monitors: whether this process responds, and whether the product can do its work.

No login: what they say is of no use to a stranger. What is checked, and how, is in `acme_importer.cluster.readiness`.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from acme_importer.cluster import readiness


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Respond 200. Nothing else is asked, so that nobody restarts this process because the database is away."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Respond 200 if all checks succeed, else 503. `?exclude=workers` leaves one out, several times several."""
    excluded = set(request.GET.getlist("exclude"))
    if unknown := excluded - set(settings.READINESS_CHECKS):
        known = ", ".join(settings.READINESS_CHECKS)
        return JsonResponse({"status": f"unknown check: {min(unknown)[:50]}; there are {known}"}, status=400)
    findings = {name: found for name, found in readiness.findings().items() if name not in excluded}
    is_ready = all(found.is_ok for found in findings.values())
    shown = {name: {"ok": found.is_ok, **found.details} for name, found in findings.items()}
    return JsonResponse(
        {"status": "ready" if is_ready else "not ready", "checks": shown}, status=200 if is_ready else 503
    )
