package mailbox_test

import (
	"cmp"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/mail/inbound"
	mails "roomcover.dev/roomcover/mail/letter"
	"roomcover.dev/roomcover/mail/thread"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

const agentAddress = "agent@support.example"

// support is a real ticket with the mails about it.
type support struct {
	storetest.Env
	t       *testing.T
	member  context.Context
	address string // of the member
	id      string
}

func newSupport(t *testing.T, env storetest.Env) support {
	t.Helper()
	env.Configure(mailbox.Options{
		Options: inbound.Options{
			Keys:        keys,
			AuthServIDs: []string{"mx.support.example"},
			Hops:        1,
		},
		Addresses: []string{help},
	})
	c := env.Covered(t)
	s := support{Env: env, t: t, address: c.Admin.Email}
	s.member = db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{c.Account},
		Actor:      db.Actor{ID: c.Admin.ID, Role: rules.CustomerAdmin},
	})
	opened, err := env.Tickets.Open(s.member, ticket.NewTicket{
		RoomID:   c.Room.ID,
		Category: rule.Hardware,
		Usable:   rule.UsablePartly,
		Summary:  "Sem imagem",
		Text:     "A tela fica escura.",
	})
	require.NoError(t, err)
	s.id = opened.ID
	require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
		return tx.Create(&identity.Operator{
			ID:        "opr_agent",
			Source:    "PASSWORD",
			Email:     agentAddress,
			Name:      "Agent",
			Role:      rules.OperatorAgent,
			Locale:    "en",
			CreatedAt: tx.Now(),
		}).Error
	}))
	return s
}

// written are the mails about the ticket as its customer gets them, the oldest first.
func (s support) written() []mail.Message {
	s.t.Helper()
	return s.writtenIn("")
}

// writtenIn is written in another language than the customer's; empty: in theirs.
func (s support) writtenIn(locale string) (out []mail.Message) {
	s.t.Helper()
	ref, err := s.Programs.Reference(s.Context)
	require.NoError(s.t, err)
	ref.Program.Mailbox = help
	for _, n := range s.Mails(s.t, rules.TemplateTicket) {
		n.Locale = cmp.Or(locale, n.Locale)
		m, err := mails.Render(ref.Program, n, "https://portal.example", struct {
			db.Secrets
			thread.Keys
		}{s.DB.Secrets(), keys})
		require.NoError(s.t, err)
		out = append([]mail.Message{m}, out...)
	}
	return out
}

// reply is what a mail program makes of an answer to a mail.
func reply(from, text string, to mail.Message) letter {
	quoted := ""
	for line := range strings.Lines(to.Text) {
		quoted += "> " + strings.TrimRight(line, "\n") + "\r\n"
	}
	ours := "<" + to.MessageID + "@support.example>"
	return letter{
		from:    from,
		to:      to.ReplyTo,
		subject: "Re: " + to.Subject,
		more:    "In-Reply-To: " + ours + "\r\nReferences: " + ours + "\r\n",
		text:    text + "\r\n\r\n" + quoted,
	}
}

func (s support) conversation() ticket.Conversation {
	s.t.Helper()
	out, err := s.Tickets.Show(s.Context, s.id)
	require.NoError(s.t, err)
	return out
}

func (s support) messages() (out []ticket.Message) {
	for _, e := range s.conversation().Entries {
		if e.Message != nil {
			out = append(out, *e.Message)
		}
	}
	return out
}

func (s support) does(ctx context.Context, c ticket.Command) {
	s.t.Helper()
	_, err := s.Tickets.Do(ctx, s.id, c)
	require.NoError(s.t, err)
}

