package console

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// made types a change, reads what follows, and makes it.
func (b *browser) made(path string, typed ...string) (shown, done reply) {
	b.t.Helper()
	shown, confirm := b.shown(path, typed...)
	require.Equal(b.t, http.StatusOK, shown.status, shown.body)
	require.Contains(b.t, shown.body, "This follows")
	return shown, b.post(path, confirm...)
}

// By whom mails come and how much hardware is given away changes with a fresh sign-in alone.
func TestS52_SenderMailboxAndSpareRatioNeedAFreshSignIn(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(byRole[rules.OperatorLead])
	w.site.freshFor = 0
	path := programPath + "/change"
	for name, value := range map[string]string{
		"sender_address": "other@desk.example", "mailbox": "other@desk.example", "spare_ratio": "3",
	} {
		ref, err := w.Domains.Programs.Reference(w.system())
		require.NoError(t, err)
		typed := []string{"reason", "as agreed"}
		for _, s := range programSettings {
			holds := s.holds(ref.Program)
			if s.name == name {
				holds = value
			}
			typed = append(typed, s.name, holds)
		}
		_, done := b.made(path, typed...)
		require.Equal(t, http.StatusForbidden, done.status, name)
		after, err := w.Domains.Programs.Reference(w.system())
		require.NoError(t, err)
		require.Equal(t, ref.Version, after.Version, name)
	}
	w.site.freshFor = freshFor
	ref, err := w.Domains.Programs.Reference(w.system())
	require.NoError(t, err)
	typed := []string{"reason", "as agreed"}
	for _, s := range programSettings {
		holds := s.holds(ref.Program)
		if s.name == "spare_ratio" {
			holds = "3"
		}
		typed = append(typed, s.name, holds)
	}
	_, done := b.made(path, typed...)
	require.Equal(t, programPath, done.path)
}

func TestSettingsAreListedWithASentenceEach(t *testing.T) {
	w := issuerWorld(t)
	lead := w.signedIn(byRole[rules.OperatorLead]).get(settingsPath).body
	manager := w.signedIn(byRole[rules.OperatorManager]).get(settingsPath).body
	for _, s := range settings {
		require.Contains(t, lead, `href="`+s.path+`"`)
		mayRead := !slices.Contains(
			[]string{tokensPath, operatorsPath, privacyPath, incidentsPath}, s.path)
		require.Equal(t, mayRead, strings.Contains(manager, `href="`+s.path+`"`), s.path)
	}
}

// A holiday that is added or taken away says first that promised days stay (S20), and is refused
// where the calendar changed meanwhile.
func TestS20_HolidaysAreAddedAndTakenAway(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		b := w.signedIn(byRole[rules.OperatorAgent])
		one := calendarsPath + "/BR"
		page := b.get(one)
		require.Contains(t, page.body, "Holidays ahead")
		require.Contains(t, b.get(calendarsPath+"?q=br").body, `href="`+one+`"`)

		shown, done := b.made(one+"/add-holiday", "date", "2026-12-02", "name", "Dia da Ponte", "reason", "decree")
		require.Contains(t, shown.body, "Dia da Ponte, is no business day in BR")
		require.Contains(t, shown.body, "Days that are promised already stay as they are")
		require.Contains(t, done.body, "Dia da Ponte")
		again, _ := b.shown(one+"/add-holiday", "date", "2026-12-02", "name", "X", "reason", "twice")
		require.Contains(t, again.body, "already a holiday")

		take := one + "/holidays/2026-12-02"
		_, confirm := b.shown(take, "reason", "repealed")
		_, err := w.Domains.Programs.AddHoliday(storetest.Operator(), storetest.CalendarChange("BR"),
			storetest.DateOf(t, "2026-12-03"), "Outro")
		if err != nil { // the version that the helper names is an older one
			c, err := w.Domains.Programs.GetCalendar(w.system(), "BR")
			require.NoError(t, err)
			_, err = w.Domains.Programs.AddHoliday(storetest.Operator(), program.CalendarChange{
				Code: "BR", Version: c.Version, Reason: "other"}, storetest.DateOf(t, "2026-12-03"), "Outro")
			require.NoError(t, err)
		}
		require.Equal(t, http.StatusPreconditionFailed, b.post(take, confirm...).status)
		_, done = b.made(take, "reason", "repealed")
		require.Contains(t, done.body, "Taken away")
		require.Contains(t, done.body, "repealed")

		week, _ := b.shown(one+"/week", "weekend", "SUN", "hours", "MON 09:00-18:00\nSAT 09:00-12:00", "reason", "x")
		require.Contains(t, week.body, "Weekend: Saturday and Sunday → Sunday")
		none, _ := b.shown(one+"/week", "weekend", "SUN", "hours", "sometimes", "reason", "x")
		require.Equal(t, http.StatusUnprocessableEntity, none.status)
		_, done = b.made(settingsPath+"/new-calendar", "country", "BR", "region", "MA", "reason", "own holidays")
		require.Contains(t, done.body, "Calendar BR-MA")
	})
}

