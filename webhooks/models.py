"""What is stored of webhooks: endpoints, their deliveries, every attempt, replays, and who is dispatching."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Avg, Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import formats, timezone

from acme_importer.cluster.identity import HOLDER_LENGTH, holder
from acme_importer.encryption import EncryptedField
from webhooks.addresses import validate_url
from webhooks.attempt import Message, Outcome
from webhooks.catalogue import SUBSCRIBABLE, TEST, event_choices
from webhooks.signing import new_secret

# How long the secret before a rotation still signs as well.
ROTATION = timedelta(days=1)
# An endpoint that has only failed for this long is disabled.
PATIENCE = timedelta(days=5)
# Failures further apart than this are two problems, not one. The longest pause of the retry schedule is half of it.
SAME_PROBLEM = timedelta(days=2)
# Deliveries that can be sent again, and those of them that were kept back because their endpoint was disabled.
REPLAYABLE = ~Q(status="pending") & ~Q(event_type=TEST)
HELD = Q(status="held")


def validate_events(events: object) -> None:
    """Refuse what is not a list of event types that an endpoint can subscribe to."""
    if not isinstance(events, list) or not all(isinstance(event, str) for event in events):
        raise ValidationError("Enter a list of event types.", code="invalid")
    if unknown := [event for event in events if event not in SUBSCRIBABLE]:
        raise ValidationError(
            f"Unknown event: {', '.join(unknown)}. Choose from {', '.join(SUBSCRIBABLE)}.", code="unknown"
        )


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    """Endpoints; `with_last_day` adds the figures of the last 24 hours."""

    def with_last_day(self) -> EndpointQuerySet:
        """Add the attempts of the last 24 hours, those that succeeded, and the mean latency in milliseconds."""
        day = Attempt.objects.filter(endpoint=OuterRef("pk"), started_at__gte=timezone.now() - timedelta(days=1))
        grouped = day.order_by().values("endpoint")
        return self.annotate(
            last_day_attempts=Coalesce(Subquery(grouped.annotate(n=Count("pk")).values("n")), 0),
            last_day_succeeded=Coalesce(
                Subquery(grouped.annotate(n=Count("pk", filter=Q(succeeded=True))).values("n")), 0
            ),
            last_day_latency_ms=Subquery(grouped.annotate(n=Avg("latency_ms")).values("n")),
        )


class Endpoint(models.Model):
    """A URL that events are sent to."""

    url = models.CharField("URL", max_length=2000, validators=[validate_url])
    description = models.CharField(max_length=255, blank=True)
    events = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_events],
        help_text="Leave empty for all events except import.progress, which must be selected.",
    )
    enabled = models.BooleanField(default=True)
    # Why the product, not a person, disabled it.
    disabled_reason = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    # Shown once, to the one who created or rotated it; never in a response, a page or a log after that.
    # Encrypted in the database.
    secret = EncryptedField(default=new_secret, editable=False)
    previous_secret = EncryptedField(blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, editable=False)

    # The last response, or why there was none.
    last_attempt_at = models.DateTimeField("last attempt", null=True, editable=False)
    last_status = models.PositiveSmallIntegerField(null=True, editable=False)
    last_error = models.TextField(blank=True, editable=False)
    last_latency_ms = models.PositiveIntegerField(null=True, editable=False)
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    # Until when the receiver has asked for a pause (Retry-After).
    paused_until = models.DateTimeField(null=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    # The fields that every attempt updates.
    LAST_RESPONSE = (
        "last_attempt_at",
        "last_status",
        "last_error",
        "last_latency_ms",
        "failures_in_a_row",
        "failing_since",
        "paused_until",
    )

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.description or self.url

    def signing_secrets(self) -> list[str]:
        """The secrets to sign with: the current one, and for a day after a rotation the one before.

        Without one that cannot be decrypted, since SECRET_KEY has changed: there may be none, then.
        """
        if self.previous_secret_until and self.previous_secret_until > timezone.now():
            return [secret for secret in (self.secret, self.previous_secret) if secret]
        return [self.secret] if self.secret else []

    def rotate_secret(self) -> str:
        """Give the endpoint a new secret, which is returned; the old one keeps signing as well for a day."""
        self.previous_secret = self.secret
        self.previous_secret_until = timezone.now() + ROTATION
        self.secret = new_secret()
        self.save(update_fields=["secret", "previous_secret", "previous_secret_until", "updated_at"])
        return self.secret

    def enable(self) -> None:
        """Send events to this endpoint again, and forget earlier failures."""
        self.enabled = True
        self.disabled_reason = ""
        self.failures_in_a_row = 0
        self.failing_since = self.paused_until = None
        self.save(
            update_fields=[
                "enabled",
                "disabled_reason",
                "failures_in_a_row",
                "failing_since",
                "paused_until",
                "updated_at",
            ]
        )

    def disable(self, reason: str = "") -> None:
        """Send nothing more to this endpoint. What is waiting is held, as is what happens from now on (`emit`)."""
        self.enabled = False
        self.disabled_reason = reason
        with transaction.atomic():
            self.save(update_fields=["enabled", "disabled_reason", "updated_at"])
            # Of tests, which are never due, none is held.
            waiting = self.deliveries.filter(status=Delivery.Status.PENDING, due_at__isnull=False)
            waiting.update(status=Delivery.Status.HELD, due_at=None)

    def note(self, outcome: Outcome) -> None:
        """Update the fields about the last response with the outcome of an attempt; saves nothing."""
        before, self.last_attempt_at = self.last_attempt_at, outcome.started_at
        self.last_status = outcome.status
        self.last_error = outcome.error
        self.last_latency_ms = outcome.latency_ms
        if outcome.succeeded:
            self.failures_in_a_row = 0
            self.failing_since = self.paused_until = None
            return
        self.failures_in_a_row += 1
        if self.failing_since is None or before is None or outcome.started_at - before > SAME_PROBLEM:
            self.failing_since = outcome.started_at
        if outcome.retry_after:
            self.paused_until = timezone.now() + outcome.retry_after

    def reason_to_disable(self) -> str:
        """Why nothing more should be sent after the last attempt, as a sentence; empty if there is no reason."""
        if self.last_status == 410:
            return "The receiver responded 410 Gone: it wants no more webhooks."
        if self.failing_since is None or self.last_attempt_at is None:
            return ""
        if self.last_attempt_at - self.failing_since < PATIENCE:
            return ""
        last = self.last_error or f"It responded {self.last_status}."
        return (
            f"Every attempt since {formats.date_format(self.failing_since, 'DATETIME_FORMAT')} has failed, "
            f"{self.failures_in_a_row:,} in a row. The last one: {last}"
        )


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries; `replayable` and `held` are those that can be sent again, in the words of an index each."""

    def replayable(self) -> DeliveryQuerySet:
        """Keep those that are no test, and are not about to be sent anyway."""
        return self.filter(REPLAYABLE)

    def held(self) -> DeliveryQuerySet:
        """Keep those that were kept back because their endpoint was disabled."""
        return self.filter(HELD)


