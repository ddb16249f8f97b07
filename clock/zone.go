package clock

import (
	"sync"
	"time"
)

// zones are the time zones that were asked for, by their names: to read one from the machine's
// files takes as long as to write a row of a page. Names that nobody knows are not kept, so that
// they are as many as the machine has.
var zones sync.Map

// Zone returns the time zone of an IANA name, as time.LoadLocation does, and reads each once.
func Zone(name string) (*time.Location, error) {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, zone)
	}
	return zone, err
}

// ZoneOf is Zone for a stored name; one that this machine does not know is UTC.
func ZoneOf(name string) *time.Location {
	zone, err := Zone(name)
	if err != nil {
		return time.UTC
	}
	return zone
}
