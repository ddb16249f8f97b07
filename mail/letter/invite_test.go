package letter_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/letter"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

var update = flag.Bool("update", false, "write the golden files")

// invitation is a session's mail as its row has it.
func invitation(step string, sequence float64) notification.Notification {
	n := notification.Notification{
		ID:        "ntf_01k0example",
		Template:  rules.TemplateSession,
		SubjectID: "tse_01k0example",
		Recipient: "ana@cliente.example",
		Locale:    "pt-BR",
		Params: map[string]any{
			"step":      step,
			"ticket":    "tkt_01k0example",
			"thread":    "tkt_01k0example",
			"number":    "TK-7F3K2",
			"summary":   "São Paulo – sessão; sala 4, câmera",
			"name":      "Ana Conceição",
			"when":      "2026-11-24T17:00:00Z/2026-11-24T18:00:00Z",
			"time_zone": "America/Sao_Paulo",
			"page":      "/tickets/TK-7F3K2",
			"uid":       "tse_01k0example@roomcover",
			"sequence":  sequence,
			"stamp":     "2026-11-23T12:00:00Z",
		},
	}
	if step != "CANCELLED" {
		n.Params["link"] = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0"
	}
	return n
}

// Each calendar message is what a golden file says: the same event for life, updated by a higher
// sequence and taken back by CANCEL, in UTC with the local time in words, from the sender to one
// attendee.
func TestS46_TheMailsOfASessionCarryItsCalendarMessages(t *testing.T) {
	p := catalogue.DefaultProgram()
	for name, n := range map[string]notification.Notification{
		"request": invitation("INVITED", 0),
		"update":  invitation("CHANGED", 1),
		"cancel":  invitation("CANCELLED", 2),
	} {
		m, err := letter.Render(p, n, "https://portal.example.com", letter.Hidden)
		require.NoError(t, err)
		require.NotNil(t, m.Invite)
		golden := filepath.Join("testdata", name+".ics")
		if *update {
			require.NoError(t, os.WriteFile(golden, m.Invite.Content, 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), string(m.Invite.Content))

		unfolded := strings.ReplaceAll(string(m.Invite.Content), "\r\n ", "")
		method := map[bool]string{true: "CANCEL", false: "REQUEST"}[name == "cancel"]
		require.Equal(t, method, m.Invite.Method)
		require.Contains(t, unfolded, "\r\nMETHOD:"+method+"\r\n")
		require.Contains(t, unfolded, "\r\nUID:tse_01k0example@roomcover\r\n")
		require.Contains(t, unfolded, "\r\nDTSTART:20261124T170000Z\r\n")
		require.Contains(t, unfolded, "mailto:"+p.SenderAddress+"\r\n", "the organiser sends it")
		require.Equal(t, 1, strings.Count(unfolded, "ATTENDEE"))
		require.Contains(t, unfolded, "Terça-feira")
		require.Contains(t, m.Text, "Terça-feira, 24 de novembro de 2026, 14:00 às 15:00 em São Paulo")
		require.Equal(t, "tkt_01k0example", m.Thread, "in the conversation of its ticket")
		require.True(t, strings.HasPrefix(m.Subject, "[TK-7F3K2] "), m.Subject)
		require.Equal(t, name == "cancel", !strings.Contains(m.Text, "teams.microsoft.com"))
	}
}

// A reminder says when and where, by its reader's clock, and changes no calendar.
func TestS46_AReminderIsNoInvitation(t *testing.T) {
	for locale, when := range map[string]string{
		"pt-BR": "Terça-feira, 24 de novembro de 2026, 14:00 às 15:00 em São Paulo",
		"en":    "14:00",
	} {
		n := invitation("REMINDED", 0)
		n.Locale = locale
		for _, name := range []string{"uid", "sequence", "stamp"} {
			delete(n.Params, name)
		}
		m, err := letter.Render(
			catalogue.DefaultProgram(), n, "https://portal.example.com", letter.Hidden)
		require.NoError(t, err)
		require.Nil(t, m.Invite)
		require.Contains(t, m.Text, when)
		require.Contains(t, m.Text, "https://teams.microsoft.com/")
		require.NotContains(t, m.Text, "REMINDED")
		for _, calendar := range []string{"calendário", "calendar"} {
			require.NotContains(t, m.Text, calendar)
			require.NotContains(t, m.HTML, calendar)
		}
	}
}

func TestS46_AProposalInvitesNobody(t *testing.T) {
	n := invitation("PROPOSED", 0)
	for _, name := range []string{"when", "link", "uid", "sequence", "stamp", "name"} {
		delete(n.Params, name)
	}
	n.Params["slots"] = []any{
		"2026-11-24T17:00:00Z/2026-11-24T18:00:00Z", "2026-11-25T17:00:00Z/2026-11-25T18:00:00Z",
	}
	m, err := letter.Render(catalogue.DefaultProgram(), n, "https://portal.example.com", letter.Hidden)
	require.NoError(t, err)
	require.Nil(t, m.Invite)
	require.Contains(t, m.Text, "- Quarta-feira, 25 de novembro de 2026, 14:00 às 15:00 em São Paulo")
	require.Contains(t, m.Text, "https://portal.example.com/tickets/TK-7F3K2")
}
