#!/bin/sh
# The Mastodon server of the tests: mastodon_mock, a server of its own that answers like Mastodon (from PyPI).
#
#   mastodon.sh install   installs it into tests/mastodon/.venv, at the versions of tests/mastodon/requirements.txt
#   mastodon.sh start     installs if need be, starts it unless it runs already; prints its address (for
#                         VIGIE_TEST_MASTODON)
#   mastodon.sh stop      stops it
#
# Needs: Python 3.11 or later with venv. All test processes share one server, in memory, on this machine alone; it ends by
# itself after four hours. VIGIE_TEST_MASTODON_DIR names another folder made by `install` (to share one among checkouts).
set -eu

repo=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
tree="${VIGIE_TEST_MASTODON_DIR:-$repo/tests/mastodon}"
state="${TMPDIR:-/tmp}/vigie-test-mastodon-$(id -u)"
longest=14400

install() {
    stamp="$tree/.installed"
    want="$(python3 --version) $(cksum <"$repo/tests/mastodon/requirements.txt")"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && [ -x "$tree/.venv/bin/mastodon_mock" ]; then return; fi
    mkdir -p "$tree"
    echo "Installing the Mastodon server of the tests into $tree (a minute, 100 MB, once)" >&2
    rm -f "$stamp"
    rm -rf "$tree/.venv"
    python3 -m venv "$tree/.venv" >&2
    "$tree/.venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps \
        -r "$repo/tests/mastodon/requirements.txt" >&2
    echo "$want" >"$stamp"
}

running() {
    [ -s "$state/address" ] && kill -0 "$(cat "$state/pid" 2>/dev/null)" 2>/dev/null
}

# True once the server answers its own question about itself.
answers() {
    "$tree/.venv/bin/python" -c 'import sys, urllib.request as u
u.build_opener(u.ProxyHandler({})).open(sys.argv[1] + "/api/v2/instance", timeout=5).read()' "$1" 2>/dev/null
}

start() {
    if running; then return; fi
    install
    rm -f "$state/address"
    port=$("$tree/.venv/bin/python" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    # Its files (pictures) are kept beside its other state, and go with it.
    mkdir -p "$state/data"
    (cd "$state/data" && exec setsid timeout "$longest" "$tree/.venv/bin/mastodon_mock" serve --in-memory --demo \
        --host 127.0.0.1 --port "$port" --log-level warning) </dev/null >"$state/out" 2>"$state/log" 9>&- &
    echo $! >"$state/pid"
    # It waits for an answer, not for a time; two minutes is for a very busy machine.
    n=0
    until answers "http://127.0.0.1:$port"; do
        n=$((n + 1))
        if [ "$n" -gt 400 ] || ! kill -0 "$(cat "$state/pid")" 2>/dev/null; then
            cat "$state/out" "$state/log" >&2
            echo "The Mastodon server of the tests did not start" >&2
            exit 1
        fi
        sleep 0.3
    done
    echo "http://127.0.0.1:$port" >"$state/address"
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
    echo "usage: mastodon.sh install|start|stop" >&2
    exit 2
    ;;
esac
