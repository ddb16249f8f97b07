package program_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
)

// Votes of many at once are all counted, each language for itself.
func TestR2_VotesOnTheHelpAreCountedByAnswerAndLanguage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { require.NoError(t, env.VoteOnHelp(env.Context, "canceling", "en", true)) })
		}
		all.Wait()
		require.NoError(t, env.VoteOnHelp(env.Context, "canceling", "en", false))
		require.NoError(t, env.VoteOnHelp(env.Context, "canceling", "pt-BR", false))
		require.NoError(t, env.VoteOnHelp(env.Context, "canceling", "pt-BR", false))

		votes, err := env.ListHelpVotes(env.Context)
		require.NoError(t, err)
		require.Equal(t, []program.HelpVotes{
			{Anchor: "canceling", Locale: "pt-BR", Useless: 2},
			{Anchor: "canceling", Locale: "en", Useful: 8, Useless: 1},
		}, votes)
	})
}
