#!/bin/sh
# Pins every image of the Dockerfile and docker-compose.yml by the digest that its tag has
# in its registry now. It needs a network, and docker with buildx, or crane. It changes
# the files in place; look at the difference before you commit it.
set -eu
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then
	set -- Dockerfile docker-compose.yml
fi

# digest NAME:TAG prints the digest of the image for all platforms.
digest() {
	if command -v crane >/dev/null; then
		crane digest "$1"
	else
		docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"
	fi
}

# images FILE lists the images that others build, without a digest.
images() {
	sed -n -e 's/^FROM \([^ ]*\).*/\1/p' -e 's/^ *image: *\([^ ]*\).*/\1/p' "$1" |
		sed 's/@.*//' | grep -v '\$' | sort -u
}

for file in "$@"; do
	for image in $(images "$file"); do
		found=$(digest "$image")
		case $found in
		sha256:????????????????????????????????????????????????????????????????) ;;
		*)
			echo "no digest was found for $image: $found" >&2
			exit 1
			;;
		esac

		escaped=$(printf '%s' "$image" | sed 's/[.]/[.]/g')
		sed "s|\($escaped\)\(@sha256:[0-9a-f]*\)\{0,1\}\( .*\)\{0,1\}\$|\1@$found\3|" \
			"$file" >"$file.new"
		cat "$file.new" >"$file"
		rm "$file.new"
		echo "$file: $image@$found"
	done
done
