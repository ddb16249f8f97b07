#!/bin/sh
# Builds a release into bin/release: one static binary a platform, stamped with the
# version, the bills of materials and the checksums of all. It refuses a version that
# CHANGELOG.md does not tell of, and a tree that differs from its commit.
set -eu
cd "$(dirname "$0")/.."
version=${1:-}

case $version in
v[0-9]*.[0-9]*.[0-9]*) ;;
*)
	echo "name the version: make release VERSION=v1.2.3" >&2
	exit 2
	;;
esac
if ! grep -q "^## $version " CHANGELOG.md; then
	echo "CHANGELOG.md has no part \"## $version (date)\": say first what changes." >&2
	exit 2
fi
if [ -n "$(git status --porcelain)" ]; then
	echo "the tree differs from its commit: commit first." >&2
	exit 2
fi

out=bin/release
rm -rf "$out"
mkdir -p "$out"
for platform in linux/amd64 linux/arm64; do
	binary=$out/roomcover-$version-${platform%/*}-${platform#*/}
	CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} go build -trimpath -buildvcs=false \
		-ldflags="-s -w -X main.version=$version" -o "$binary" ./cmd/roomcover
	echo "$binary"
done

scripts/sbom.sh "$out"
(cd "$out" && sha256sum ./* >SHA256SUMS)
echo "$out/SHA256SUMS"
