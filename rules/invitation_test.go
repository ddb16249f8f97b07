package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/testday"
)

func TestR121_V17_InvitationValidThroughLocalDay30(t *testing.T) {
	for _, c := range []struct{ zone, issued, want string }{
		{"Europe/Berlin", "2026-03-01T08:00:00Z", "2026-03-31T22:00:00Z"}, // V17: summer time since the 29th
		{"Europe/Berlin", "2026-03-01T22:59:59Z", "2026-03-31T22:00:00Z"},
		{"Europe/Berlin", "2026-03-01T23:00:00Z", "2026-04-01T22:00:00Z"}, // the 2nd there
		{"America/Sao_Paulo", "2026-03-01T08:00:00Z", "2026-04-01T03:00:00Z"},
	} {
		got := InvitationExpiry(testday.Instant(t, c.issued), 30, testday.Zone(t, c.zone))
		require.Equal(t, c.want, got.Format(time.RFC3339), c.issued)
	}
	berlin := testday.Zone(t, "Europe/Berlin")
	expires := InvitationExpiry(time.Date(2026, 3, 1, 12, 0, 0, 0, berlin), 30, berlin)
	require.True(t, time.Date(2026, 3, 31, 23, 59, 59, 0, berlin).Before(expires))
	require.False(t, time.Date(2026, 4, 1, 0, 0, 0, 0, berlin).Before(expires))
}

func TestInvitationRemindersAtNineLocal(t *testing.T) {
	berlin := testday.Zone(t, "Europe/Berlin")
	got := InvitationReminders(testday.Instant(t, "2026-03-01T22:30:00Z"), []int{7, 21, 28}, berlin)
	want := []Reminder{
		{7, testday.Instant(t, "2026-03-08T08:00:00Z")},
		{21, testday.Instant(t, "2026-03-22T08:00:00Z")},
		{28, testday.Instant(t, "2026-03-29T07:00:00Z")}, // summer time begins that day
	}
	require.Equal(t, want, got)
}

func TestRemindersAhead(t *testing.T) {
	issued := testday.Instant(t, "2026-03-01T12:00:00Z")
	expires := InvitationExpiry(issued, 30, time.UTC)
	days := func(now string, expires time.Time) []int {
		var days []int
		for _, r := range RemindersAhead(issued, expires, testday.Instant(t, now), []int{7, 21, 28}, time.UTC) {
			days = append(days, r.Day)
		}
		return days
	}
	require.Equal(t, []int{7, 21, 28}, days("2026-03-01T12:00:00Z", expires))
	require.Equal(t, []int{21, 28}, days("2026-03-08T09:00:00Z", expires), "a reminder of this instant is not ahead")
	require.Empty(t, days("2026-03-29T09:00:00Z", expires))
	require.Equal(t, []int{7}, days("2026-03-01T12:00:00Z", InvitationExpiry(issued, 10, time.UTC)), "short window")
}

func TestS15_KeepPendingInvitation(t *testing.T) {
	expires := testday.Instant(t, "2026-04-01T00:00:00Z")
	require.True(t, KeepPendingInvitation(testday.Instant(t, "2026-03-01T00:00:00Z"), expires, 7))
	require.True(t, KeepPendingInvitation(testday.Instant(t, "2026-03-25T00:00:00Z"), expires, 7), "exactly seven days")
	require.False(t, KeepPendingInvitation(testday.Instant(t, "2026-03-25T00:00:01Z"), expires, 7))
	require.False(t, KeepPendingInvitation(testday.Instant(t, "2026-05-01T00:00:00Z"), expires, 7), "expired")

	berlin := testday.Zone(t, "Europe/Berlin")
	now := time.Date(2026, 3, 25, 0, 0, 0, 0, berlin)
	require.True(t, KeepPendingInvitation(now, StartOfDay(testday.Day(t, "2026-04-01"), berlin), 7),
		"seven days of 167 hours")
}

