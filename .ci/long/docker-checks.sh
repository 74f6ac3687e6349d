# Sourced by docker.sh, in a clean clone. Each check is an outcome that someone who runs the image relies on.

hardened=(--read-only --cap-drop ALL --security-opt no-new-privileges)

# ---- What is in the image ----

build() { docker build --network host -t "$image" .; }
no_tools() {
  inside 'for tool in npm npx corepack yarn cc gcc g++ make python3 git curl; do command -v $tool && exit 1; done; true'
}
dev_packages() {
  node -p 'Object.entries(require("./package-lock.json").packages).filter(([, p]) => p.dev).map(([k]) => k).join("\n")'
}
production_only() {
  dev_packages | docker run --rm -i --entrypoint sh "$image" -c 'while read -r p; do [ ! -e "$p" ] || { echo "$p"; exit 1; }; done'
}
# grep ends with 1 when it finds nothing, and 2 when it could not look everywhere.
no_decoy() { docker run --rm -u 0 --entrypoint grep "$image" -r "$decoy" / --exclude-dir=proc --exclude-dir=sys; [ $? = 1 ]; }
rootless() { [ "$(inside 'id -u; stat -c "%u %a" /data; find /app ! -user 0')" = $'1000\n1000 700' ]; }
# Node says for each module whether its cached form could be used.
cached() {
  docker run --rm "${hardened[@]}" -e NODE_DEBUG_NATIVE=COMPILE_CACHE "$image" serve --help 2>&1 |
    grep 'serve.ts was accepted'
}

mkdir secrets && echo "$decoy" | tee .env secrets/commbox_api_key gateway.yaml >/dev/null
check 'the image builds, with an engine of any age' build
check 'neither .env nor secrets nor gateway.yaml get into it' no_decoy
rm -r .env secrets gateway.yaml
check 'no package manager, compiler or curl is in it' no_tools
check 'no development dependency is in it' production_only
check 'it runs as user 1000, who owns /data and none of the program' rootless
check 'it starts from the compile cache' cached
docker image inspect -f 'size: {{.Size}} bytes' "$image"

# ---- Running it ----

started() { date -d "$(docker inspect -f '{{.State.StartedAt}}' image-check)" +%s%3N; }
became_healthy() {
  for _ in $(seq 100); do
    [ "$(docker inspect -f '{{.State.Health.Status}}' image-check)" = healthy ] && break; sleep 0.1
  done
  local ended
  ended=$(docker inspect -f '{{range .State.Health.Log}}{{if eq .ExitCode 0}}{{.End.Format "2006-01-02T15:04:05.000Z07:00"}}{{println}}{{end}}{{end}}' image-check | head -n 1)
  [ -n "$ended" ] && echo $(($(date -d "$ended" +%s%3N) - $(started)))
}
run() { docker run -d --name image-check "${hardened[@]}" "$@" >/dev/null; }
serve() { run -e "GATEWAY_API_KEY=$key" -e COMMBOX_API_KEY=none "$image"; }
healthy_soon() { # in one of six starts, since other work on the machine slows some
  local ms
  for _ in 1 2 3 4 5 6; do
    remove image-check; serve && ms=$(became_healthy) && echo "$ms ms" && [ "$ms" -lt 2000 ] && return
  done
  echo "load: $(cat /proc/loadavg)"; return 1
}
stops() {
  local begin=$SECONDS
  docker kill -s TERM image-check && sleep 2 &&
    docker exec image-check node -e 'fetch("http://127.0.0.1:3000/readyz").then((r) => process.exit(r.status === 503 ? 0 : 1))' &&
    [ "$(docker wait image-check)" = 0 ] && echo "after $((SECONDS - begin)) s" && [ $((SECONDS - begin)) -le 30 ]
}
# Process 1 gets no default action from the kernel: a signal that nobody handles yet is lost.
stops_early() {
  remove image-check; serve && sleep 0.7 && docker kill -s TERM image-check && timeout 30 docker wait image-check
}
refuses() {
  remove image-check; run "$image"
  [ "$(docker wait image-check)" = 1 ] && docker logs image-check 2>&1 | grep COMMBOX_API_KEY
}
unhealthy() { docker run --rm --entrypoint bash "$image" /app/healthcheck.sh; [ $? = 1 ]; }

check 'healthy in under 2 s, with nothing writable but /data' healthy_soon
tail -n 1 "$work/output"
check 'SIGTERM to process 1: not ready at once, ended with 0 within 30 s' stops
check 'SIGTERM while it is still starting ends it as well' stops_early
check 'without configuration it says what is missing and ends with 1' refuses
check 'the health check fails where nothing listens' unhealthy
remove image-check

# ---- Compose ----

running() { compose ps --services --filter status=running 2>/dev/null; }
wait_for() { for _ in $(seq 100); do curl -fsS "$1" >/dev/null 2>&1 && return; sleep 0.1; done; curl -fsS "$1"; }
sms() { # key
  curl -sS http://127.0.0.1:3000/v1/sms -H "Authorization: Bearer $1" -H 'Content-Type: application/json' \
    -d '{"to":"+972-54-444-4444","text":"hello"}'
}
sent() { sms "$1" | tee /dev/stderr | grep '"status":"sent"'; }

