package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
)

// A task's text begins with the number of what it is about: that number finds it.
func TestTasksAreFoundByTheNumbersThatTheyName(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c, unit := env.Spare(t)
	r := env.Requested(t, c)
	require.NoError(t, env.RaiseTask(env.Context, db.OperatorTask{
		Kind:      db.TaskSpareFee,
		SubjectID: r.ID,
		What:      "Ask the carrier.",
		Why:       "It is silent.",
	}))

	// two tasks are about the replacement: what they ask for tells them apart
	require.Equal(t, exitUsage, s.run("task", "show", r.Number))
	require.Contains(t, s.err.String(), `2 open tasks are called "`+r.Number+`"`)
	require.Contains(t, s.err.String(), "Ask the carrier")
	require.Contains(t, s.err.String(), "decide rma")
	ids := anyID.FindAllString(s.err.String(), -1)
	require.Len(t, ids, 2)

	for _, id := range ids {
		if strings.Contains(s.must("task", "show", id), "Ask the carrier") {
			s.must("task", "do", id, "close", "--reason", "asked")
		}
	}
	require.Contains(t, s.must("task", "show", strings.ToLower(r.Number)), "You may: close")
	require.Equal(t, exitRefused, s.run("task", "do", r.Number, "close", "--reason", "seen"))
	require.Contains(t, s.err.String(), "still to be decided")
	storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
	_, err := env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	require.Equal(t, exitUsage, s.run("task", "show", r.Number))
	require.Contains(t, s.err.String(), "no open task is about "+r.Number)

	require.Contains(t, s.must("task", "show", unit.Number), unit.Number)
	require.Equal(t, exitUsage, s.run("task", "show", "RMA-22222"))
	require.Contains(t, s.err.String(), "no order, replacement or spare unit is called")
	require.Equal(t, exitUsage, s.run("rma", "show", "RMA-22222"))
	require.Contains(t, s.err.String(), `no replacement is called "RMA-22222"`)
}

// What several have is listed with what people know of each, not by ids alone.
func TestWhatSeveralAreCalledIsToldApart(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	form := storetest.Form("PO-77")
	first := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
	form.EndCustomer.Address.City = "Campinas"
	form.EndCustomer.Address.Street = "Rua Treze de Maio, 7"
	form.EndCustomer.Address.PostalCode = "13010-050"
	form.Lines[0].Quantity = 20
	second := env.Fulfilled(t, env.Reseller(t, "Revenda Norte"), form)
	require.NotEqual(t, *first.AccountID, *second.AccountID)

	require.Equal(t, exitUsage, s.run("order", "show", "po-77"))
	for _, want := range []string{
		"2 orders are called",
		"from Revenda Sul, fulfilled, purchased Fri 20 Nov, " + first.ID,
		"from Revenda Norte, fulfilled, purchased Fri 20 Nov, " + second.ID,
	} {
		require.Contains(t, s.err.String(), want)
	}

	require.Equal(t, exitUsage, s.run("account", "show", "Acme Ltda"))
	require.Contains(t, s.err.String(), "Acme Ltda (São Paulo, BR, "+*first.AccountID)
	require.Contains(t, s.err.String(), "Acme Ltda (Campinas, BR, "+*second.AccountID)

	// both accounts are of one parent: it is one
	s.must("spare", "list", "--parent", "Acme Ltda")

	for _, site := range []string{"Paulista", "Berrini"} {
		s.must("room", "add", "Sala 9", "--account", *first.AccountID, "--site", site, "--country", "BR",
			"--platform", "mtr_windows", "--reason", "asked")
	}
	require.Equal(t, exitUsage, s.run("room", "show", "Sala 9", "--account", *first.AccountID))
	require.Contains(t, s.err.String(), "Sala 9 (Paulista, Acme Ltda, rom_")
	require.Contains(t, s.err.String(), "Sala 9 (Berrini, Acme Ltda, rom_")
}

// An API that does not answer is no name that nobody has, and nothing that is not under way.
func TestAnAPIThatDoesNotAnswerIsSaidSo(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer web.Close()
	client, err := clientFor(t, web.URL)
	require.NoError(t, err)
	client.pause = func(int) time.Duration { return 0 }
	s := newShell(t, nil)

	_, err = client.taskID(t.Context(), "PO-1")
	require.Equal(t, exitFailed, s.app.exit(t.Context(), err))
	_, err = client.standing(t.Context(), "ord_1")
	require.Equal(t, exitFailed, s.app.exit(t.Context(), err))
}

// A name that is mistyped, or typed without its accents, is found or answered with the near
// ones, whatever it is the name of.
func TestANameThatIsNearlyRightIsFoundOrNamed(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c, _ := env.Spare(t)
	r := env.Requested(t, c)
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-2026-77"))
	s.must("depot", "set", "SAO", "--name", "São Paulo", "--street", "Rua A 1",
		"--city", "São Paulo", "--region", "SP", "--country", "BR")
	s.must("stock", "receipt", "--depot", "SAO", "--model", "RALLY-BAR", "--quantity", "1")

	require.Contains(t, s.must("stock", "--depot", "sao paulo"), "RALLY-BAR")
	for line, near := range map[string]string{
		"stock --depot 'sao paolo'":                               "São Paulo (SAO, dpt_",
		"order show PO-2026-78":                                   "PO-2026-77 (",
		"device show SN-10O":                                      "SN100 (",
		"coverage --serial SN-10O":                                "SN100 (",
		"rma show SN-10O":                                         r.Number + " (",
		"account show 'Acme Ltd'":                                 "Acme Ltda (",
		"room show '" + c.Room.Name + "x'":                        c.Room.Name + " (",
		"site show '" + c.Site.Name + "x'":                        c.Site.Name + " (",
		"stock receipt --depot SAO --model RALY-BAR --quantity 1": "Nearly spelled so: RALLY-BAR",
	} {
		t.Run(line, func(t *testing.T) {
			require.NotEqual(t, exitDone, s.run(shellWords(line)...))
			require.Contains(t, s.err.String(), near)
		})
	}

	require.Equal(t, exitUsage, s.run("task", "do", "Acme Ltda", "close", "--reason", "seen"))
	require.Contains(t, s.err.String(), "open tasks are called \"Acme Ltda\"")
	require.Contains(t, s.err.String(), "decide rma")
}