func TestS44_AReplyByMailIsAMessage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		first := s.written()[0]
		number := s.conversation().Ticket.Number
		require.Equal(t, "["+number+"] Sem imagem", first.Subject)
		require.Equal(t, keys.ReplyAddress(help, number), first.ReplyTo)
		require.Equal(t, mail.Generated, first.Origin)
		require.Equal(t, s.id, first.Thread)
		require.True(t, strings.HasPrefix(first.Text, thread.ReplyMarker(first.Locale)))
		require.Contains(t, first.HTML, thread.ReplyMarker(first.Locale))
		own, ok := keys.ParseMessageID(first.MessageID)
		require.True(t, ok)
		require.Equal(t, number, own.Ticket)
		require.Equal(t, first.ID, own.Message, "a delivery report finds the notification")

		s.does(storetest.Operator(), ticket.Command{
			Name: rule.DoWaitCustomer, Text: "O cabo está ligado?", Reason: "The cable",
		})
		asked := s.written()[len(s.written())-1]
		require.Equal(t, first.Subject, asked.Subject)
		require.Equal(t, mail.Written, asked.Origin, "a person wrote it")

		l := reply(s.address, "Está, e nada muda.", asked)
		text := l.raw()
		for range 2 { // delivered twice, and to another address of ours
			m := deliverRaw(t, env, l, text)
			require.Equal(t, inbound.BecomesMessage, m.Outcome, m.Reason)
		}
		l.to = help
		deliverRaw(t, env, l, text)

		got := s.messages()
		require.Len(t, got, 3)
		require.Equal(t, "Está, e nada muda.", got[2].Text)
		require.Equal(t, rule.ByMail, got[2].Channel)
		require.Equal(t, rule.FromCustomer, got[2].AuthorKind)
		require.Equal(t, rule.InProgress, s.conversation().Ticket.State, "the wait is over")
		require.Empty(t, items(t, env))
		env.AuditHolds(t)
	})
}

func TestS44_AForgedReplyLeavesARealTicketUnchanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		before := s.conversation().Ticket.Version
		first := s.written()[0]
		stranger := reply("paul@fremd.example", "Fechem.", first)
		stranger.auth = "pass"
		require.Equal(t, inbound.ReasonStranger, deliver(t, env, stranger).Reason)
		spoofed := reply(s.address, "Fechem.", first)
		spoofed.auth = "fail"
		require.Equal(t, inbound.ReasonForged, deliver(t, env, spoofed).Reason)
		// the customer knows the signed address, and is no agent by that
		require.Equal(t, inbound.ReasonUnproved,
			deliver(t, env, reply(agentAddress, "Resolvido.", first)).Reason)
		require.Equal(t, before, s.conversation().Ticket.Version)
		require.Len(t, s.messages(), 1)
		require.Len(t, items(t, env), 3)

		// an operator who looked at it adds the stranger's words, which are the customer's
		item := items(t, env)[2]
		_, err := env.AddToTicket(storetest.Operator(), item.ID, item.Version)
		require.NoError(t, err)
		added := s.messages()[1]
		require.Equal(t, rule.FromCustomer, added.AuthorKind)
		require.Empty(t, added.AuthorID)
		require.Nil(t, s.conversation().Ticket.FirstAnswerAt)
		env.AuditHolds(t)
	})
}

func TestS44_AnOutOfOfficeMovesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		s.does(storetest.Operator(), ticket.Command{Name: rule.DoResolve, Text: "Feito."})
		before := s.conversation().Ticket
		away := reply(s.address, "Estou de férias.", s.written()[0])
		away.more += "Auto-Submitted: auto-replied\r\n"
		require.Equal(t, inbound.BecomesAutomaticReply, deliver(t, env, away).Outcome)

		after := s.conversation().Ticket
		require.Equal(t, before.State, after.State)
		require.Equal(t, before.LastWordAt, after.LastWordAt)
		require.Equal(t, before.CustomerWaitingSince, after.CustomerWaitingSince)
		require.Equal(t, before.NextAt, after.NextAt)
		require.Equal(t, before.SaidVersion, after.SaidVersion)
		folded := s.messages()[2]
		require.True(t, folded.Automatic)
		require.Equal(t, "Estou de férias.", folded.Text)
		require.Empty(t, items(t, env))
		env.AuditHolds(t)
	})
}

// A ticket that was taken back is told as canceled, in both languages: nothing was closed.
func TestACanceledTicketsMailSaysSo(t *testing.T) {
	s := newSupport(t, storetest.SQLite(t))
	s.does(s.member, ticket.Command{Name: rule.DoCancel})
	number := s.conversation().Ticket.Number
	for locale, says := range map[string][2]string{
		"en":    {"nobody works on it any more", "is closed"},
		"pt-BR": {"ninguém mais trabalha nele", "está fechado"},
	} {
		mails := s.writtenIn(locale)
		last := mails[len(mails)-1]
		for _, text := range []string{last.Text, last.HTML} {
			require.Contains(t, text, says[0], locale)
			require.Contains(t, text, number)
			require.NotContains(t, text, says[1], locale)
		}
	}
}

