# Sourced. Gives the caller a Docker engine, the base image of ./Dockerfile and a `compose` function, without an image
# registry if need be.

need() { echo "$1" >&2; exit 2; }

# Uses the engine that answers (DOCKER_HOST counts), else starts one of its own under $1, which `stop_engine` ends.
start_engine() {
  docker info >/dev/null 2>&1 && return
  command -v dockerd >/dev/null && [ "$(id -u)" = 0 ] ||
    need 'Needs a running Docker engine (DOCKER_HOST), or root and the Debian package docker.io to start one.'
  export DOCKER_HOST=unix://$1/docker.sock
  dockerd --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" -H "$DOCKER_HOST" >"$1/dockerd.log" 2>&1 &
  engine=$!
  for _ in $(seq 60); do docker info >/dev/null 2>&1 && return; sleep 0.5; done
  need "The Docker engine did not start: see $1/dockerd.log"
}

stop_engine() { # directory given to start_engine
  [ -n "${engine:-}" ] || return 0
  { kill "$engine" && wait "$engine"; umount "$1/exec/netns/default"; } 2>/dev/null
}

compose() {
  if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi
}

need_compose() {
  docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null ||
    need 'Needs Docker Compose: the plugin, or the Debian package docker-compose.'
}

# The image $1, from a registry or, where none can be reached, a stand-in: Debian from debootstrap under $2, with the
# `node` of npm's registry and the npm of this machine.
base_image() {
  docker image inspect "$1" >/dev/null 2>&1 && return
  docker pull -q "$1" >/dev/null 2>&1 && return
  command -v debootstrap >/dev/null || need "Cannot pull $1; needs the Debian package debootstrap to make a stand-in."
  local root=$2/rootfs
  debootstrap --variant=minbase bookworm "$root" >"$2/debootstrap.log" 2>&1 || need "See $2/debootstrap.log"
  local package=node-linux-$(node -p process.arch)
  npm install --silent --ignore-scripts --prefix "$2/node" "$package@24" || need "Cannot install $package from npm's registry."
  install "$2/node/node_modules/$package/bin/node" "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/etc" "$root/etc/ssl/certs"
  cp -r "$(npm root -g)/npm" "$root/usr/local/lib/node_modules/"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  echo 'cafile=/etc/ssl/certs/ca-certificates.crt' >"$root/usr/local/etc/npmrc"
  chroot "$root" useradd --uid 1000 --create-home node
  tar -C "$root" -c . | docker import -c 'CMD ["node"]' - "$1" >/dev/null
}

# The image $1, from a registry or, where none can be reached, a stand-in: packages of Debian ($3...) on the image $2, with
# what is on standard input as its entry point.
service_image() { # image, base, packages...
  docker image inspect "$1" >/dev/null 2>&1 && return
  docker pull -q "$1" >/dev/null 2>&1 && return
  local context
  context=$(mktemp -d)
  cat >"$context/entrypoint"
  chmod 755 "$context/entrypoint"
  cat >"$context/Dockerfile" <<EOF
FROM $2
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${@:3}
COPY entrypoint /
ENTRYPOINT ["/entrypoint"]
EOF
  docker build -q --network host -t "$1" "$context" || return 1
  rm -r "$context"
}

nginx_image() { # image, base
  service_image "$1" "$2" nginx-light curl <<'EOF'
#!/bin/sh
exec nginx -g 'daemon off;'
EOF
}

# As the image's own entry point does: makes the user and the database once, then becomes the server.
postgres_image() { # image, base
  service_image "$1" "$2" postgresql <<'EOF'
#!/bin/bash
set -e
bin=$(echo /usr/lib/postgresql/*/bin) data=/var/lib/postgresql/data
as_postgres() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
install -d -o postgres -m 700 "$data"
if [ ! -s "$data/PG_VERSION" ]; then
  install -o postgres -m 600 <(echo "$POSTGRES_PASSWORD") /tmp/password
  as_postgres "$bin/initdb" -D "$data" -U "$POSTGRES_USER" --pwfile /tmp/password -E UTF8 --auth scram-sha-256
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_DB" | as_postgres "$bin/postgres" --single -D "$data" postgres
fi
exec setpriv --reuid postgres --regid postgres --clear-groups "$bin/postgres" -D "$data" -h '*' -k /tmp
EOF
}
