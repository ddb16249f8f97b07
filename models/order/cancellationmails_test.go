package order_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// cancelledOne cancels some licences of an order, or all of them, and runs the rest of it.
func cancelledOne(t *testing.T, env storetest.Env, id string, quantity int) {
	t.Helper()
	_, c, err := env.CancelOrder(storetest.Operator(), id, order.CancelRequest{Reason: "fewer", Quantity: quantity})
	require.NoError(t, err)
	for range 2 { // again it changes nothing
		_, err = env.CompensateCancellation(env.Context, c.ID)
		require.NoError(t, err)
	}
}

// cancellationsTold are the mails about cancellations to an address, oldest first, as quantity and what
// remains.
func cancellationsTold(t *testing.T, env storetest.Env, recipient string) (out []string) {
	t.Helper()
	mails := env.Mails(t, "order_cancelled")
	for i := len(mails) - 1; i >= 0; i-- {
		m := mails[i]
		if m.Recipient != recipient {
			continue
		}
		if m.Params["whole"] == true {
			out = append(out, fmt.Sprintf("whole %v", m.Params["quantity"]))
		} else {
			out = append(out, fmt.Sprintf("%v, left %v", m.Params["quantity"], m.Params["remaining"]))
		}
	}
	return out
}

// An order can be cancelled one licence at a time: the mails of a day are few, and nothing
// is lost, since the next one says what was cancelled in sum.
func TestS64_CancellationsOneByOneAreToldInSum(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(t *testing.T, env storetest.Env, o order.Order)
		want []string // after the three of the first day
	}{
		"the next day's sweep": {func(t *testing.T, env storetest.Env, o order.Order) {
			env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
			storetest.SweepOnce(t, env)
			require.Len(t, cancellationsTold(t, env, "ana.souza@acme.example"), 3, "of the same day")
			env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 1))
			storetest.SweepOnce(t, env)
			storetest.SweepOnce(t, env)
			require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'mail.start'"))
		}, []string{"4, left 93"}},
		"the next day's first": {func(t *testing.T, env storetest.Env, o order.Order) {
			env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 1))
			cancelledOne(t, env, o.ID, 1)
			storetest.SweepOnce(t, env)
		}, []string{"5, left 92"}},
		"the whole order": {func(t *testing.T, env storetest.Env, o order.Order) {
			cancelledOne(t, env, o.ID, 0)
			env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 1))
			storetest.SweepOnce(t, env)
		}, []string{"whole 97"}},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				form := storetest.Form("PO-1")
				form.Lines[0].Quantity = 100
				o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
				for range 7 {
					cancelledOne(t, env, o.ID, 1)
				}
				first := []string{"1, left 99", "1, left 98", "1, left 97"}
				require.Equal(t, first, cancellationsTold(t, env, "ana.souza@acme.example"))
				require.Len(t, env.Mails(t, "order_cancelled"), 9, "customer, reseller, distributor")

				c.end(t, env, o)
				for _, to := range []string{"ana.souza@acme.example", "pedidos@revendasul.example"} {
					require.Equal(t, append(first, c.want...), cancellationsTold(t, env, to))
				}
				env.AuditHolds(t)
			})
		})
	}
}

