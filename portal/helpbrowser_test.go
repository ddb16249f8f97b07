package portal

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/portal/help"
)

// The help as a visitor and as a member see it: first page, groups, a search with and without
// answers, the countries.
func TestR2_TheHelpInABrowser(t *testing.T) {
	eachScreen(t, "help", looks[2:3], (*screen).readsHelp)
}

func (s *screen) readsHelp() {
	t, say := s.t, messages.In(s.locale).Say
	s.open("/help?lang=" + s.locale)
	require.Equal(t, say("help.title"), s.text("h1"))
	s.check("help-outside")
	s.open("/help/invitation")
	s.check("help-invitation-outside")

	_, _ = s.admin()
	s.open("/sign-in?lang=" + s.locale)
	s.signIn("ana.souza@acme.example")
	s.open("/help?q=device")
	s.check("help-found")
	s.open("/help?q=xyzzy")
	s.check("help-nothing")
	s.open("/help/replacements")
	s.check("help-replacements")
	for _, group := range help.Groups {
		s.open("/help/" + group)
		s.fits("/help/" + group)
	}
	s.open("/help/countries")
	s.check("help-countries")
	s.fits("/help/countries")
	s.open("/service-orders")
	require.Equal(t, say("help.about", messages.Args{"question": s.title("license-status")}),
		s.text(".helplink .unseen"))
	s.check("service-orders-help")
}

// title is a question as the help of this screen's language asks it.
func (s *screen) title(anchor string) string {
	s.t.Helper()
	ref, err := s.Programs.Reference(s.Context)
	require.NoError(s.t, err)
	edition, err := s.portal.help.In(s.locale,
		helpValues(messages.In(s.locale), ref, s.DB.Now()))
	require.NoError(s.t, err)
	entry, ok := edition.Entry(anchor)
	require.True(s.t, ok, anchor)
	return entry.Title
}
