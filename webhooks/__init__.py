"""Webhooks: endpoints, deliveries, and how they are signed, sent and retried. Knows no other app."""