func TestS15_DecideInvitation(t *testing.T) {
	now := testday.Instant(t, "2026-03-10T12:00:00Z")
	later, soon := now.AddDate(0, 0, 20), now.AddDate(0, 0, 3)
	for _, c := range []struct {
		name  string
		facts InvitationFacts
		want  InvitationAction
	}{
		{"first order", InvitationFacts{Standing: ContactOpensAccount}, InviteIssue},
		{"member", InvitationFacts{Standing: ContactIsMember}, InviteNone},
		{"member, whatever was decided", InvitationFacts{Standing: ContactIsMember, Decided: InviteAsAdmin}, InviteNone},
		{"pending, time left", InvitationFacts{Standing: ContactIsInvited, PendingExpires: later}, InviteKeep},
		{"pending, nearly over", InvitationFacts{Standing: ContactIsInvited, PendingExpires: soon}, InviteSupersede},
		{
			"pending, in another role than was decided",
			InvitationFacts{
				Standing:       ContactIsInvited,
				PendingExpires: later,
				PendingRole:    InviteAsReadOnly,
				Decided:        InviteAsAdmin,
			},
			InviteSupersede,
		},
		{"who opened the account and never came in", InvitationFacts{Standing: ContactOpenedAccount}, InviteIssue},
		{"colleague", InvitationFacts{Standing: ContactIsColleague}, InviteAsk},
		{
			"colleague, decided by an operator",
			InvitationFacts{Standing: ContactIsColleague, Decided: InviteAsReadOnly},
			InviteIssueWithNotice,
		},
		{"stranger", InvitationFacts{Standing: ContactIsUnknown}, InviteReview},
		{
			"stranger, let in by an operator",
			InvitationFacts{Standing: ContactIsUnknown, Decided: InviteAsAdmin},
			InviteIssueWithNotice,
		},
		{"stranger, kept out", InvitationFacts{Standing: ContactIsUnknown, Decided: InviteAsNobody}, InviteNone},
		{"nothing known", InvitationFacts{}, InviteReview},
	} {
		require.Equal(t, c.want, DecideInvitation(c.facts, now, 7), c.name)
	}
}

func TestS15_StandingOfAContact(t *testing.T) {
	admins := []string{"acme.example"}
	for _, c := range []struct {
		name  string
		facts ContactFacts
		want  ContactStanding
	}{
		{"the first order", ContactFacts{NewAccount: true, Domain: "acme.example"}, ContactOpensAccount},
		{"a member", ContactFacts{Member: true}, ContactIsMember},
		{"invited", ContactFacts{Invited: true}, ContactIsInvited},
		{"who opened the account", ContactFacts{OpenedAccount: true}, ContactOpenedAccount},
		{
			"who opened the account, and somebody looks after it by now",
			ContactFacts{OpenedAccount: true, Domain: "old.example", AdminDomains: []string{"acme.example"}},
			ContactIsUnknown,
		},
		{"a colleague", ContactFacts{Domain: "acme.example", AdminDomains: admins}, ContactIsColleague},
		{"below the domain", ContactFacts{Domain: "br.acme.example", AdminDomains: admins}, ContactIsColleague},
		{
			"a recorded domain",
			ContactFacts{Domain: "acme.test", AdminDomains: admins, KnownDomains: []string{"acme.test"}},
			ContactIsColleague,
		},
		{
			"a recorded domain, and nobody to ask",
			ContactFacts{Domain: "acme.test", KnownDomains: []string{"acme.test"}},
			ContactIsUnknown,
		},
		{"another domain", ContactFacts{Domain: "other.example", AdminDomains: admins}, ContactIsUnknown},
		{"nobody has accepted yet", ContactFacts{Domain: "acme.example"}, ContactIsUnknown},
		{"no address", ContactFacts{AdminDomains: []string{""}}, ContactIsUnknown},
	} {
		require.Equal(t, c.want, StandingOf(c.facts), c.name)
	}
}

func TestS15_FreeMailIsNobodysDomain(t *testing.T) {
	for _, domain := range []string{
		"gmail.com", "outlook.com", "hotmail.com", "hotmail.com.br", "uol.com.br", "mail.uol.com.br", "yahoo.com.br",
	} {
		require.False(t, SameMailDomain(domain, domain), domain)
		facts := ContactFacts{Domain: domain, AdminDomains: []string{domain}, KnownDomains: []string{domain}}
		require.Equal(t, ContactIsUnknown, StandingOf(facts), domain)
	}
	require.True(t, SameMailDomain("acme.com.br", "mail.acme.com.br"))
	require.False(t, SameMailDomain("acme.com.br", "other.com.br"))
	require.False(t, SameMailDomain("", ""))
}
