"""The pages of the dashboard about webhooks. Knows no API."""
