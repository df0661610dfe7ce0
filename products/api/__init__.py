"""The products over HTTP. Translates requests into calls of the catalogue, and nothing else."""
