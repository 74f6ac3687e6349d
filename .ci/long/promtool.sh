#!/usr/bin/env bash
# What Prometheus itself says: the alert rules and their tests, the example configuration, and the metrics of a gateway
# that has sent something. Needs promtool (the Debian package prometheus), curl and the installed packages.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
command -v promtool >/dev/null || { echo 'Needs promtool: the Debian package prometheus.' >&2; exit 2; }

work=$(mktemp -d)
sandbox=
passed=0 failed=0
finish() {
  [ -z "$sandbox" ] || { kill "$sandbox" && wait "$sandbox"; } 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT

check() { # name, command...
  local name=$1; shift
  if "$@" >"$work/output" 2>&1; then passed=$((passed + 1)); echo "ok - $name"
  else failed=$((failed + 1)); echo "not ok - $name"; sed 's/^/    /' "$work/output"; fi
}

# ---- Rules ----

cd deploy/prometheus || exit 2
check 'the alert rules are valid' promtool check rules alerts.yaml
check 'each alert comes when it should, and not before' promtool test rules alerts.test.yaml
check 'the example configuration is valid' promtool check config --syntax-only prometheus.yaml
cd ../.. || exit 2

# Rules and a dashboard speak the same language, but for Grafana's variables.
dashboard_as_rules() {
  npx --no-install node -p '
    const { panels } = JSON.parse(require("node:fs").readFileSync("deploy/grafana/commbox-gateway.json", "utf8"));
    const plain = (text) => text.replaceAll("$__rate_interval", "5m").replaceAll(/\$\w+/g, ".*");
    const rules = panels.flatMap(({ targets = [] }) => targets).map(({ expr }, i) => ({ record: `panel:${i}`, expr: plain(expr) }));
    JSON.stringify({ groups: [{ name: "dashboard", rules }] })' >"$work/dashboard.yaml" &&
    promtool check rules "$work/dashboard.yaml" >"$work/count"
}
check 'every query of the dashboard can be read' dashboard_as_rules
grep -o '[0-9]* rules found' "$work/count" | sed 's/ rules found/ queries/'

# ---- A scrape ----

node=$(npx --no-install node -p process.execPath)
"$node" src/cli.ts sandbox --port 0 --commbox-port 0 >"$work/sandbox" 2>&1 &
sandbox=$!
for _ in $(seq 100); do grep -q 'listens at' "$work/sandbox" && break; sleep 0.1; done
url=$(sed -n 's/^The gateway listens at \([^ ,]*\),.*/\1/p' "$work/sandbox")
key=$(sed -n "s/.*Bearer \([^ ']*\)'.*/\1/p" "$work/sandbox" | head -n 1)

ask() { curl -fsS -H "Authorization: Bearer $key" "$url$1" "${@:2}"; }
send() { # prefer
  ask /v1/sms -H 'Content-Type: application/json' -H "Prefer: $1" -d '{"to":"+972-54-444-4444","text":"hello"}'
}
scrape() { ask /metrics >"$work/metrics" && grep -c '^commbox_gateway_' "$work/metrics"; }
# Twice: some figures of Node begin with the first scrape.
sends_and_tells() { send wait=5 && send respond-async && ask /v1/me && scrape && scrape; }
linted() { [ -s "$work/metrics" ] && promtool check metrics <"$work/metrics"; }
told() { grep -qE "^$1 [0-9]" "$work/metrics"; }

check 'a gateway that sent something tells of it' sends_and_tells
grep -xE '[0-9]+' "$work/output" | tail -n 1 | sed 's/$/ samples of the gateway/'
check 'promtool finds nothing to object to in what it tells' linted
check 'among it: a message that was sent' told 'commbox_gateway_messages_total\{state="sent"\}'
check 'among it: the request that brought it' told 'commbox_gateway_requests_total\{.*route="/v1/sms".*\}'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
