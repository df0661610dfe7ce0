"""Uploads and import jobs over HTTP. Translates requests into calls of the rooms below, and nothing else."""