func TestS40_AnAgentsMailMeetsTheFirstResponse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		l := reply(agentAddress, "Olhamos já.", s.written()[0])
		l.auth = "pass"
		require.Equal(t, inbound.BecomesMessage, deliver(t, env, l).Outcome)

		said := s.messages()[1]
		require.Equal(t, rule.FromAgent, said.AuthorKind)
		require.Equal(t, "opr_agent", said.AuthorID)
		require.Equal(t, rule.Open, s.conversation().Ticket.State)
		for _, c := range s.conversation().Clocks {
			if c.Kind == rule.FirstResponse {
				require.Equal(t, rule.Met, c.State)
				require.Equal(t, time.Hour, c.Elapsed)
			}
		}
	})
}

func TestS45_MailsReopenThreeTimesADay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		for i := range 4 {
			s.does(storetest.Operator(), ticket.Command{Name: rule.DoResolve, Text: "Feito."})
			env.Calendar.Set(env.Calendar.Now().Add(time.Minute))
			l := reply(s.address, "De novo "+strings.Repeat("!", i+1), s.written()[0])
			m := deliver(t, env, l)
			require.Equal(t, i < 3, m.Reopened, m.Reason)
		}
		require.Equal(t, 3, s.conversation().Ticket.Reopenings)
		require.Equal(t, rule.Resolved, s.conversation().Ticket.State)
		require.Equal(t, inbound.ReasonReopens, items(t, env)[0].Reason)
	})
}

// What opens a ticket that follows a closed one is said once in it, though the mail came to two of
// our addresses, or an answer of the API was lost and the request comes again.
func TestR40a_WhatOpensAFollowingTicketIsSaidOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		s.does(storetest.Operator(), ticket.Command{Name: rule.DoResolve, Text: "Feito."})
		closed := s.conversation().Ticket
		storetest.RunTicketUntil(t, env, s.id, closed.ResolvedAt.Add(8*24*time.Hour))

		l := reply(s.address, "Voltou a falhar.", s.written()[0])
		text := l.raw()
		require.Equal(t, inbound.BecomesMessage, deliverRaw(t, env, l, text).Outcome)
		l.to = help
		require.Equal(t, inbound.BecomesMessage, deliverRaw(t, env, l, text).Outcome)

		again := ticket.Command{Name: rule.DoComment, Text: "Ainda falha.", Once: "key"}
		first, err := env.Tickets.Do(s.member, s.id, again)
		require.NoError(t, err)
		repeated, err := env.Tickets.Do(s.member, s.id, again)
		require.NoError(t, err)
		require.Equal(t, first.ID, repeated.ID)

		s.id = first.ID
		var said []string
		for _, m := range s.messages() {
			said = append(said, m.Text)
		}
		require.Equal(t, []string{"Voltou a falhar.", "Ainda falha."}, said)
	})
}

// R40a: what is said in a closed ticket opens one that follows it, which is of the portal. A
// canceled one takes nothing: an operator looks.
func TestR40a_AReplyToAClosedTicketOpensOneThatFollows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		s.does(storetest.Operator(), ticket.Command{Name: rule.DoResolve, Text: "Feito."})
		closed := s.conversation().Ticket
		storetest.RunTicketUntil(t, env, s.id, closed.ResolvedAt.Add(8*24*time.Hour))
		require.Equal(t, rule.Closed, s.conversation().Ticket.State)

		l := reply(s.address, "Voltou a falhar.", s.written()[0])
		text := l.raw()
		for range 2 {
			require.Equal(t, inbound.BecomesMessage, deliverRaw(t, env, l, text).Outcome)
		}
		lines, _, err := env.Tickets.List(s.member, ticket.Filter{Open: true})
		require.NoError(t, err)
		require.Len(t, lines, 1)
		require.Equal(t, s.id, db.Text(lines[0].FollowsID))
		require.Equal(t, rule.ByPortal, lines[0].Channel)

		s.id = lines[0].ID
		s.does(s.member, ticket.Command{Name: rule.DoCancel})
		m := deliver(t, env, reply(s.address, "Ainda não.", s.written()[len(s.written())-1]))
		require.Equal(t, inbound.BecomesItem, m.Outcome)
		require.Equal(t, inbound.ReasonNoSuch, m.Reason)
	})
}

