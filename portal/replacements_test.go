package portal

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
)

func TestR55_ReplacementsAreInTheMenuAndExplainThemselvesWhereThereAreNone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, eva, bruno := w.covered()
		page := eva.get("/replacements").body
		require.Regexp(t, `(?s)<nav class="nav".*href="/replacements" aria-current="page">.*Replacements.*</nav>`,
			page)
		require.Contains(t, page, "There are no replacements in this account yet.")
		require.Contains(t, page, `href="/replacements/request"`)
		seen := bruno.get("/replacements").body
		require.NotContains(t, seen, `href="/replacements/request"`)
		require.Contains(t, seen, "An administrator of the account can request a replacement here.")
		bruno.get("/?lang=pt-BR")
		require.Regexp(t, `(?s)<nav class="nav".*Substituições.*</nav>`, bruno.get("/").body)
		require.Equal(t, "/sign-in", w.guest().get("/replacements").path)
	})
}

func TestS20_TheListTellsStatePromiseAndWhatTheCustomerDoesNext(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, eva, _ := w.covered()
		r := w.Requested(t, c)
		line := func() string { return rows(eva.get("/replacements").body)[1] }
		require.Equal(t, "Rally Bar , Sala 1 Sala 1 "+r.Number+" · Serial number SN100 Being checked After approval Nothing",
			line())
		_, err := w.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		require.Contains(t, line(), "Approved 26 November 2026 Nothing")
		w.Calendar.Set(*getRMA(t, w, r.ID).PromiseDueAt)
		require.Contains(t, line(), "26 November 2026 Late Nothing",
			"from the first instant after the promised day on (S21)")
		require.Equal(t,
			"The new device was promised by 26 November 2026 and has not arrived yet. Our team is looking into it.",
			next(eva.get("/replacements/"+r.ID).body))
		_, err = w.AllocateRMA(storetest.Operator(), r.ID, "")
		require.NoError(t, err)
		_, err = w.ShipRMA(storetest.Operator(), r.ID, replacement.RMAShipment{Serial: "NEW1"})
		require.NoError(t, err)
		_, err = w.RecordRMAFact(w.Context, r.ID, rma.FactDelivered, time.Time{})
		require.NoError(t, err)
		require.Contains(t, line(),
			"Return due 26 November 2026 Arrived late Return the faulty device by 11 December 2026")
		w.Calendar.Set(*getRMA(t, w, r.ID).ReturnDueAt)
		require.Contains(t, line(),
			"Return overdue 26 November 2026 Arrived late Return the faulty device now; it was due by 11 December 2026")
		eva.get("/?lang=pt-BR")
		require.Contains(t, line(),
			"Devolução atrasada 26 de novembro de 2026 Chegou com atraso Devolver agora o equipamento com defeito; o prazo era 11 de dezembro de 2026")
	})
}

func getRMA(t *testing.T, w *world, id string) replacement.RMA {
	t.Helper()
	r, err := w.GetRMA(w.Context, id)
	require.NoError(t, err)
	return r
}

func TestReplacementsArePagedFromNewToOld(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, eva, _ := w.covered()
		for i := range replacementsAPage + 2 {
			_, err := w.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
				AccountID: c.Account,
				RoomID:    c.Room.ID,
				ModelCode: "STRONG-USB-CABLE",
				Quantity:  1 + i%20,
				Fault:     "Broken",
			})
			require.NoError(t, err)
		}
		first := eva.get("/replacements").body
		require.Len(t, rows(first), 1+replacementsAPage)
		require.NotContains(t, first, "Newest")
		older := regexp.MustCompile(`href="(/replacements\?after=[^"]+)" rel="next"`).FindStringSubmatch(first)
		require.NotNil(t, older)
		second := eva.get(older[1]).body
		require.Len(t, rows(second), 1+2)
		require.Contains(t, rows(second)[2], "1 × Strong USB cable", "the first one is the last")
		require.Contains(t, second, `<a class="btn" href="/replacements">Newest</a>`)
		require.NotContains(t, second, `rel="next"`)
		for _, cursor := range []string{
			"rma_%27", "x", strings.Repeat("a", 500), "rma_01k0000000000000000000000x",
			strings.TrimPrefix(older[1], "/replacements?after=")[1:],
		} {
			refused := eva.get("/replacements?after=" + cursor)
			require.Equal(t, 400, refused.status, cursor)
			require.Contains(t, refused.body, "Start again from the first page.")
			require.Contains(t, refused.body, `href="/replacements"`)
		}
		gil, _ := w.site("gil@globex.example")
		require.Equal(t, 400, gil.get(older[1]).status, "the cursor of another account")
		require.Empty(t, w.log.String())
	})
}