// Who may sell is authorized, suspended and known by its names here, with a reason.
func TestR45a_ResellersAreAuthorizedAndSuspended(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		b := w.signedIn(byRole[rules.OperatorLead])
		shown, done := b.made(settingsPath+"/new-reseller", "kind", "RESELLER", "name", "Revenda Oeste Ltda",
			"country", "BR", "authorised_from", "2026-01-01", "authorised_until", "", "suspended", "no")
		require.Contains(t, shown.body, "taken without a review of the seller")
		require.Contains(t, done.body, "may sell")
		one := done.path

		bad, _ := b.shown(one+"/edit/record", "name", "Revenda Oeste Ltda", "country", "BR",
			"authorised_from", "2026-01-01", "suspended", "yes")
		require.Contains(t, bad.body, "A reason is missing")
		shown, done = b.made(one+"/edit/record", "name", "Revenda Oeste Ltda", "country", "BR",
			"authorised_from", "2026-01-01", "authorised_until", "", "suspended", "yes", "reason", "unpaid")
		require.Contains(t, shown.body, "suspended: no → yes")
		require.Contains(t, shown.body, "tokens and orders are refused")
		require.Contains(t, done.body, "suspended")

		_, done = b.made(one+"/edit/mail", "domains", "oeste.example", "notices_to", "pedidos@oeste.example",
			"locale", "pt-BR", "reason", "contract\r\nof May")
		require.Contains(t, done.body, "pedidos@oeste.example")
		wrong, confirm := b.shown(one+"/edit/mail", "domains", "gmail.com", "reason", "x")
		require.Equal(t, http.StatusOK, wrong.status)
		require.Equal(t, http.StatusUnprocessableEntity, b.post(one+"/edit/mail", confirm...).status, "a domain of anybody's")
		_, done = b.made(one+"/edit/spellings", "spellings", "Oeste Comércio\nOESTE; PT", "reason", "their papers")
		require.Contains(t, done.body, "OESTE; PT · Oeste Comércio")

		orgs, _, err := w.Domains.Accounts.ListOrgs(w.system(), account.OrgReseller, db.Page{})
		require.NoError(t, err)
		require.True(t, orgs[0].Suspended)
		require.Equal(t, http.StatusNotFound, b.get(sellersPath+"/"+account.OperatorOrgID).status, "no seller")
	})
}

func TestR35e_ManagersAreEnteredAndLeave(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(byRole[rules.OperatorAgent])
	_, done := b.made(settingsPath+"/new-csm", "name", "Bia Prado", "email", "bia@desk.example",
		"phone", "+55 11 4000", "reason", "new")
	require.Contains(t, done.body, "Bia Prado")
	csms, _, err := w.Domains.Accounts.ListCSMs(w.system(), db.Page{})
	require.NoError(t, err)
	shown, done := b.made(csmsPath+"/"+csms[0].ID, "name", "Bia Prado", "email", "bia@desk.example",
		"phone", "+55 11 4000", "active", "no", "reason", "left")
	require.Contains(t, shown.body, "gets a task for another manager")
	require.Contains(t, done.body, "has left")
	require.NotContains(t, w.signedIn(byRole[rules.OperatorManager]).get(csmsPath).body, csmsPath+"/csm_")
}

