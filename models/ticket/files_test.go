package ticket_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

func file(name, content string) attachment.Upload {
	return attachment.Upload{Name: name, Content: strings.NewReader(content)}
}

func TestS43_FilesComeWithWhatIsSaidOrNotAtAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		n := aboutRoom(c)
		n.Files = []attachment.Upload{file("sala.log", "no signal")}
		n.Once = "first"
		tk := opened(t, env, member(c), n)
		require.Equal(t, tk.ID, opened(t, env, member(c), n).ID)
		comment := ticket.Command{
			Name:  rule.DoComment,
			Text:  "And this.",
			Once:  "second",
			Files: []attachment.Upload{file("a.txt", "one"), file("b.csv", "1,2")},
		}
		for range 2 {
			done(t, env, member(c), tk.ID, comment)
		}

		files, err := env.Attachments.OfGroup(member(c), tk.ID)
		require.NoError(t, err)
		require.Len(t, files, 3, "each once")
		talk := shown(t, env, member(c), tk.ID).Entries
		require.Equal(t, talk[len(talk)-1].Message.ID, files[2].OwnerID)
		_, content, err := env.Tickets.OpenFile(member(c), files[0].ID)
		require.NoError(t, err)
		got, err := io.ReadAll(content)
		require.NoError(t, err)
		require.Equal(t, "no signal", string(got))

		// A refusal names the file, and nothing was said.
		_, err = env.Tickets.Do(member(c), tk.ID, ticket.Command{
			Name:  rule.DoComment,
			Text:  "With a page.",
			Files: []attachment.Upload{file("c.txt", "three"), file("d.html", "<html></html>")},
		})
		storetest.RequireCode(t, checks.Refused, err)
		var refusal *rules.Error
		require.True(t, errors.As(err, &refusal))
		require.Equal(t, ticket.FilePointer(1), refusal.Fields[0].Pointer)
		require.Len(t, shown(t, env, member(c), tk.ID).Entries, len(talk))
		_, err = env.Tickets.Do(member(c), tk.ID, ticket.Command{
			Name:  rule.DoResolve,
			Files: []attachment.Upload{file("c.txt", "three")},
		})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM attachments"))

		// Whoever does not see the ticket sees no file of it.
		stranger := storetest.Customer("acc_of_nobody")
		_, _, err = env.Tickets.OpenFile(stranger, files[0].ID)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Tickets.OpenPicture(stranger, files[0].ID)
		storetest.RequireCode(t, rules.NotFound, err)
		none, err := env.Attachments.OfGroup(stranger, tk.ID)
		require.NoError(t, err)
		require.Empty(t, none)
		seller := db.WithScope(t.Context(), db.Scope{
			AccountIDs: []string{c.Account},
			Actor:      db.Actor{ID: "tok_1", Role: rules.Reseller},
		})
		_, _, err = env.Tickets.OpenFile(seller, files[0].ID)
		storetest.RequireCode(t, rules.NotFound, err)
		env.AuditHolds(t)
	})
}

func TestS43_AFileIsAddedToOnesOwnMessageAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		talk := shown(t, env, member(c), tk.ID).Entries
		own := talk[len(talk)-1].Message.ID
		for range 2 {
			_, err := env.Tickets.Attach(member(c), tk.Number, own, file("a.txt", "one"))
			require.NoError(t, err)
		}
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM attachments"))
		_, err := env.Tickets.Attach(storetest.Operator(), tk.ID, own, file("b.txt", "two"))
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Tickets.Attach(member(c), tk.ID, "tms_none", file("b.txt", "two"))
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Tickets.Attach(storetest.Customer("acc_of_nobody"), tk.ID, own, file("b.txt", "two"))
		storetest.RequireCode(t, rules.NotFound, err)

		done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoCancel})
		_, err = env.Tickets.Attach(member(c), tk.ID, own, file("b.txt", "two"))
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}

// A note, and what hangs on it, changes nothing that a customer can find out: not the files, how
// much room the ticket has, its version, nor whether what they write is refused.
func TestS42_ANoteAndItsFilesChangeNothingForACustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		before := shown(t, env, member(c), tk.ID)
		n, err := env.Notes.Add(storetest.Operator(), tk.ID, "Difficult.", "once", tk.Version,
			file("canary.txt", "canary"))
		require.NoError(t, err)
		_, err = env.Notes.Add(storetest.Operator(), tk.ID, "Difficult, again.", "", 0)
		require.NoError(t, err)
		require.Equal(t, before.Ticket, shown(t, env, member(c), tk.ID).Ticket)
		require.Equal(t, before.Entries, shown(t, env, member(c), tk.ID).Entries)

		files, err := env.Attachments.OfGroup(member(c), tk.ID)
		require.NoError(t, err)
		require.Empty(t, files)
		files, err = env.Attachments.OfGroup(storetest.Operator(), tk.ID)
		require.NoError(t, err)
		require.Equal(t, n.ID, files[0].OwnerID)
		_, _, err = env.Tickets.OpenFile(storetest.Operator(), files[0].ID)
		require.NoError(t, err)
		_, _, err = env.Tickets.OpenFile(member(c), files[0].ID)
		storetest.RequireCode(t, rules.NotFound, err)
		_, _, err = env.Attachments.Open(member(c), files[0].ID)
		storetest.RequireCode(t, rules.NotFound, err)
		require.Zero(t, env.Count(t,
			"SELECT count(*) FROM attachment_quotas WHERE owner_id = '"+tk.ID+"'"))

		_, err = env.Tickets.Do(member(c), tk.ID, ticket.Command{
			Name:    rule.DoComment,
			Text:    "Any news?",
			Version: before.Ticket.Version,
		})
		require.NoError(t, err, "nobody is told that somebody noted something")
		notes, err := env.Notes.Of(storetest.Operator(), tk.ID)
		require.NoError(t, err)
		require.Len(t, notes, 2)
		require.Equal(t, before.Ticket.Seq, notes[0].Seq)

		if env.DSN == "" {
			return
		}
		require.NoError(t, env.Read(member(c), func(tx *db.Tx) error {
			for _, table := range []string{"attachments", "attachment_chunks", "attachment_quotas"} {
				var rows int64
				require.NoError(t, tx.Table(table).Count(&rows).Error)
				require.Zero(t, rows, table)
			}
			return nil
		}))
	})
}
