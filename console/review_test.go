package console

import (
	"html"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
)

func reviewPath(o order.Order) string { return orderPath(o.ID) + "/review" }

// acceptedFrom sends the form of a review with what is chosen in it.
func (b *browser) acceptedFrom(o order.Order, pairs ...string) reply {
	form := []string{
		"version", strconv.FormatInt(o.Version, 10),
		"email", o.Payload.EndCustomer.Email,
		"reason", "checked with the seller",
	}
	return b.post(reviewPath(o)+"/accept", append(form, pairs...)...)
}

// order reads the order as it is.
func (w *world) order(id string) order.Order {
	w.t.Helper()
	o, err := w.GetOrder(w.system(), id)
	require.NoError(w.t, err)
	return o
}

func TestR45a_AnOrderIsReviewedSideBySideAndAcceptedWithWhatFollows(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		o := w.Accept(t, w.unauthorised("Revenda Norte"), formOf("PO-1", "Globex S.A.", "Revenda Norte"))
		manager, agent := w.signedIn(byRole[rules.OperatorManager]), w.signedIn(byRole[rules.OperatorAgent])

		seen := manager.get(reviewPath(o))
		require.Contains(t, seen.body, "Revenda Norte is not authorized to sell.")
		require.NotContains(t, seen.body, "<textarea")
		page := agent.get(reviewPath(o))
		for _, text := range []string{"Authorize the reseller if it should be", "Av. Paulista, 1000", "A new account", "SELECT-3Y"} {
			require.Contains(t, page.body, text)
		}
		require.Contains(t, agent.get(orderPath(o.ID)).body, `href="`+reviewPath(o)+`"`)

		asked := agent.acceptedFrom(o)
		require.Equal(t, http.StatusOK, asked.status)
		for _, text := range []string{
			"A new account is opened for Globex S.A.", "1 contract is made, with 10 licenses.",
			"ana@glob.example is invited as administrator.", "They are told by mail:",
		} {
			require.Contains(t, asked.body, text)
		}
		require.Equal(t, rules.OrderNeedsReview, w.order(o.ID).State, "nothing happened yet")

		done := agent.acceptedFrom(o, "confirmed", "yes")
		require.Equal(t, orderPath(o.ID), done.path)
		require.Contains(t, done.body, "The order is accepted.")
		require.Contains(t, done.body, "Ari Prado")
		require.Equal(t, rules.OrderAccepted, w.order(o.ID).State)
		again := agent.acceptedFrom(o, "confirmed", "yes")
		require.Equal(t, orderPath(o.ID), again.path, "a second press does nothing and says the same")
		over := agent.get(reviewPath(o))
		require.Equal(t, http.StatusConflict, over.status)
		require.Contains(t, over.body, "The order is not in review.", "S55")
		require.Contains(t, over.body, "Read the order again to see its state.", "S55")
		w.choosesLanguage(byRole[rules.OperatorAgent].Email, "pt-BR")
		body := html.UnescapeString(agent.get(reviewPath(o)).body)
		require.Contains(t, body, "O pedido não está em análise.", "S55")
		require.Contains(t, body, "Consulte o pedido de novo para ver a situação dele.", "S55")
	})
}

func TestS61_S15_TheAccountsThatAnOrderMayBeForAreShownWithWhy(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		sul := w.Reseller(t, "Revenda Sul")
		first := w.Fulfilled(t, sul, formOf("PO-1", "Acme Ltda", "Revenda Sul"))
		other := formOf("PO-2", "Acme Ltda", "Revenda Sul")
		other.EndCustomer.Address.City = "Recife"
		other.EndCustomer.Address.Street = "Rua do Sol, 5"
		elsewhere := w.Fulfilled(t, sul, other)
		near := formOf("PO-3", "Acme Ltda", "Revenda Sul")
		near.EndCustomer.Address.PostalCode = ""
		o := w.Accept(t, sul, near)
		require.Equal(t, rules.OrderNeedsReview, o.State)

		b := w.signedIn(byRole[rules.OperatorAgent])
		page := b.get(reviewPath(o))
		require.Contains(t, page.body, "the address differs only in spelling")
		require.Contains(t, page.body, `value="`+*first.AccountID+`"`)
		require.Contains(t, page.body, "at another address: cannot be chosen")
		require.NotContains(t, page.body, `value="`+*elsewhere.AccountID+`"`)
		require.Contains(t, page.body, "1 contract · 0 administrators")
		w.withinBudget(b, reviewPath(o))

		unsaid := b.acceptedFrom(o)
		require.Equal(t, http.StatusUnprocessableEntity, unsaid.status)
		require.Contains(t, unsaid.body, "nearly the order&#39;s address")
		require.Contains(t, unsaid.body, "checked with the seller", "what was typed stays")

		asked := b.acceptedFrom(o, "account_id", *first.AccountID)
		require.Contains(t, asked.body, "It belongs to the account of Acme Ltda")
		require.Contains(t, asked.body, "has an invitation already, which stays")
		require.Equal(t, http.StatusOK, b.acceptedFrom(o, "account_id", *first.AccountID, "confirmed", "yes").status)
		require.Equal(t, *first.AccountID, *w.order(o.ID).AccountID)

		stranger := formOf("PO-4", "Acme Ltda", "Revenda Sul")
		stranger.EndCustomer.Email = "eve@else.example"
		s := w.Accept(t, sul, stranger)
		require.Contains(t, b.get(reviewPath(s)).body, "The account does not know eve@else.example.")
		require.Equal(t, http.StatusUnprocessableEntity, b.acceptedFrom(s).status)
		require.Contains(t, b.acceptedFrom(s, "invite_as", "NONE").body, "eve@else.example gets no invitation.")

		w.site.freshFor = 0
		typed := b.acceptedFrom(s, "invite_as", "ADMIN", "confirmed", "yes")
		require.Equal(t, http.StatusForbidden, typed.status)
		require.Contains(t, typed.body, "Sign in again first")
		require.Contains(t, b.get(reviewPath(s)).body, "checked with the seller", "it is there after the sign-in")
	})
}

