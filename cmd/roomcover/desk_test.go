package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// C3: a calendar without holidays is filled from the command line, on the version that is read.
func TestC3_HolidaysFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Contains(t, s.must("calendar", "list", "--country", "br"), "Sat, Sun")

	add := []string{"calendar", "add-holiday", "br-sp", "2027-08-17", "Dia da Sala", "--reason", "decree"}
	out := s.must(add...)
	require.Contains(t, out, "Dia da Sala")
	require.Contains(t, out, "entered")
	require.NotContains(t, out, "2027-01-01", "from the day on")
	require.Contains(t, s.must("calendar", "show", "BR-SP", "--from", "2027-08-01"), "2027-08-17")

	var k api.CalendarDetail
	s.json(&k, "calendar", "remove-holiday", "BR-SP", "2027-08-17", "--reason", "moved")
	for _, h := range k.Holidays {
		require.True(t, h.Date != "2027-08-17" || h.Removed)
	}
	require.Equal(t, exitRefused, s.run("calendar", "remove-holiday", "BR-SP", "2027-08-18", "--reason", "r"))
	require.Equal(t, exitRefused, s.run("calendar", "show", "XX"))
	require.Equal(t, exitRefused, s.run("calendar", "add-holiday", "BR-SP", "17.8.2027", "x", "--reason", "r"))
}

// Whether a mail arrived is found by the order or the replacement; one whose fate is unknown is
// sent again.
func TestMailsFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Contains(t, s.must("mail", "list"), "No mails.")
	order := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	require.Contains(t, s.must("mail", "list", "--order", "PO-1"), "order confirmation")

	mail, ok, err := env.NextMail(env.Context, order.ID, notification.MailResult{}, nil)
	require.NoError(t, err)
	require.True(t, ok)
	_, _, err = env.NextMail(env.Context, order.ID, notification.MailResult{
		ID:    mail.ID,
		State: rules.NotificationUnknown,
	}, nil)
	require.NoError(t, err)
	require.Contains(t, s.must("mail", "list", "--state", "unknown"), "1 mail.")
	require.Contains(t, s.must("mail", "show", mail.ID), ": unknown")
	require.Contains(t, s.must("mail", "again", mail.ID), ": queued")
	require.Equal(t, exitUsage, s.run("mail", "show", "PO-1"))
	require.Contains(t, s.err.String(), "roomcover mail list")

	r := env.Requested(t, env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200"))
	for _, said := range []string{"SN-200", r.Number, r.ID} {
		var list []api.MailView
		s.json(&list, "mail", "list", "--rma", said)
		require.NotEmpty(t, list, said)
		require.Equal(t, r.ID, list[0].SubjectID)
	}
}

// A parcel is found by its replacement or its number, and shows each scan by the clock of the
// place.
func TestParcelsFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Contains(t, s.must("shipment", "list"), "No parcels.")
	r := env.Approved(t, env.Covered(t))
	s.must("rma", "do", r.Number, "allocate")
	s.must("rma", "do", r.Number, "ship", "-w", "serial=NEW100", "-w", "carrier=sim", "-w", "tracking=TRK-1")
	var list []api.ShipmentView
	s.json(&list, "shipment", "list", "--rma", r.Number, "--direction", "out")
	require.Len(t, list, 1)
	require.Contains(t, s.must("shipment", "list", "--account", "Acme Ltda"), "replacement, out")

	out := s.must("shipment", "show", list[0].Tracking)
	require.Contains(t, out, "Parcel sim TRK-1: labeled")
	require.Regexp(t, `in São Paulo +labeled`, out)
	require.Equal(t, exitUsage, s.run("shipment", "show", "TRK-NONE"))
}

// Contracts are found by their customer and their order.
func TestContractsFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Contains(t, s.must("contract", "list"), "No contracts.")
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	out := s.must("contract", "list", "--account", "Acme Ltda", "--order", "PO-1", "--type", "select")
	require.Contains(t, out, "at the latest")
	require.Contains(t, out, "1 contract.")
	require.Contains(t, s.must("contract", "list", "--expiring-within", "30"), "No contracts.")
	out = s.must("contract", "show", "PO-1")
	require.Contains(t, out, "Select for Acme Ltda: pending start")
	require.Contains(t, out, "The order was fulfilled.")
}

