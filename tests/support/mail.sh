#!/bin/sh
# The real mail servers of the tests: Postfix (submission with STARTTLS, with TLS,
# and for tests that look at the words without; all with a login), Dovecot (IMAP over TLS), and
# dnsmasq for the records of domains that sign their letters. All private to one folder, all on loopback.
#
#   mail.sh install   installs the Debian packages that are missing (needs root or sudo)
#   mail.sh start     installs if need be, starts them unless they run; prints the folder (for VIGIE_TEST_MAIL) that
#                     holds `ports` (NAME=PORT a line), `ca.pem` (the authority of their certificates), the private
#                     keys `dkim-DOMAIN.pem` (selector `test`) and the password of every mailbox in `password`
#   mail.sh stop      stops them
#
# Domains: corp.test (the company; mailboxes NAME@corp.test, any name, with plus-addresses), example.test (members
# elsewhere), evil.test (somebody else who signs well). Postfix only runs when started by root: as anybody else, the
# tests need VIGIE_TEST_MAIL=off.
set -eu

state="${TMPDIR:-/tmp}/vigie-test-mail-$(id -u)"
PATH="$PATH:/usr/sbin:/sbin"
export PATH

install() {
    missing=
    command -v postfix >/dev/null || missing="$missing postfix"
    command -v dovecot >/dev/null || missing="$missing dovecot-core"
    [ -e /usr/lib/dovecot/imap ] || missing="$missing dovecot-imapd"
    [ -e /usr/lib/dovecot/lmtp ] || missing="$missing dovecot-lmtpd"
    command -v dnsmasq >/dev/null || missing="$missing dnsmasq-base"
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
    [ -s "$state/ready" ] &&
        kill -0 "$(cat "$state/dovecot/run/master.pid" 2>/dev/null)" 2>/dev/null &&
        kill -0 "$(tr -d ' ' <"$state/postfix/spool/pid/master.pid" 2>/dev/null)" 2>/dev/null &&
        kill -0 "$(cat "$state/dnsmasq.pid" 2>/dev/null)" 2>/dev/null
}

# Free ports; the servers are started at once after.
free_ports() {
    python3 - <<'PY'
import socket
all = []
for name in ("smtp", "smtps", "plain", "imaps", "lmtp", "auth", "dns"):
    s = socket.socket(); s.bind(("127.0.0.1", 0)); all.append(s)
    print(f"{name}={s.getsockname()[1]}")
PY
}

certificates() {
    # rustls takes no certificate that is its own authority: an authority, and a leaf.
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj "/CN=Vigie tests" \
        -addext basicConstraints=critical,CA:TRUE 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "/CN=127.0.0.1" 2>/dev/null
    printf 'subjectAltName=IP:127.0.0.1,DNS:mail.corp.test\nbasicConstraints=CA:FALSE\n' >leaf.ext
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf.ext -out server.pem 2>/dev/null
}

start() {
    if running; then return; fi
    install
    [ "$(id -u)" -eq 0 ] || { echo "Postfix must be started by root; or set VIGIE_TEST_MAIL=off" >&2; exit 1; }
    stop_all
    rm -rf "$state/postfix" "$state/dovecot" "$state/mail" "$state/ready"
    # The folder of the mailboxes must be open to the servers' own users.
    chmod 711 "$state"
    cd "$state"
    free_ports >ports
    # shellcheck disable=SC1091
    . ./ports
    certificates
    tr -dc a-z0-9 </dev/urandom | head -c 24 >password || true
    records=
    for domain in corp.test example.test evil.test; do
        openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "dkim-$domain.pem" 2>/dev/null
        public=$(openssl pkey -in "dkim-$domain.pem" -pubout 2>/dev/null | grep -v -- ----- | tr -d '\n')
        # A text of a record holds 255 bytes at most: two of them.
        first=$(printf %s "v=DKIM1; k=rsa; p=$public" | cut -c1-250)
        second=$(printf %s "v=DKIM1; k=rsa; p=$public" | cut -c251-)
        records="$records
txt-record=test._domainkey.$domain,\"$first\",\"$second\"
txt-record=_dmarc.$domain,\"v=DMARC1; p=reject; adkim=r\"
txt-record=$domain,\"v=spf1 ip4:127.0.0.1 -all\""
    done
    {
        # shellcheck disable=SC2154
        printf 'port=%s\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nlocal=/test/\npid-file=%s\nuser=root\n' "$dns" "$state/dnsmasq.pid"
        echo "$records"
    } >dnsmasq.conf
    dnsmasq -C dnsmasq.conf </dev/null >dnsmasq.log 2>&1 9>&- || { cat dnsmasq.log >&2; exit 1; }

    mkdir -p dovecot/run mail
    chown mail:mail mail
    # shellcheck disable=SC2154
    cat >dovecot/dovecot.conf <<CONF
base_dir = $state/dovecot/run
state_dir = $state/dovecot/run
log_path = $state/dovecot/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <$state/server.pem
ssl_key = <$state/server.key
mail_location = maildir:$state/mail/%n
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
auth_username_format = %n
auth_mechanisms = plain login
recipient_delimiter = +
passdb {
  driver = static
  args = password=$(cat password)
}
userdb {
  driver = static
  args = uid=mail gid=mail home=$state/mail/%n
}
service anvil {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = $imaps
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $lmtp
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = $auth
  }
}
CONF
    dovecot -c dovecot/dovecot.conf </dev/null >dovecot/start 2>&1 9>&- || { cat dovecot/start >&2; exit 1; }

    mkdir -p postfix/spool postfix/data
    chown postfix postfix/data
    # shellcheck disable=SC2154
    cat >postfix/main.cf <<CONF
