#!/usr/bin/env bash
# Installs what the tests need and the machine lacks: Debian packages and cargo-nextest.
# Usage: tests/support/packages.sh
# Says what it installs; needs root (or sudo) only when something is missing.
set -euo pipefail

missing=()
need() { command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || missing+=("$2"); }
need chromium chromium
need chromedriver chromium-driver
need /usr/lib/postgresql/15/bin/postgres postgresql
# Bluesky's app view: see bluesky-network.sh.
need redis-server redis-server
# Text in pictures, in both languages.
need tesseract tesseract-ocr
need /usr/share/tesseract-ocr/5/tessdata/fra.traineddata tesseract-ocr-fra
# Mail and chat servers: see mail.sh and prosody.sh. python3-dkim is a second opinion on signatures.
need /usr/sbin/postfix postfix
need /usr/sbin/dovecot dovecot-core
need /usr/lib/dovecot/imap dovecot-imapd
need /usr/lib/dovecot/lmtp dovecot-lmtpd
need /usr/sbin/dnsmasq dnsmasq-base
need /usr/lib/python3/dist-packages/dkim python3-dkim
need prosody prosody
need /usr/share/doc/lua-sec lua-sec
need openssl openssl
need make make
need cc build-essential
need python3 python3-venv
fc-list 2>/dev/null | grep -qi 'emoji' || missing+=(fonts-noto-color-emoji)
fc-list 2>/dev/null | grep -qi 'dejavu' || missing+=(fonts-dejavu-core)

if [ "${#missing[@]}" -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "The tests need these Debian packages: ${missing[*]}. Install them, or run as root." >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "Installing Debian packages: ${missing[*]}"
  # A policy script that answers 101 keeps PostgreSQL, Redis and the mail servers from starting system services.
  policy=/usr/sbin/policy-rc.d
  made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
    made=1
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  [ -z "$made" ] || "${as_root[@]}" rm -f "$policy"
fi

if ! cargo nextest --version >/dev/null 2>&1; then
  echo "Installing cargo-nextest from source (a few minutes, once)"
  cargo install --locked cargo-nextest
fi
