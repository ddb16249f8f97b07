package console

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// What an agent typed when their session was over is there again after signing in, for them and
// nobody else; nothing is sent by itself.
func TestComingBack_WhatAnAgentTypedIsThereAgain(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	tk := w.OpenedTicket(t, c)
	path := ticketPath(tk.Number)
	for _, form := range []string{"/reply", "/notes"} {
		b := w.agent()
		page := b.get(path)
		require.NoError(t, w.Exec("DELETE FROM operator_sessions"))
		out := b.upload(path+form, "guide.txt", []byte("turn it on"),
			replyForm(page, "text", "Half a sentence"+form)...)
		require.Equal(t, signInPath, out.path)
		require.Zero(t, w.Count(t, "SELECT count(*) FROM attachments"))

		b.get(StartPath + "?as=" + url.QueryEscape(byRole[rules.OperatorAgent].Email))
		back := b.get(path)
		require.Contains(t, back.body, "Half a sentence"+form+"</textarea>")
		require.NotContains(t, b.get(path).body, "Half a sentence", "once")
	}

	b := w.agent()
	page := b.get(path)
	require.NoError(t, w.Exec("DELETE FROM operator_sessions"))
	b.post(path+"/reply", replyForm(page, "text", "Of Ari alone")...)
	b.get(StartPath + "?as=" + url.QueryEscape(byRole[rules.OperatorLead].Email))
	require.NotContains(t, b.get(path).body, "Of Ari alone", "another person signs in")
}
