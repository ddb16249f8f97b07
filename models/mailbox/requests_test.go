package mailbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// operatorAs is an operator of a role.
func operatorAs(role rules.Role) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		System: true,
		Actor:  db.Actor{ID: "tok_operator", Role: role},
	})
}

// asksFor is the only open item of a stranger, who asks for the invitation of somebody else.
func asksFor(t *testing.T, env storetest.Env, verdict string) mailbox.InboxItem {
	t.Helper()
	deliver(t, env, letter{from: "novo@alfa.example", to: help, auth: verdict,
		text: "O convite foi para a pessoa errada"})
	return items(t, env)[0]
}

// tellsCode is the code of the last mail to a seller.
func tellsCode(t *testing.T, env storetest.Env) (code, recipient string) {
	t.Helper()
	n := env.Mails(t, rules.TemplateMailboxCode)[0]
	require.NotContains(t, fmt.Sprint(n.Params), "novo@alfa.example", "who asks is not told")
	return env.DB.Secrets().OneTimeCode(n.SubjectID), n.Recipient
}

// S56: who asks for another address gets the code from the seller on the order, and nowhere else.
// It proves them for that invitation, and works once.
func TestS56_ACodeOfTheSellerProvesForOneInvitation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		o, inv := storetest.FulfilledWithInvitation(t, env)
		operator := storetest.Operator()
		item := asksFor(t, env, "")

		sent, err := env.Mailbox.SendCode(operator, item.ID, item.Version, inv.ID)
		require.NoError(t, err)
		require.NotEmpty(t, sent.CodeHash)
		code, recipient := tellsCode(t, env)
		require.Equal(t, rules.NormaliseEmail(o.Payload.Reseller.Email), recipient)
		require.NotContains(t, sent.CodeHash, code)
		again, err := env.Mailbox.SendCode(operator, item.ID, sent.Version, inv.ID)
		require.NoError(t, err)
		require.Equal(t, sent.Version, again.Version, "a second click is the same click")
		require.Len(t, env.Mails(t, rules.TemplateMailboxCode), 1)

		wrong := "000000"
		if wrong == code {
			wrong = "000001"
		}
		_, err = env.Mailbox.ProveByCode(operator, item.ID, sent.Version, wrong)
		storetest.RequireCode(t, identity.CodeWrong, err)
		change := identity.Reissue{ID: inv.ID, Email: "novo@alfa.example", ContactName: "Ana Nova",
			Reason: "asked by mail"}
		_, err = env.Mailbox.ChangeRecipient(operator, item.ID, sent.Version, change)
		storetest.RequireCode(t, rules.StateConflict, err)

		proved, err := env.Mailbox.ProveByCode(operator, item.ID, sent.Version, code[:3]+" "+code[3:])
		require.NoError(t, err)
		require.Equal(t, mailbox.CodeProof, proved.Proof)
		_, err = env.Mailbox.ProveByCode(operator, item.ID, proved.Version, code)
		storetest.RequireCode(t, identity.CodeExpired, err)
		require.False(t, proved.MayChangeRecipient("inv_other"))
		require.False(t, proved.MayAddPerson(inv.AccountID), "a seller lets nobody else in")

		done, err := env.Mailbox.ChangeRecipient(operator, item.ID, proved.Version, change)
		require.NoError(t, err)
		require.Equal(t, mailbox.RecipientChanged, done.Decision)
		old, err := env.GetInvitation(operator, inv.ID)
		require.NoError(t, err)
		require.Equal(t, rules.InvitationWasReplaced, old.State, "R51b")
	})
}

