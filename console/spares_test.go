package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
)

func (w *world) csm() *browser { return w.signedIn(byRole[rules.OperatorCSM]) }

// spareCommand gives a command to a spare unit as its page does: the confirmation first.
func (b *browser) spareCommand(u replacement.SpareUnit, name string, pairs ...string) reply {
	b.t.Helper()
	path := spareUnitPath(u.Name()) + "/do/" + name
	ask := b.get(path)
	require.Equal(b.t, http.StatusOK, ask.status, name)
	return b.post(path, append(pairs, "confirmed", "yes", "version", hiddenIn(ask.body, "version"))...)
}

// parentOf is the customer's parent of an account.
func (w *world) parentOf(accountID string) string {
	w.t.Helper()
	acc, err := w.GetAccount(w.system(), accountID)
	require.NoError(w.t, err)
	return acc.ParentOrgID
}

// R84: the three criteria stand on the page, each with its reason, and lead to the choice.
func TestR84_TheAidRanksModelsRoomsAndCouriers(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c, unit := w.Spare(t)
		for _, serial := range []string{"SN-101", "SN-102"} {
			w.Device(t, c.Room, serial, "RALLY-BAR", "2026-06-01")
		}
		w.Device(t, c.Room, "SN-103", "MEETUP", "2026-06-01")
		form := storetest.RoomForm("Sala da diretoria")
		form.Site, form.Criticality = c.Room.Site, rules.CriticalityCritical
		critical, err := w.ChangeRoom(storetest.Lead(), c.Room.ID, form, c.Room.Version, "the board meets here")
		require.NoError(t, err)
		_, err = w.MarkCourier(storetest.Lead(), c.Site.ID, true, "lost twice")
		require.NoError(t, err)

		b := w.csm()
		page := b.get(spareParentPath(w.parentOf(c.Account)))
		require.Contains(t, page.body, "3 in rooms of this customer")
		require.Contains(t, page.body, "Rooms without an alternative at this site")
		require.Contains(t, page.body, "The courier is unreliable at this site")
		require.Contains(t, page.body, critical.Name)
		require.Contains(t, page.body, "Courier unreliable")
		require.Less(t, strings.Index(page.body, "3 in rooms"), strings.Index(page.body, "1 in rooms"))

		link := spareUnitPath(unit.Name()) + "/do/select?model=RALLY-BAR&amp;site_id=" + c.Site.ID
		require.Contains(t, page.body, link)
		require.NotContains(t, w.agent().get(spareParentPath(w.parentOf(c.Account))).body, "/do/select", "a CSM chooses")
		ask := b.get(strings.ReplaceAll(link, "&amp;", "&"))
		require.Contains(t, ask.body, `value="RALLY-BAR" selected`)
		require.Contains(t, ask.body, `value="`+c.Site.ID+`" selected`)
		done := b.spareCommand(unit, "select", "model", "RALLY-BAR", "site_id", c.Site.ID)
		require.Equal(t, spareUnitPath(unit.Name()), done.path, done.body)
		require.Contains(t, done.body, "Proposed to the customer")
	})
}

// R88b: a model that stands nowhere is refused beside what was typed.
func TestR88b_AModelThatIsNotDeployedIsRefused(t *testing.T) {
	w := issuerWorld(t)
	c, unit := w.Spare(t)
	b := w.csm()
	refused := b.spareCommand(unit, "select", "model", "SCRIBE", "site_id", c.Site.ID, "reason", "as agreed")
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, refused.body, "The customer has no device of this model in a room.")
	require.Contains(t, refused.body, "as agreed")
	require.Equal(t, http.StatusForbidden, w.agent().get(spareUnitPath(unit.Name())+"/do/select").status)
	require.Equal(t, http.StatusForbidden, w.signedIn(byRole[rules.OperatorManager]).
		get(spareUnitPath(unit.Name())+"/do/ship").status)
}

// From the choice to the site, taken back once, recalled and waived by a lead.
func TestASpareGoesItsWayFromThePage(t *testing.T) {
	w := issuerWorld(t)
	c, unit := w.Spare(t)
	unit = w.Agreed(t, c, unit)
	b := w.agent()
	state := func() spare.SpareState { return storetest.UnitOf(t, w.Env, unit.ID).State }
	stale := hiddenIn(b.get(spareUnitPath(unit.Name())+"/do/ship").body, "version")
	for _, s := range []struct {
		command string
		form    []string
		then    spare.SpareState
	}{
		{"ship", []string{"serial", "SP-1"}, spare.SpareShipped},
		{"take_back", []string{"fact", "SHIPPED", "reason", "another unit"}, spare.SpareApproved},
		{"ship", []string{"serial", "SP-2"}, spare.SpareShipped},
		{"tell", []string{"fact", "DELIVERED"}, spare.SpareOnSite},
	} {
		done := b.spareCommand(unit, s.command, s.form...)
		require.Equal(t, spareUnitPath(unit.Name()), done.path, "%s: %s", s.command, done.body)
		require.Equal(t, s.then, state(), s.command)
	}
	late := b.post(spareUnitPath(unit.Name())+"/do/take_back", "confirmed", "yes", "version", stale,
		"fact", "DELIVERED", "reason", "x")
	require.Equal(t, http.StatusPreconditionFailed, late.status)

	page := b.get(spareParentPath(w.parentOf(c.Account)))
	require.Contains(t, page.body, "1 earned by 60 licenses in force")
	require.Contains(t, page.body, "PO-50-SN-100")
	require.Contains(t, page.body, ">Here<")
	storetest.LoseLicences(t, w.Env, c)
	require.Equal(t, spare.SpareRecallRequested, state())
	lead := w.signedIn(byRole[rules.OperatorLead])
	require.Contains(t, lead.spareCommand(unit, "waive", "reason", "goodwill").body, "“goodwill”")
	require.Equal(t, spare.SpareWaived, state())
	require.NotContains(t, w.log.String(), "level=ERROR")
}

func TestBudget_Spares(t *testing.T) {
	w := issuerWorld(t)
	c, unit := w.SpareOnSite(t)
	for i := range 20 {
		w.Site(t, c.Account, "Filial "+storetest.Company(i), "BR", "SP")
	}
	for i := range 10 {
		w.CoveredFor(t, storetest.Company(i), "ana@empresa.example", "SN-2"+string(rune('A'+i)))
	}
	_, pending := w.SpareFor(t, "Beta Ltda", "bia@beta.example", "SN-901")
	b := w.csm()
	for _, path := range []string{
		sparesPath, spareParentPath(unit.ParentOrgID), spareUnitPath(unit.Name()),
		spareUnitPath(pending.Name()) + "/do/select",
	} {
		w.withinBudget(b, path)
	}
	list := b.get(sparesPath)
	require.Contains(t, list.body, spareParentPath(unit.ParentOrgID))
	require.Contains(t, list.body, "Beta Ltda")
}
