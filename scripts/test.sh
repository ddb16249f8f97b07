#!/bin/sh
# Runs every test this machine can run beside one PostgreSQL server, tells how far it is
# and says aloud what it leaves out.
set -eu
cd "$(dirname "$0")/.."

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
CGO_ENABLED=0 go build -o "$bin/" ./scripts/testpostgres ./scripts/runtests
"$bin/testpostgres" "$bin/runtests" "$@"
