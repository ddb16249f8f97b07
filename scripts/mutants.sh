#!/bin/sh
# Breaks the rules one place at a time with gremlins and counts the mutants that no test
# notices: the efficacy is the share that one does. Takes an hour or two; name a package
# or a commit to take less: scripts/mutants.sh ./rules/shipping, or --diff main ./rules. A
# folder stands for all packages below it, and so does ./rules/..., of which gremlins by
# itself finds nothing. Each mutant meets the tests of its own package.
set -eu
cd "$(dirname "$0")/.."
export CGO_ENABLED=0

GREMLINS=github.com/go-gremlins/gremlins/cmd/gremlins@v0.5.0

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
GOBIN=$bin go install "$GREMLINS"

if [ $# -eq 0 ]; then set -- ./rules; fi
last=
for arg; do
	shift
	last=${arg%/...}
	set -- "$@" "$last"
done
if [ ! -d "$last" ]; then
	echo "mutants: name a folder, such as ./rules, last" >&2
	exit 2
fi

# A mutant that only makes the tests slow must not count as one that lives or times out.
"$bin/gremlins" unleash --integration=false --timeout-coefficient 30 \
	--threshold-efficacy 95 "$@"
