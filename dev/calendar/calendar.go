// Package calendar keeps the calendar of a data folder across restarts: it goes
// on where it was, also when its speed changes.
package calendar

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"roomcover.dev/roomcover/clock"
)

type saved struct {
	AnchorReal     time.Time     `json:"anchor_real"`
	AnchorCalendar time.Time     `json:"anchor_calendar"`
	Day            time.Duration `json:"day"`
}

func (s saved) clock() clock.Clock { return clock.Fast(s.AnchorReal, s.AnchorCalendar, s.Day) }

// Open reads the folder's calendar, or begins one at the present, and lets a
// day pass in the real duration day from now on.
func Open(dir string, day time.Duration) (clock.Clock, error) {
	path := filepath.Join(dir, "calendar.json")
	now := time.Now().UTC()
	s := saved{AnchorReal: now, AnchorCalendar: now, Day: day}

	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if day == 24*time.Hour {
			return clock.Clock{}, nil
		}
	case err != nil:
		return clock.Clock{}, err
	default:
		var old saved
		if err := json.Unmarshal(text, &old); err != nil || old.Day <= 0 {
			return clock.Clock{}, fmt.Errorf(
				"the calendar in %s cannot be read; remove the file to begin at the present", path,
			)
		}

		if old.Day == day {
			return old.clock(), nil
		}

		s.AnchorCalendar = old.clock().Calendar(now)
	}

	text, err = json.MarshalIndent(s, "", "  ")
	if err != nil {
		return clock.Clock{}, err
	}

	return s.clock(), os.WriteFile(path, text, 0o600)
}
