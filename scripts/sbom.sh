#!/bin/sh
# Writes the software bill of materials of both modules as CycloneDX 1.6, to bin/sbom or to
# the folder that is given. The tool and all that it needs are pinned in scripts/sbom.mod;
# everything comes from the Go module proxy, or from the cache where it is there already.
set -eu
cd "$(dirname "$0")/.."
out=${1:-bin/sbom}
mkdir -p "$out"

bom() {
	go tool -modfile=scripts/sbom.mod cyclonedx-gomod mod -json -output-version 1.6 \
		-output "$out/$2.cdx.json" "$1"
	echo "$out/$2.cdx.json"
}

bom . roomcover
bom dev roomcover-dev
