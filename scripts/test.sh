#!/bin/sh
# Runs every test this machine can run and says aloud what it leaves out.
set -eu
cd "$(dirname "$0")/.."

race=-race
if ! command -v "${CC:-cc}" >/dev/null && ! command -v gcc >/dev/null; then
	echo "SKIPPED: the race detector, because there is no C compiler." >&2
	race=
	export CGO_ENABLED=0
fi

failed=0
echo "== the program${race:+, with the race detector}"
go test $race ./... || failed=1

# The embedded Temporal server is built without cgo and without the race
# detector: that way its packages are built once, for make dev as well.
echo "== the development environment"
(cd dev && CGO_ENABLED=0 go test ./...) || failed=1
exit $failed
