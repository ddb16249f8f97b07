package portal

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// TestR42_PeopleActivityAndALookInABrowser looks at the page of people, at what it says before a
// removal, at the activity, and at the portal as an operator sees it who looks.
func TestR42_PeopleActivityAndALookInABrowser(t *testing.T) {
	eachScreen(t, "people", looks[3:], (*screen).asPeople)
}

func (s *screen) asPeople() {
	t, say := s.t, messages.In(s.locale).Say
	_, inv := s.admin()
	s.open("/sign-in?lang=" + s.locale)
	s.signIn("ana.souza@acme.example")
	s.open("/colleagues")
	s.do(click("details.edit summary"))
	s.check("people-alone")

	bia := s.member(inv.AccountID, "bia@acme.example", identity.RoleAdmin)
	s.member(inv.AccountID, "leo@acme.example", identity.RoleReadOnly)
	bia.post("/tokens", "label", "Booking panel", "role", "CUSTOMER_READ_ONLY")
	bia.post("/colleagues", "name", "Caio Reis", "email", "caio@acme.example", "role", "READ_ONLY")
	s.Room(t, inv.AccountID, "Aurora")
	for state, one := range map[string]identity.Invitation{
		"DELIVERED":    s.pending(inv.AccountID, "rui@acme.example"),
		"HARD_BOUNCED": s.pending(inv.AccountID, "eva@acme.example"),
	} {
		require.NoError(t, s.Exec("UPDATE notifications SET state = '"+state+"' WHERE subject_id = '"+one.ID+"'"))
	}
	d := s.desk(rules.OperatorAgent)
	look := d.looksAt(inv.AccountID)
	s.open("/colleagues")
	require.Equal(t, say("colleagues.title"), s.text("h1"))
	s.check("people")
	s.open("/colleagues/" + s.memberIDs(inv.AccountID)["bia@acme.example"] + "/remove")
	s.check("people-removal")
	s.open("/activity")
	require.Equal(t, say("activity.title"), s.text("h1"))
	s.check("activity")
	s.open("/activity?person=usr_nobody")
	s.check("activity-none")

	s.do(chromedp.EvaluateAsDevTools[chromedp.Void](
		`document.cookie = "` + web.LookCookie + `=` + look.cookie(web.LookCookie) + `; path=/"`))
	s.open("/")
	require.Contains(t, s.text(".lookbar"), say("look.end"))
	s.check("look")
	s.open("/tokens")
	require.Equal(t, say("problem.lookchanges.title"), s.text("h1"))
	s.check("look-refused")
}
