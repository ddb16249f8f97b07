package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
)

func TestNumbersFromTheCommandLine(t *testing.T) {
	t.Setenv("TZ", "")
	env := storetest.SQLite(t)
	s := service(t, env)
	env.DeliveredRMA(t, env.Covered(t))

	out := s.must("numbers", "--time-zone", "America/Sao_Paulo")
	for _, want := range []string{
		"12 weeks, from ", "by the time in São Paulo; as of ", "HOW MANY", "9 IN 10 TOOK",
		"Orders fulfilled or rejected", "Promises kept", "  to BR", "100%", "  within 90 days",
		"The last week is not over.",
	} {
		require.Contains(t, out, want)
	}
	require.Contains(t, s.must("numbers", "--from", "2026-11-02", "--to", "2026-11-08"), "1 week, from ")
	require.NotContains(t, s.must("numbers", "--to", "2026-11-08"), "not over")

	var n api.NumbersView
	s.json(&n, "numbers")
	require.Len(t, n.Figures, len(operations.FigureKinds()))
	for _, f := range n.Figures {
		require.NotEmpty(t, figureTexts[f.Name], f.Name)
	}
	require.Equal(t, exitRefused, s.run("numbers", "--from", "yesterday"))
	require.Equal(t, exitRefused, s.run("numbers", "--to", "2099-01-01"))
	require.Equal(t, exitRefused, s.run("numbers", "--time-zone", "Mars"))
}

func TestHowLongItTookIsSaidAsPeopleSayIt(t *testing.T) {
	for seconds, want := range map[int64]string{
		0: "0 min", 90: "2 min", 5400: "1.5 h", 47 * 3600: "47.0 h", 60 * 3600: "2.5 days",
	} {
		require.Equal(t, want, took(&seconds))
	}
	require.Empty(t, took(nil))
}
