"""The worker clusters: queues, schedules, supervision, health. The only place that knows Django-Q2."""