class Delivery(models.Model):
    """One event on its way to one endpoint. Written in the transaction in which the event happened: an outbox."""

    class Status(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"
        # Not sent, since the endpoint was disabled when the event happened, or before it could be sent.
        HELD = "held"

    # Without a constraint in the database: deleting an endpoint must never fail the transaction of an import that
    # emits an event at the same moment, nor must counting an endpoint's failures wait for that transaction.
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_constraint=False, db_index=False
    )
    # The header `webhook-id`: the same for all endpoints, and each time that this is sent.
    event_id = models.CharField(max_length=40)
    event_type = models.CharField(max_length=40, choices=event_choices)
    # What the event is about, in the words of its emitter, to find its deliveries by; may be empty.
    subject = models.CharField(max_length=60, blank=True)
    body = models.TextField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    # When to send it next. A claim extends this by a lease: if that worker dies, it becomes due again.
    due_at = models.DateTimeField(null=True)
    claimed_by = models.UUIDField(null=True)
    # Failed attempts since it was emitted, or last sent again by hand: where it is in the retry schedule.
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "deliveries"
        indexes = (
            models.Index(fields=["endpoint", "due_at"], name="delivery_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["endpoint", "-id"], name="delivery_endpoint"),
            models.Index(fields=["created_at"], name="delivery_created"),
            models.Index(fields=["subject"], name="delivery_subject", condition=~Q(subject="")),
            models.Index(fields=["endpoint", "created_at", "id"], name="delivery_replayable", condition=REPLAYABLE),
            models.Index(fields=["endpoint", "created_at", "id"], name="delivery_held", condition=HELD),
        )

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"

    def message(self) -> Message:
        """What is to be sent."""
        return Message(self.endpoint.url, self.endpoint.signing_secrets(), self.event_id, self.body)


class Attempt(models.Model):
    """One attempt to send a delivery, and the response."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="attempts", db_constraint=False, db_index=False
    )
    started_at = models.DateTimeField()
    latency_ms = models.PositiveIntegerField()
    request_headers = models.JSONField()
    succeeded = models.BooleanField()
    status = models.PositiveSmallIntegerField(null=True)
    # What went wrong, if there was no complete response.
    error = models.TextField(blank=True)
    # The beginning of the response's body.
    excerpt = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        # For an endpoint's figures of its last day.
        indexes = (models.Index(fields=["endpoint", "started_at"], name="attempt_endpoint_started"),)

    def __str__(self) -> str:
        return f"{formats.date_format(self.started_at, 'DATETIME_FORMAT')}: {self.status or self.error}"


class Replay(models.Model):
    """A request to send an endpoint again what happened in some time, and how far the workers have come with it."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="replays", db_constraint=False)
    only_held = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # How many deliveries there were to send when it started, and how many of them are on their way.
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    # The checkpoint: every delivery that was created before this moment, or in it and with an id up to this, is done.
    after_moment = models.DateTimeField()
    after_id = models.BigIntegerField(default=0)
    # When the checkpoint was moved last, or a worker was asked to.
    moved_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["endpoint"], condition=Q(finished_at=None), name="replay_one_at_a_time"),
        )

    def __str__(self) -> str:
        return f"{self.done:,} of {self.total:,}"


class Dispatching(models.Model):
    """The one row that says until when there is a dispatcher, and which worker that is."""

    until = models.DateTimeField()
    # `acme_importer.cluster.identity`
    claimed_by = models.CharField(max_length=HOLDER_LENGTH, blank=True)

    def __str__(self) -> str:
        return f"Dispatching until {self.until:%H:%M:%S}"

    @classmethod
    def claim(cls, until: datetime) -> bool:
        """Become the dispatcher until then, unless there is one."""
        now = timezone.now()
        claimed = {"until": until, "claimed_by": holder()}
        _, created = cls.objects.get_or_create(pk=1, defaults=claimed)
        return created or bool(cls.objects.filter(pk=1, until__lt=now).update(**claimed))
