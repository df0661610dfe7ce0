"""Every act that the audit trail knows, in the words of people. A record of any other is a mistake."""

from __future__ import annotations

from django.db import models

ACTS = {
    "product.created": "Product created",
    "product.updated": "Product changed",
    "product.deleted": "Product deleted",
    "products.activated": "Products activated in bulk",
    "products.deactivated": "Products deactivated in bulk",
    "products.deleted": "Products deleted in bulk",
    "import.uploaded": "File uploaded",
    "import.options_changed": "Reading of a file changed",
    "import.confirmed": "Import confirmed",
    "import.undone": "Undo of an import started",
    "import.reopened": "Reading of a file taken up again",
    "import.held": "Import held for approval",
    "import.approved": "Held import approved",
    "import.rejected": "Held import rejected",
    "import.discarded": "Uploaded file discarded",
    "import.cancelled": "Import cancelled",
    "import.retried": "Import retried",
    "supplier.created": "Supplier remembered",
    "supplier.updated": "Supplier changed",
    "supplier.deleted": "Supplier deleted",
    "webhook.created": "Webhook created, its secret shown",
    "webhook.updated": "Webhook changed",
    "webhook.enabled": "Webhook enabled",
    "webhook.disabled": "Webhook disabled",
    "webhook.deleted": "Webhook deleted",
    "webhook.tested": "Test sent to a webhook",
    "webhook.secret_rotated": "Webhook secret rotated, the new one shown",
    "webhook.replayed": "Events sent to a webhook again",
    "delivery.resent": "Delivery sent again",
    "deliveries.resent": "Deliveries sent again in bulk",
    "user.created": "User created",
    "user.updated": "User changed",
    "user.deleted": "User deleted",
    "user.password_changed": "Password changed",
    "group.created": "Group created",
    "group.updated": "Group changed",
    "group.deleted": "Group deleted",
    "token.created": "API token created",
    "token.deleted": "API token revoked",
    "secrets.encrypted_again": "Stored secrets encrypted again",
}
CHOICES = list(ACTS.items())


class Way(models.TextChoices):
    """How somebody acts. The system acts by itself: a worker that disables a webhook, for instance."""

    DASHBOARD = "dashboard", "Dashboard"
    API = "api", "API"
    COMMAND = "command", "Command"
    SYSTEM = "system", "System"
