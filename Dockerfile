# The agent: one file and a Node.js without a shell. `npm run build` first, so that the bundle is the one that was tested:
#   docker build --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" --tag handspegel .
# For amd64 and arm64 at once: docker buildx build --platform linux/amd64,linux/arm64 and the same arguments.
# Any base with Node.js 24 will do; NODE is where it lies there. The build base needs a shell and glibc.
ARG BASE=gcr.io/distroless/nodejs24-debian12:latest
ARG BUILD_BASE=docker.io/library/node:24-bookworm-slim

FROM ${BASE} AS base

FROM ${BUILD_BASE} AS build
ARG NODE=/nodejs/bin/node
ARG SOURCE_DATE_EPOCH=0
# The image's own Node.js: code that V8 made is good for one build of it only.
COPY --from=base ${NODE} ${NODE}
COPY dist/handspegel.cjs dist/handspegel.bundle.cjs /usr/lib/handspegel/
COPY LICENSE /image/usr/share/doc/handspegel/LICENSE
COPY docker/ /tmp/docker/
# The first line names this Node.js, so that the entry and `kubectl exec … handspegel status` need no shell. The agent
# then runs once until it is ready, and renders once: what V8 compiled on the way is the code that the image starts with.
RUN set -eu; \
  sed -i "1s|^#!.*|#!${NODE}|" /usr/lib/handspegel/handspegel.cjs; \
  chmod 755 /usr/lib/handspegel/handspegel.cjs; \
  mkdir -p /image/usr/bin /image/usr/lib; \
  ln -s ../lib/handspegel/handspegel.cjs /image/usr/bin/handspegel; \
  "${NODE}" /tmp/docker/warm-up.mjs /usr/lib/handspegel; \
  mv /usr/lib/handspegel /image/usr/lib/handspegel; \
  find /image -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

FROM base
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title=handspegel \
  org.opencontainers.image.description="Keeps containerd's registry host files right before, during and after Spegel" \
  org.opencontainers.image.licenses=Apache-2.0 \
  org.opencontainers.image.version=${VERSION} \
  org.opencontainers.image.revision=${REVISION}
COPY --from=build /image/ /
# Less memory: what glibc's arenas and a late trim would keep.
ENV MALLOC_ARENA_MAX=1 \
  MALLOC_TRIM_THRESHOLD_=65536
# The files it writes are root's.
USER 0:0
ENTRYPOINT ["/usr/bin/handspegel"]
CMD ["run"]