// What takes a tenth of an order is told at once, however many small parts went before it,
// and so are small ones that come to a tenth together; the mail says what was held as well.
func TestS64_ALargePartIsToldAtOnce(t *testing.T) {
	first := []string{"1, left 49", "1, left 48", "1, left 47"}
	for name, c := range map[string]struct {
		then []int // after three of one licence each
		want []string
		held int
	}{
		"nearly all":          {[]int{46}, []string{"46, left 1"}, 0},
		"just a tenth":        {[]int{2, 5}, []string{"7, left 40"}, 0},
		"less than a tenth":   {[]int{4}, nil, 4},
		"small ones in sum":   {[]int{2, 2, 2, 1}, []string{"6, left 41"}, 1},
		"and of what is left": {[]int{5, 3, 2, 3}, []string{"5, left 42", "5, left 37"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				form := storetest.Form("PO-1")
				form.Lines[0].Quantity = 50
				o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
				for _, n := range append([]int{1, 1, 1}, c.then...) {
					said, err := env.WouldHoldMail(env.Context, o.ID, int64(n), false)
					require.NoError(t, err)
					before := len(cancellationsTold(t, env, "ana.souza@acme.example"))
					cancelledOne(t, env, o.ID, n)
					told := len(cancellationsTold(t, env, "ana.souza@acme.example")) > before
					require.Equal(t, !told, said, "what is said before is what happens")
				}
				require.Equal(t, append(first, c.want...), cancellationsTold(t, env, "ana.souza@acme.example"))
				require.Equal(t, c.held, env.Count(t,
					"SELECT COALESCE(SUM(quantity), 0) FROM order_cancellations WHERE mail_held"))
			})
		})
	}
}

// Many orders with one stranger's address: beyond the bound of a day that address gets no
// more about what is cancelled of them. Everybody else is told at once, and so is a member of
// the account, or an address at a mail domain on record, whatever it got before.
func TestS64_CancellationsOfManyOrdersAreBoundedForAnAddress(t *testing.T) {
	const ana, reseller, mule = "ana.souza@acme.example", "pedidos@revendasul.example", "mule@mule.example"
	for name, c := range map[string]struct {
		joined bool
		had    []string // enough
		told   []string
	}{
		"a distributor that was typed":      {true, []string{mule}, []string{ana, reseller}},
		"a contact who never answered":      {false, []string{ana}, []string{reseller, mule}},
		"a contact who is a member":         {true, []string{ana}, []string{ana, reseller, mule}},
		"a reseller at a domain on record":  {true, []string{reseller}, []string{ana, reseller, mule}},
		"everybody, and one is vouched for": {true, []string{ana, mule}, []string{ana, reseller}},
	} {
		for _, quantity := range []int{0, 2} { // whole, and a part
			t.Run(fmt.Sprintf("%s, %d", name, quantity), func(t *testing.T) {
				storetest.Each(t, func(t *testing.T, env storetest.Env) {
					seller := env.Reseller(t, "Revenda Sul")
					require.NoError(t, env.Exec("INSERT INTO org_mail_domains (org_id, domain) "+
						"VALUES ('"+seller.ID+"', 'revendasul.example')"))
					form := storetest.Form("PO-1")
					form.Distributor.Email = mule
					o := env.Fulfilled(t, seller, form)
					if c.joined {
						env.Join(t, env.InvitationOf(t, o.ID))
					}
					cancelledOne(t, env, o.ID, 1)
					require.Len(t, env.Mails(t, "order_cancelled"), 3)

					for _, email := range c.had {
						key := env.DB.Secrets().Fingerprint("throttle",
							"mail/order-cancelled/"+seller.ID+"/"+email)
						require.NoError(t, env.Exec("UPDATE throttles SET count = 250 WHERE key = '"+key+"'"))
					}
					cancelledOne(t, env, o.ID, quantity)

					var told []string
					for _, to := range []string{ana, reseller, mule} {
						if len(cancellationsTold(t, env, to)) == 2 {
							told = append(told, to)
						}
					}
					require.Equal(t, c.told, told, "at once")
					require.Equal(t, len(c.told) < 3,
						env.Count(t, "SELECT count(*) FROM order_cancellations WHERE untold_quantity > 0") > 0)
					require.Zero(t, env.Count(t, "SELECT count(*) FROM order_cancellations WHERE mail_held"))
				})
			})
		}
	}
}

