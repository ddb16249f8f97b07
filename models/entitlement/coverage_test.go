package entitlement_test

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

func ask(
	t *testing.T, env storetest.Env, q entitlement.CoverSubject, at time.Time, purpose cover.Purpose,
) cover.Answer {
	t.Helper()
	out, err := env.Coverage(env.Context, []entitlement.CoverSubject{q}, at, purpose)
	require.NoError(t, err)
	require.True(t, out[0].Found)
	return out[0].Answer
}

// day is noon of a local day of the account, as is the account's wall clock.
func day(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	at, err := time.ParseInLocation("2006-01-02 15:04", text+" 12:00", zone)
	require.NoError(t, err)
	return at
}

func lastDay(t *testing.T, end *time.Time) string {
	t.Helper()
	require.NotNil(t, end)
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	return rules.LastCoveredDay(*end, zone).String()
}

func TestR25b_OlderDevicesAreCoveredToTheEarlierEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env) // three years from 2026-11-23
		room := env.Room(t, accountID, "A")
		env.Device(t, room, "OLD-1", "MEETUP", "2024-11-23")
		env.Device(t, room, "OLD-2", "MEETUP", "2022-06-01")
		env.Assigned(t, env.Licences(t, o)[0], room)
		at := day(t, "2026-11-24")
		a := ask(t, env, entitlement.CoverSubject{Serial: "old1"}, at, cover.ForHardware)
		require.True(t, a.Covered)
		require.Equal(t, "2029-11-22", lastDay(t, a.HardwareUntil))
		a = ask(t, env, entitlement.CoverSubject{Serial: "OLD-2"}, at, cover.ForHardware)
		require.Equal(t, "2027-05-31", lastDay(t, a.HardwareUntil)) // R125b
		require.Equal(t, "2029-11-22", lastDay(t, a.SupportUntil))  // R125c
		require.True(t, a.Has(cover.ReasonCapped))
		after := ask(t, env, entitlement.CoverSubject{Serial: "OLD-2"}, day(t, "2027-06-01"), cover.ForHardware)
		require.Equal(t, rules.WarrantyCap, after.Code)
	})
}

func TestR39c_R28_CoverFollowsAssignmentsAndPlacements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		a, b := env.Room(t, accountID, "A"), env.Room(t, accountID, "B")
		d := env.Device(t, a, "DEV-1", "MEETUP", "2023-12-01") // its own warranty is over
		serial := entitlement.CoverSubject{Serial: "DEV-1"}
		require.Equal(t, rules.NotCovered, ask(t, env, serial, day(t, "2026-11-24"), cover.ForTechnical).Code)
		l := env.Licences(t, o)[0]
		env.Assigned(t, l, a)
		answer := ask(t, env, serial, day(t, "2026-11-24"), cover.ForTechnical)
		require.True(t, answer.Covered)
		require.Equal(t, []cover.Feature{cover.SyncPremium}, answer.Features) // R34a, with no Sync anywhere (R34b)
		require.Equal(t, []string{"en", "pt-BR"}, answer.Languages)
		env.Calendar.Set(day(t, "2026-12-01").UTC())
		_, err := env.Move(env.Context, entitlement.MoveRequest{
			FromRoomID: a.ID,
			ToRoomID:   b.ID,
			DeviceIDs:  []string{d.ID},
		})
		require.NoError(t, err)
		require.Equal(t, rules.NotCovered, ask(t, env, serial, day(t, "2026-12-02"), cover.ForHardware).Code)
		require.True(t, ask(t, env, serial, day(t, "2026-11-30"), cover.ForHardware).Covered, "history stays")
		_, err = env.Move(env.Context, entitlement.MoveRequest{
			FromRoomID: a.ID,
			ToRoomID:   b.ID,
			LicenceIDs: []string{l.ID},
		})
		require.NoError(t, err)
		require.True(t, ask(t, env, serial, day(t, "2026-12-02"), cover.ForHardware).Covered)
		require.Equal(t, rules.NotCovered,
			ask(t, env, entitlement.CoverSubject{RoomID: a.ID}, day(t, "2026-12-02"), cover.ForTechnical).Code)
		require.True(
			t, ask(t, env, entitlement.CoverSubject{RoomID: b.ID}, day(t, "2026-12-02"), cover.ForTechnical).Covered,
		)
		_, err = env.PlaceDevice(env.Context, d.ID, "", "")
		require.NoError(t, err)
		require.Equal(t, rules.Unplaced, ask(t, env, serial, day(t, "2026-12-02"), cover.ForHardware).Code)
		_, err = env.ArchiveRoom(env.Context, b.ID, "") // S28
		require.NoError(t, err)
		require.Equal(t, rules.NotCovered,
			ask(t, env, entitlement.CoverSubject{RoomID: b.ID}, day(t, "2026-12-02"), cover.ForTechnical).Code)
	})
}