// Program, catalog, models and terms are changed by the version that was seen; what follows is
// said first.
func TestR1_TheProgramIsChangedByTheVersionSeen(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		b := w.signedIn(byRole[rules.OperatorLead])
		path := programPath + "/change"
		var typed []string
		ref, err := w.Domains.Programs.Reference(w.system())
		require.NoError(t, err)
		for _, s := range programSettings {
			value := s.holds(ref.Program)
			if s.name == "invite_days" {
				value = "45"
			}
			typed = append(typed, s.name, value)
		}
		unexplained, _ := b.shown(path, typed...)
		require.Equal(t, http.StatusUnprocessableEntity, unexplained.status, "a reason is needed")
		typed = append(typed, "reason", "as agreed")
		_, confirm := b.shown(path, typed...)
		shown, done := b.made(path, typed...)
		require.Contains(t, shown.body, "Days that an invitation is valid: 30 → 45")
		require.Contains(t, done.body, "45")
		require.Equal(t, http.StatusPreconditionFailed, b.post(path, confirm...).status, "an older page")

		shown, done = b.made(cataloguePath+"/new", "code", "select-9y", "service_type", "SELECT", "term_years", "5",
			"reason", "sold from now on")
		require.Contains(t, shown.body, "may ask for SELECT-9Y")
		require.Contains(t, done.body, "SELECT-9Y")
		bad, _ := b.shown(cataloguePath+"/SELECT-9Y", "service_type", "SELECT", "term_years", "9", "reason", "x")
		require.Equal(t, http.StatusUnprocessableEntity, bad.status)

		shown, done = b.made(modelsPath+"/new", "code", "RALLY-X", "name", "Rally X", "kind", "HARDWARE",
			"serialised", "yes", "standard_warranty_years", "2", "effective_from", "2026-01-01",
			"reason", "it came out")
		require.Contains(t, shown.body, "A version of Rally X (RALLY-X) is added")
		require.Contains(t, done.body, "Rally X")
		shown, _ = b.shown(modelsPath+"/RALLY-X.2026-01-01", "name", "Rally X2", "kind", "HARDWARE",
			"serialised", "yes", "standard_warranty_years", "2", "effective_from", "2026-01-01",
			"reason", "its name")
		require.Contains(t, shown.body, "Rally X → Rally X2")
		details := strings.Join(w.Strings(t, `SELECT CAST(details AS text) FROM audit_events
			WHERE verb IN ('program.changed', 'catalogue.changed', 'model.changed')`), " ")
		for _, reason := range []string{"as agreed", "sold from now on", "it came out"} {
			require.Contains(t, details, reason)
		}

		shown, done = b.made(termsPath+"/BR", "available", "yes", "rma_speed", "3bd", "languages", "pt-BR, en",
			"effective_from", "2026-12-01", "note", "Three days from December.")
		require.Contains(t, shown.body, "cannot be taken back")
		require.Contains(t, done.body, "Three days from December.")
	})
}

// What support promises is changed by a version from a day on, and what is open keeps its own.
func TestS39_ServiceLevelsArePublishedInVersions(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		b := w.signedIn(byRole[rules.OperatorLead])
		page := b.get(policiesPath)
		require.Contains(t, page.body, "1 · room down")
		require.Contains(t, page.body, "1 hour")
		require.Contains(t, page.body, "1 business day")
		require.Contains(t, page.body, "no time promised")

		typed := []string{"always_on", "yes", "third_party_pauses", "yes", "effective_from", "2026-12-24",
			"reason", "as agreed with the customers"}
		for _, s := range []string{"1", "2", "3", "4"} {
			typed = append(typed, "/promises/"+s+"/first_response", "2h",
				"/promises/"+s+"/updates", "", "/promises/"+s+"/restore", "8h/1h")
		}
		shown, done := b.made(policiesPath+"/SELECT", typed...)
		require.Contains(t, shown.body, "Version 2 counts for tickets that are opened from")
		require.Contains(t, shown.body, "Tickets opened before keep theirs.")
		require.Contains(t, done.body, "as agreed with the customers")
		require.Contains(t, done.body, "SELECT · 2")

		for i, name := range typed {
			if name == "/promises/1/updates" {
				typed[i+1] = "soon"
			}
		}
		bad, _ := b.shown(policiesPath+"/SELECT", typed...)
		require.Equal(t, http.StatusUnprocessableEntity, bad.status)
		require.Contains(t, bad.body, "This is not a promised time.")
		require.Equal(t, http.StatusNotFound, b.get(policiesPath+"/SYNC_PLUS").status)
	})
}

func TestBudget_Settings(t *testing.T) {
	w := issuerWorld(t)
	o := w.Reseller(t, "Revenda Sul")
	b := w.signedIn(staff[0])
	for _, path := range []string{
		settingsPath, calendarsPath, calendarsPath + "/BR", sellersPath, sellersPath + "/" + o.ID, csmsPath,
		cataloguePath, modelsPath, termsPath, policiesPath, programPath, programPath + "/change", sellersPath + "/" + o.ID + "/edit/record",
	} {
		w.withinBudget(b, path)
	}
}

// What is sold is named as it is everywhere else: no sentence is left with a hole in it.
func TestTheCatalogueNamesItsServices(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(byRole[rules.OperatorLead])
	for _, path := range []string{cataloguePath, cataloguePath + "/" + newOne, cataloguePath + "/SELECT-1Y"} {
		page := b.get(path)
		require.Equal(t, http.StatusOK, page.status, path)
		require.Contains(t, page.body, "Logitech Select", path)
		_, content, found := strings.Cut(page.body, "<main")
		require.True(t, found)
		require.NotContains(t, content, "{", path)
	}
}
