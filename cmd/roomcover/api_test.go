package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/server"
)

// service runs the real API on env's database, with a token of the operator.
func service(t *testing.T, env storetest.Env) *shell {
	t.Helper()
	h, err := server.Handler(server.Options{
		Domains:   env.Domains,
		Log:       slog.New(slog.DiscardHandler),
		PublicURL: "https://portal.example.com",
	})
	require.NoError(t, err)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	sh := newShell(t, &env)
	_, secret, err := env.CreateToken(env.Context, identity.NewToken{
		OrgID:     account.OperatorOrgID,
		Role:      rules.OperatorAgent,
		Label:     "test",
		Scopes:    api.ScopesFor(rules.OperatorAgent),
		ExpiresAt: time.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	t.Setenv("ROOMCOVER_URL", s.URL)
	t.Setenv("ROOMCOVER_TOKEN", secret)
	return sh
}

func TestPsShowsEveryOrderAndInvitationUnderWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := service(t, env)
		require.Equal(t, "Nothing is under way.\n", s.must("ps"))
		reseller := env.Reseller(t, "Revenda Sul")
		order := env.Fulfilled(t, reseller, storetest.Form("PO-1"))
		require.NoError(t, env.RecordFailure(env.Context, order.ID, "the step fails"))

		out := s.must("ps")
		for _, want := range []string{
			order.ID, "can be canceled until", "inv_", "Waiting for the e-mail to be sent", "the step fails",
			"name the account's customer success manager",
			"3 under way, 0 overdue",
		} {
			require.Contains(t, out, want)
		}
		require.NotContains(t, out, "order/"+order.ID)
		require.Contains(t, s.must("ps", "--links"), "order/"+order.ID)
		require.NotContains(t, s.must("ps", "--kind", "order"), "inv_")
		require.NotContains(t, s.must("ps", "--waits-for", "sending"), order.ID)
		require.Contains(t, s.must("ps", "--actor", "operator", "--kind", "order"), "Nothing is under way.")
		require.Contains(t, s.must("ps", "--counts"), "3 under way.")

		env.Calendar.Set(storetest.Now.Add(time.Hour))
		require.Contains(t, s.must("ps", "--overdue"), "1 under way, 1 overdue", "nobody has sent the invitation")

		var list []api.ProcessView
		s.json(&list, "ps")
		require.Len(t, list, 3)
		var counts []api.ProcessCountView
		s.json(&counts, "ps", "--counts")
		require.Len(t, counts, 3)
	})
}

func TestPsReadsEveryPage(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	reseller := env.Reseller(t, "Revenda Sul")
	for i := range 101 { // an order and mostly an invitation each
		form := storetest.Form("PO-" + strconv.Itoa(i))
		form.EndCustomer.Company = "Customer " + strconv.Itoa(i)
		env.Fulfilled(t, reseller, form)
	}
	counts, err := env.CountProcesses(env.Context)
	require.NoError(t, err)
	want := 0
	for _, c := range counts {
		want += int(c.N)
	}
	var list []api.ProcessView
	s.json(&list, "ps", "--limit", "0")
	require.Equal(t, want, len(list))
	for _, limit := range []int{3, want - 1} {
		s.json(&list, "ps", "--limit", strconv.Itoa(limit))
		require.Equal(t, limit, len(list))
	}
	require.Greater(t, want, 200, "more than one page")
}