// Not even the page of an error can be made without the database: what is left is a
// sentence, in the visitor's language.
func TestWithoutTheDatabaseThePortalSaysWhenToComeBack(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Close())
	for language, want := range map[string]string{
		"en": "Try again in a few minutes.", "pt-BR,pt;q=0.9": "Tente de novo em alguns minutos.",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/sign-in", nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Language", language)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, errors.Join(err, res.Body.Close()))
		require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, string(body))
		require.Equal(t, "10", res.Header.Get("Retry-After"))
		require.Contains(t, string(body), want)
	}
}

func TestC5_AForeignReplacementDoesNotExist(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, w *world) {
		c, eva, _ := w.covered()
		r := w.rejected(c)
		gil, _ := w.site("gil@globex.example")
		require.NotContains(t, gil.get("/replacements").body, r.Number)
		require.NotContains(t, gil.get("/replacements").body, "SN100")
		foreign := gil.get("/replacements/" + r.ID)
		missing := gil.get("/replacements/rma_missing")
		require.Equal(t, 404, foreign.status)
		require.Equal(t, missing.body, foreign.body)
		for _, command := range []string{"/withdraw", "/appeal"} {
			for _, id := range []string{r.ID, "rma_missing", strings.Repeat("x", 300)} {
				refused := gil.post("/replacements/"+id+command, "reason", "mine")
				require.Equal(t, 404, refused.status)
				require.NotContains(t, refused.body, "SN100")
				require.Equal(t, 404, gil.post("/replacements/"+id+command).status, "also without a reason")
			}
		}
		require.Nil(t, getRMA(t, w, r.ID).AppealedAt)
		require.Equal(t, 200, eva.get("/replacements/"+r.ID).status)
	})
}

// A person of two accounts sees those of the account at hand only.
func TestC5_ReplacementsAreThoseOfTheAccountAtHand(t *testing.T) {
	w := newWorld(t)
	c, eva, _ := w.covered()
	r := w.Requested(t, c)
	_, acc := w.site("gil@globex.example")
	inv, err := w.Invite(w.Context, identity.NewInvite{
		AccountID:   acc.ID,
		Email:       "eva@acme.example",
		ContactName: "Eva",
		Role:        identity.RoleAdmin,
		Kind:        identity.InvitationForColleague,
	})
	require.NoError(t, err)
	eva.get(w.link(inv))
	require.Equal(t, "/", eva.post("/invitation/accept").path)
	require.Contains(t, eva.post("/account", "account", acc.ID).body, "Globex")
	require.NotContains(t, eva.get("/replacements").body, r.Number)
	require.Equal(t, 404, eva.get("/replacements/"+r.ID).status)
	require.Equal(t, 404, eva.get("/replacements/"+r.Number).status)
	require.Equal(t, 404, eva.post("/replacements/"+r.ID+"/withdraw", "confirmed", "yes").status)
	require.Equal(t, 422, eva.post("/replacements/request", "serial", "SN-100", "fault", "Broken").status,
		"nor are its devices")
	eva.post("/account", "account", c.Account)
	require.Equal(t, 200, eva.get("/replacements/"+r.ID).status)
}

// Every state, sentence, step and code that the rules can give has words, and every
// step that is written to the audit is told or left out on purpose.
func TestEveryStateAndStepOfAReplacementHasWords(t *testing.T) {
	var keys []string
	for _, s := range rma.RMAStates() {
		keys = append(keys, "rma."+string(s), "next."+string(s))
		require.Contains(t, rmaTones, s)
	}
	for _, c := range rma.RejectCodes() {
		keys = append(keys, "reject."+c)
	}
	for _, o := range []rma.RMAOutcome{rma.OutcomeDefect, rma.OutcomeNoFault, rma.OutcomeDamage} {
		keys = append(keys, "outcome."+string(o))
	}
	for _, f := range []rma.RMAFee{rma.FeeAsked, rma.FeeBilled, rma.FeeCredited, rma.FeeWaived} {
		keys = append(keys, "fee."+string(f))
	}
	for _, verb := range shownVerbs {
		keys = append(keys, "event."+verb)
	}
	for _, code := range append(refusalCodes, rma.SerialTooNew) {
		keys = append(keys, "refusal."+code)
	}
	for _, k := range keys {
		require.True(t, messages.In("en").Has(k), k)
	}
	// between the service and its people
	untold := []string{"fee_asked", "parcel_silent", "parcel_told_lost", "parcel_awaited",
		"shipment_forgotten"}
	files, err := filepath.Glob("../models/replacement/*.go")
	require.NoError(t, err)
	written := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`note\("rma\.([a-z_]+)"`).FindAllStringSubmatch(string(text), -1) {
			written++
			require.True(t, slices.Contains(shownVerbs, m[1]) != slices.Contains(untold, m[1]), m[1])
		}
	}
	require.Greater(t, written, 15, "the verbs stand elsewhere now")
}
