package mailbox_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// An erasure takes away what the person wrote, and nothing of others who say the same words: a
// mail belongs to no account, and the name may be anybody's.
func TestS33_AnErasureTakesAwayOnesOwnMailsAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		deliver(t, env, letter{from: "rosa@alfa.example", to: help, subject: "Hi", text: "It is me."})
		deliver(t, env, letter{from: "jo@beta.example", to: help, subject: "Rosa", text: "Ask rosa@alfa.example"})
		p := db.Person{Email: "rosa@alfa.example", Names: []string{"Rosa"}, Pseudonym: "Person 1"}
		for _, e := range mailbox.Erasures() {
			require.NoError(t, env.DB.Write(db.WithSystem(env.Context), func(tx *db.Tx) error {
				n, err := e.EraseBatch(tx, p, 500)
				require.Equal(t, 1, n, e.Table)
				return err
			}))
		}
		var left []string
		for _, item := range items(t, env) {
			left = append(left, item.Sender)
		}
		require.ElementsMatch(t, []string{"", "jo@beta.example"}, left)
	})
}

// Whatever stands behind the plus of our address, it is one mail; to a ticket it is another.
func TestS44_AMailToManySpellingsOfOurAddressIsKeptOnce(t *testing.T) {
	env := storetest.SQLite(t)
	newDesk(env)
	text := letter{from: "x@y.example", to: help, subject: "a", text: "b", id: "same@y"}.raw()
	for _, to := range []string{help, "help+1@support.example", "HELP+two@support.example"} {
		deliverRaw(t, env, letter{from: "x@y.example", to: to}, text)
	}
	require.Len(t, items(t, env), 1)
	deliverRaw(t, env, letter{from: "x@y.example", to: replyTo()}, text)
	require.Len(t, items(t, env), 2)
}

// Automatic mails, which anybody may send who knows the signed address, do not push what people
// said out of sight.
func TestS44_AutomaticMailsOfATicketHaveAnEnd(t *testing.T) {
	env := storetest.SQLite(t)
	d := newDesk(env)
	outcomes := map[inbound.Outcome]int{}
	for range 12 {
		m := deliver(t, env, letter{
			from: "ana@alfa.example", to: replyTo(), subject: "Away", text: "I am away.",
			more: "Auto-Submitted: auto-replied\r\n",
		})
		outcomes[m.Outcome]++
	}
	require.Len(t, d.taken, 5)
	require.Equal(t, map[inbound.Outcome]int{
		inbound.BecomesAutomaticReply: 5,
		inbound.BecomesFiled:          7,
	}, outcomes)
}

// The files of an answer go to the ticket with it.
func TestS44_TheFilesOfAnAnswerReachTheTicket(t *testing.T) {
	env := storetest.SQLite(t)
	d := newDesk(env)
	body := "--b\r\nContent-Type: text/plain\r\n\r\nSee the picture.\r\n--b\r\n" +
		"Content-Type: image/png; name=a.png\r\nContent-Disposition: attachment; filename=a.png\r\n\r\nPNG\r\n--b--\r\n"
	text := "From: <ana@alfa.example>\r\nTo: <" + replyTo() + ">\r\nMessage-ID: <f@alfa>\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body
	m := deliverRaw(t, env, letter{from: "ana@alfa.example", to: replyTo()}, text)
	require.Equal(t, inbound.BecomesMessage, m.Outcome)
	require.Len(t, d.taken, 1)
	require.Len(t, d.taken[0].Attachments, 1)
	require.Empty(t, items(t, env), "nobody has to look at it")
}

// A connection that was cut within a mail gives no mail: its sender sends it again.
func TestS44_HalfAMailIsNone(t *testing.T) {
	cut := io.MultiReader(strings.NewReader("From: a@b\r\n\r\nhal"), broken{})
	_, err := mailbox.ReadRaw(cut, mailbox.MaxMail)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	whole, err := mailbox.ReadRaw(strings.NewReader("From: a@b\r\n\r\nwhole"), mailbox.MaxMail)
	require.NoError(t, err)
	all, err := io.ReadAll(whole.Reader())
	require.NoError(t, err)
	require.Equal(t, "From: a@b\r\n\r\nwhole", string(all))
}

// broken is a connection that ends.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A mail whose sender and name are in Latin-1 is kept like any other: the database takes UTF-8.
func TestS44_AMailInLatin1IsKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newDesk(env)
		const sender, name = "jos\xe9@y.example", "n\xe3o@y.example"
		l := letter{from: sender, to: help, subject: "Ol\xe1", text: "Oi", id: name}
		m := deliver(t, env, l)
		require.Equal(t, inbound.BecomesItem, m.Outcome)
		require.Equal(t, "jos@y.example", m.EnvelopeFrom)
		for _, item := range items(t, env) {
			require.True(t, utf8.ValidString(item.Sender+item.MessageID))
		}
		require.Len(t, items(t, env), 1)
	})
}

