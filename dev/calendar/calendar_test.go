package calendar_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"roomcover.dev/roomcover/dev/calendar"
)

func TestCalendarOfANewFolderIsRealTime(t *testing.T) {
	dir := t.TempDir()
	c, err := calendar.Open(dir, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if got := c.Calendar(now); !got.Equal(now.UTC().Truncate(time.Microsecond)) {
		t.Fatalf("the calendar shows %v at %v", got, now)
	}
	if _, err := os.Stat(filepath.Join(dir, "calendar.json")); err == nil {
		t.Fatal("a calendar in real time needs no file")
	}
}

func TestCalendarNeverGoesBackWhenItsSpeedChanges(t *testing.T) {
	dir := t.TempDir()
	last := time.Time{}
	for _, day := range []time.Duration{2 * time.Second, 2 * time.Second, 24 * time.Hour, time.Second, 24 * time.Hour} {
		c, err := calendar.Open(dir, day)
		if err != nil {
			t.Fatal(err)
		}
		now := c.Now()
		if now.Before(last) {
			t.Fatalf("with --day %v the calendar went back from %v to %v", day, last, now)
		}
		last = now
	}
}

func TestCalendarThatCannotBeReadIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "calendar.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := calendar.Open(dir, time.Second); err == nil {
		t.Fatal("a broken file was taken")
	}
}
