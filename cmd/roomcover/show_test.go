package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
)

var (
	// an id may stand at the end of a line, as the last column or for the next command
	idAtEnd = regexp.MustCompile(`(?m)(^|\s)[a-z]{3}_[0-9a-z]{26}$`)
	anyID   = regexp.MustCompile(`[a-z]{3}_[0-9a-z]{26}`)
	// a code, such as AWAITING_RETURN; model codes and headings are no codes
	enum = regexp.MustCompile(`\b[A-Z]{2,}(_[A-Z]+)+\b|\b(SHIPPED|REQUESTED|FULFILLED|ACTIVE|OPEN|` +
		`OPERATOR|NOBODY|SYSTEM|ADMIN|SENT|ISSUED|RESELLER|NONE|NBD|RECEIPT)\b`)
	bareRule = regexp.MustCompile(`\b[RSCA][0-9]{1,3}[a-z]?\b`)
	inUTC    = regexp.MustCompile(`\bUTC\b|[0-9]T[0-9]{2}:[0-9]{2}`)
)

// Every command that reads speaks of names, local times and plain words; ids stand last, and
// --json has it all for programs.
func TestWhatCommandsShowIsForPeopleAndJSONForPrograms(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c, unit := env.Spare(t)
	r := env.Shipped(t, c)
	seller := env.Reseller(t, "Revenda Norte")
	first := env.Fulfilled(t, seller, storetest.FormFor("PO-77", "Beta Ltda", "bia@beta.example"))
	admin := env.InvitationOf(t, first.ID)
	env.Join(t, admin)
	env.Accept(t, seller, storetest.FormFor("PO-78", "Beta Ltda", "eve@stranger.example"))
	asked := env.Accept(t, seller, storetest.FormFor("PO-79", "Beta Ltda", "carla@beta.example"))
	_, err := env.FulfilOrder(env.Context, asked.ID)
	require.NoError(t, err)
	_, err = env.Invite(env.Context, identity.NewInvite{
		AccountID:   *first.AccountID,
		Email:       "rui@beta.example",
		ContactName: "Rui Alves",
		Role:        identity.RoleAdmin,
		Kind:        identity.InvitationForExtra,
	})
	require.NoError(t, err)

	var depot api.DepotView
	s.json(&depot, "depot", "set", "XYZ", "--name", "Campinas", "--street", "Rua A 1", "--city", "Campinas",
		"--region", "SP", "--country", "BR")
	s.must("stock", "receipt", "--depot", "XYZ", "--model", "RALLY-BAR", "--quantity", "3")
	s.must("csm", "add", "--name", "Clara Reis", "--email", "clara@operator.example", "--reason", "new")

	for _, command := range []string{
		"ps",
		"ps --counts",
		"agenda --time-zone America/Sao_Paulo",
		"numbers --time-zone America/Sao_Paulo",
		"task",
		"tasks",
		"task list",
		"task show PO-78",
		"order list",
		"order show PO-77",
		"order show PO-78",
		"order show po-79",
		"account list",
		"account show 'Acme Ltda'",
		"account show 'beta ltda'",
		"user list --account 'Beta Ltda'",
		"user show bia@beta.example --account 'Beta Ltda'",
		"invite list --account 'Beta Ltda'",
		"invite show rui@beta.example --account 'Beta Ltda'",
		"room list",
		"room list --account 'Acme Ltda' --coverage hardware",
		"room show " + "'" + c.Room.Name + "'",
		"site list",
		"site show " + c.Site.Name,
		"stock",
		"stock list",
		"stock show",
		"depot list",
		"depot show XYZ",
		"rma list",
		"rma show SN-100",
		"rma show " + r.ID,
		"spare list",
		"spare show " + unit.ID,
		"spare aid 'Acme Ltda'",
		"csm list",
		"device list",
		"device show SN-100",
		"contract list",
		"contract show PO-77",
		"shipment list",
		"mail list",
		"mail list --order PO-77",
		"warranty list",
		"calendar list --country BR",
		"calendar show BR --from 2027-01-01",
		"order refused",
		"coverage --serial SN-100",
		"coverage --room " + "'" + c.Room.Name + "'",
		"org list",
		"org show 'Revenda Norte'",
	} {
		t.Run(command, func(t *testing.T) {
			s.t = t
			args := shellWords(command)
			out := s.must(args...)
			t.Log("\n" + out)
			require.NotEmpty(t, strings.TrimSpace(out))
			require.NotRegexp(t, anyID, idAtEnd.ReplaceAllString(out, ""))
			require.NotRegexp(t, enum, headless(out))
			require.NotRegexp(t, bareRule, out)
			require.NotRegexp(t, inUTC, headless(out))
			require.NotContains(t, out, "1 tasks")

			var any json.RawMessage
			s.json(&any, args...)
			require.Regexp(t, `^[\[{]`, string(any))
		})
	}
}

// headless drops the headings of tables, which are in capitals.
func headless(out string) string {
	var kept []string
	for _, line := range strings.Split(out, "\n") {
		if line != strings.ToUpper(line) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// shellWords splits a command line as a shell does, with single quotes.
func shellWords(line string) []string {
	var args []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			args = append(args, part)
			continue
		}
		args = append(args, strings.Fields(part)...)
	}
	return args
}
