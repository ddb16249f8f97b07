package million

import (
	"context"
	_ "embed"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/storetest"
)

//go:embed growth.sql
var growthSQL string

// Grow adds to a database that Fill has filled with n orders for a customer what the later parts
// of the service keep: rooms until there are as many as orders, a tenth as many open tickets and
// as many closed ones, a fifth as many mails that came in, a Sync for each account with a place for
// each covered room, and three people for each account, who have signed in; every tenth company
// has a sign-in of its own. n is 10,000 or a multiple of it.
func Grow(t testing.TB, env storetest.Env, c storetest.Covered, n int) {
	t.Helper()
	AddRooms(t, env, n)
	fillTickets(t, env, c, n/10, ticketRoomsSQL)

	TakeMail(t, env, "eva@stranger.example", "Where is it?")
	env.Synced(t, c)
	SignIn(t, env, env.OwnSignIn(t, c.Account, "acme.example"), c.Admin.Email, "1")

	fill(t, env, growthSQL,
		"{n}", strconv.Itoa(n),
		"{account}", c.Account,
		"{user}", c.Admin.ID,
	)
}

// TakeMail takes a mail and sorts it, as the server of incoming mail does.
func TakeMail(t testing.TB, env storetest.Env, from, text string) {
	t.Helper()
	const to = "help@support.example"
	raw, err := mailbox.ReadRaw(strings.NewReader("From: <"+from+">\r\nTo: <"+to+">\r\n"+
		"Subject: An invitation\r\nMessage-ID: <"+from+">\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n\r\n"+text+"\r\n"), mailbox.MaxMail)
	require.NoError(t, err)
	e := inbound.Envelope{From: from, To: to, Known: true}
	id, _, err := env.Receive(env.Context, e, raw)
	require.NoError(t, err)
	require.NoError(t, env.Sort(env.Context, id))
}

// SignIn signs somebody in whom a company's provider has proved, remembers where from, and keeps a
// session for them, as the portal does.
func SignIn(t testing.TB, env storetest.Env, c sso.Connection, email, subject string) {
	t.Helper()
	in, err := env.SSO.SignIn(env.Context, c.ID, sso.Verified{
		Issuer:  c.Issuer,
		Subject: subject,
		Email:   email,
		Name:    "Ana Souza",
	}, "", "en")
	require.NoError(t, err)
	place := identity.Place{Network: "203.0.113.0/24", Browser: "a browser", Label: "Firefox"}
	require.NoError(t, env.SignedIn(env.Context, in.User.ID, place, place.Browser))

	session := identity.Session{
		TokenHash:    db.NewID("ses"),
		UserID:       &in.User.ID,
		Label:        place.Label,
		Data:         []byte(strings.Repeat("x", 200)),
		ExpiresAt:    db.RealNow().Add(30 * 24 * time.Hour),
		ConnectionID: &c.ID,
	}
	require.NoError(t, env.PutSession(env.Context, session))
	_, found, err := env.FindSession(env.Context, session.TokenHash)
	require.NoError(t, err)
	require.True(t, found)
}

// ConnectionOf is the own sign-in of the nth company that has one.
func ConnectionOf(t testing.TB, env storetest.Env, n int) (c sso.Connection) {
	t.Helper()
	require.NoError(t, env.DB.Read(env.Context, func(tx *db.Tx) error {
		return tx.First(&c, "id = ?", ID("ssc", n)).Error
	}))
	return c
}

// Size is how many octets a database takes, with its indexes.
func Size(t testing.TB, env storetest.Env) (octets int64) {
	t.Helper()
	err := superuser(t, env).QueryRowContext(context.Background(),
		"SELECT pg_database_size(current_database())").Scan(&octets)
	require.NoError(t, err)
	return octets
}

// Sizes are the numbers of orders of a measure: those that the environment names, else one.
func Sizes(t testing.TB, name string, otherwise int) (sizes []int) {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return []int{otherwise}
	}
	for _, one := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(one))
		require.NoError(t, err, name)
		sizes = append(sizes, n)
	}
	return sizes
}