compatibility_level = 3.6
queue_directory = $state/postfix/spool
data_directory = $state/postfix/data
maillog_file = $state/postfix/log
maillog_file_prefixes = $state
myhostname = mail.corp.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.2/32
virtual_mailbox_domains = corp.test, example.test
virtual_mailbox_maps = regexp:$state/postfix/mailboxes
virtual_transport = lmtp:inet:127.0.0.1:$lmtp
recipient_delimiter = +
default_transport = error:no mail leaves the tests
relay_transport = error:no mail leaves the tests
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = $state/server.pem
smtpd_tls_key_file = $state/server.key
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:$auth
smtpd_sasl_security_options = noanonymous
smtpd_client_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unlisted_recipient, permit_sasl_authenticated, reject
smtpd_delay_reject = yes
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_auth_rate_limit = 0
message_size_limit = 5000000
lmtp_destination_recipient_limit = 1
CONF
    # Every name has a mailbox but one.
    printf 'if !/^nobody@/\n/./ x\nendif\n' >postfix/mailboxes
    # shellcheck disable=SC2154
    cat >postfix/master.cf <<CONF
127.0.0.1:$smtp inet n - n - - smtpd
127.0.0.1:$smtps inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
127.0.0.1:$plain inet n - n - - smtpd -o smtpd_tls_security_level=may -o smtpd_tls_auth_only=no
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
CONF
    postfix -c "$state/postfix" start </dev/null >"$state/postfix/start" 2>&1 9>&- || { cat "$state/postfix/start" >&2; exit 1; }
    n=0
    until ready; do
        n=$((n + 1))
        if [ "$n" -gt 600 ]; then
            cat "$state/postfix/start" "$state/postfix/log" "$state/dovecot/log" >&2 || true
            echo "The mail servers of the tests did not start" >&2
            exit 1
        fi
        sleep 0.1
    done
    echo yes >"$state/ready"
}

# Each says its first word.
ready() {
    python3 - "$state" <<'PY' 2>/dev/null
import socket, ssl, sys
ports = dict(l.strip().split("=") for l in open(sys.argv[1] + "/ports"))
tls = ssl.create_default_context(cafile=sys.argv[1] + "/ca.pem")
s = socket.create_connection(("127.0.0.1", int(ports["smtp"])), 5); assert s.recv(9).startswith(b"220")
for name, word in (("imaps", b"* OK"), ("smtps", b"220")):
    s = tls.wrap_socket(socket.create_connection(("127.0.0.1", int(ports[name])), 5), server_hostname="127.0.0.1")
    assert s.recv(9).startswith(word)
s = socket.create_connection(("127.0.0.1", int(ports["lmtp"])), 5); assert s.recv(9).startswith(b"220")
PY
}

stop_all() {
    [ ! -e "$state/postfix/main.cf" ] || postfix -c "$state/postfix" stop >/dev/null 2>&1 || true
    for file in "$state/dovecot/run/master.pid" "$state/dnsmasq.pid"; do
        [ ! -s "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
    done
}

case "${1:-}" in
install)
    install
    ;;
start)
    mkdir -p -m 711 "$state"
    [ "$(stat -c %u "$state")" = "$(id -u)" ] || { echo "$state belongs to somebody else" >&2; exit 1; }
    # One starter at a time; the others wait and then find it running.
    exec 9>"$state/lock"
    flock 9
    start
    echo "$state"
    ;;
stop)
    stop_all
    rm -rf "$state"
    ;;
*)
    echo "usage: mail.sh install|start|stop" >&2
    exit 2
    ;;
esac
