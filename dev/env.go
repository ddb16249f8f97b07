package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"roomcover.dev/roomcover/dev/stack"
)

// envCommand prints the tokens and addresses of the process that is up, for a shell.
type envCommand struct {
	Data string `help:"Data folder of the process; its own or a fast calendar's, whichever is up." default:"./data" type:"path"`
}

// Help is shown by --help.
func (envCommand) Help() string {
	return `Prints lines of a shell, so that commands can be pasted as the README has them:

  eval "$(bin/roomcover-dev env)"

It sets RESELLER_TOKEN, DISTRIBUTOR_TOKEN and OPERATOR_TOKEN; ROOMCOVER_URL and
ROOMCOVER_TOKEN, the operator's, which bin/roomcover reads; MAILS_URL, MAIL_IN, the host and
port that take mails by SMTP, and CARRIER_URL.
Where several processes are up, the one that started last counts: --data names another.`
}

// Run prints.
func (c envCommand) Run(out io.Writer) error {
	up, access, err := find(c.Data)
	if err != nil {
		return err
	}

	lines := [][2]string{
		{"RESELLER_TOKEN", access.Token("reseller")},
		{"DISTRIBUTOR_TOKEN", access.Token("distributor")},
		{"OPERATOR_TOKEN", access.Token("operator")},
		{"ROOMCOVER_URL", up.Portal},
		{"ROOMCOVER_TOKEN", access.Token("operator")},
		{"MAILS_URL", up.Mails},
		{"MAIL_IN", up.MailIn},
		{"CARRIER_URL", up.Carrier},
	}
	for _, line := range lines {
		fmt.Fprintf(out, "export %s=%s\n", line[0], quoted(line[1]))
	}
	return nil
}

// find reads who is up on a folder, or on that of a fast calendar below it, with its tokens.
func find(data string) (running, stack.Access, error) {
	var latest running
	var access stack.Access
	for _, dir := range []string{data, filepath.Join(data, fastFolder)} {
		up, found, err := readRunning(dir)
		if err != nil {
			return latest, access, err
		}
		if found && up.Since.After(latest.Since) {
			latest = up
		}
	}
	if latest.PID == 0 {
		return latest, access, errors.New("nothing is up on " + data +
			": start it with make dev, and ask again in another terminal")
	}

	text, err := os.ReadFile(filepath.Join(latest.Data, "access.json"))
	if err != nil {
		return latest, access, err
	}
	if err := json.Unmarshal(text, &access); err != nil {
		return latest, access, fmt.Errorf("access.json in %s cannot be read", latest.Data)
	}
	return latest, access, nil
}

// quoted is a text as a shell reads it back.
func quoted(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
