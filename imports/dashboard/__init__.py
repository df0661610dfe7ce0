"""The pages of the dashboard about imports. Knows no API."""
