package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
)

// S10, S12: what ends with the licenses is named and asked about; licenses go by their rooms, and
// what an order has left is said.
func TestS12_OrdersAreCancelledFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c := env.Covered(t)
	r := env.Approved(t, c)
	second := env.Room(t, c.Account, "Sala 2")
	env.Assigned(t, env.Licences(t, c.Order)[1], second)
	cancel := func(more ...string) []string {
		return append([]string{"order", "cancel", "PO-SN-100", "--reason", "asked"}, more...)
	}

	require.Equal(t, exitRefused, s.run(cancel("--whole")...))
	require.Contains(t, s.err.String(), "withdrawn: "+r.Number)
	require.Contains(t, s.err.String(), "--whole --yes")
	require.Contains(t, s.must("order", "show", "PO-SN-100"), ": fulfilled")

	require.Equal(t, exitUsage, s.run(cancel("--quantity", "9")...))
	require.Contains(t, s.err.String(), "name 1 more with --license")
	require.Contains(t, s.err.String(), "(Sala 1, HQ)")
	require.Equal(t, exitUsage, s.run(cancel("--quantity", "9", "--license", "Sala 3")...))
	require.Contains(t, s.err.String(), "there is SELECT-3Y/")
	require.Equal(t, exitRefused, s.run(cancel("--quantity", "9", "--license", "Sala 1")...))
	require.Contains(t, s.err.String(), r.Number)

	out := s.must(cancel("--quantity", "9", "--licence", "sala 2")...) // as it was called before
	require.Contains(t, out, "1 of 10")
	out = s.must(cancel("--whole", "--yes")...)
	require.Contains(t, out, "Canceled: the whole order")
	require.NotContains(t, out, "2029", "no end of a term that does not come")

	all, err := env.ListCancellations(env.Context, c.Order.ID)
	require.NoError(t, err)
	for _, one := range all {
		require.Equal(t, order.CancellationRequested, one.State)
		_, err := env.CompensateCancellation(env.Context, one.ID)
		require.NoError(t, err)
	}
	require.Contains(t, s.must("order", "show", "PO-SN-100"),
		"With it: not sent, withdrawn: "+r.Number)
}

// S12: what came under way while somebody looked does not end unnamed.
func TestS12_OnlyWhatWasLookedAtIsEndedFromTheCommandLine(t *testing.T) {
	for _, row := range []struct {
		command []string
		later   time.Duration // how long after the order the command is given
	}{
		{[]string{"order", "cancel", "PO-SN-100", "--reason", "asked", "--whole"}, 0},
		{[]string{"order", "terminate", "PO-SN-100", "--reason", "asked"}, 60 * 24 * time.Hour},
	} {
		t.Run(row.command[1], func(t *testing.T) {
			env := storetest.SQLite(t)
			s := service(t, env)
			c := env.Covered(t)
			env.Calendar.Set(env.Calendar.Now().Add(row.later))

			var number string // of a replacement that is approved between look and command
			target, err := url.Parse(os.Getenv("ROOMCOVER_URL"))
			require.NoError(t, err)
			proxy := httputil.NewSingleHostReverseProxy(target)
			between := httptest.NewServer(http.HandlerFunc(
				func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost && number == "" {
						number = env.Approved(t, c).Number
					}
					proxy.ServeHTTP(w, r)
				}))
			t.Cleanup(between.Close)
			t.Setenv("ROOMCOVER_URL", between.URL)

			require.Equal(t, exitRefused, s.run(row.command...), s.err.String())
			require.Contains(t, s.err.String(), "has changed since you read what would end")
			require.Contains(t, s.must("order", "show", "PO-SN-100"), ": fulfilled")

			require.Equal(t, exitRefused, s.run(row.command...), s.err.String())
			require.Contains(t, s.err.String(), "withdrawn: "+number)
			require.Contains(t, s.must(append(row.command, "--yes")...),
				"Canceled: the whole order")
		})
	}
}
