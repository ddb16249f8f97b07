package console

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

func (w *world) agent() *browser { return w.signedIn(byRole[rules.OperatorAgent]) }

// command gives a command to a replacement as its page does: the confirmation first.
func (b *browser) command(r replacement.RMA, name string, pairs ...string) reply {
	b.t.Helper()
	path := replacementPath(r.Name()) + "/do/" + name
	ask := b.get(path)
	require.Equal(b.t, http.StatusOK, ask.status, name)
	require.Contains(b.t, ask.body, `name="confirmed"`, name)
	pairs = append(pairs, "confirmed", "yes", "version", hiddenIn(ask.body, "version"))
	return b.post(path, pairs...)
}

// Who approves sees the promised day first, and until when it holds (S20, V6, V7).
func TestS20_ThePromiseIsSeenBeforeTheApproval(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	storetest.Stocked(t, w.Env, "BR-1", "BR", "RALLY-BAR", 2)
	r := w.Requested(t, c)
	b := w.agent()

	page := b.get(replacementPath(r.Name()))
	require.Contains(t, page.body, "Decide until Wed 25 Nov, 15:00 in São Paulo (in 6 h): it arrives by Thu 26 Nov")
	require.Contains(t, page.body, "Approved after that: Fri 27 Nov")
	require.Contains(t, page.body, "A license in force is assigned to the room")
	require.Contains(t, page.body, "next business day")

	ask := b.get(replacementPath(r.Name()) + "/do/approve")
	require.Contains(t, ask.body, "2 at Depot BR-1")
	require.Contains(t, ask.body, "An e-mail goes to ana.souza@acme.example and portaria@acme.example.")

	open := b.command(r, "approve")
	require.Equal(t, http.StatusUnprocessableEntity, open.status)
	require.Contains(t, open.body, "Nobody has confirmed the defect.")
	done := b.command(r, "approve", "defect", "yes", "reason", "seen by video")
	require.Equal(t, replacementPath(r.Name()), done.path)
	require.Contains(t, done.body, "Thu 26 Nov")
	require.Contains(t, done.body, "“seen by video”")
	stored := storetest.GetRMA(t, w.Env, r.ID)
	require.Equal(t, "2026-11-26", stored.Promise.On.String(), "as the page said")
	require.Equal(t, rma.RMAAllocated, stored.StoredState)
}

// The whole course, command by command, from the page.
func TestTheDeskDoesEveryStepFromThePage(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	r := w.Requested(t, c)
	b := w.agent()
	state := func() rma.RMAState { return storetest.GetRMA(t, w.Env, r.ID).StoredState }
	for _, s := range []struct {
		command string
		form    []string
		then    rma.RMAState
	}{
		{"reject", []string{"code", "NO_DEFECT", "reason", "works here"}, rma.RMARejected},
		{"appeal", []string{"reason", "it does not"}, rma.RMARequested},
		{"approve", []string{"defect", "yes"}, rma.RMAApproved},
		{"backorder", []string{"expected_on", "2026-12-01"}, rma.RMABackordered},
		{"allocate", nil, rma.RMAAllocated},
		{"ship", []string{"serial", "new-100", "carrier", "correios", "tracking", "BR1"}, rma.RMAShipped},
		{"take_back", []string{"fact", "SHIPPED", "reason", "another unit"}, rma.RMAAllocated},
		{"ship", []string{"serial", "new-101", "carrier", "correios", "tracking", "BR2"}, rma.RMAShipped},
		{"tell", []string{"fact", "PICKED_UP"}, rma.RMAShipped},
		{"tell", []string{"fact", "DELIVERED"}, rma.RMAAwaitingReturn},
		{"receive", nil, rma.RMAReturnReceived},
		{"inspect", []string{"serial", "SN-100", "outcome", "DAMAGE"}, rma.RMAInspected},
		{"bill", []string{"reason", "display broken"}, rma.RMAClosed},
	} {
		done := b.command(r, s.command, s.form...)
		require.Equal(t, replacementPath(r.Name()), done.path, "%s: %s", s.command, done.body)
		require.Equal(t, s.then, state(), s.command)
	}
	page := b.get(replacementPath(r.Name()))
	require.Contains(t, page.body, "BR2")
	require.Contains(t, page.body, "Ari Prado")
	require.Contains(t, page.body, "“display broken”")
	require.NotContains(t, page.body, "rma.shipped")
	require.NotContains(t, w.log.String(), "level=ERROR")
}

