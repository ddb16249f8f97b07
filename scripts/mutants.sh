#!/bin/sh
# Breaks the rules one place at a time with gremlins and counts the mutants that no test
# notices: the efficacy is the share that one does. Takes an hour or two; name a package
# or a file's diff to take less: scripts/mutants.sh ./rules/terms.
set -eu
cd "$(dirname "$0")/.."
export CGO_ENABLED=0

GREMLINS=github.com/go-gremlins/gremlins/cmd/gremlins@v0.5.0

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
GOBIN=$bin go install "$GREMLINS"

if [ $# -eq 0 ]; then set -- ./rules; fi
# A mutant that only makes the tests slow must not count as one that lives or times out.
"$bin/gremlins" unleash --integration=false --timeout-coefficient 30 \
	--threshold-efficacy 95 "$@"
