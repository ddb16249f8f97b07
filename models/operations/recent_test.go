package operations_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// What is counted over everything is shown again until it is too old or somebody has changed
// something, to those alone who may see it; what is narrowed is always counted.
func TestS58_CountsAreKeptForAMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ctx := storetest.Operator()
		desk := env.Domains.Operations
		asks := map[string]func(context.Context) error{
			"processes": func(ctx context.Context) error {
				_, err := desk.SumProcesses(ctx, operations.ProcessFilter{}, env.Calendar.Now())
				return err
			},
			"agenda": func(ctx context.Context) error {
				_, err := desk.Agenda(ctx, operations.AgendaQuery{})
				return err
			},
			"load": func(ctx context.Context) error {
				_, err := desk.Load(ctx, "Europe/Oslo", 14)
				return err
			},
			"numbers": func(ctx context.Context) error {
				_, err := desk.Numbers(ctx, operations.NumbersQuery{Zone: "Europe/Oslo"})
				return err
			},
		}
		statements := func(name string) int {
			env.Statements.Reset()
			require.NoError(t, asks[name](ctx), name)
			return len(env.Statements.List())
		}
		always := map[string]int{}
		for name := range asks {
			always[name] = statements(name)
			require.Equal(t, always[name], statements(name), "%s before anything is kept", name)
		}

		desk.KeepCounts(time.Hour, time.Hour)
		for name, ask := range asks {
			require.Equal(t, always[name], statements(name), "%s for the first time", name)
			require.Less(t, statements(name), always[name], "%s again", name)
			err := ask(storetest.Customer("acc_1"))
			require.Equal(t, rules.NotFound, rules.CodeOf(err), name)
		}
		desk.ForgetCounts()
		require.Equal(t, always["agenda"], statements("agenda"))
		require.Equal(t, always["load"], statements("load"))
		require.Equal(t, always["processes"], statements("processes"))

		narrowed := func() int {
			env.Statements.Reset()
			_, err := desk.SumProcesses(ctx, operations.ProcessFilter{Kind: "RMA"}, env.Calendar.Now())
			require.NoError(t, err)
			return len(env.Statements.List())
		}
		require.Equal(t, narrowed(), narrowed())
		require.Equal(t, always["processes"], narrowed())
	})
}