// What was typed stays where a command is refused, and the refusal stands at its field.
func TestARefusedCommandKeepsWhatWasTyped(t *testing.T) {
	w := issuerWorld(t)
	r := w.Approved(t, w.Covered(t))
	_, err := w.AllocateRMA(storetest.Operator(), r.ID, "")
	require.NoError(t, err)
	b := w.agent()
	refused := b.command(r, "ship", "serial", "", "carrier", "correios", "tracking", "BR1")
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, refused.body, `value="BR1"`)
	require.Contains(t, refused.body, "Something is missing or wrong: see the fields.")
	require.Contains(t, refused.body, `class="wrong"`)
}

// Another's change is seen before one's own is done: any command names the version it is about.
func TestACommandAboutAnotherVersionAnswers412(t *testing.T) {
	w := issuerWorld(t)
	r := w.Approved(t, w.Covered(t))
	b := w.agent()
	path := replacementPath(r.Name()) + "/do/withdraw"
	version := hiddenIn(b.get(path).body, "version")
	_, err := w.AllocateRMA(storetest.Operator(), r.ID, "")
	require.NoError(t, err)
	late := b.post(path, "confirmed", "yes", "version", version)
	require.Equal(t, http.StatusPreconditionFailed, late.status)
	require.Contains(t, late.body, "This has changed since you looked at it")
	require.Equal(t, rma.RMAAllocated, storetest.GetRMA(t, w.Env, r.ID).StoredState)
}

// Who ships too late reads what another did to the replacement, though its number stands in the
// address, and the form has again what was typed.
func TestACommandThatComesTooLateSaysWhatAnotherDid(t *testing.T) {
	w := issuerWorld(t)
	r := w.Approved(t, w.Covered(t))
	_, err := w.AllocateRMA(storetest.Operator(), r.ID, "")
	require.NoError(t, err)
	b, lead := w.agent(), w.signedIn(byRole[rules.OperatorLead])
	path := replacementPath(r.Name()) + "/do/ship"
	version := hiddenIn(b.get(path).body, "version")
	done := lead.command(r, "ship", "serial", "new-100", "carrier", "correios", "tracking", "BR1")
	require.Equal(t, http.StatusOK, done.status)

	late := b.post(path, "confirmed", "yes", "version", version,
		"serial", "new-200", "carrier", "correios", "tracking", "BR2")
	require.Equal(t, http.StatusPreconditionFailed, late.status)
	require.Regexp(t, `(?s)Lena Costa</b>.*What you typed.*BR2`, late.body)
	require.Contains(t, late.body, "new-200")
	again := b.get(linkIn(t, late.body, "Look again"))
	require.Contains(t, again.body, `value="new-200"`)
}

// RULES 4: a CSM requests and withdraws, an agent decides, a lead waives with a fresh sign-in.
func TestS52_WhoGivesWhichCommand(t *testing.T) {
	w := issuerWorld(t)
	r := w.Requested(t, w.Covered(t))
	path := replacementPath(r.Name()) + "/do/"
	csm := w.signedIn(byRole[rules.OperatorCSM])
	manager := w.signedIn(byRole[rules.OperatorManager])
	page := csm.get(replacementPath(r.Name()))
	require.Contains(t, page.body, path+"withdraw")
	require.NotContains(t, page.body, path+"approve")
	require.Equal(t, http.StatusForbidden, csm.get(path+"approve").status)
	require.Equal(t, http.StatusForbidden, csm.post(path+"approve", "confirmed", "yes", "version", "1").status)
	require.NotContains(t, manager.get(replacementPath(r.Name())).body, path)
	require.Equal(t, http.StatusForbidden, w.agent().get(path+"waive").status)

	lead := w.signedIn(byRole[rules.OperatorLead])
	w.site.freshFor = 0
	again := lead.post(path+"waive", "confirmed", "yes", "version", "1", "reason", "goodwill")
	require.Contains(t, again.body, "Sign in again first")
	require.Equal(t, http.StatusNotFound, lead.get(path+"unknown").status)
}

