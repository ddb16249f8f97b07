package portal

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// S56: whoever asks gets the same answer, known or not, and an operator gets an item.
func TestS56_TheFormForHelpTellsNobodyApart(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		inv := w.invited()
		form := []string{"kind", "WRONG_PERSON", "text", "It went to somebody else."}
		known := w.guest().post(askHelpPath, append(form, "email", inv.Email)...)
		unknown := w.guest().post(askHelpPath, append(form, "email", "nobody@fremd.example")...)
		require.Equal(t, 200, known.status)
		require.Equal(t, known.body, unknown.body)
		require.Equal(t, known.header.Values("Set-Cookie"), unknown.header.Values("Set-Cookie"))
		require.Len(t, w.tasks(db.TaskMailboxRequest), 2)
		require.Empty(t, w.tasks(db.TaskInvitationRequested))
		require.Len(t, w.Mails(t, rules.TemplateInvitation), 1, "nothing follows from it")
	})
}

func TestS56_TheFormForHelpIsBounded(t *testing.T) {
	w := newWorld(t)
	g := w.guest()
	require.Contains(t, g.get(askHelpPath).body, `name="text"`)
	wrong := g.post(askHelpPath, "email", "nobody", "kind", "NONE", "text", "")
	require.Equal(t, 422, wrong.status)
	require.Contains(t, wrong.body, `id="email-problem"`)
	require.Contains(t, wrong.body, `id="kind-problem"`)
	require.Contains(t, wrong.body, `id="text-problem"`)

	ask := func(text string) int {
		return g.post(askHelpPath, "email", "same@acme.example", "kind", "OTHER", "text", text).status
	}
	for _, text := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		require.Equal(t, 200, ask(text))
	}
	require.Len(t, w.tasks(db.TaskMailboxRequest), 5, "what one mailbox asks beyond is dropped in silence")
	require.Equal(t, 429, ask("k"))
}
