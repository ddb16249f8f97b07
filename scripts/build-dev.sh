#!/bin/sh
# Builds bin/roomcover-dev and shows how far it is. It needs only Go: no C
# compiler, no other tool.
set -eu
cd "$(dirname "$0")/../dev"
export CGO_ENABLED=0

command -v go >/dev/null || {
	echo "Go is missing: install it from https://go.dev/dl/ and try again." >&2
	exit 1
}

if [ ! -x ../bin/roomcover-dev ]; then
	echo "Building for the first time. A whole Temporal server is built too, so"
	echo "this takes 5 to 12 minutes on two processors; the next time it takes seconds."
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# count TEXT TOTAL reads a line for each finished step and shows a running
# count. All other lines are kept, to be shown if the command fails.
count() {
	n=0
	while IFS= read -r line; do
		case $line in
		"go: downloading "*) ;;
		"#"* | *" "* | *"	"*) echo "$line" >>"$work/messages"; continue ;;
		esac
		n=$((n + 1))
		if [ -t 1 ]; then
			printf '\r%s %d%s' "$1" "$n" "$2"
		elif [ $((n % 200)) -eq 0 ]; then
			echo "$1 $n$2"
		fi
	done
	if [ -t 1 ] && [ "$n" -gt 0 ]; then echo; fi
}

# step TEXT TOTAL COMMAND... runs the command and counts what it reports.
step() {
	text=$1 total=$2
	shift 2
	{ "$@" 2>&1 >/dev/null || touch "$work/failed"; } | count "$text" "$total"
	if [ -e "$work/failed" ]; then
		cat "$work/messages" >&2
		exit 1
	fi
}

step "Downloaded modules:" "" go list -deps .
total=$(go list -deps . | wc -l)
step "Built packages:" " of at most $((total))" go build -v -ldflags='-s -w' -o ../bin/roomcover-dev .
