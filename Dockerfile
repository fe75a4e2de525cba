# Three stages: the page, the wheels, and what runs. Nothing here needs BuildKit.
#
#   docker build --tag hubbub --build-arg COMMIT=$(git rev-parse --short=12 HEAD) .
#
# Where packages come from is the builder's affair: pip and npm read the arguments below, if they are given
# (--build-arg PIP_INDEX_URL=…), and whatever configuration the base images bring. Arguments of the first two stages
# don't reach the last one, nor its history.

# A page was built with Node 20.19 or newer, and the tests run on Python 3.11: other images may be named.
ARG NODE_IMAGE=node:22-slim
ARG PYTHON_IMAGE=python:3.11-slim


FROM ${NODE_IMAGE} AS page
ARG NPM_CONFIG_REGISTRY
ARG NPM_CONFIG_STRICT_SSL
ARG NPM_CONFIG_CAFILE
ARG NPM_CONFIG_PROXY
ARG NPM_CONFIG_HTTPS_PROXY
ARG NODE_EXTRA_CA_CERTS
WORKDIR /src/clients
COPY clients/package.json clients/package-lock.json clients/.npmrc ./
COPY clients/js/package.json js/
COPY clients/web/package.json web/
RUN npm ci --include=dev --no-audit --no-fund --loglevel=error
COPY clients/tsconfig.base.json ./
COPY clients/js js
COPY clients/web web
RUN npm run build


FROM ${PYTHON_IMAGE} AS wheels
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
ARG PIP_FIND_LINKS
ARG PIP_CERT
ARG PIP_PROXY
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /src
COPY requirements/build.txt requirements/image.txt requirements/
# An environment without pip, filled from outside: what runs can't install anything.
RUN python3 -m venv /build && \
    /build/bin/pip install --require-hashes --requirement requirements/build.txt && \
    python3 -m venv --without-pip /opt/hubbub && \
    /build/bin/pip --python /opt/hubbub/bin/python install --require-hashes --requirement requirements/image.txt
COPY pyproject.toml LICENSE ./
COPY clients/protocol clients/protocol
COPY archive archive
COPY brokers brokers
COPY service service
COPY --from=page /src/clients/web/dist service/page
ARG COMMIT=unknown
RUN echo "${COMMIT}" >service/COMMIT && \
    /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels ./clients/protocol . && \
    /build/bin/pip --python /opt/hubbub/bin/python install --no-deps --no-index /wheels/*.whl


FROM ${PYTHON_IMAGE}
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="hubbub" \
      org.opencontainers.image.description="A self-hosted real-time chat service that loses nothing" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.licenses="MIT"
COPY --from=wheels /opt/hubbub /opt/hubbub
# Nothing is written but /tmp, and that only if a library asks for it: run it with a read-only root.
ENV PATH=/opt/hubbub/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HUBBUB_HOST=0.0.0.0 \
    HUBBUB_OPERATOR_PORT=9090
WORKDIR /tmp
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "service.healthcheck"]
ENTRYPOINT ["python", "-m", "service"]
