package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// From a serial number, in whatever spelling: what covers it by which rule, the day before and
// after the cut-off, stock by depot, and one replacement however often the form is sent.
func TestS20_AReplacementFromItsSerialNumber(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		storetest.Stocked(t, w.Env, "BR-1", "BR", "RALLY-BAR", 2)
		w.Calendar.Set(w.Calendar.Now().Add(5*time.Hour + 22*time.Minute)) // 14:22 in São Paulo
		b := w.agent()
		page := b.get(newReplacementPath + "?find=sn+100")
		require.Contains(t, page.body, "Covered")
		require.Contains(t, page.body, "A license in force is assigned to the room")
		require.Contains(t, page.body, "Approved until Wed 25 Nov, 15:00 in São Paulo (in 38 min): Thu 26 Nov")
		require.Contains(t, page.body, "After that: Fri 27 Nov")
		require.Contains(t, page.body, "2 at Depot BR-1")
		require.Contains(t, page.body, "Rui Portaria")

		form := []string{"once", hiddenIn(page.body, "once"), "serial", hiddenIn(page.body, "serial"),
			"site", hiddenIn(page.body, "site"), "fault", "No picture", "defect", "yes"}
		first := b.post(newReplacementPath, form...)
		second := b.post(newReplacementPath, form...)
		require.True(t, strings.HasPrefix(first.path, replacementsPath+"/RMA-"), first.body)
		require.Equal(t, first.path, second.path, "sent twice, requested once")
		all, _, err := w.ListRMAs(w.system(), replacement.RMAFilter{})
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, rma.RMAAllocated, all[0].StoredState)
		require.Equal(t, "2026-11-26", all[0].Promise.On.String(), "as the page said")
		require.Equal(t, c.Site.ID, all[0].SiteID)

		again := b.get(newReplacementPath + "?serial=SN-100")
		require.Contains(t, again.body, "It is being replaced already")
		require.NotContains(t, again.body, `name="fault"`)
	})
}

// From a room: its devices and the accessories that it covers; from an account: its rooms.
func TestAReplacementFromItsRoom(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		b := w.signedIn(byRole[rules.OperatorCSM])
		for _, query := range []string{"?find=sala", "?account=" + c.Account} {
			rooms := b.get(newReplacementPath + query)
			require.Contains(t, rooms.body, newReplacementPath+"?room="+c.Room.ID, query)
		}
		room := b.get(newReplacementPath + "?room=" + c.Room.ID)
		require.Contains(t, room.body, newReplacementPath+"?serial=SN100")
		require.Contains(t, room.body, "STRONG-USB-CABLE")
		page := b.get(newReplacementPath + "?room=" + c.Room.ID + "&model=STRONG-USB-CABLE")
		require.Contains(t, page.body, "Covered through its room")
		require.NotContains(t, page.body, `name="defect"`, "a CSM decides on none")
		made := b.post(newReplacementPath, "once", hiddenIn(page.body, "once"), "room", c.Room.ID,
			"model", "STRONG-USB-CABLE", "site", hiddenIn(page.body, "site"), "fault", "Broken", "quantity", "3")
		require.Contains(t, made.body, "3 × ")
		require.Contains(t, b.get(newReplacementPath+"?find=nothing").body, "Nothing is called “nothing”")
	})
}

// R35d: the spare on site is offered first, and ends the outage without a shipment.
func TestR35d_ASpareOnSiteIsOfferedFirst(t *testing.T) {
	w := issuerWorld(t)
	_, unit := w.SpareOnSite(t)
	b := w.agent()
	page := b.get(newReplacementPath + "?serial=SN-100")
	require.Contains(t, page.body, `value="`+unit.ID+`" selected`)
	require.Less(t, strings.Index(page.body, `name="spare_unit_id"`), strings.Index(page.body, `name="fault"`))
	made := b.post(newReplacementPath, "once", hiddenIn(page.body, "once"), "serial", "SN-100",
		"site", hiddenIn(page.body, "site"), "fault", "No picture", "spare_unit_id", unit.ID)
	require.Contains(t, made.body, "Spare in use")
	all, _, err := w.ListRMAs(w.system(), replacement.RMAFilter{})
	require.NoError(t, err)
	require.Equal(t, rma.OutboundSwapped, all[0].RMAFacts.Outbound())
	require.Contains(t, b.get(replacementPath(all[0].Name())).body, "sends another spare")
}

// R35e: who looks after the customer is named, with how to reach them.
func TestR35e_TheManagerOfTheCustomerIsNamed(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	b := w.agent()
	require.NotContains(t, b.get(newReplacementPath+"?serial=SN-100").body, "Customer success manager")
	csm, err := w.CreateCSM(storetest.Lead(), rules.CSMForm{Name: "Clara Reis", Email: "clara@desk.example"}, "new")
	require.NoError(t, err)
	_, err = w.AssignCSM(storetest.Lead(), account.CSMAssignment{AccountID: c.Account, CSMID: csm.ID, Reason: "new"})
	require.NoError(t, err)
	page := b.get(newReplacementPath + "?serial=SN-100")
	require.Contains(t, page.body, "Customer success manager")
	require.Contains(t, page.body, "Clara Reis · clara@desk.example")
}

// What is not covered says why, and offers no form; a refusal keeps what was typed.
func TestR35b_WhatIsNotCoveredSaysWhy(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	room := w.Room(t, c.Account, "Sala 2")
	w.Device(t, room, "SN-OLD", "RALLY-BAR", "2019-06-01")
	b := w.agent()
	page := b.get(newReplacementPath + "?serial=SN-OLD")
	require.Contains(t, page.body, "Not covered")
	require.Contains(t, page.body, "Too old: all cover of hardware ended with its age")
	require.NotRegexp(t, ruleNumber, page.body)
	require.NotContains(t, page.body, `name="fault"`)

	refused := b.post(newReplacementPath, "once", "once_1", "serial", "SN-100", "site", c.Site.ID,
		"fault", " ", "defect", "yes")
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, refused.body, `value="yes" selected`)
	require.Equal(t, "once_1", hiddenIn(refused.body, "once"))
	require.Contains(t, refused.body, "Fill this in.")
}

func TestBudget_ANewReplacement(t *testing.T) {
	w := issuerWorld(t)
	c, _ := w.SpareOnSite(t)
	storetest.Stocked(t, w.Env, "BR-1", "BR", "RALLY-BAR", 2)
	for range 30 {
		w.Room(t, c.Account, "Sala "+rules.NormaliseSerial(t.Name())+time.Now().Format("150405.000000000"))
	}
	b := w.agent()
	for _, query := range []string{
		"", "?find=Sala", "?account=" + c.Account, "?room=" + c.Room.ID,
		"?serial=SN-100&site=" + c.Site.ID, "?room=" + c.Room.ID + "&model=STRONG-USB-CABLE",
	} {
		w.withinBudget(b, newReplacementPath+query)
	}
}
