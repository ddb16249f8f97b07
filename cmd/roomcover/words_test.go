package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
)

// Texts of the service are said as people read them: days, and words spelled the American way.
// What is typed may be spelled either way.
func TestTextsOfTheServiceAreSaidToPeople(t *testing.T) {
	w := &words{
		language: messages.In("en"),
		now:      time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC),
		names:    map[string]api.NameView{},
	}
	require.Equal(t, "It is promised for Tue 1 Dec.", w.prose("It is promised for 2026-12-01."))
	require.Equal(t, "PO-2026-08-11 of Acme", w.prose("PO-2026-08-11 of Acme"), "a number stays")
	require.Equal(t, "partially canceled", plain("PARTIALLY_CANCELLED"))
	require.Equal(t, "a support lead", w.code("OPERATOR_LEAD"))
	require.NotContains(t, w.happened("rma.allocated"), "you")

	for _, said := range []string{"canceled", "Cancelled", "CANCELED"} {
		require.Equal(t, "CANCELLED", coded(said))
		require.Equal(t, "cancelled", choice(said, []string{"", "active", "cancelled"}))
	}
	require.Equal(t, "", choice("", []string{"", "active"}))
}

// Whoever was invited and has not come yet is no stranger: the answer says so, and what to do.
func TestSomebodyInvitedIsNoStranger(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c, u := env.Spare(t)
	_, err := env.Invite(storetest.Customer(c.Account), identity.NewInvite{
		AccountID: c.Account,
		Email:     "rui@acme.example",
		Role:      identity.RoleReadOnly,
		Kind:      identity.InvitationForColleague,
	})
	require.NoError(t, err)
	language := func(who string) []string {
		return []string{"user", "language", who, "en", "--account", "Acme Ltda", "--reason", "asked"}
	}
	require.Equal(t, exitUsage, s.run(language("rui@acme.example")...))
	require.Contains(t, s.err.String(), "roomcover invite again rui@acme.example --language")
	require.Equal(t, exitUsage, s.run(language("nobody@acme.example")...))
	require.NotContains(t, s.err.String(), "invite again")

	require.NotZero(t, s.run("spare", "show", u.Number[:len(u.Number)-1]))
	require.Contains(t, s.err.String(), "there is "+u.Number)
}
