//go:build fastcalendar

package main

import (
	"encoding/json"
	"errors"
	"os"
	"time"

	"roomcover.dev/roomcover/clock"
)

// calendar is the one of a development's data folder (calendar.json), whose days
// may pass in seconds. Only a program that was built with the tag fastcalendar
// knows it: the test that kills everything runs the released program's own code,
// and a month must fit into a minute of it.
func calendar() (clock.Clock, error) {
	text, err := os.ReadFile(os.Getenv("ROOMCOVER_FAST_CALENDAR"))
	if err != nil {
		return clock.Clock{}, settingsError{
			errors.New("ROOMCOVER_FAST_CALENDAR must name the file calendar.json of a data folder"),
		}
	}

	var saved struct {
		AnchorReal     time.Time     `json:"anchor_real"`
		AnchorCalendar time.Time     `json:"anchor_calendar"`
		Day            time.Duration `json:"day"`
	}

	if err := json.Unmarshal(text, &saved); err != nil || saved.Day <= 0 {
		return clock.Clock{}, settingsError{
			errors.New("the file that ROOMCOVER_FAST_CALENDAR names cannot be read"),
		}
	}

	return clock.Fast(saved.AnchorReal, saved.AnchorCalendar, saved.Day), nil
}
