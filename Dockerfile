# One image for every process: `tasker run …`, `tasker topics create`, the tools.
# The tests run on this Python; another version that they run on is a build argument, and so is a base of your own:
# Debian's layout, the interpreter at /usr/local, as the official images have it. A digest makes it exact.
ARG PYTHON_VERSION=3.13
ARG BASE_IMAGE=python:${PYTHON_VERSION}-slim

FROM ${BASE_IMAGE} AS build

ARG UV_VERSION=0.13.9
# Compiled files bear a hash instead of a time, so that building again gives the same bytes.
ENV TASKER_BUILD_NATIVE=1 UV_COMPILE_BYTECODE=1 PYC_INVALIDATION_MODE=UNCHECKED_HASH UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never \
    UV_NO_CACHE=1 UV_PROJECT_ENVIRONMENT=/opt/tasker PYTHONHASHSEED=0 CFLAGS=-g0
# The compiler is for the native modules; without one, slower ones in Python take their place.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && pip install --no-cache-dir "uv==${UV_VERSION}"
WORKDIR /src

# The dependencies first: they change seldom, and so this layer is kept while our code changes.
COPY pyproject.toml uv.lock hatch_build.py README.md LICENSE ./
RUN uv sync --locked --no-default-groups --extra consumers --extra store --extra web --no-install-project

COPY schemas ./schemas
COPY producer ./producer
COPY consumers ./consumers
COPY examples ./examples
RUN uv sync --locked --no-default-groups --extra consumers --extra store --extra web --no-editable

# What is in it, for scanners: CycloneDX, from the lock file. A random number and times of day go, so that the bytes stay the same.
RUN uv export --locked --no-default-groups --extra consumers --extra store --extra web --no-emit-project --format cyclonedx1.5 --output-file sbom.json --quiet \
    && python -c "import json; s = json.load(open('sbom.json')); s.pop('serialNumber', None); s['metadata'].pop('timestamp', None); \
json.dump(s, open('/opt/tasker/sbom.cdx.json', 'w'), indent=1, sort_keys=True)" \
    && find /opt/tasker -name uv_cache.json -delete \
    && find /opt/tasker -name RECORD -exec sed -i /uv_cache.json/d {} +

FROM ${BASE_IMAGE}

LABEL org.opencontainers.image.title="tasker-events" \
      org.opencontainers.image.description="Kafka events of tasks and steps: statistics and OpenTelemetry traces" \
      org.opencontainers.image.licenses="Apache-2.0"

# A number, so that Kubernetes can see that it is not root; no shell, no home, no password.
RUN echo 'tasker:x:10001:10001::/var/lib/tasker:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'tasker:x:10001:' >> /etc/group \
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

# Healthy is ready: partitions held, states restored, the backend reachable. Kubernetes asks the pages itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"TASKER_WEB_PORT\"]}/readyz', timeout=4)"]

# Workers drain on SIGTERM; nothing stands between them and the signal.
STOPSIGNAL SIGTERM
ENTRYPOINT ["tasker"]
CMD ["--help"]
