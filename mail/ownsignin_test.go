package mail

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
)

// Who looks after a company's own sign-in reads what will end it, by which day, and where to look.
func TestS48_TheMailSaysWhatEndsTheSignIn(t *testing.T) {
	for _, locale := range messages.Locales() {
		say := messages.In(locale).Say
		text, html := render(t, "own_sign_in", locale, nil)
		for _, shown := range []string{text, html} {
			require.Contains(t, shown, say("mail.own_sign_in.title.CERTIFICATE"))
			require.Contains(t, shown, "example/metadata")
			require.Contains(t, shown, "/own-sign-in")
			require.NotContains(t, shown, say("mail.own_sign_in.record"))
		}

		text, html = render(t, "own_sign_in", locale, map[string]any{
			"what": "DOMAIN", "provider": nil, "domain": "acme.example",
			"record": "roomcover-verify=abc", "until_on": "2027-03-01",
		})
		for _, shown := range []string{text, html} {
			require.Contains(t, shown, say("mail.own_sign_in.title.DOMAIN"))
			require.Contains(t, shown, "roomcover-verify=abc")
			require.Contains(t, shown, "2027")
		}

		text, html = render(t, "own_sign_in", locale, map[string]any{
			"what": "BREAK_GLASS", "provider": nil, "person": "Ana Souza", "until_on": "2027-03-01",
		})
		for _, shown := range []string{text, html} {
			require.Contains(t, shown, say("mail.own_sign_in.title.BREAK_GLASS"))
			require.Contains(t, shown, "Ana Souza")
			require.Contains(t, shown, "/own-sign-in")
		}
	}
}
