"""Every URL of the product."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path, reverse_lazy
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated

# Here rather than in its app: commands and workers describe no API, and do without what it loads.
import acme_importer.tokens.schema  # noqa: F401
from acme_importer.audit.api import AuditViewSet
from acme_importer.cluster.health import healthz, readyz
from acme_importer.metrics import metrics
from acme_importer.rest.routers import OptionalSlashRouter
from acme_importer.rest.scopes import TokenScope
from imports.api.suppliers import SupplierViewSet
from imports.api.views import JobViewSet, UploadViewSet
from products.api.changes import ChangesViewSet
from products.api.views import ProductViewSet
from webhooks.api.views import DeliveryViewSet, EndpointViewSet

admin.autodiscover()

router = OptionalSlashRouter()
router.register("products", ProductViewSet, basename="product")
router.register("changes", ChangesViewSet, basename="change")
router.register("webhooks", EndpointViewSet, basename="webhook")
router.register(r"webhooks/(?P<endpoint_id>[^/.]+)/deliveries", DeliveryViewSet, basename="delivery")
router.register("uploads", UploadViewSet, basename="upload")
router.register("jobs", JobViewSet, basename="job")
router.register("suppliers", SupplierViewSet, basename="supplier")
router.register("audit", AuditViewSet, basename="audit")

WHO_IS_LOGGED_IN = [TokenScope, IsAuthenticated]
schema = SpectacularAPIView.as_view(permission_classes=WHO_IS_LOGGED_IN)
# The variant that has its script in a file of its own, for a strict content security policy.
docs = login_required(
    SpectacularSwaggerSplitView.as_view(url_name="api-schema", permission_classes=WHO_IS_LOGGED_IN),
    login_url=reverse_lazy("rest_framework:login"),
)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", admin.site.urls),
    re_path(r"^api/schema/?$", schema, name="api-schema"),
    re_path(r"^api/docs/?$", docs, name="api-docs"),
    path("api", router.get_api_root_view()),
    path("api/", include(router.urls)),
    path("api-auth/", include("rest_framework.urls")),
    re_path(r"^healthz/?$", healthz, name="healthz"),
    re_path(r"^readyz/?$", readyz, name="readyz"),
    re_path(r"^metrics/?$", metrics, name="metrics"),
]

handler400 = "acme_importer.error_pages.bad_request"
handler403 = "acme_importer.error_pages.permission_denied"
handler404 = "acme_importer.error_pages.page_not_found"
handler500 = "acme_importer.error_pages.server_error"
