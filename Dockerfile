# The revisions, and what applies them; no tests, no tools, no server.
# The digest decides which image is taken; docs/deployment/SECURITY.md says how to move it.
ARG PYTHON_IMAGE=python:3.13-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
COPY requirements-core.txt ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --disable-pip-version-check \
    --only-binary :all: --require-hashes -r requirements-core.txt
COPY alembic.ini pyproject.toml ./
COPY alembic alembic
COPY scripts scripts
COPY whisper_migrate whisper_migrate
COPY whisper_models whisper_models
RUN .venv/bin/python -m compileall -q whisper_migrate whisper_models

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin whisper
COPY --from=build /app /app
WORKDIR /app
# Nothing is written in here: the container may be read-only.
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
# It migrates and ends, or becomes a command whose health only that command knows.
HEALTHCHECK NONE
ENTRYPOINT ["/app/scripts/docker-entrypoint.sh"]
CMD ["scripts/migrations/migrate.py", "status"]
