"""The name of the queue whose workers send webhooks, and do nothing else."""

QUEUE = "webhooks"
