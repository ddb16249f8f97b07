package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// defaultData is the folder that holds all data where nobody names another one.
const defaultData = "./data"

// fastFolder stands below the folder of data that is named by default: what a fast calendar
// leaves behind is a world in the future, and no place for orders of today.
const fastFolder = "fast"

// ordinaryDay is how long a day takes where the calendar does not run fast.
const ordinaryDay = 24 * time.Hour

// folderFor is where a process with days of this length keeps its data.
func folderFor(data string, day time.Duration) string {
	own, err := filepath.Abs(defaultData)
	if day == ordinaryDay || err != nil || data != own {
		return data
	}
	return filepath.Join(data, fastFolder)
}

// running is what a process that is up says of itself, in a file of its data folder.
type running struct {
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`
	Portal  string    `json:"portal"`
	Mails   string    `json:"mails"`
	MailIn  string    `json:"mail_in,omitempty"`
	Carrier string    `json:"carrier,omitempty"`
	Data    string    `json:"data"`
}

func runningFile(dir string) string { return filepath.Join(dir, "running.json") }

func (r running) write() error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(runningFile(r.Data), text, 0o600)
}

// remove forgets the process when it stops.
func (r running) remove() error {
	err := os.Remove(runningFile(r.Data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// readRunning reads who is up on a data folder; found is false where nobody is. A process
// that was killed left its file: whoever has its number now is not it only by a chance that
// the answer of its portal would show.
func readRunning(dir string) (r running, found bool, err error) {
	text, err := os.ReadFile(runningFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, false, fmt.Errorf("%s cannot be read; remove it", runningFile(dir))
	}

	process, err := os.FindProcess(r.PID)
	if err != nil {
		return r, false, nil
	}
	err = process.Signal(syscall.Signal(0))
	return r, err == nil || errors.Is(err, fs.ErrPermission), nil
}
