"""/metrics for Prometheus. What there is to tell, each app says (METRICS); nothing is counted in this process.

The figures are read from the database when they are asked for, so that every web process of every machine tells the
same. Each app asks a fixed number of questions, whose cost does not grow with what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector


def gauge(name: str, meaning: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    """A figure named `acme_…`, by its `labels`: each of the `values` comes after the labels' own."""
    family = GaugeMetricFamily(f"acme_{name}", meaning, labels=labels)
    for label_values, value in values:
        family.add_metric(label_values, value)
    return family


class DatabaseCollector(Collector):
    """All figures, as they are now."""

    def collect(self) -> Iterator[Metric]:
        """What each app tells."""
        for path in settings.METRICS:
            figures: Callable[[], Iterable[Metric]] = import_string(path)
            yield from figures()


def exposition() -> bytes:
    """All figures as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    return generate_latest(registry)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Respond with all figures to whoever sends METRICS_TOKEN as a bearer token; without that setting, 404."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(
            "Send METRICS_TOKEN as a bearer token.\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
