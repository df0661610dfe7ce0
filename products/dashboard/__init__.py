"""The pages of the dashboard about products. Knows no API."""
