package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

func TestAChoiceInAnyCase(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c := env.Covered(t)
	for _, platform := range []string{"MTR_WINDOWS", "mtr-Android"} {
		s.must("room", "change", c.Room.Name, "--platform", platform, "--reason", "asked")
	}

	require.Equal(t, exitUsage, s.run("mail", "list", "--state", "sended"))
	require.Contains(t, s.err.String(), `must be one of "queued","sending"`, "nothing is no choice")
	require.Contains(t, s.err.String(), "Try roomcover mail list --help.")
}

func TestALanguageAsItIsSaid(t *testing.T) {
	for said, want := range map[string]string{
		"EN": "en", "en-US": "en", "en": "en", "pt": "pt-BR", "PT_br": "pt-BR", "pt-PT": "pt-PT",
		"English": "English", "": "",
	} {
		require.Equal(t, want, languageOf(said), said)
	}

	env := storetest.SQLite(t)
	s := service(t, env)
	env.Covered(t)
	s.must("account", "language", "Acme Ltda", "EN", "--reason", "asked")
	require.Equal(t, exitRefused, s.run("account", "language", "Acme Ltda", "English", "--reason", "asked"))
	require.Contains(t, s.err.String(), "  LANGUAGE: ")
}

func TestAMomentAsItIsSaid(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for said, want := range map[string]string{
		"2026-11-29T20:00:00Z": "2026-11-29T20:00:00Z",
		"2026-11-29":           "2026-11-29T00:00:00Z",
		"36h":                  "2026-11-29T00:00:00Z",
	} {
		at, known := momentOf(said, now)
		require.True(t, known, said)
		require.Equal(t, want, at.Format(time.RFC3339))
	}
	_, known := momentOf("yesterday", now)
	require.False(t, known)
}

// What is left out of an organization's mail stays; what is to go is named.
func TestAnOrganizationsMailKeepsWhatIsLeftOut(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	env.Reseller(t, "Revenda Sul")
	mail := func(more ...string) string {
		return s.must(append([]string{"org", "mail", "Revenda Sul", "--reason", "asked"}, more...)...)
	}

	mail("--domain", "sul.example", "--notices-to", "pedidos@sul.example")
	both := mail("--language", "pt")
	for _, want := range []string{"sul.example", "pedidos@sul.example", "pt-BR"} {
		require.Contains(t, both, want)
	}
	out := mail("--no-notices")
	require.NotContains(t, out, "pedidos@sul.example")
	require.Contains(t, out, "pt-BR")
	require.NotContains(t, mail("--no-domains", "--no-language"), "pt-BR")
	require.Equal(t, exitUsage, s.run("org", "mail", "Revenda Sul", "--reason", "asked"))
}
