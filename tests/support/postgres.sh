#!/bin/sh
# The private PostgreSQL of the tests: its own cluster in a temporary folder, reached through a Unix socket only, owned
# by nobody else, with durability off (its data is thrown away).
#
#   postgres.sh start   starts it unless it runs already; prints its address (for VIGIE_TEST_POSTGRES)
#   postgres.sh stop    stops it and removes the folder
#   postgres.sh halt    stops it as a power cut would, and leaves its data
#   postgres.sh resume  starts it again on that data
#
# VIGIE_TEST_POSTGRES_COMMIT=on makes a commit outlive `halt`.
#
# As root it drops to the `postgres` user of the Debian package, since PostgreSQL refuses to run as root.
set -eu

# One cluster per checkout and user, so that two checkouts do not stop each other's.
checkout=$(cd "$(dirname "$0")/../.." && pwd -P | cksum | cut -d ' ' -f 1)
dir="${VIGIE_TEST_POSTGRES_DIR:-${TMPDIR:-/tmp}/vigie-test-postgres-$(id -u)-$checkout}"
url="postgres://vigie@localhost/postgres?host=$dir/socket"

# Debian keeps the server's programs out of PATH, one folder per version. The newest that is whole is taken; elsewhere
# the ones in PATH.
whole() { [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] && [ -x "$1/pg_isready" ] && [ -x "$1/postgres" ]; }
bin=$(for b in /usr/lib/postgresql/*/bin; do if whole "$b"; then echo "$b"; fi; done | sort -V | tail -n 1)
if [ -z "$bin" ]; then
    b=$(dirname "$(command -v postgres || echo /none/postgres)")
    if whole "$b"; then bin=$b; fi
fi
if [ -z "$bin" ]; then
    echo "No PostgreSQL server programs found (initdb, pg_ctl). On Debian: apt-get install postgresql" >&2
    exit 1
fi

as_owner() {
    if [ "$(id -u)" = 0 ]; then
        # PostgreSQL's own folder as the working folder: the caller's may not be readable by that user.
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups --reset-env "$@")
    else
        (cd / && exec "$@")
    fi
}

# Alive and answering. On a loaded machine a living server may need a while to answer.
running() {
    [ -d "$dir/data" ] || return 1
    for _ in 1 2 3 4 5 6; do
        as_owner "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1 || return 1
        as_owner "$bin/pg_isready" -q -h "$dir/socket" -p 5432 -t 10 && return 0
        sleep 1
    done
    return 1
}

start() {
    if running; then return; fi
    # A cluster that does not answer is thrown away: a crash or a full disk may have left anything.
    if [ -d "$dir/data" ]; then
        as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
        rm -rf "$dir/data" "$dir/socket"
    fi
    [ "$(id -u)" = 0 ] && chown postgres "$dir"
    as_owner mkdir -p -m 700 "$dir/socket"
    as_owner "$bin/initdb" -D "$dir/data" -U vigie --auth=trust --encoding=UTF8 --locale=C --no-sync >"$dir/log" 2>&1 ||
        { cat "$dir/log" >&2; exit 1; }
    launch
}

launch() {
    as_owner "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/data/server.log" -o "-k $dir/socket -c listen_addresses='' \
        -c fsync=off -c synchronous_commit=${VIGIE_TEST_POSTGRES_COMMIT:-off} -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB" \
        start >"$dir/log" 2>&1 9>&- || { cat "$dir/log" "$dir/data/server.log" >&2; exit 1; }
}

case "${1:-}" in
start)
    mkdir -p -m 711 "$dir"
    # The folder's name can be guessed: it must be ours.
    owner=$(stat -c %U "$dir")
    case "$owner" in "$(id -un)" | root | postgres) ;; *) echo "$dir belongs to $owner" >&2; exit 1 ;; esac
    # One starter at a time; the others wait and then find it running. The server must not keep the lock (9>&-).
    exec 9>"$dir.lock"
    flock 9
    start 9>&-
    echo "$url"
    ;;
halt)
    as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null
    ;;
resume)
    launch 9>&-
    ;;
stop)
    if [ -d "$dir/data" ]; then
        as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
    fi
    rm -rf "$dir" "$dir.lock"
    ;;
*)
    echo "usage: postgres.sh start|stop|halt|resume" >&2
    exit 2
    ;;
esac
