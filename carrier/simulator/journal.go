package simulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// record is one line of the journal. One field is set.
type record struct {
	Booked    *parcel  `json:"booked,omitempty"`
	Cancelled *ordered `json:"cancelled,omitempty"`
	Ordered   *ordered `json:"ordered,omitempty"`
	Sent      string   `json:"sent,omitempty"` // a webhook that was taken
	Faults    *Faults  `json:"faults,omitempty"`
}

type ordered struct {
	Tracking string `json:"tracking"`
	scan
}

// journal is an append-only file of JSON lines; without a file it keeps nothing.
type journal struct{ file *os.File }

// openJournal opens the file and replays it. A line that a kill cut off is cut away.
func openJournal(path string, replay func(record) error) (*journal, error) {
	if path == "" {
		return &journal{}, nil
	}

	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}

	whole, err := readLines(file, replay)
	if err == nil {
		err = file.Truncate(whole)
	}
	if err == nil {
		_, err = file.Seek(whole, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(
			fmt.Errorf("simulator: the journal cannot be read: %w", err), file.Close(),
		)
	}

	return &journal{file}, nil
}

// readLines replays the whole lines and gives where they end.
func readLines(file io.Reader, replay func(record) error) (whole int64, err error) {
	r := bufio.NewReader(file)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		if err != nil {
			return whole, err
		}

		var rec record
		if err := json.Unmarshal(bytes.TrimSpace(line), &rec); err != nil {
			return whole, err
		}
		if err := replay(rec); err != nil {
			return whole, err
		}

		whole += int64(len(line))
	}
}

// write appends a record; it is in the file when this returns.
func (j *journal) write(rec record) error {
	if j.file == nil {
		return nil
	}

	line, err := json.Marshal(rec)
	if err != nil {
		return err
	}

	_, err = j.file.Write(append(line, '\n'))
	return err
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
