package main

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/doctor"
	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/models/storetest"
)

// noNames is a name service at which nothing is published.
type noNames struct{}

func (noNames) TXT(context.Context, string) ([]string, error) { return nil, nil }

// An installation without Temporal, whose domain publishes nothing: each is a line with its
// remedy, no secret is in one, and the command fails.
func TestDoctorSaysWhatWouldHurtTonight(t *testing.T) {
	env := storetest.SQLite(t)
	s := newShell(t, &env)
	s.app.records = noNames{}
	mails, err := smtptest.Start("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = mails.Close() })
	for name, value := range map[string]string{
		"ROOMCOVER_PUBLIC_URL":       "http://localhost:8080",
		"ROOMCOVER_TEMPORAL_ADDRESS": freeAddress(t),
		"ROOMCOVER_SMTP_HOST":        "127.0.0.1",
		"ROOMCOVER_SMTP_PORT":        strconv.Itoa(mails.Port()),
		"ROOMCOVER_SMTP_TLS":         "none",
		"ROOMCOVER_SMTP_USERNAME":    "roomcover",
		"ROOMCOVER_SMTP_PASSWORD":    "password-of-smtp",
	} {
		t.Setenv(name, value)
	}

	require.Equal(t, exitFound, s.run("doctor", "--json"), s.err.String())
	var found []doctor.Finding
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &found))
	about := map[string]bool{}
	for _, f := range found {
		about[f.About] = true
	}
	require.Equal(t, map[string]bool{"Temporal": true, "mail server": true, "name service": true}, about)
	require.Contains(t, s.err.String(), "things would hurt tonight")

	require.Equal(t, exitFound, s.run("doctor", "--dkim-selector", "s2026"))
	require.Contains(t, s.out.String(), "FAILS mail server: It offers no login")
	require.Contains(t, s.out.String(), "s2026._domainkey.logitech.com")
	for _, secret := range []string{"open-sesame", "password-of-smtp", "@"} {
		require.NotContains(t, s.out.String()+s.err.String(), secret)
	}
}

func TestDoctorSaysWhereAllIsWell(t *testing.T) {
	s := newShell(t, nil)
	require.NoError(t, doctorCommand{}.tell(s.app, nil))
	require.Equal(t, "All well: "+doctor.Subjects+".\n", s.out.String())

	s.out.Reset()
	warning := doctor.Finding{About: "holidays", What: "They end.", Remedy: "Enter them."}
	require.NoError(t, doctorCommand{}.tell(s.app, []doctor.Finding{warning}))
	require.Equal(t, "WARNING holidays: They end. Enter them.\nNothing fails.\n", s.out.String())

	s.out.Reset()
	require.NoError(t, doctorCommand{output{JSON: true}, nil}.tell(s.app, nil))
	require.JSONEq(t, "[]", s.out.String())
}
