#!/bin/sh
# The real XMPP server of the tests: Prosody, private to one folder, on loopback.
#
#   prosody.sh install   installs the Debian packages that are missing (needs root or sudo)
#   prosody.sh start     installs if need be, starts it unless it runs; prints the folder (for VIGIE_TEST_XMPP) that
#                        holds `ports` (NAME=PORT a line), `ca.pem` (the authority of its certificate) and the
#                        `password` of every account
#   prosody.sh stop      stops it
#
# Accounts: vigie, anne, karim, bot and lea @corp.test. Rooms at rooms.corp.test (everybody sees who everybody is) and at
# masked.corp.test (only moderators do); the first to enter a room makes it.
set -eu

state="${TMPDIR:-/tmp}/vigie-test-xmpp-$(id -u)"
PATH="$PATH:/usr/sbin:/sbin"
export PATH

install() {
    missing=
    command -v prosody >/dev/null || missing="$missing prosody"
    [ -e /usr/share/doc/lua-sec ] || missing="$missing lua-sec"
    command -v openssl >/dev/null || missing="$missing openssl"
    [ -z "$missing" ] && return
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    echo "Installing Debian packages:$missing" >&2
    # A policy script that answers 101 keeps the packages from starting system services.
    policy=/usr/sbin/policy-rc.d
    made=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
        $as_root chmod +x "$policy"
        made=1
    fi
    $as_root apt-get update -qq >&2
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
    [ -z "$made" ] || $as_root rm -f "$policy"
}

running() {
    [ -s "$state/ready" ] && kill -0 "$(cat "$state/pid" 2>/dev/null)" 2>/dev/null
}

start() {
    if running; then return; fi
    install
    cd "$state"
    [ ! -s pid ] || kill "$(cat pid)" 2>/dev/null || true
    rm -rf ready data pid
    python3 - >ports <<'PY'
import socket
all = []
for name in ("starttls", "tls"):
    s = socket.socket(); s.bind(("127.0.0.1", 0)); all.append(s)
    print(f"{name}={s.getsockname()[1]}")
PY
    # shellcheck disable=SC1091
    . ./ports
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj "/CN=Vigie tests" \
        -addext basicConstraints=critical,CA:TRUE 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "/CN=corp.test" 2>/dev/null
    printf 'subjectAltName=DNS:corp.test,DNS:rooms.corp.test,DNS:masked.corp.test\nbasicConstraints=CA:FALSE\n' >leaf.ext
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf.ext -out server.pem 2>/dev/null
    tr -dc a-z0-9 </dev/urandom | head -c 24 >password || true
    mkdir -p data certs
    # shellcheck disable=SC2154
    cat >prosody.cfg.lua <<CONF
pidfile = "$state/pid"
data_path = "$state/data"
run_as_root = true
modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", "admin_shell" }
modules_disabled = { "s2s" }
admin_socket = "$state/admin.sock"
interfaces = { "127.0.0.1" }
c2s_ports = { $starttls }
c2s_direct_tls_ports = { $tls }
c2s_require_encryption = true
s2s_ports = { }
component_ports = { }
http_ports = { }
https_ports = { }
authentication = "internal_hashed"
ssl = { key = "$state/server.key", certificate = "$state/server.pem" }
log = { info = "$state/log" }
VirtualHost "corp.test"
Component "rooms.corp.test" "muc"
    muc_room_default_public_jids = true
    muc_room_locking = true
    modules_enabled = { "muc_mam" }
    max_history_messages = 20
Component "masked.corp.test" "muc"
    muc_room_default_public_jids = false
    muc_room_locking = true
CONF
    for name in vigie anne karim bot lea; do
        prosodyctl --root --config "$state/prosody.cfg.lua" register "$name" corp.test "$(cat password)" >register.log 2>&1 || {
            cat register.log >&2
            exit 1
        }
    done
    setsid prosody --root --config "$state/prosody.cfg.lua" -F </dev/null >out 2>&1 9>&- &
    echo $! >"$state/started"
    n=0
    until ready; do
        n=$((n + 1))
        if [ "$n" -gt 300 ] || ! kill -0 "$(cat started)" 2>/dev/null; then
            cat out log >&2 || true
            echo "The XMPP server of the tests did not start" >&2
            exit 1
        fi
        sleep 0.1
    done
    [ -s pid ] || cp started pid
    echo yes >ready
}

# Both ports answer a stream.
ready() {
    python3 - "$state" <<'PY' 2>/dev/null
import socket, ssl, sys
ports = dict(l.strip().split("=") for l in open(sys.argv[1] + "/ports"))
tls = ssl.create_default_context(cafile=sys.argv[1] + "/ca.pem")
hello = b"<?xml version='1.0'?><stream:stream to='corp.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
for name, word in (("starttls", b"<starttls"), ("tls", b"<mechanisms")):
    s = socket.create_connection(("127.0.0.1", int(ports[name])), 5)
    if name == "tls":
        s = tls.wrap_socket(s, server_hostname="corp.test")
    s.sendall(hello)
    said = b""
    while word not in said:
        more = s.recv(9999)
        assert more
        said += more
PY
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
    echo "$state"
    ;;
stop)
    [ ! -s "$state/pid" ] || kill "$(cat "$state/pid")" 2>/dev/null || true
    rm -rf "$state"
    ;;
*)
    echo "usage: prosody.sh install|start|stop" >&2
    exit 2
    ;;
esac