// A guest of a ticket answers by mail for as long as they see it, under their own name and by
// the proofs that hold for everybody.
func TestS47_S44_AGuestsReplyIsAMessageUntilTheyLeave(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		letIn := func(email string) session.Participant {
			p, err := env.Tickets.AddParticipant(s.member, s.id, session.Participant{
				Name: "Teo Guest", Email: email, Company: "Service Ltd",
			})
			require.NoError(t, err)
			return p
		}
		p := letIn("teo@service.example")
		other, err := env.Tickets.Open(s.member, ticket.NewTicket{
			RoomID:   db.Text(s.conversation().Ticket.RoomID),
			Category: rule.Hardware,
			Usable:   rule.UsablePartly,
			Summary:  "Sem som",
			Text:     "Nada se ouve.",
		})
		require.NoError(t, err)

		// Their first mail has the ticket's signed address.
		ref, err := env.Programs.Reference(env.Context)
		require.NoError(t, err)
		ref.Program.Mailbox = help
		welcome, err := mails.Render(ref.Program, env.Mails(t, rules.TemplateParticipant)[0],
			"https://portal.example", struct {
				db.Secrets
				thread.Keys
			}{env.DB.Secrets(), keys})
		require.NoError(t, err)
		number := s.conversation().Ticket.Number
		require.Equal(t, keys.ReplyAddress(help, number), welcome.ReplyTo)

		l := reply(p.Email, "A peça chega amanhã.", welcome)
		text := l.raw()
		for range 2 {
			m := deliverRaw(t, env, l, text)
			require.Equal(t, inbound.BecomesMessage, m.Outcome, m.Reason)
		}
		got := s.messages()
		require.Len(t, got, 2)
		require.Equal(t, rule.FromTSP, got[1].AuthorKind)
		require.Equal(t, p.ID, got[1].AuthorID)
		require.Equal(t, rule.ByMail, got[1].Channel)
		require.Equal(t, "A peça chega amanhã.", got[1].Text)
		require.Nil(t, s.conversation().Ticket.FirstAnswerAt, "it is nobody's on our side (S40)")

		// Neither a forged mail, nor one to the mailbox without proof, nor one to another ticket.
		forged := reply(p.Email, "Fechem.", welcome)
		forged.auth = "fail"
		require.Equal(t, inbound.ReasonForged, deliver(t, env, forged).Reason)
		unproved := reply(p.Email, "E isto?", welcome)
		unproved.to = help
		require.Equal(t, inbound.BecomesItem, deliver(t, env, unproved).Outcome)
		foreign := reply(p.Email, "E aqui?", welcome)
		foreign.to = keys.ReplyAddress(help, other.Number)
		foreign.more = ""
		require.Equal(t, inbound.ReasonStranger, deliver(t, env, foreign).Reason)
		require.Len(t, s.messages(), 2)

		// By the header of a mail of ours, where their domain says that it is theirs.
		proved := reply(p.Email, "Chegou.", welcome)
		proved.to = help
		proved.auth = "pass"
		require.Equal(t, inbound.BecomesMessage, deliver(t, env, proved).Outcome)
		require.Len(t, s.messages(), 3)

		// Once they have left, their mail is an item, and an operator who adds it adds it as the
		// customer's.
		require.NoError(t, env.Tickets.RemoveParticipant(s.member, s.id, p.ID))
		gone := deliver(t, env, reply(p.Email, "Ainda estou aqui?", welcome))
		require.Equal(t, inbound.ReasonStranger, gone.Reason)
		require.Len(t, s.messages(), 3)

		again := letIn(p.Email)
		require.NotEqual(t, p.ID, again.ID)
		s.does(storetest.Operator(), ticket.Command{Name: rule.DoAnswer, Text: "Obrigado."})
		s.does(storetest.Operator(), ticket.Command{Name: rule.DoResolve, Text: "Feito."})
		resolved := s.conversation().Ticket
		storetest.RunTicketUntil(t, env, s.id, resolved.ResolvedAt.Add(8*24*time.Hour))
		require.Equal(t, rule.Closed, s.conversation().Ticket.State)
		require.Equal(t, inbound.ReasonStranger,
			deliver(t, env, reply(p.Email, "E agora?", welcome)).Reason, "it is closed (R57b)")
		env.AuditHolds(t)
	})
}
