package smtptest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The envelope is kept in front of the message, as mail servers do with their
// trace headers, so that one file is one whole mail that any reader opens.
const (
	headerFrom = "X-Envelope-From: "
	headerTo   = "X-Envelope-To: "
	headerTLS  = "X-Envelope-TLS: "
	headerAt   = "X-Envelope-Received: "
)

// save writes the mail under a temporary name and renames it, so that a
// reader or a kill never meets half a mail.
func (b *mailbox) save(m Message) error {
	if b.dir == "" {
		return nil
	}

	var file bytes.Buffer
	fmt.Fprintf(&file, "%s%s\r\n", headerFrom, m.From)
	fmt.Fprintf(&file, "%s%s\r\n", headerTo, strings.Join(m.To, " "))
	fmt.Fprintf(&file, "%s%t\r\n", headerTLS, m.TLS)
	fmt.Fprintf(&file, "%s%s\r\n", headerAt, m.ReceivedAt.Format(time.RFC3339Nano))
	file.Write(m.Raw)

	path := filepath.Join(b.dir, m.ID+".eml")
	if err := os.WriteFile(path+".part", file.Bytes(), 0o600); err != nil {
		return fmt.Errorf("smtptest: write mail: %w", err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		return fmt.Errorf("smtptest: write mail: %w", err)
	}

	return nil
}

// load makes the folder and reads the mails of earlier runs, oldest first.
func (b *mailbox) load() error {
	if b.dir == "" {
		return nil
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fmt.Errorf("smtptest: mail folder: %w", err)
	}

	entries, err := os.ReadDir(b.dir) // sorted by name, which is by time
	if err != nil {
		return fmt.Errorf("smtptest: mail folder: %w", err)
	}

	var failed []error
	for _, entry := range entries {
		if id, ok := strings.CutSuffix(entry.Name(), ".eml"); ok {
			failed = append(failed, b.loadFile(id))
		}
	}

	return errors.Join(failed...)
}

func (b *mailbox) loadFile(id string) error {
	content, err := os.ReadFile(filepath.Join(b.dir, id+".eml"))
	if err != nil {
		return fmt.Errorf("smtptest: read mail: %w", err)
	}

	var e envelope
	for range 4 { // the envelope's lines, never one of the message's own
		line, rest, found := bytes.Cut(content, []byte("\r\n"))
		if !found || !e.read(string(line)) {
			break
		}
		content = rest
	}

	b.messages = append(b.messages, parse(id, e, content))
	if _, err := fmt.Sscanf(id, "%x", &b.last); err != nil {
		return fmt.Errorf("smtptest: %q is not a mail of this folder: %w", id+".eml", err)
	}

	return nil
}

// read takes one envelope line; false means the message begins here.
func (e *envelope) read(line string) bool {
	if v, ok := strings.CutPrefix(line, headerFrom); ok {
		e.from = v
		return true
	}
	if v, ok := strings.CutPrefix(line, headerTo); ok {
		e.to = strings.Fields(v)
		return true
	}
	if v, ok := strings.CutPrefix(line, headerTLS); ok {
		e.tls = v == "true"
		return true
	}

	if v, ok := strings.CutPrefix(line, headerAt); ok {
		at, err := time.Parse(time.RFC3339Nano, v)
		e.at = at
		return err == nil
	}

	return false
}