// many are replacements at every step of the board; the first is late.
func (w *world) many(n int) []replacement.RMA {
	w.t.Helper()
	var all []replacement.RMA
	for i := range n {
		c := w.CoveredFor(w.t, storetest.Company(i), fmt.Sprintf("ana%d@acme.example", i), fmt.Sprintf("SN-%d", 100+i))
		var r replacement.RMA
		switch i % 5 {
		case 0:
			r = w.Shipped(w.t, c)
		case 1:
			r = w.Requested(w.t, c)
		case 2:
			r = w.Approved(w.t, c)
		case 3:
			r = w.DeliveredRMA(w.t, c)
		case 4:
			r = w.DeliveredRMA(w.t, c)
			var err error
			r, err = w.ReceiveRMA(storetest.Operator(), r.ID)
			require.NoError(w.t, err)
		}
		all = append(all, r)
	}
	w.Calendar.Set(w.Calendar.Now().Add(7 * 24 * time.Hour))
	return all
}

func TestTheListAndTheBoardOfReplacements(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		all := w.many(5)
		b := w.agent()
		list := b.get(replacementsPath)
		require.Equal(t, 5, strings.Count(list.body, `<a class="row"`))
		require.Contains(t, list.body, "São Paulo")
		require.Contains(t, list.body, "days late")

		late := b.get(replacementsPath + "?late=yes")
		require.Contains(t, late.body, all[0].Name())
		require.NotContains(t, late.body, all[1].Name())
		for query, found := range map[string]replacement.RMA{
			"?q=" + strings.ToLower(all[3].Number):  all[3],
			"?q=sn-101":                             all[1],
			"?q=NEWSN-100":                          all[0],
			"?state=APPROVED":                       all[2],
			"?step=INSPECT":                         all[4],
			"?step=DECIDE&country=BR":               all[1],
			"?account=" + all[2].AccountID:          all[2],
			"?model=RALLY-BAR&step=RETURN&open=yes": all[3],
		} {
			r := b.get(replacementsPath + query)
			require.Equal(t, 1, strings.Count(r.body, `<a class="row"`), query)
			require.Contains(t, r.body, found.Name(), query)
		}
		require.Contains(t, b.get(replacementsPath+"?country=DE").body, "No replacements here")
		require.Contains(t, b.get(replacementsPath+"?format=csv").body, all[4].Name())

		board := b.get(boardPath)
		for _, r := range all {
			require.Contains(t, board.body, replacementPath(r.Name()))
		}
		require.Equal(t, 5, strings.Count(board.body, `<li class="card">`))
		require.Contains(t, board.body, "days late")
		require.Contains(t, board.body, replacementsPath+"?step=FEE")
	})
}

func TestBudget_Replacements(t *testing.T) {
	w := issuerWorld(t)
	all := w.many(15)
	b := w.agent()
	w.withinBudget(b, replacementsPath)
	w.withinBudget(b, boardPath)
	for _, r := range all[:5] {
		w.withinBudget(b, replacementPath(r.Name()))
		commands, err := w.CommandsFor(storetest.Operator(), storetest.GetRMA(t, w.Env, r.ID))
		require.NoError(t, err)
		for _, c := range commands[r.ID] {
			w.withinBudget(b, replacementPath(r.Name())+"/do/"+string(c))
		}
	}
}

// shippedBy is a replacement under way with a carrier's number.
func (b *browser) shippedBy(r replacement.RMA, serial, tracking string) {
	b.t.Helper()
	_, err := b.AllocateRMA(storetest.Operator(), r.ID, "")
	require.NoError(b.t, err)
	done := b.command(r, "ship", "serial", serial, "carrier", "correios", "tracking", tracking)
	require.Equal(b.t, replacementPath(r.Name()), done.path, done.body)
}

