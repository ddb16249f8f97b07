package models

import (
	"time"
)

// zoneOf reads a stored IANA name; one that this machine does not know is UTC.
func zoneOf(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}
