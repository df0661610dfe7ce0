"""Endpoints and deliveries over HTTP. Translates requests into calls of the app, and nothing else."""