func TestR59_ModelsAreData(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		room := env.Room(t, accountID, "A")
		env.Device(t, room, "DEV-1", "gadget", "2026-11-01") // R59b: inventoried, not covered
		env.Assigned(t, env.Licences(t, o)[0], room)
		serial := entitlement.CoverSubject{Serial: "DEV-1"}
		at := day(t, "2026-11-24")
		require.Equal(t, rules.ModelNotSupported, ask(t, env, serial, at, cover.ForHardware).Code)
		from := civil.Date{Year: 2026, Month: 11, Day: 24}
		_, err := env.PutModel(storetest.Customer(accountID), catalogue.ProductModel{
			Code:       "GADGET",
			Name:       "Gadget",
			Kind:       catalogue.KindHardware,
			Serialised: true,
		})
		storetest.RequireCode(t, rules.NotFound, err)
		// R59a
		_, err = env.PutModel(env.Context, catalogue.ProductModel{
			Code:          "gadget",
			Name:          "Gadget",
			Kind:          catalogue.KindHardware,
			Serialised:    true,
			EffectiveFrom: &from,
		})
		require.NoError(t, err)
		require.True(t, ask(t, env, serial, at, cover.ForHardware).Covered)
		require.Equal(t, rules.ModelNotSupported, ask(t, env, serial, day(t, "2026-11-23"), cover.ForHardware).Code)
		_, err = env.PutModel(env.Context, catalogue.ProductModel{Code: "x", Kind: "TOY"})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		// R74
		require.True(t, ask(t, env, entitlement.CoverSubject{RoomID: room.ID, ModelCode: "table-mount"}, at,
			cover.ForHardware).Covered)
		require.Equal(t, rules.NotHardware,
			ask(t, env, entitlement.CoverSubject{RoomID: room.ID, ModelCode: "SYNC"}, at, cover.ForHardware).Code)
	})
}

func TestS32_UnknownPurchaseIsHeldUntilKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		room := env.Room(t, accountID, "A")
		d := env.Device(t, room, "DEV-1", "MEETUP", "")
		env.Assigned(t, env.Licences(t, o)[0], room)
		serial := entitlement.CoverSubject{Serial: "DEV-1"}
		at := day(t, "2026-11-24")
		a := ask(t, env, serial, at, cover.ForHardware)
		require.Equal(t, rules.ProofRequired, a.Code)
		require.True(t, a.Held)
		_, err := env.ChangeDevice(env.Context, d.ID,
			licensing.DeviceForm{Serial: "DEV1", ModelCode: "MEETUP", PurchasedOn: "2026-01-01"}, 0, "")
		require.NoError(t, err)
		require.True(t, ask(t, env, serial, at, cover.ForHardware).Covered)
	})
}

