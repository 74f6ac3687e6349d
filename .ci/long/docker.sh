#!/usr/bin/env bash
# Builds the image from a clean clone and runs it, alone and with Compose, as the comments in Dockerfile and
# docker-compose.yml promise. Takes a few minutes; needs git, curl, node, npm and what docker-engine.sh asks for, and
# the ports 3000 and 4010.
set -uo pipefail
umask 022
here=$(cd "$(dirname "$0")" && pwd)
. "$here/docker-engine.sh"

work=$(mktemp -d)
image=commbox-gateway
key=a-gateway-key-for-the-image-check
decoy=decoy-$$-that-no-image-may-hold
export COMPOSE_PROJECT_NAME=image-check-$$
passed=0 failed=0

check() { # name, command...
  local name=$1; shift
  if "$@" >"$work/output" 2>&1; then passed=$((passed + 1)); echo "ok - $name"
  else failed=$((failed + 1)); echo "not ok - $name"; sed 's/^/    /' "$work/output"; fi
}
lines() { [ "$(sort)" = "$(printf '%s\n' "$@" | sort)" ]; }
inside() { docker run --rm --entrypoint sh "$image" -c "$1"; }
remove() { docker rm -fv "$@" >/dev/null 2>&1; }
finish() {
  remove image-check simulator
  (cd "$work/clone" && COMPOSE_PROFILES=sandbox,scale compose down -v) >/dev/null 2>&1
  stop_engine "$work"
  rm -rf "$work"
}
trap finish EXIT

start_engine "$work"
need_compose
git clone -q "$here/../.." "$work/clone" && cd "$work/clone" || exit 2
base=$(sed -n 's/^ARG NODE_IMAGE=//p' Dockerfile)
base_image "$base" "$work"
# shellcheck source=/dev/null
. "$here/docker-checks.sh"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