// Two companies that one parent holds are parted, and put together again (S60).
func TestS60_ParentsFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	seller := env.Reseller(t, "Revenda Sul")
	env.Fulfilled(t, seller, storetest.FormFor("PO-1", "Alfa Ltda", "ana@alfa.example"))
	env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta Ltda", "bia@beta.example"))

	out := s.must("org", "merge", "Beta Ltda", "Alfa Ltda", "--reason", "one group")
	require.Contains(t, out, "1 account under Alfa Ltda now:\n  Beta Ltda\n")
	var done api.ParentChangeView
	s.json(&done, "org", "split", "Alfa Ltda", "--name", "Beta S.A.", "--account", "Beta Ltda", "--reason", "two")
	require.Equal(t, "Beta S.A.", done.Into.Name)
	require.Len(t, done.Moved, 1)
	require.Equal(t, exitUsage, s.run("org", "merge", "Alfa Ltda", "Gama Ltda", "--reason", "r"))
	require.NotZero(t, s.run("org", "merge", "Alfa Ltda", "Alfa Ltda", "--reason", "r"))
}

// A list of warranties from before is matched, reported by row, and shown.
func TestR111_WarrantiesFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Contains(t, s.must("warranty", "list"), "No warranties from before.")
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	content, err := os.ReadFile("../../api/examples/import-warranties.request.csv")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "warranties.csv")
	require.NoError(t, os.WriteFile(file, content, 0o600))

	require.Contains(t, s.must("import", "warranties", file, "--dry-run"), "nothing was stored")
	require.Contains(t, s.must("warranty", "list"), "No warranties from before.")
	require.Contains(t, s.must("import", "warranties", file, "--reason", "old system"), "are stored.")
	require.NotContains(t, s.must("warranty", "list"), "No warranties")

	require.NoError(t, os.WriteFile(file, append(content, "no serial\n"...), 0o600))
	require.NotZero(t, s.run("import", "warranties", file))
	require.Equal(t, exitUsage, s.run("import", "warranties", "../../go.mod"))
}

// A manager who has left is noted; a courier that comes late is, too; and a seller who asks why
// an order never came gets an answer.
func TestSmallThingsOfTheDesk(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	s.must("csm", "add", "--name", "Clara Reis", "--email", "clara@operator.example", "--reason", "new")
	require.Contains(t, s.must("csm", "change", "Clara Reis", "--phone", "+55 11 4000-1234", "--reason", "r"),
		"+55 11 4000-1234")
	require.Contains(t, s.must("csm", "change", "clara@operator.example", "--left", "--reason", "r"), "left")
	require.Contains(t, s.must("csm", "change", "Clara Reis", "--back", "--reason", "r"), "active")
	require.Equal(t, exitRefused, s.run("csm", "change", "Clara Reis", "--email", "no address", "--reason", "r"))
	require.Contains(t, s.err.String(), "  --email: ")

	c := env.Covered(t)
	courier := []string{"site", "courier", c.Site.Name, "--reason", "third late parcel"}
	require.Equal(t, exitUsage, s.run(courier...))
	require.Regexp(t, `Courier +unreliable`, s.must(append(courier, "--unreliable")...))
	require.NotRegexp(t, `Courier +unreliable`, s.must(append(courier, "--reliable")...))

}

// What a seller sent and was refused at the door is told with every field, though no order exists.
func TestWhatWasRefusedAtTheDoorIsTold(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Equal(t, "Nothing was refused.\n", s.must("order", "refused"))

	seller := env.Reseller(t, "Revenda Sul")
	_, secret, err := env.CreateToken(env.Context, identity.NewToken{
		OrgID:     seller.ID,
		Role:      rules.Reseller,
		Label:     "order system",
		Scopes:    api.ScopesFor(rules.Reseller),
		ExpiresAt: time.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	sender, err := apiOptions{URL: os.Getenv("ROOMCOVER_URL")}.clientWith(secret)
	require.NoError(t, err)
	require.Error(t, sender.post(t.Context(), "/v1/orders", map[string]string{}, &struct{}{}))

	env.Calendar.Set(env.Calendar.Now().Add(48 * time.Hour))
	out := s.must("order", "refused", "--time-zone", "America/Sao_Paulo")
	require.Regexp(t, `^Revenda Sul, Mon 23 Nov, 09:00 in São Paulo \(request req-`, out)
	require.Contains(t, out, "\n  po number: ")
	require.Contains(t, out, "\n1 in all.\n")
	require.NotRegexp(t, anyID, out)
}