func TestPsWatchesUntilInterrupted(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	ctx, stop := context.WithCancel(t.Context())
	seen := 0
	s.app.out = writer(func(b []byte) (int, error) {
		if seen++; seen == 2 {
			stop()
		}
		return len(b), nil
	})
	require.Equal(t, exitDone, s.runUntil(ctx, "ps", "--watch", "1s"), s.err.String())
	require.GreaterOrEqual(t, seen, 2)
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

func TestTasksTellWhatToDoAndWhy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := service(t, env)
		require.Equal(t, "Nothing needs an operator.\n", s.must("tasks"))
		require.NoError(t, env.RaiseTask(env.Context, db.OperatorTask{
			Kind:      db.TaskProcessStuck,
			SubjectID: "ord_1",
			What:      "Find out why.",
			Why:       "It fails.",
		}))
		out := s.must("tasks", "--kind", "process_stuck")
		for _, want := range []string{
			"tsk_", "process stuck", "ord_1", "retry, close", "Find out why.", "It fails.", "1 task.",
		} {
			require.Contains(t, out, want)
		}
		require.Equal(t, "No task was done yet.\n", s.must("tasks", "--done"))
		var list []api.TaskView
		s.json(&list, "tasks")
		require.Len(t, list, 1)
		require.Equal(t, []string{"retry", "close"}, list[0].Actions)
	})
}

func TestTokenThatIsNotGoodIsRefusedWithCode3(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	t.Setenv("ROOMCOVER_TOKEN", "rct_wrong")
	require.Equal(t, exitRefused, s.run("ps"))
	require.Contains(t, s.err.String(), "The token is missing, unknown, expired or revoked.")
	require.Contains(t, s.err.String(), "Request ")
	require.NotContains(t, s.err.String(), "rct_wrong")
}

func TestTokenComesFromAFileToo(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(os.Getenv("ROOMCOVER_TOKEN")+"\n"), 0o600))
	t.Setenv("ROOMCOVER_TOKEN", "")
	require.Equal(t, exitUsage, s.run("tasks"))
	s.must("tasks", "--token-file", file)
	t.Setenv("ROOMCOVER_TOKEN", "Token tok_1 of Revenda Sul\nrct_x") // all that token create prints
	require.Equal(t, exitUsage, s.run("tasks"))
	require.Contains(t, s.err.String(), "must be one word")
	require.NotContains(t, s.err.String(), "rct_x")
}

func TestHealthTellsWhetherAProcessIsReady(t *testing.T) {
	env := storetest.SQLite(t)
	quiet := slog.New(slog.DiscardHandler)
	web := httptest.NewServer(server.Metrics(env.Domains, server.NewRegistry(env.Domains, quiet), quiet))
	defer web.Close()
	s := newShell(t, &env)
	address := web.Listener.Addr().String()
	s.must("health", "--listen", address)
	s.must("health", "--listen", address, "--path", "/healthz")
	require.NoError(t, env.Close())
	require.Equal(t, exitFound, s.run("health", "--listen", address))
	s.must("health", "--listen", address, "--path", "/healthz")
	web.Close()
	require.Equal(t, exitFound, s.run("health", "--listen", address))
	require.Contains(t, s.err.String(), "no answer")
}

func TestClientTriesAgainWhereThatMayHelp(t *testing.T) {
	for name, c := range map[string]struct {
		answers []int
		want    int
		calls   int
	}{
		"rate limited, then fine": {[]int{429, 503, 200}, exitDone, 3},
		"refused":                 {[]int{403, 200}, exitRefused, 1},
		"broken":                  {[]int{500, 200}, exitFailed, 1},
		"down for long":           {[]int{503, 503, 503, 503, 503, 503, 503}, exitFailed, apiTries},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				require.Equal(t, "Bearer rct_a-token-of-this-test", r.Header.Get("Authorization"))
				w.WriteHeader(c.answers[calls])
				calls++
				_, _ = w.Write([]byte(`{"items": []}`))
			}))
			defer web.Close()
			client, err := clientFor(t, web.URL)
			require.NoError(t, err)
			client.pause = func(int) time.Duration { return 0 }
			s := newShell(t, nil)
			err = client.call(t.Context(), request{method: http.MethodGet, path: "/v1/processes"},
				&paged[api.ProcessView]{})
			require.Equal(t, c.want, s.app.exit(t.Context(), err))
			require.Equal(t, c.calls, calls)
		})
	}
}

func clientFor(t *testing.T, url string) (*apiClient, error) {
	t.Helper()
	t.Setenv("ROOMCOVER_TOKEN", "rct_a-token-of-this-test")
	return apiOptions{URL: url}.client()
}