// Whoever is let in is let in after a fresh sign-in, also where nothing is said about the person:
// the first order of a customer invites its contact as an administrator.
func TestS52_AcceptingAnOrderAsksForAFreshSignInWhereItInvites(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		o := w.Accept(t, w.unauthorised("Revenda Norte"), formOf("PO-1", "Globex S.A.", "Revenda Norte"))
		b := w.signedIn(byRole[rules.OperatorAgent])
		w.site.freshFor = 0
		require.Equal(t, http.StatusOK, b.acceptedFrom(o).status, "it is confirmed first")
		usual := b.acceptedFrom(o, "confirmed", "yes")
		require.Equal(t, http.StatusForbidden, usual.status)
		require.Contains(t, usual.body, "Sign in again first")
		require.Equal(t, rules.OrderNeedsReview, w.order(o.ID).State)

		require.Equal(t, orderPath(o.ID), b.acceptedFrom(o, "invite_as", "NONE", "confirmed", "yes").path)
		require.Equal(t, rules.OrderAccepted, w.order(o.ID).State)
	})
}

// An order is decided where it is seen with the accounts that it may be for: its task leads there.
func TestS54_TheTaskOfAnOrderLeadsToItsReview(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		o := w.Accept(t, w.unauthorised("Revenda Norte"), formOf("PO-1", "Globex S.A.", "Revenda Norte"))
		task := taskPath(w.taskAbout(o.ID))
		b := w.signedIn(byRole[rules.OperatorAgent])
		page := b.get(task).body
		require.Regexp(t, `class="btn main" href="`+reviewPath(o)+`">Review`, page)
		require.Contains(t, page, `href="`+orderPath(o.ID)+`/reject"`)
		require.NotContains(t, page, "/do/")

		require.Equal(t, reviewPath(o), b.get(task+"/do/accept").path)
		require.Equal(t, reviewPath(o), b.post(task+"/do/accept", "confirmed", "yes", "reason", "r").path)
		require.Equal(t, orderPath(o.ID)+"/reject", b.post(task+"/do/reject", "confirmed", "yes").path)
		require.Equal(t, rules.OrderNeedsReview, w.order(o.ID).State)

		csm := w.signedIn(byRole[rules.OperatorCSM]).get(task).body
		require.Contains(t, csm, `href="`+reviewPath(o)+`"`)
		require.NotContains(t, csm, "/reject")
	})
}

func TestS14_ADecisionIsBoundToTheVersionThatWasSeen(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		norte := w.unauthorised("Revenda Norte")
		f := formOf("PO-1", "Globex S.A.", "Revenda Norte")
		o := w.Accept(t, norte, f)
		b := w.signedIn(byRole[rules.OperatorAgent])
		f.EndCustomer.Email = "other@glob.example"
		_, err := w.AmendOrder(w.Context, o.ID, f, 0)
		require.NoError(t, err)

		for _, late := range []reply{
			b.acceptedFrom(o), b.acceptedFrom(o, "confirmed", "yes"),
			b.post(orderPath(o.ID)+"/reject", "version", "1", "reason", "checked with the seller", "confirmed", "yes"),
		} {
			require.Equal(t, http.StatusPreconditionFailed, late.status)
			require.Contains(t, late.body, "was amended since you looked at it")
			require.Contains(t, late.body, "Customer · E-mail")
			require.Contains(t, late.body, "checked with the seller")
			require.Contains(t, late.body, `name="version" value="2"`)
		}
		require.Equal(t, rules.OrderNeedsReview, w.order(o.ID).State)
	})
}