sandbox() { compose up -d sandbox && wait_for http://127.0.0.1:3000/livez && running | lines sandbox; }
sandbox_sends() { sent "$(compose logs sandbox | sed -n 's/.*Bearer \([^ ]*\)'"'"'.*/\1/p' | head -n 1)" && curl -fsS http://127.0.0.1:4010/_received | grep hello; }
settings() {
  sed 's/^GATEWAY_API_KEY=.*//' .env.example >.env
  printf '%s\n' "GATEWAY_API_KEY=$key" COMMBOX_API_URL=http://simulator:4010 COMMBOX_ALLOW_HTTP=true COMMBOX_SMS_STREAM=532 >>.env
  mkdir -m 700 secrets && printf '%s' key-in-the-secret >secrets/commbox_api_key
}
gateway() { compose up -d && wait_for http://127.0.0.1:3000/readyz && running | lines gateway; }
simulator() {
  docker run -d --name simulator --network "${COMPOSE_PROJECT_NAME}_default" "$image" \
    simulator --host 0.0.0.0 --key key-in-the-secret --stream 532
  for _ in $(seq 100); do docker logs simulator | grep listens && return; sleep 0.1; done; return 1
}
yaml() {
  docker run --rm "$image" keys new billing >"$work/keys" && mkdir -p config &&
    sed -n '/^callers:/,$p' "$work/keys" >config/gateway.yaml && compose restart gateway &&
    wait_for http://127.0.0.1:3000/readyz && sent "$(grep -o 'cbg_[A-Za-z0-9_-]*' "$work/keys")"
}
all_named() {
  local name
  for name in $(grep -oE '^#? ?[A-Z_]+=' .env.example | tr -d '# ='); do
    sed -n '/^  gateway:/,/^  sandbox:/p' docker-compose.yml | grep -qE "^      $name(_FILE)?:" || { echo "$name"; return 1; }
  done
}

check 'up sandbox starts the sandbox alone, with neither .env nor secret' sandbox
check 'the sandbox sends an SMS with the key it prints' sandbox_sends
compose down -v >/dev/null 2>&1
settings
check 'up starts the gateway alone, with .env and the secret' gateway
check 'the simulated CommBox starts from the same image' simulator
check 'the gateway sends an SMS with the settings of .env and the key of the secret' sent "$key"
check 'config/gateway.yaml counts after it was added' yaml
check 'docker-compose.yml names every variable of .env.example' all_named
remove simulator
compose down -v >/dev/null 2>&1

# ---- Several replicas ----

rm -rf .env secrets config
image_of() { sed -n "s/^    image: \($1:.*\)/\1/p" docker-compose.yml; }
scale_images() { nginx_image "$(image_of nginx)" "$base" && postgres_image "$(image_of postgres)" "$base"; }
sandbox_key=sandbox-key-with-nothing-behind-it
# Compose 1 enables the profile for the service itself and its own dependencies, not for theirs.
up_scale() { if docker compose version >/dev/null 2>&1; then docker compose up -d scale; else docker-compose --profile scale up -d scale; fi; }
scale() {
  up_scale && export COMPOSE_PROFILES=scale && wait_for http://127.0.0.1:3000/readyz &&
    running | lines scale gateway-1 gateway-2 postgres simulator
}
# Plain messages are written to the ledger a moment later.
one_store() {
  sent "$sandbox_key" && sent "$sandbox_key" && sleep 1 || return
  local replica
  for replica in gateway-1 gateway-2; do
    compose exec -T -e "GATEWAY_API_KEY=$sandbox_key" "$replica" node /app/src/cli.ts messages list --status sent |
      tee /dev/stderr | grep -c ^msg_ | grep -qx 2 || return
  done
}
healthy() { # service
  for _ in $(seq 100); do
    [ "$(docker inspect -f '{{.State.Health.Status}}' "$(compose ps -q "$1")")" = healthy ] && return; sleep 0.2
  done
  return 1
}
restart() { compose stop "$1" && compose start "$1" && healthy "$1" && sleep 12; } # until nginx asks it again
# A client sends twice a second meanwhile.
restarts() {
  local answers=$work/answers client done=1
  for _ in $(seq 600); do [ -e "$work/stop" ] && break; sms "$sandbox_key"; echo; sleep 0.5; done >"$answers" 2>&1 &
  client=$!
  restart gateway-1 && restart gateway-2 && done=0
  touch "$work/stop"; wait "$client"
  ! grep -v '"status":"sent"' "$answers" && wc -l <"$answers" && [ "$done" = 0 ] && [ "$(wc -l <"$answers")" -gt 30 ]
}

check 'nginx and PostgreSQL are at hand' scale_images
check 'up scale starts two gateways, PostgreSQL, nginx and the simulator, with neither .env nor secret' scale
check 'both gateways list what came through nginx' one_store
check 'the gateways are restarted in turn and every request is sent' restarts
