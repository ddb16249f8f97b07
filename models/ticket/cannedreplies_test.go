package ticket_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
)

func TestCannedRepliesAreFilledInAndRefuseUnknownVariables(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		lead := storetest.Operator()
		r := ticket.CannedReply{
			Name:       " Restart   it ",
			English:    "Dear {person},\nplease restart {room}.\n{agent}",
			Portuguese: "Olá {person},\nreinicie {room}.\n{agent}",
		}
		r, err := env.Tickets.AddCannedReply(lead, r, "The desk asks for it")
		require.NoError(t, err)
		require.Equal(t, "Restart it", r.Name)
		values := ticket.ReplyValues{Person: "Ana {room}", Room: "Sala 4", Agent: "Ari"}
		require.Equal(t, "Dear Ana {room},\nplease restart Sala 4.\nAri", r.Fill("en", values))
		require.Equal(t, "Olá Ana {room},\nreinicie Sala 4.\nAri", r.Fill("pt-BR", values))

		for _, wrong := range []string{"{rooom}", "{", "}", "{{room}}", "{Room}", "{}", ""} {
			bad := r
			bad.Name, bad.English = "Another", wrong
			_, err := env.Tickets.AddCannedReply(lead, bad, "because")
			storetest.RequireCode(t, rules.ValidationFailed, err)
		}
		twin := r
		_, err = env.Tickets.AddCannedReply(lead, twin, "because")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.Tickets.AddCannedReply(lead, ticket.CannedReply{
			Name: "X", English: "x", Portuguese: "x",
		}, "")
		storetest.RequireCode(t, rules.ReasonRequired, err)

		change := r
		change.English, change.Active = "Hello.", false
		changed, err := env.Tickets.ChangeCannedReply(lead, change, "shorter")
		require.NoError(t, err)
		require.EqualValues(t, 2, changed.Version)
		_, err = env.Tickets.ChangeCannedReply(lead, change, "again")
		storetest.RequireCode(t, rules.StateConflict, err)
		offered, err := env.Tickets.CannedReplies(lead, true)
		require.NoError(t, err)
		require.Empty(t, offered)
		all, err := env.Tickets.CannedReplies(lead, false)
		require.NoError(t, err)
		require.Len(t, all, 1)

		customer := storetest.Customer("acc_1")
		_, err = env.Tickets.CannedReplies(customer, false)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Tickets.AddCannedReply(customer, r, "because")
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Tickets.GetCannedReply(customer, r.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.Tickets.ChangeCannedReply(customer, r, "because")
		storetest.RequireCode(t, rules.NotFound, err)
	})
}
