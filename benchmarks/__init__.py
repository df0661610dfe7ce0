"""Measurements of the product beside what else could do the job. Each module is a command with a `--help`."""