func TestS56_CodesHaveAnEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		_, inv := storetest.FulfilledWithInvitation(t, env)
		operator := storetest.Operator()
		item := asksFor(t, env, "pass")
		_, err := env.Mailbox.ProveByCode(operator, item.ID, item.Version, "123456")
		storetest.RequireCode(t, identity.CodeExpired, err)
		_, err = env.Mailbox.SendCode(operatorAs(rules.OperatorCSM), item.ID, item.Version, inv.ID)
		storetest.RequireCode(t, rules.Forbidden, err)
		_, err = env.Mailbox.SendCode(operator, item.ID, item.Version, "inv_none")
		storetest.RequireCode(t, rules.NotFound, err)

		for range 3 {
			item, err = env.Mailbox.SendCode(operator, item.ID, item.Version, inv.ID)
			require.NoError(t, err)
			code, _ := tellsCode(t, env)
			for range 5 {
				_, err = env.Mailbox.ProveByCode(operator, item.ID, item.Version, "not "+code[:5])
				storetest.RequireCode(t, identity.CodeWrong, err)
			}
			_, err = env.Mailbox.ProveByCode(operator, item.ID, item.Version, code)
			storetest.RequireCode(t, identity.CodeTried, err)
		}
		_, err = env.Mailbox.SendCode(operator, item.ID, item.Version, inv.ID)
		storetest.RequireCode(t, rules.StateConflict, err)
		require.Len(t, env.Mails(t, rules.TemplateMailboxCode), 3)
	})
}

// S56: the form on the web is another door to the same desk, and says as little as a mail.
func TestS56_TheFormMakesAnItemAndTellsNobodyApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		_, inv := storetest.FulfilledWithInvitation(t, env)
		ask := func(email string) {
			require.NoError(t, env.Mailbox.AskByForm(t.Context(), mailbox.FormRequest{
				Email: email, Kind: inbound.WrongPerson, Text: "Foi para outra pessoa.", Locale: "pt-BR",
			}))
		}
		for range 3 {
			ask(inv.Email)
		}
		ask("nobody@fremd.example")
		got := items(t, env)
		require.Len(t, got, 2, "the same request again is the same")
		for _, i := range got {
			require.Equal(t, mailbox.ByForm, i.Channel)
			require.Equal(t, inbound.WrongPerson, i.Kind)
			require.Equal(t, inbound.None, i.Verdict)
			require.False(t, i.MayChangeRecipient(inv.ID))
			require.False(t, i.MayAddPerson(inv.AccountID))
		}
		require.Equal(t, []string{inv.ID}, got[1].Matches.Invitations)
		require.Len(t, env.Tasks(t, db.TaskMailboxRequest), 2)
		mails := env.Mails(t, rules.TemplateMailboxReceived)
		require.Len(t, mails, 2)
		require.Equal(t, mails[0].Params, mails[1].Params)
		require.Equal(t, mails[0].Locale, mails[1].Locale)

		err := env.Mailbox.AskByForm(t.Context(), mailbox.FormRequest{Email: "x", Kind: "NONE"})
		storetest.RequireCode(t, rules.ValidationFailed, err)
	})
}

// S44: what one sender writes beyond ten mails a day is counted and not kept; who only pretends
// to be them uses up nothing of theirs.
func TestS44_OneSenderFillsNeitherTheDeskNorTheDisk(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		for range 13 {
			deliver(t, env, letter{from: "eva@fremd.example", to: help, auth: "fail", text: "x"})
		}
		got := items(t, env)
		require.Len(t, got, 10)
		require.EqualValues(t, 3, got[0].Further)
		require.NotNil(t, got[0].FurtherAt)
		require.Equal(t, 10, env.Count(t, "SELECT count(*) FROM inbound_mail_chunks"))
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM inbound_mails WHERE sender = '' AND envelope_from = ''"))

		deliver(t, env, letter{from: "eva@fremd.example", to: help, auth: "pass", text: "It is me"})
		require.Len(t, items(t, env), 11, "the real one is read")

		for _, i := range items(t, env) {
			_, err := env.Mailbox.MarkSpam(storetest.Operator(), i.ID, i.Version)
			require.NoError(t, err)
		}
		deliver(t, env, letter{from: "eva@fremd.example", to: help, auth: "fail", text: "y"})
		require.Equal(t, mailbox.ItemOpen, items(t, env)[0].State, "nothing waits that it could be counted on")
		env.Calendar.Set(env.Calendar.Now().Add(25 * time.Hour))
		deliver(t, env, letter{from: "eva@fremd.example", to: help, auth: "fail", text: "z"})
		require.Len(t, items(t, env), 13)
	})
}

