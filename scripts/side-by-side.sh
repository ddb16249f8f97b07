#!/bin/sh
# Runs the worker of the previous commit, or of --from REV, beside this one's on open
# orders and replacements, and fails when one replays differently what the other has
# recorded. A checkout without history says so, and replays the golden histories.
# make side-by-side takes longer than this does in CI: it sets ROOMCOVER_LONG.
set -eu
cd "$(dirname "$0")/.."
export CGO_ENABLED=0

from=HEAD~1
case ${1:-} in
"") ;;
--from) from=${2:?--from needs a revision} ;;
*)
	echo "Usage: scripts/side-by-side.sh [--from REV]" >&2
	exit 2
	;;
esac

golden() {
	echo "NOT SIDE BY SIDE: $1 The golden histories are replayed instead." >&2
	exec go test -count=1 ./workflows -run Golden
}

git rev-parse --verify --quiet "$from^{commit}" >/dev/null 2>&1 || golden "This checkout has no commit $from."
git cat-file -e "$from:cmd/roomcover/calendar_fast.go" 2>/dev/null || golden "The program of $from knows no fast calendar."

work=$(mktemp -d)
# A place of its own lets the next run find in Go's cache what has not changed; Go's
# patterns leave out what begins with an underscore.
previous=$PWD/bin/_previous
trap 'rm -rf "$work" "$previous"' EXIT
rm -rf "$previous"
mkdir -p "$previous"
git archive "$from" | tar -x -C "$previous"
echo "Building the worker of $(git log -1 --format='%h %s' "$from")"
(cd "$previous" && go build -tags fastcalendar -o "$work/roomcover-previous" ./cmd/roomcover)
cd dev
ROOMCOVER_PREVIOUS_BIN="$work/roomcover-previous" go test -count=1 -timeout 15m -tags sidebyside ./chaos -run TestWorkersOfTwoCommitsSideBySide -v