// The mail that an address did not get because it had enough that day is not lost: it comes on
// the first day on which there is room for it, once, and nobody else gets it a second time.
func TestS64_AnAddressThatHadEnoughIsToldOnAnotherDay(t *testing.T) {
	const mule = "mule@mule.example"
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-1")
		form.Distributor.Email = mule
		o := env.Fulfilled(t, seller, form)
		cancelledOne(t, env, o.ID, 1)

		enough := func() {
			key := env.DB.Secrets().Fingerprint("throttle", "mail/order-cancelled/"+seller.ID+"/"+mule)
			require.NoError(t, env.Exec("UPDATE throttles SET count = 250 WHERE key = '"+key+"'"))
		}
		enough()
		cancelledOne(t, env, o.ID, 0)
		require.Len(t, env.Mails(t, "order_cancelled"), 5)

		sweep := func(days int) {
			env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, days))
			storetest.SweepOnce(t, env)
		}
		sweep(0)
		require.Len(t, env.Mails(t, "order_cancelled"), 5, "today it has enough")

		enough()
		sweep(1)
		require.Len(t, env.Mails(t, "order_cancelled"), 5, "and tomorrow again")

		require.NoError(t, env.Exec("DELETE FROM throttles"))
		for range 2 {
			sweep(1)
			require.Len(t, env.Mails(t, "order_cancelled"), 6)
		}
		require.Len(t, cancellationsTold(t, env, mule), 2)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM order_cancellations WHERE untold_quantity > 0"))
	})
}

// Who had nothing to do with the order any more is not told of its cancellation; where the
// contact is told nothing, the administrators are.
func TestS15_WhoIsToldOfACancellation(t *testing.T) {
	const ana, reseller, distributor = "ana.souza@acme.example", "pedidos@revendasul.example", "norte@norte.example"
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, env storetest.Env, inv identity.Invitation)
		contact   []string
	}{
		"invited":  {func(*testing.T, storetest.Env, identity.Invitation) {}, []string{ana}},
		"a member": {func(t *testing.T, env storetest.Env, inv identity.Invitation) { env.Join(t, inv) }, []string{ana}},
		"removed": {func(t *testing.T, env storetest.Env, inv identity.Invitation) {
			_, m := env.Join(t, inv)
			_, err := env.ChangeMembership(storetest.Operator(), m.ID, m.Role, rules.MembershipRemoved, "wrong person")
			require.NoError(t, err)
		}, nil},
		"reissued to another address": {func(t *testing.T, env storetest.Env, inv identity.Invitation) {
			_, err := env.Reissue(storetest.Operator(), inv.ID, "ana@new.example", "Ana", "moved")
			require.NoError(t, err)
		}, []string{"ana@new.example"}},
		"bounced": {func(t *testing.T, env storetest.Env, inv identity.Invitation) {
			bounced(t, env, inv)
		}, nil},
		"revoked": {func(t *testing.T, env storetest.Env, inv identity.Invitation) {
			_, err := env.RevokeInvitation(storetest.Operator(), inv.ID, "wrong person")
			require.NoError(t, err)
		}, nil},
		"revoked, and a colleague administers": {func(t *testing.T, env storetest.Env, inv identity.Invitation) {
			_, err := env.RevokeInvitation(storetest.Operator(), inv.ID, "wrong person")
			require.NoError(t, err)
			rui, err := env.Invite(storetest.Operator(), identity.NewInvite{
				AccountID: inv.AccountID, Email: "rui@acme.example", ContactName: "Rui",
				Role: identity.RoleAdmin, Kind: identity.InvitationForExtra, Reason: "asked",
			})
			require.NoError(t, err)
			env.Join(t, rui)
		}, []string{"rui@acme.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				form := storetest.Form("PO-1")
				form.Distributor.Email = distributor
				o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
				c.meanwhile(t, env, env.InvitationOf(t, o.ID))

				var shown []string
				readers, err := env.AudienceOf(storetest.Customer(*o.AccountID), o.ID)
				require.NoError(t, err)
				for _, r := range readers {
					shown = append(shown, r.Email)
				}

				cancelledOne(t, env, o.ID, 0)
				var told []string
				for _, m := range env.Mails(t, "order_cancelled") {
					told = append(told, m.Recipient)
				}
				want := append([]string{reseller, distributor}, c.contact...)
				require.ElementsMatch(t, want, told)
				require.ElementsMatch(t, want, shown, "and the page names them")
			})
		})
	}
}