// S56: what an operator is offered is what the rules allow, with what stands in the way.
func TestS56_EachActionIsPreviewed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		o, inv := storetest.FulfilledWithInvitation(t, env)
		spoofed := asksFor(t, env, "fail")
		why := func(ctx context.Context, id string, at mailbox.LookAt) map[mailbox.Action]mailbox.Hindrance {
			l, err := env.Mailbox.Look(ctx, id, at)
			require.NoError(t, err)
			out := map[mailbox.Action]mailbox.Hindrance{}
			for _, offer := range l.Offers {
				out[offer.Action] = offer.Why
			}
			return out
		}
		found := mailbox.LookAt{OrderID: o.ID}
		require.Equal(t, map[mailbox.Action]mailbox.Hindrance{
			mailbox.ActReissue:   mailbox.Disowned,
			mailbox.ActRedirect:  mailbox.NotProved,
			mailbox.ActSendCode:  "",
			mailbox.ActAddPerson: mailbox.NotAdmin,
			mailbox.ActAnswer:    "",
			mailbox.ActNoteCall:  "",
			mailbox.ActSpam:      "",
		}, why(storetest.Operator(), spoofed.ID, found))
		require.NotContains(t, why(storetest.Operator(), spoofed.ID, mailbox.LookAt{}), mailbox.ActReissue)
		require.Equal(t, mailbox.Role, why(operatorAs(rules.OperatorManager), spoofed.ID, found)[mailbox.ActSpam])
		require.Equal(t, mailbox.Role, why(operatorAs(rules.OperatorCSM), spoofed.ID, found)[mailbox.ActReissue])

		called, err := env.Mailbox.NoteCall(storetest.Operator(), spoofed.ID, spoofed.Version, "the number on the order")
		require.NoError(t, err)
		for action, hindrance := range why(storetest.Operator(), called.ID, found) {
			require.Empty(t, hindrance, action)
		}
		_, err = env.Mailbox.MarkSpam(operatorAs(rules.OperatorManager), called.ID, called.Version)
		storetest.RequireCode(t, rules.Forbidden, err)
		_, err = env.Mailbox.Look(storetest.Customer(inv.AccountID), called.ID, mailbox.LookAt{})
		storetest.RequireCode(t, rules.NotFound, err)

		sorted, err := env.Mailbox.SetKind(storetest.Operator(), called.ID, called.Version, inbound.ExtraPerson)
		require.NoError(t, err)
		require.Equal(t, mailbox.ActAddPerson, sorted.Suggested())
		_, err = env.Mailbox.SetKind(storetest.Operator(), called.ID, sorted.Version, inbound.ReplyByStranger)
		storetest.RequireCode(t, rules.ValidationFailed, err)
	})
}

// S56, A10: a mail becomes a ticket by an operator alone, of the member who wrote it, where a
// contract covers the room.
func TestS56_AnItemBecomesATicketOfAMemberWhoIsCovered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		c := s.conversation()
		room := db.Text(c.Ticket.RoomID)
		member := c.Ticket.OpenedBy
		open := func(from, auth string, ticketOf string) (mailbox.InboxItem, error) {
			deliver(t, env, letter{from: from, to: help, auth: auth, text: "A tela ficou preta."})
			item := items(t, env)[0]
			return env.Mailbox.OpenTicket(operatorAs(rules.OperatorAgent), item.ID, item.Version,
				mailbox.NewTicket{RoomID: room, Category: rule.Hardware, Usable: rule.UsableNo,
					Summary: "Tela preta", For: ticketOf})
		}
		_, err := open("nobody@fremd.example", "pass", member)
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = open(s.address, "fail", member)
		storetest.RequireCode(t, rules.StateConflict, err)

		done, err := open(s.address, "pass", member)
		require.NoError(t, err)
		require.Equal(t, mailbox.TicketOpened, done.Decision)
		made := storetest.GetTicket(t, env, done.DecisionRef)
		require.Equal(t, rule.ByMail, made.Channel)
		require.Equal(t, member, db.Text(made.OpenedFor))
		_, err = env.Mailbox.OpenTicket(operatorAs(rules.OperatorAgent), done.ID, done.Version, mailbox.NewTicket{})
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}