// The papers stand beside the parcel; many labels are one file, up to 50.
func TestLabelsSinglyAndInBulk(t *testing.T) {
	w := issuerWorld(t)
	b := w.agent()
	one := w.Approved(t, w.Covered(t))
	two := w.Approved(t, w.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200"))
	none := w.Requested(t, w.CoveredFor(t, "Gama Ltda", "gil@gama.example", "SN-300"))
	b.shippedBy(one, "NEW-1", "BR1")
	b.shippedBy(two, "NEW-2", "BR2")

	page := b.get(replacementPath(one.Name()))
	parcel := storetest.ParcelsOf(t, w.Env, one.ID)["out/1"]
	for _, paper := range []string{"label", "packing-slip"} {
		path := "/console/shipments/" + parcel.ID + "/paper/" + paper
		require.Contains(t, page.body, path)
		require.True(t, strings.HasPrefix(b.get(path).body, "%PDF"), paper)
	}

	require.Contains(t, b.get(replacementsPath).body, replacementsPath+"/~labels")
	chosen := b.post(replacementsPath+"/~labels", "id", one.ID, "id", two.ID, "id", none.ID)
	require.Equal(t, labelsPath, chosen.path)
	require.Contains(t, chosen.body, "2 labels")
	require.Contains(t, chosen.body, "Without a label")
	require.Contains(t, chosen.body, none.Name())
	file := b.get(labelsPath + "?format=zip&id=" + one.ID + "&id=" + two.ID)
	require.Equal(t, "application/zip", file.header.Get("Content-Type"))
	require.ElementsMatch(t, []string{one.Name() + "-out.pdf", two.Name() + "-out.pdf"}, namesOfPDFs(t, file.body))

	many := labelsPath + "?id=" + one.ID
	for i := range 60 {
		many += fmt.Sprintf("&id=rma_%d", i)
	}
	refused := b.get(many)
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, refused.body, "Choose at most 50")
	require.Equal(t, http.StatusUnprocessableEntity, b.get(many+"&format=zip").status)
	w.withinBudget(b, labelsPath+"?id="+one.ID+"&id="+two.ID)
}

// namesOfPDFs unpacks a file of labels.
func namesOfPDFs(t *testing.T, packed string) (names []string) {
	r, err := zip.NewReader(strings.NewReader(packed), int64(len(packed)))
	require.NoError(t, err)
	for _, f := range r.File {
		content, err := f.Open()
		require.NoError(t, err)
		pdf, err := io.ReadAll(content)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(pdf, []byte("%PDF")), f.Name)
		names = append(names, f.Name)
	}
	return names
}

// What a carrier sent as a label goes to people as it came, whatever is in it, and only so much
// of it at once.
func TestALabelOfTheCarrierIsPackedUnread(t *testing.T) {
	env, c := storetest.Carried(t, storetest.SQLite(t))
	w := worldOn(t, env, true)
	r := w.Approved(t, c)
	storetest.BookParcels(t, env, r.ID)
	b := w.agent()
	require.Contains(t, b.get(labelsPath).body, r.Name())
	hostile := "%PDF-1.4\n1 0 obj<</Type/Pages/Kids[1 0 R]/Parent 1 0 R>>endobj\nxref\n0 1\nstartxref\n58\n%%EOF"
	require.NoError(t, env.Exec("UPDATE shipment_labels SET content = '"+hostile+"'"))
	file := b.get(labelsPath + "?format=zip&id=" + r.ID)
	require.Equal(t, []string{r.Name() + "-out.pdf"}, namesOfPDFs(t, file.body))
	require.Contains(t, file.body, hostile)

	require.NoError(t, env.Exec("UPDATE shipment_labels SET content = zeroblob(51 * 1024 * 1024)"))
	page := b.get(labelsPath + "?format=zip&id=" + r.ID)
	require.Equal(t, http.StatusUnprocessableEntity, page.status)
	require.Contains(t, page.body, "The labels are too large for one file")
}