// A mail that ends whoever reads it is not the first one for ever: an attempt counts before the
// mail is read, and after some an operator gets it as it came.
func TestS44_AMailThatKillsItsReaderHasAnEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		newSupport(t, env)
		l := letter{from: "eva@fremd.example", to: help, text: "Hello"}
		raw, err := mailbox.ReadRaw(strings.NewReader(l.raw()), mailbox.MaxMail)
		require.NoError(t, err)
		id, _, err := env.Receive(t.Context(), inbound.Envelope{From: l.from, To: l.to, Known: true}, raw)
		require.NoError(t, err)

		for range 5 {
			ctx, killed := context.WithCancel(t.Context())
			env.Statements.Reset()
			env.Statements.After(func(int) {
				reads := func(sql string) bool {
					return strings.Contains(sql, "SELECT") && strings.Contains(sql, "inbound_mail_chunks")
				}
				if slices.ContainsFunc(env.Statements.List(), reads) {
					killed()
				}
			})
			// The attempt before may hold the mail until its connection is closed: then it is
			// passed over.
			require.Eventually(t, func() bool { return env.Sort(ctx, id) != nil },
				20*time.Second, time.Millisecond, "killed while it reads")
			env.Statements.After(nil)
			killed()
		}
		require.NoError(t, env.Sort(t.Context(), id))
		require.Equal(t, []string{string(mailbox.MailFailed)},
			env.Strings(t, "SELECT state FROM inbound_mails"))
		require.Len(t, items(t, env), 1)
	})
}

// A disk that is full says nothing of the mail: it is read once there is room, however often that
// was tried.
func TestS44_AMailWaitsForADatabaseThatHasNoRoom(t *testing.T) {
	env := storetest.Postgres(t)
	newSupport(t, env)
	l := letter{from: "eva@fremd.example", to: help, text: "Hello"}
	raw, err := mailbox.ReadRaw(strings.NewReader(l.raw()), mailbox.MaxMail)
	require.NoError(t, err)
	id, _, err := env.Receive(t.Context(), inbound.Envelope{From: l.from, To: l.to, Known: true}, raw)
	require.NoError(t, err)

	require.NoError(t, env.Exec(`
		CREATE FUNCTION has_no_room() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$`))
	require.NoError(t, env.Exec(`
		CREATE TRIGGER has_no_room BEFORE INSERT ON inbox_items
		FOR EACH ROW EXECUTE FUNCTION has_no_room()`))
	for range 7 {
		require.ErrorContains(t, env.Sort(t.Context(), id), "No space left")
	}
	require.NoError(t, env.Exec("DROP TRIGGER has_no_room ON inbox_items"))

	require.NoError(t, env.Sort(t.Context(), id))
	require.Equal(t, []string{string(mailbox.MailDecided)},
		env.Strings(t, "SELECT state FROM inbound_mails"))
}

// Whoever gets the mails of a ticket has its signed address. Once a guest has seen it, a mail of
// a member has to be proved: the address does not end with the guest.
func TestS47_AGuestDoesNotWriteInAMembersName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		p, err := env.Tickets.AddParticipant(s.member, s.id, session.Participant{
			Name: "Teo Guest", Email: "teo@service.example", Company: "Service Ltd",
		})
		require.NoError(t, err)
		require.NoError(t, env.Tickets.RemoveParticipant(s.member, s.id, p.ID))

		at := keys.ReplyAddress(help, s.conversation().Ticket.Number)
		forged := letter{from: s.address, to: at, text: "Close it."}
		m := deliver(t, env, forged)
		require.Equal(t, inbound.BecomesItem, m.Outcome)
		require.Equal(t, inbound.ReasonUnproved, m.Reason)
		require.Len(t, s.messages(), 1)

		forged.auth = "pass"
		forged.id = "2"
		require.Equal(t, inbound.BecomesMessage, deliver(t, env, forged).Outcome)
	})
}

// A guest sees one ticket: where its time is over, their mail opens no other, although nobody has
// closed it yet.
func TestS47_R57b_AGuestOpensNoTicketThatFollows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := newSupport(t, env)
		p, err := env.Tickets.AddParticipant(s.member, s.id, session.Participant{
			Name: "Teo Guest", Email: "teo@service.example", Company: "Service Ltd",
		})
		require.NoError(t, err)
		s.does(storetest.Operator(), ticket.Command{Name: rule.DoAnswer, Text: "Look again."})
		s.does(storetest.Operator(), ticket.Command{Name: rule.DoResolve, Text: "Done."})
		resolved := s.conversation().Ticket
		before := len(s.messages())
		env.Calendar.Set(resolved.ResolvedAt.Add(30 * 24 * time.Hour))

		at := keys.ReplyAddress(help, resolved.Number)
		m := deliver(t, env, letter{from: p.Email, to: at, text: "And this?"})
		require.Equal(t, inbound.BecomesItem, m.Outcome)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM tickets"))
		require.Len(t, s.messages(), before)
	})
}