// bounced has the mail of an invitation refused for good.
func bounced(t *testing.T, env storetest.Env, inv identity.Invitation) {
	t.Helper()
	n, found, err := env.NextMail(env.Context, inv.ID, notification.MailResult{}, nil)
	require.NoError(t, err)
	require.True(t, found)
	_, _, err = env.NextMail(env.Context, inv.ID, notification.MailResult{
		ID:    n.ID,
		State: rules.NotificationHardBounced,
	}, nil)
	require.NoError(t, err)
	require.Equal(t, rules.InvitationBounced, env.InvitationOf(t, *inv.OrderID).State)
}

// The page that asks and the command that cancels take the same licences.
func TestS12_ThePreviewTakesWhatTheCancellationTakes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		require.NoError(t, env.Exec("UPDATE licences SET state = 'ASSIGNED' WHERE seq IN (2, 5)"))
		for _, r := range []order.CancelRequest{{Quantity: 3}, {Quantity: 6}, {}} {
			r.Reason = "fewer"
			will, err := env.PreviewCancellation(storetest.Operator(), o.ID, r)
			if r.Quantity == 6 { // five are free, one more has to be named
				storetest.RequireCode(t, rules.LicencesNotNamed, err)
				require.Empty(t, will.Gone)
				continue
			}
			require.NoError(t, err)
			_, c, err := env.CancelOrder(storetest.Operator(), o.ID, r)
			require.NoError(t, err)
			require.Equal(t, will.Whole, c.Whole)
			require.Len(t, will.Gone, int(c.Quantity))
			for _, l := range will.Gone {
				require.Equal(t, 1, env.Count(t,
					"SELECT count(*) FROM licences WHERE state = 'REVOKED' AND id = '"+l.ID+"'"))
			}
		}
	})
}

// An order whose own question was answered asks nobody again because another order went.
func TestS15_WhatWasAnsweredIsNotAskedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := openKnownCompany(t, env)
		env.Join(t, w.invitation)
		place := func(po string, quantity int64) order.Order {
			form := storetest.FormFor(po, "Acme Ltda", "rui@acme.example")
			form.Lines = []ordering.OrderLine{{SKU: form.Lines[0].SKU, Quantity: quantity}}
			return env.Fulfilled(t, w.seller, form)
		}
		place("PO-2", 2)
		place("PO-3", 3) // asks nothing of its own: the question of PO-2 is open
		_, err := env.AnswerContact(storetest.Customer(w.accountID), w.questions(t)[0].ID, identity.ContactAnswer{})
		require.NoError(t, err)

		last := place("PO-4", 4)
		require.Len(t, w.questions(t), 2, "a new order asks")
		w.cancelled(t, storetest.Operator(), last.ID, 0)
		require.Len(t, w.questions(t), 2, "both others were answered")
		require.Zero(t, env.Count(t, "SELECT count(*) FROM contact_questions WHERE state = 'OPEN'"))
		require.Zero(t, env.Count(t,
			"SELECT count(*) FROM notifications WHERE recipient = 'rui@acme.example' AND template = 'order_cancelled'"),
			"who was refused is told nothing")
	})
}

