package main

import (
	"os"
	"path/filepath"
	"strings"
)

// localTime is where a machine says in which zone it is: a link to the zone's file.
var localTime = "/etc/localtime"

// readersZone returns the IANA name of the zone of who reads: the one that was said, by a flag or
// by TZ, else that of this machine; UTC where neither says one.
func readersZone(said string) string {
	if said = strings.TrimPrefix(said, ":"); said != "" {
		return said
	}
	if _, set := os.LookupEnv("TZ"); set {
		return "UTC" // as for every other program
	}

	file, err := filepath.EvalSymlinks(localTime)
	if err != nil {
		return "UTC"
	}
	_, zone, found := strings.Cut(filepath.ToSlash(file), "/zoneinfo/")
	if !found {
		return "UTC"
	}
	return strings.TrimPrefix(zone, "posix/")
}