func TestS3_S8_CoverEndsWithTheContract(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		room := env.Room(t, accountID, "A")
		q := entitlement.CoverSubject{RoomID: room.ID}
		env.Assigned(t, env.Licences(t, o)[0], room)
		require.True(t, ask(t, env, q, day(t, "2029-11-22"), cover.ForTechnical).Covered)
		require.False(t, ask(t, env, q, day(t, "2029-11-23"), cover.ForTechnical).Covered)
		env.Calendar.Set(day(t, "2026-12-01").UTC())
		_, _, err := env.CancelOrder(storetest.Operator(), o.ID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		require.True(t, ask(t, env, q, day(t, "2026-11-30"), cover.ForTechnical).Covered, "history stays (S8)")
		a := ask(t, env, q, day(t, "2026-12-02"), cover.ForTechnical)
		require.Equal(t, rules.NotCovered, a.Code)
		require.True(t, a.Has(cover.ReasonCancelled))
	})
}

func TestS31_LaterTermsLeaveAssignmentsTheBetter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		room := env.Room(t, accountID, "A")
		env.Assigned(t, env.Licences(t, o)[0], room)
		_, err := env.PublishTerms(env.Context, storetest.TermsOf("BR", func(c *catalogue.CountryTerms) {
			c.RMASpeed = "5BD"
			c.EffectiveFrom = c.EffectiveFrom.AddDays(10)
		}), "")
		require.NoError(t, err)
		a := ask(t, env, entitlement.CoverSubject{RoomID: room.ID}, day(t, "2026-12-20"), cover.ForHardware)
		require.Equal(t, calendar.SpeedNBD, a.RMASpeed)
		require.True(t, a.Has(cover.ReasonTermsKept))
	})
}

func TestC5_ForeignSubjectsAreNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		theirs := env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"),
			storetest.FormFor("PO-9", "Beta SA", "bia@beta.example"))
		room := env.Room(t, *theirs.AccountID, "B")
		env.Device(t, room, "DEV-1", "MEETUP", "")
		out, err := env.Coverage(storetest.Customer(accountID),
			[]entitlement.CoverSubject{{RoomID: room.ID}, {Serial: "DEV-1"}, {Serial: "NONE"}, {}}, env.Calendar.Now(),
			cover.ForHardware)
		require.NoError(t, err)
		for _, c := range out {
			require.Equal(t, entitlement.Covered{Subject: c.Subject}, c)
		}
	})
}

func TestCoverageOfAThousandTakesSixStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		var subjects []entitlement.CoverSubject
		for i, l := range env.Licences(t, o) {
			room := env.Room(t, accountID, storetest.PO(i))
			env.Assigned(t, l, room)
			d := env.Device(t, room, storetest.PO(i), "MEETUP", "2026-11-01")
			subjects = append(subjects, entitlement.CoverSubject{RoomID: room.ID},
				entitlement.CoverSubject{Serial: *d.Serial})
		}
		require.NoError(t, env.Exec(
			"UPDATE devices SET replaces_device_id = (SELECT min(id) FROM devices), replaced_day = '2026-11-20' WHERE id <> (SELECT min(id) FROM devices)",
		))
		for len(subjects) < entitlement.MaxCoverage {
			subjects = append(subjects, subjects[len(subjects)%20])
		}
		_, err := env.Reference(ctx)
		require.NoError(t, err)
		env.Statements.Reset()
		out, err := env.Coverage(ctx, subjects, env.Calendar.Now().Add(time.Hour), cover.ForHardware)
		require.NoError(t, err)
		t.Logf("%d statements", len(env.Statements.List()))
		require.LessOrEqual(t, len(env.Statements.List()), 6,
			"of the 10 that the budget allows, a fence on PostgreSQL among them")
		for _, c := range out {
			require.True(t, c.Answer.Covered, c.Subject)
		}
		_, err = env.Coverage(ctx, append(subjects, subjects[0]), env.Calendar.Now(), cover.ForHardware)
		storetest.RequireCode(t, rules.ValidationFailed, err)
	})
}
