#!/usr/bin/env bash
# Restarts, then kills, two gateways behind nginx, with PostgreSQL and real processes, while clients send all the time.
# Takes about four minutes. Needs the installed packages, and nginx: as root it is installed if it is missing.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

install_nginx() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  { apt-get install -y -q nginx-light || { apt-get update -q && apt-get install -y -q nginx-light; }; } >/dev/null 2>&1
}
# Debian keeps it where only root's PATH looks.
export PATH=$PATH:/usr/sbin
command -v nginx >/dev/null || install_nginx || { echo 'Needs nginx: the Debian package nginx-light.' >&2; exit 2; }

report=$(mktemp)
trap 'rm -f "$report"' EXIT
npx --no-install node test/deploy/rolling-restart.ts >"$report" 2>&1
status=$?
grep -E '^ +(ok|not ok|# )' "$report" | grep -v Subtest
[ "$status" -eq 0 ] || tail -150 "$report"

# Only what stands below a test is an assertion; the lines at the margin repeat the tests themselves.
passed=$(grep -cE '^ +ok' "$report") failed=$(grep -cE '^ +not ok' "$report")
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
