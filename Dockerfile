# Another registry, or a digest: docker build --build-arg NODE_IMAGE=...
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Node runs the sources as they are: nothing to compile, and no package's install script is needed at run time.
RUN npm ci --omit=dev --ignore-scripts
COPY docker/healthcheck.sh ./
COPY src src
# A checkout made under a strict umask would otherwise be unreadable to the user the image runs as.
RUN chmod -R u=rwX,go=rX . && install -d -o 1000 -g 1000 compile-cache
# Starts about a fifth sooner. Node keeps one cache for each version, user and path.
USER 1000:1000
RUN NODE_COMPILE_CACHE=/app/compile-cache node /app/src/cli.ts serve --help && chmod -R go=rX compile-cache

FROM ${NODE_IMAGE}
# Package managers are for building. A new named volume takes its owner and mode from /data.
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /opt/yarn-* \
      /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg \
      /usr/local/bin/docker-entrypoint.sh \
    && install -d -o 1000 -g 1000 -m 0700 /data
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/package.json /app/healthcheck.sh ./
COPY --from=build /app/src src
COPY --from=build --chown=0:0 /app/compile-cache compile-cache

ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data NODE_COMPILE_CACHE=/app/compile-cache
EXPOSE 3000
VOLUME /data
# The image's user `node`, by number: Kubernetes' runAsNonRoot cannot judge a name.
USER 1000:1000
# The script paces itself, within the timeout.
HEALTHCHECK --interval=500ms --timeout=25s --retries=3 CMD ["bash", "/app/healthcheck.sh"]
# Node is process 1 and handles SIGTERM itself: no shell or init in between. It starts no children to be reaped.
# Draining takes up to 30 s: docker stop --time 30.
ENTRYPOINT ["node", "/app/src/cli.ts"]
CMD ["serve"]