// Who missed a mail and reads no more of the order when there is room for it is waited for no
// longer, and the others' mails go on.
func TestS64_WhoLeftMissesNoMail(t *testing.T) {
	const mule = "mule@mule.example"
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-1")
		form.Distributor.Email = mule
		o := env.Fulfilled(t, seller, form)
		cancelledOne(t, env, o.ID, 1)

		key := env.DB.Secrets().Fingerprint("throttle", "mail/order-cancelled/"+seller.ID+"/"+mule)
		require.NoError(t, env.Exec("UPDATE throttles SET count = 250 WHERE key = '"+key+"'"))
		cancelledOne(t, env, o.ID, 0)
		told := len(env.Mails(t, "order_cancelled"))

		document := "payload"
		if env.DSN != "" {
			document = "payload::text"
		}
		update := "UPDATE orders SET payload = replace(" + document + ", '" + mule + "', '" +
			form.Reseller.Email + "')"
		if env.DSN != "" {
			update += "::jsonb"
		}
		require.NoError(t, env.Exec(update))

		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 1))
		storetest.SweepOnce(t, env)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM order_cancellations WHERE untold_quantity > 0"))
		require.Len(t, env.Mails(t, "order_cancelled"), told)
	})
}

// joinColleague brings one more administrator into an account.
func joinColleague(t *testing.T, env storetest.Env, accountID, email string) {
	t.Helper()
	inv, err := env.Invite(storetest.Customer(accountID), identity.NewInvite{
		AccountID: accountID,
		Email:     email,
		Role:      identity.RoleAdmin,
		Kind:      identity.InvitationForColleague,
	})
	require.NoError(t, err)
	env.Join(t, inv)
}

// A mail of an earlier day goes to those who were there: a colleague who came to the account
// after the cancellation is told of what happened since.
func TestS64_WhoJoinsLaterGetsNoOldCancellations(t *testing.T) {
	const mule = "mule@mule.example"
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-1")
		form.Distributor.Email = mule
		o := env.Fulfilled(t, seller, form)
		ana, _ := env.Join(t, env.InvitationOf(t, o.ID))
		joinColleague(t, env, *o.AccountID, "bia@acme.example")
		require.NoError(t, env.Exec(
			"UPDATE memberships SET state = 'REMOVED' WHERE user_id = '"+ana.ID+"'"))
		cancelledOne(t, env, o.ID, 1)
		require.Len(t, cancellationsTold(t, env, "bia@acme.example"), 1,
			"an administrator stands in for who left")

		key := env.DB.Secrets().Fingerprint("throttle", "mail/order-cancelled/"+seller.ID+"/"+mule)
		require.NoError(t, env.Exec("UPDATE throttles SET count = 250 WHERE key = '"+key+"'"))
		cancelledOne(t, env, o.ID, 1) // the distributor is told of it tomorrow

		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 1))
		joinColleague(t, env, *o.AccountID, "caio@acme.example")
		require.NoError(t, env.Exec("DELETE FROM throttles"))
		storetest.SweepOnce(t, env)
		require.NotEmpty(t, cancellationsTold(t, env, mule))
		require.Empty(t, cancellationsTold(t, env, "caio@acme.example"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM order_cancellations WHERE untold_quantity > 0"))
	})
}

// So it is with the small parts that were held for the order's next mail.
func TestS64_WhoJoinsLaterGetsNoHeldCancellations(t *testing.T) {
	env := storetest.SQLite(t)
	form := storetest.Form("PO-1")
	form.Lines[0].Quantity = 100
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
	ana, _ := env.Join(t, env.InvitationOf(t, o.ID))
	joinColleague(t, env, *o.AccountID, "bia@acme.example")
	require.NoError(t, env.Exec(
		"UPDATE memberships SET state = 'REMOVED' WHERE user_id = '"+ana.ID+"'"))
	for range 5 {
		cancelledOne(t, env, o.ID, 1)
	}
	require.NotZero(t, env.Count(t, "SELECT count(*) FROM order_cancellations WHERE mail_held"))
	before := len(cancellationsTold(t, env, "bia@acme.example"))

	env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 1))
	joinColleague(t, env, *o.AccountID, "caio@acme.example")
	storetest.SweepOnce(t, env)
	require.Len(t, cancellationsTold(t, env, "bia@acme.example"), before+1)
	require.Empty(t, cancellationsTold(t, env, "caio@acme.example"))
}
