#!/bin/sh
# Checks format and correctness of the code; tools that are not installed are
# left out aloud.
set -eu
cd "$(dirname "$0")/.."

failed=0
unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	printf 'not formatted with gofmt:\n%s\n' "$unformatted" >&2
	failed=1
fi
go vet ./... || failed=1
go vet -tags record ./workflows || failed=1
(cd dev && CGO_ENABLED=0 go vet ./...) || failed=1
(cd deploy/alerts && CGO_ENABLED=0 go vet ./...) || failed=1

if command -v staticcheck >/dev/null; then
	staticcheck ./... || failed=1
	(cd dev && CGO_ENABLED=0 staticcheck ./...) || failed=1
else
	echo "SKIPPED: staticcheck is not installed." >&2
fi
if command -v workflowcheck >/dev/null; then
	workflowcheck ./workflows/... || failed=1
else
	echo "SKIPPED: workflowcheck is not installed." >&2
fi
exit $failed
