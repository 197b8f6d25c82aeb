#!/bin/sh
# The real Matrix homeserver (Synapse) of the tests.
#
#   synapse.sh install   installs it into tests/synapse (from PyPI, 250 MB, once)
#   synapse.sh start     installs if need be, starts it unless it runs already; prints its address
#   synapse.sh stop      stops it
#
# Needs Python 3.10 or later with venv. All test processes share one server; it ends by itself after an hour.
# VIGIE_TEST_SYNAPSE_DIR names another folder made by `install` (to share one among checkouts).
set -eu

repo=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
tree="${VIGIE_TEST_SYNAPSE_DIR:-$repo/tests/synapse}"
state="${TMPDIR:-/tmp}/vigie-test-synapse-$(id -u)"
python="$tree/.venv/bin/python"

install() {
    stamp="$tree/.installed"
    want=$(cksum <"$repo/tests/synapse/requirements.txt")
    if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && [ -x "$python" ]; then return; fi
    mkdir -p "$tree"
    echo "Installing the Matrix server of the tests into $tree (a minute, 250 MB, once)" >&2
    rm -f "$stamp"
    rm -rf "$tree/.venv"
    python3 -m venv "$tree/.venv" >&2
    "$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r "$repo/tests/synapse/requirements.txt" >&2
    echo "$want" >"$stamp"
}

running() {
    [ -s "$state/address" ] && kill -0 "$(cat "$state/pid" 2>/dev/null)" 2>/dev/null
}

# A free port: asked of the system, and free again at once.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start() {
    if running; then return; fi
    install
    rm -rf "$state/data" "$state/address"
    mkdir -p "$state/data"
    port=$(free_port)
    # Nobody is kept waiting, nothing is asked of the outside, and anybody gets an account: it is for tests only.
    cat >"$state/hs.yaml" <<EOF
server_name: localhost
pid_file: $state/data/pid
listeners:
  - { port: $port, bind_addresses: [127.0.0.1], type: http, tls: false, resources: [{ names: [client] }] }
database: { name: sqlite3, args: { database: $state/data/db } }
media_store_path: $state/data/media
signing_key_path: $state/data/key
log_config: $state/log.yaml
trusted_key_servers: []
report_stats: false
enable_registration: true
enable_registration_without_verification: true
macaroon_secret_key: tests
form_secret: tests
bcrypt_rounds: 4
rc_message: { per_second: 1000, burst_count: 1000 }
rc_registration: { per_second: 1000, burst_count: 1000 }
rc_login: { address: { per_second: 1000, burst_count: 1000 }, account: { per_second: 1000, burst_count: 1000 } }
rc_joins: { local: { per_second: 1000, burst_count: 1000 } }
rc_invites: { per_room: { per_second: 1000, burst_count: 1000 }, per_user: { per_second: 1000, burst_count: 1000 } }
EOF
    cat >"$state/log.yaml" <<EOF
version: 1
handlers: { console: { class: logging.StreamHandler } }
root: { level: WARNING, handlers: [console] }
disable_existing_loggers: false
EOF
    "$python" -m synapse.app.homeserver --config-path "$state/hs.yaml" --generate-keys >"$state/log" 2>&1
    setsid timeout 3600 "$python" -m synapse.app.homeserver --config-path "$state/hs.yaml" </dev/null >>"$state/log" 2>&1 9>&- &
    echo $! >"$state/pid"
    # It waits for an answer, not for a time; two minutes is for a very busy machine.
    n=0
    until python3 -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/_matrix/client/versions', timeout=5)" 2>/dev/null; do
        n=$((n + 1))
        if [ "$n" -gt 600 ] || ! kill -0 "$(cat "$state/pid")" 2>/dev/null; then
            cat "$state/log" >&2
            echo "The Matrix server of the tests did not start" >&2
            exit 1
        fi
        sleep 0.2
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
    echo "usage: synapse.sh install|start|stop" >&2
    exit 2
    ;;
esac
