# One image for every process: `tasker run stats`, `tasker run telemetry`, `tasker topics create`, the tools.
# The tests run on this Python; another version that they run on is a build argument.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build

ENV TASKER_BUILD_NATIVE=1 UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/tasker
# The compiler is for the native modules; without one, slower ones in Python take their place.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && pip install --no-cache-dir uv
WORKDIR /src

# The dependencies first: they change seldom, and so this layer is kept while our code changes.
COPY pyproject.toml uv.lock hatch_build.py README.md LICENSE ./
RUN uv sync --locked --no-default-groups --extra consumers --no-install-project

COPY schemas ./schemas
COPY producer ./producer
COPY consumers ./consumers
COPY examples ./examples
RUN uv sync --locked --no-default-groups --extra consumers --no-editable

FROM python:${PYTHON_VERSION}-slim

LABEL org.opencontainers.image.title="tasker-events" \
      org.opencontainers.image.description="Kafka events of tasks and steps: statistics and OpenTelemetry traces" \
      org.opencontainers.image.licenses="Apache-2.0"

# A number, so that Kubernetes can see that it is not root.
RUN groupadd --gid 10001 tasker \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/tasker tasker \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/tasker
COPY --from=build /opt/tasker /opt/tasker

ENV PATH=/opt/tasker/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TASKER_STATE_DIR=/var/lib/tasker \
    TASKER_WEB_HOST=0.0.0.0 \
    TASKER_WEB_PORT=8080
USER 10001:10001
WORKDIR /var/lib/tasker
VOLUME /var/lib/tasker
EXPOSE 8080

# Workers drain on SIGTERM; nothing stands between them and the signal.
STOPSIGNAL SIGTERM
ENTRYPOINT ["tasker"]
CMD ["--help"]
