package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// records are TXT records of mail domains in a file of the data folder: names such as acme.example
// are nobody's, and no name service knows them.
type records struct{ dir string }

func (r records) file() string { return filepath.Join(r.dir, "txt-records.json") }

// TXT looks up what the records of a domain say.
func (r records) TXT(_ context.Context, domain string) ([]string, error) {
	all, err := r.read()
	return all[domain], err
}

func (r records) read() (map[string][]string, error) {
	all := map[string][]string{}
	text, err := os.ReadFile(r.file())
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(text, &all) != nil {
		return nil, errors.New(r.file() + " cannot be read; remove it")
	}
	return all, nil
}

// change adds a record, or removes it.
func (r records) change(domain, text string, remove bool) error {
	all, err := r.read()
	if err != nil {
		return err
	}
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	at := slices.Index(all[domain], text)
	switch {
	case remove && at >= 0:
		all[domain] = slices.Delete(all[domain], at, at+1)
	case !remove && at < 0:
		all[domain] = append(all[domain], text)
	}

	changed, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	// The portal may read while this writes: it finds the old file, or the new one.
	beside := r.file() + ".new"
	if err := os.WriteFile(beside, changed, 0o600); err != nil {
		return err
	}
	return os.Rename(beside, r.file())
}

// txtCommand adds or removes a TXT record, as who hosts a domain would.
type txtCommand struct {
	Data   string `help:"Data folder of the process that is up." default:"./data" type:"path"`
	Remove bool   `help:"Remove the record."`
	Domain string `arg:"" help:"Mail domain, such as acme.example."`
	Text   string `arg:"" help:"What the record says, as the page of the company's sign-in shows it."`
}

// Help is shown by --help.
func (txtCommand) Help() string {
	return `Proves a mail domain in development, where no name service knows it: press "Check now"
on the page afterwards.

Example:
  bin/roomcover-dev txt acme.example roomcover-verify=4zq...`
}

// Run changes the record.
func (c txtCommand) Run(out io.Writer) error {
	up, _, err := find(c.Data)
	if err != nil {
		return err
	}
	if err := (records{dir: up.Data}).change(c.Domain, c.Text, c.Remove); err != nil {
		return err
	}
	if c.Remove {
		fmt.Fprintf(out, "Removed from %s.\n", c.Domain)
		return nil
	}
	fmt.Fprintf(out, "Added to %s. Press \"Check now\" on the page.\n", c.Domain)
	return nil
}