func TestOrders_ARejectionShowsWhatTheSellerWillRead(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		o := w.Accept(t, w.unauthorised("Revenda Norte"), formOf("PO-1", "Globex S.A.", "Revenda Norte"))
		b := w.signedIn(byRole[rules.OperatorAgent])
		path := orderPath(o.ID) + "/reject"
		require.NotContains(t, b.get(path).body, `name="confirmed"`, "nothing to press before it was read")
		require.Equal(t, http.StatusUnprocessableEntity, b.post(path, "version", "1", "reason", " ").status)

		const reason = "You are not authorized yet.\r\nApply first."
		letter := b.post(path, "version", "1", "reason", reason)
		require.Contains(t, letter.body, "To "+o.Payload.Reseller.Email)
		require.Contains(t, letter.body, "You are not authorized yet.\nApply first.")
		require.Contains(t, letter.body, "Pedido do Logitech Select recusado", "in the seller's language")
		require.Equal(t, rules.OrderNeedsReview, w.order(o.ID).State)

		done := b.post(path, "version", "1", "reason", reason, "confirmed", "yes")
		require.Contains(t, done.body, "The order is rejected")
		require.Contains(t, done.body, "rejected the order: “You are not authorized yet.")
		require.Len(t, w.Mails(t, rules.TemplateOrderRejected), 1)
		require.Equal(t, orderPath(o.ID), b.post(path, "version", "1", "reason", reason, "confirmed", "yes").path)
		require.Len(t, w.Mails(t, rules.TemplateOrderRejected), 1, "nothing twice")
	})
}

// typedInto is a form of a change as it stands on its page, with other values.
func typedInto(body string, changes map[string]string) (pairs []string) {
	for _, m := range fieldOnPage.FindAllStringSubmatch(body, -1) {
		name, value := m[1], html.UnescapeString(m[2])
		if other, ok := changes[name]; ok {
			value = other
		}
		pairs = append(pairs, name, value)
	}
	for _, name := range []string{"reason", "confirmed"} {
		if value, ok := changes[name]; ok {
			pairs = append(pairs, name, value)
		}
	}
	return pairs
}

var fieldOnPage = regexp.MustCompile(`<input type="(?:text|email|date|hidden)"[^>]* name="([^"]*)" value="([^"]*)"`)

func TestS14_AnAmendmentShowsWhatChangesFieldByField(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		sul := w.Reseller(t, "Revenda Sul")
		f := formOf("PO-1", "Globex S.A.", "Revenda Sul")
		f.EndCustomer.Email = "ana@gmail.com"
		o := w.Accept(t, sul, f)
		require.Equal(t, rules.OrderNeedsReview, o.State)
		b := w.signedIn(byRole[rules.OperatorAgent])
		path := orderPath(o.ID) + "/amend"
		require.Contains(t, b.get(reviewPath(o)).body, `href="`+path+`"`)
		form := b.get(path)
		require.Contains(t, form.body, `value="ana@gmail.com"`)

		change := map[string]string{
			"/end_customer/email": "Ana@Globex.example", "/lines/0/quantity": "12", "reason": "by phone",
		}
		shown := b.post(path, append(typedInto(form.body, change), "shown", "no")...)
		require.Equal(t, http.StatusOK, shown.status)
		for _, text := range []string{
			"Customer · E-mail", "ana@gmail.com", "ana@globex.example", "Line 1 · Quantity", "accepted at once",
		} {
			require.Contains(t, shown.body, text)
		}
		require.Equal(t, int64(1), w.order(o.ID).Version, "nothing is stored yet")

		wrong := b.post(path, append(typedInto(form.body, map[string]string{
			"/lines/0/quantity": "0", "reason": "by phone",
		}), "shown", "no")...)
		require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
		require.Contains(t, wrong.body, "The quantity must be at least 1.")

		change["confirmed"] = "yes"
		done := b.post(path, typedInto(shown.body, change)...)
		require.Equal(t, orderPath(o.ID), done.path, done.body)
		after := w.order(o.ID)
		require.Equal(t, rules.OrderAccepted, after.State)
		require.Equal(t, int64(12), after.Lines[0].Quantity)
		require.Contains(t, done.body, "accepted the order: Line 1 · Quantity, Customer · E-mail: “by phone”")
	})
}
