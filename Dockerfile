# The whole product in one container: web server and workers, which share a folder for uploaded files.
# To run them apart, give each container the same folder and start it with one line of the Procfile.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements-s3.lock requirements-sentry.lock ./
RUN pip install --require-hashes -r requirements-s3.lock -r requirements-sentry.lock
COPY . .
# Collecting needs settings, but not those of the place where it will run.
RUN SECRET_KEY=only-for-building DATABASE_URL=sqlite:// python manage.py collectstatic --noinput

# Of the web server; a container that runs only workers has none: `docker run --no-healthcheck`.
HEALTHCHECK --start-period=60s --timeout=10s CMD ["python", "docker-healthcheck.py"]

# Nothing runs as root but the entry point, which hands over the folder of uploads. The code stays root's.
RUN useradd --system --no-create-home --uid 10001 acme
ENTRYPOINT ["/app/docker-entrypoint.sh"]
CMD ["honcho", "start", "web", "worker", "webhooks"]
