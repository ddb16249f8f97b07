package entitlement_test

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/ordering"
)

func TestS1_FirstAssignmentStartsEveryContractOfTheOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		form := storetest.Form("PO-1")
		form.Lines = append(form.Lines, ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 3})
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
		other := env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"), storetest.Form("PO-2"))
		env.Calendar.Set(storetest.Now.AddDate(0, 0, 5))
		room := env.Room(t, *o.AccountID, "Sala 1")
		out, err := env.Assign(storetest.Customer(*o.AccountID), entitlement.AssignRequest{
			LicenceID: env.Licences(t, o)[0].ID,
			RoomID:    room.ID,
		})
		require.NoError(t, err)
		require.Len(t, out.Started, 2)
		zone, err := time.LoadLocation("America/Sao_Paulo")
		require.NoError(t, err)
		contracts, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		for _, c := range contracts {
			require.Equal(t, rules.ContractActive, c.State)
			require.Equal(t, entitlement.StartFirstAssignment, c.StartReason)
			require.Equal(t, civil.Date{Year: 2026, Month: 11, Day: 28}, rules.DateIn(*c.StartAt, zone))
			require.Equal(t, rules.ContractPeriod(rules.DateIn(*c.StartAt, zone), c.TermYears, zone).End, *c.EndAt)
		}
		env.Calendar.Set(storetest.Now.AddDate(0, 0, 9))
		again, err := env.Assign(env.Context, entitlement.AssignRequest{
			LicenceID: env.Licences(t, o)[1].ID,
			RoomID:    env.Room(t, *o.AccountID, "Sala 2").ID,
		})
		require.NoError(t, err)
		require.Empty(t, again.Started)
		rest, err := env.ContractsOfOrder(env.Context, other.ID)
		require.NoError(t, err)
		require.Equal(t, rules.ContractPendingStart, rest[0].State, "another order waits on")
		events, err := env.Timeline(env.Context, contracts[1].ID)
		require.NoError(t, err)
		require.Equal(t, []string{"contract.created", "contract.started"}, storetest.VerbsOf(events))
		env.AuditHolds(t)
	})
}

func TestR39_OneLicenceOneRoom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		place := func(po, sku string) order.Order {
			f := storetest.Form(po)
			f.Lines = []ordering.OrderLine{{SKU: sku, Quantity: 2}}
			return env.Fulfilled(t, seller, f)
		}
		warranty := place("PO-2", "EXT-WARRANTY-1Y")
		sync := place("PO-3", "SYNC-PLUS-1Y")
		accountID := *o.AccountID
		ctx := storetest.Customer(accountID)
		a, b := env.Room(t, accountID, "A"), env.Room(t, accountID, "B")
		assign := func(l entitlement.Licence, r entitlement.Room) error {
			_, err := env.Assign(ctx, entitlement.AssignRequest{LicenceID: l.ID, RoomID: r.ID})
			return err
		}
		licences := env.Licences(t, o)
		require.NoError(t, assign(licences[0], a))
		storetest.RequireCode(t, licensing.LicenceTaken, assign(licences[0], b)) // R39b
		storetest.RequireCode(t, licensing.RoomHasLicence, assign(licences[1], a))
		storetest.RequireCode(t, licensing.NotAssignable, assign(env.Licences(t, warranty)[0], b)) // R39a
		require.NoError(t, assign(env.Licences(t, sync)[0], a), "SyncPlus stands beside Select")
		storetest.RequireCode(t, licensing.RoomHasLicence, assign(env.Licences(t, sync)[1], a))
		storetest.RequireCode(t, rules.NotFound, assign(licences[1], entitlement.Room{ID: "rom_none"}))
		storetest.RequireCode(t, rules.NotFound, assign(entitlement.Licence{ID: "lic_none"}, b))
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM licence_assignments WHERE to_at IS NULL"))
		open, _, err := env.ListAssignments(ctx, entitlement.AssignmentFilter{LicenceID: licences[0].ID, Open: true})
		require.NoError(t, err)
		env.Calendar.Set(storetest.Now.Add(time.Hour))
		_, err = env.Release(ctx, open[0].ID, "")
		require.NoError(t, err)
		_, err = env.Release(ctx, open[0].ID, "")
		storetest.RequireCode(t, rules.StateConflict, err)
		require.NoError(t, assign(licences[0], b))
		env.AuditHolds(t)
	})
}

func TestR39b_FiftyAssignsOfOneLicenceGiveOneSuccess(t *testing.T) {
	env := storetest.Postgres(t)
	o, accountID := storetest.AcmeForm(t, env)
	licence := env.Licences(t, o)[0]
	rooms := make([]entitlement.Room, 50)
	for i := range rooms {
		rooms[i] = env.Room(t, accountID, storetest.PO(i))
	}
	won := 0
	for _, err := range storetest.AtOnce(len(rooms), func(i int) error {
		_, err := env.Assign(storetest.Customer(accountID), entitlement.AssignRequest{
			LicenceID: licence.ID,
			RoomID:    rooms[i].ID,
		})
		return err
	}) {
		if err == nil {
			won++
		} else {
			storetest.RequireCode(t, licensing.LicenceTaken, err)
		}
	}
	require.Equal(t, 1, won)
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM licence_assignments"))
	env.AuditHolds(t)
}

func TestR39b_TheDatabaseItselfRefusesOverlaps(t *testing.T) {
	env := storetest.Postgres(t)
	o, accountID := storetest.AcmeForm(t, env)
	a, b := env.Room(t, accountID, "A"), env.Room(t, accountID, "B")
	d := env.Device(t, a, "SERIAL1", "MEETUP", "")
	env.Assigned(t, env.Licences(t, o)[0], a)
	for _, query := range []string{
		"INSERT INTO licence_assignments SELECT 'asg_x', account_id, licence_id, '" + b.ID +
			"', service_type, from_at - interval '1 day', from_at + interval '1 day', '', 'x', NULL, '', NULL FROM licence_assignments",
		"INSERT INTO device_placements SELECT 'plc_x', account_id, '" + d.ID + "', '" + b.ID +
			"', from_at - interval '1 day', from_at + interval '1 day', 'x' FROM device_placements",
		"INSERT INTO device_placements SELECT 'plc_x', account_id, device_id, '" + b.ID +
			"', from_at + interval '1 day', NULL, 'x' FROM device_placements",
	} {
		err := env.Exec(query)
		require.Error(t, err)
		require.Regexp(t, "exclusion constraint|duplicate key", err.Error())
	}
}

func TestR28_Moves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		a, b := env.Room(t, accountID, "A"), env.Room(t, accountID, "B")
		d := env.Device(t, a, "SERIAL1", "MEETUP", "2026-11-01")
		l := env.Licences(t, o)[0]
		env.Assigned(t, l, a)
		before, err := env.ContractsOfOrder(ctx, o.ID)
		require.NoError(t, err)
		env.Calendar.Set(storetest.Now.AddDate(0, 0, 100))
		// R28a
		_, err = env.Move(ctx, entitlement.MoveRequest{FromRoomID: a.ID, ToRoomID: b.ID, DeviceIDs: []string{d.ID}})
		require.NoError(t, err)
		stays, err := env.PlacementsOf(ctx, d.ID)
		require.NoError(t, err)
		require.Len(t, stays, 2)
		require.Equal(t, stays[0].ToAt.UTC(), stays[1].FromAt.UTC())
		// R28b
		out, err := env.Move(ctx, entitlement.MoveRequest{FromRoomID: a.ID, ToRoomID: b.ID, LicenceIDs: []string{l.ID}})
		require.NoError(t, err)
		require.Equal(t, b.ID, out.Assignments[0].RoomID)
		after, err := env.ContractsOfOrder(ctx, o.ID)
		require.NoError(t, err)
		require.Equal(t, before, after, "start and end stay")
		back, err := env.Move(ctx, entitlement.MoveRequest{
			FromRoomID: b.ID,
			ToRoomID:   a.ID,
			DeviceIDs:  []string{d.ID},
			LicenceIDs: []string{l.ID},
		})
		require.NoError(t, err)
		require.Equal(t, a.ID, back.Assignments[0].RoomID)
		events, err := env.Timeline(ctx, d.ID, l.ID)
		require.NoError(t, err)
		require.Equal(t, []string{
			"device.registered", "licence.assigned", "device.moved", "licence.moved", "licence.moved", "device.moved",
		}, storetest.VerbsOf(events))
		for _, c := range []struct {
			q    entitlement.MoveRequest
			code string
		}{
			{entitlement.MoveRequest{FromRoomID: b.ID, ToRoomID: a.ID, DeviceIDs: []string{d.ID}}, rules.StateConflict},
			{
				entitlement.MoveRequest{FromRoomID: b.ID, ToRoomID: a.ID, LicenceIDs: []string{l.ID}},
				rules.StateConflict,
			},
			{
				entitlement.MoveRequest{FromRoomID: a.ID, ToRoomID: a.ID, LicenceIDs: []string{l.ID}},
				rules.ValidationFailed,
			},
			{entitlement.MoveRequest{FromRoomID: a.ID, ToRoomID: b.ID}, rules.ValidationFailed},
			{entitlement.MoveRequest{FromRoomID: a.ID, ToRoomID: b.ID, DeviceIDs: []string{"dev_x"}}, rules.NotFound},
			{entitlement.MoveRequest{FromRoomID: a.ID, ToRoomID: "rom_x", DeviceIDs: []string{d.ID}}, rules.NotFound},
		} {
			_, err := env.Move(ctx, c.q)
			storetest.RequireCode(t, c.code, err)
		}
		env.AuditHolds(t)
	})
}

func TestR28c_CombinedMoveIsAtomic(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		a, b := env.Room(t, accountID, "A"), env.Room(t, accountID, "B")
		d := env.Device(t, a, "SERIAL1", "MEETUP", "2026-11-01")
		l := env.Licences(t, o)[0]
		env.Assigned(t, l, a)
		if env.DSN == "" {
			require.NoError(t, env.Exec(
				"CREATE TRIGGER injected BEFORE INSERT ON device_placements BEGIN SELECT RAISE(ABORT, 'injected'); END",
			))
		} else {
			require.NoError(t, env.Exec(
				"ALTER TABLE device_placements ADD CONSTRAINT injected CHECK (from_at < '2000-01-01') NOT VALID",
			))
		}
		events := env.Count(t, "SELECT count(*) FROM audit_events")
		_, err := env.Move(storetest.Customer(accountID), entitlement.MoveRequest{
			FromRoomID: a.ID,
			ToRoomID:   b.ID,
			DeviceIDs:  []string{d.ID},
			LicenceIDs: []string{l.ID},
		})
		require.Error(t, err)
		require.Equal(t, 1,
			env.Count(t, "SELECT count(*) FROM licence_assignments WHERE to_at IS NULL AND room_id = '"+a.ID+"'"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM licence_assignments"))
		require.Equal(t, 1,
			env.Count(t, "SELECT count(*) FROM device_placements WHERE to_at IS NULL AND room_id = '"+a.ID+"'"))
		require.Equal(t, events, env.Count(t, "SELECT count(*) FROM audit_events"))
	})
}

func TestAssignAndMoveTakeAtMostTwelveStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		form := storetest.Form("PO-1")
		form.Lines = append(form.Lines, ordering.OrderLine{
			SKU:      "SELECT-1Y",
			Quantity: 3,
		}, ordering.OrderLine{SKU: "SELECT-5Y", Quantity: 3})
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
		accountID := *o.AccountID
		ctx := storetest.Customer(accountID)
		a := env.RoomIn(t, accountID, "A", "DE")
		b := env.RoomIn(t, accountID, "B", "DE")
		d := env.Device(t, a, "SERIAL1", "MEETUP", "2026-11-01")
		l := env.Licences(t, o)[0]
		_, err := env.PublishTerms(env.Context,
			storetest.TermsOf("DE", func(c *catalogue.CountryTerms) { c.RMASpeed = "3BD" }), "")
		require.NoError(t, err)
		_, err = env.Reference(env.Context)
		require.NoError(t, err)
		next := env.Licences(t, o)[1].ID
		measure := func(what string, call func() error) {
			env.Statements.Reset()
			require.NoError(t, call())
			n := len(env.Statements.List())
			t.Logf("%s: %d statements", what, n)
			require.LessOrEqual(t, n, 12, "%s: %q", what, env.Statements.List())
		}
		measure("first assign", func() error {
			return storetest.SecondOf(
				env.Assign(ctx, entitlement.AssignRequest{LicenceID: l.ID, RoomID: a.ID, Acknowledged: 2}),
			)
		})
		measure("move of both", func() error {
			return storetest.SecondOf(env.Move(ctx, entitlement.MoveRequest{
				FromRoomID:   a.ID,
				ToRoomID:     b.ID,
				DeviceIDs:    []string{d.ID},
				LicenceIDs:   []string{l.ID},
				Acknowledged: 2,
			}))
		})
		measure("next assign", func() error {
			return storetest.SecondOf(
				env.Assign(ctx, entitlement.AssignRequest{LicenceID: next, RoomID: a.ID, Acknowledged: 2}),
			)
		})
	})
}

func TestR78_CountriesDecideAssignments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		l := env.Licences(t, o)
		publish := func(c catalogue.CountryTerms) program.CountryTermsVersion {
			v, err := env.PublishTerms(env.Context, c, "changed")
			require.NoError(t, err)
			return v
		}
		assign := func(l entitlement.Licence, r entitlement.Room, ack int) (entitlement.Assigned, error) {
			return env.Assign(ctx, entitlement.AssignRequest{LicenceID: l.ID, RoomID: r.ID, Acknowledged: ack})
		}
		_, err := assign(l[0], env.RoomIn(t, accountID, "DE 1", "DE"), 0) // R78a
		require.NoError(t, err)
		require.Equal(t, 2,
			publish(storetest.TermsOf("DE", func(c *catalogue.CountryTerms) { c.RMASpeed = "3BD" })).Version)
		room := env.RoomIn(t, accountID, "DE 2", "DE")
		_, err = assign(l[1], room, 0)
		storetest.RequireCode(t, cover.TermsAckRequired, err) // R78e
		_, err = assign(l[1], room, 1)
		storetest.RequireCode(t, cover.TermsAckRequired, err)
		out, err := assign(l[1], room, 2)
		require.NoError(t, err)
		stored, _, err := env.ListAssignments(ctx, entitlement.AssignmentFilter{RoomID: room.ID})
		require.NoError(t, err)
		require.Equal(t, out.Assignments[0].Terms, stored[0].Terms)
		require.Equal(t, 2, stored[0].Terms.Version)
		require.Equal(t, "usr_admin", stored[0].AcknowledgedBy)
		require.Equal(t, env.Calendar.Now(), stored[0].AcknowledgedAt.UTC())
		require.Equal(t, calendar.RMASpeed("3BD"), stored[0].Terms.RMASpeed) // R78c
		publish(storetest.TermsOf("FR", func(c *catalogue.CountryTerms) { c.Available = false }))
		_, err = assign(l[2], env.RoomIn(t, accountID, "FR 1", "FR"), 2)
		storetest.RequireCode(t, rules.CountryNotSupported, err) // R78b
		_, err = env.PublishTerms(env.Context, storetest.TermsOf("FR", func(c *catalogue.CountryTerms) {
			c.EffectiveFrom = c.EffectiveFrom.AddDays(-9)
		}), "")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.PublishTerms(ctx, storetest.TermsOf("FR", func(*catalogue.CountryTerms) {}), "")
		storetest.RequireCode(t, rules.NotFound, err)
		all, err := env.ListCountryTerms(context.Background()) // R78d: no login
		require.NoError(t, err)
		require.Len(t, all, len(catalogue.DefaultCountryTerms())+2)
		require.NoError(t, err)
		_, err = env.Move(ctx, entitlement.MoveRequest{
			FromRoomID: room.ID,
			ToRoomID:   env.RoomIn(t, accountID, "FR 2", "FR").ID,
			LicenceIDs: []string{l[1].ID},
		})
		storetest.RequireCode(t, rules.CountryNotSupported, err)
	})
}

func TestR125d_AssignmentWarnsOfTheCap(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env) // three years
		room := env.Room(t, accountID, "A")
		young := env.Device(t, room, "NEW1", "MEETUP", "2026-11-20")
		old := env.Device(t, room, "OLD1", "MEETUP", "2023-06-01")
		ancient := env.Device(t, room, "OLD2", "MEETUP", "2020-06-01")
		unknown := env.Device(t, room, "WHO1", "MEETUP", "")
		out, err := env.Assign(env.Context, entitlement.AssignRequest{
			LicenceID: env.Licences(t, o)[0].ID,
			RoomID:    room.ID,
		})
		require.NoError(t, err)
		got := map[string]string{}
		for _, w := range out.Warnings {
			got[w.DeviceID] = w.Code
		}
		require.Equal(t, map[string]string{
			old.ID:     licensing.WarnHardwareCapped,
			ancient.ID: licensing.WarnHardwareOverCap,
			unknown.ID: licensing.WarnPurchaseUnknown,
		}, got)
		require.NotContains(t, got, young.ID)
	})
}

func TestS8_CancellationEndsAssignments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		room := env.Room(t, accountID, "A")
		env.Assigned(t, env.Licences(t, o)[0], room)
		env.Calendar.Set(storetest.Now.Add(time.Hour))
		seller, err := env.GetOrg(env.Context, o.ResellerID)
		require.NoError(t, err)
		_, _, err = env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		ended, _, err := env.ListAssignments(env.Context, entitlement.AssignmentFilter{RoomID: room.ID})
		require.NoError(t, err)
		require.Len(t, ended, 1, "history stays")
		require.Equal(t, entitlement.EndCancelled, ended[0].EndReason)
		require.Equal(t, env.Calendar.Now(), ended[0].ToAt.UTC())
		contracts, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Equal(t, env.Calendar.Now(), contracts[0].CancelledAt.UTC())
		require.NotNil(t, contracts[0].StartAt)
	})
}

func TestS3_ExpiryEndsAssignmentsAtTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		room := env.Room(t, accountID, "A")
		env.Assigned(t, env.Licences(t, o)[0], room)
		contracts, err := env.ContractsOfOrder(env.Context, o.ID)
		require.NoError(t, err)
		env.Calendar.Set(contracts[0].EndAt.AddDate(0, 0, 3)) // the sweep is late
		for range 2 {
			_, err = env.SweepContracts(env.Context, func(operations.Sweep) {})
			require.NoError(t, err)
		}
		ended, _, err := env.ListAssignments(env.Context, entitlement.AssignmentFilter{RoomID: room.ID})
		require.NoError(t, err)
		require.Equal(t, entitlement.EndExpired, ended[0].EndReason)
		require.Equal(t, contracts[0].EndAt.UTC(), ended[0].ToAt.UTC())
		_, err = env.Assign(env.Context, entitlement.AssignRequest{LicenceID: ended[0].LicenceID, RoomID: room.ID})
		storetest.RequireCode(t, licensing.LicenceNotInForce, err)
		env.AuditHolds(t)
	})
}

func TestR109_AnotherAccountsRoomsAndLicencesAreNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		mine, accountID := storetest.AcmeForm(t, env)
		theirs := env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"),
			storetest.FormFor("PO-9", "Beta SA", "bia@beta.example"))
		ctx := storetest.Customer(accountID)
		room := env.Room(t, accountID, "A")
		foreign := env.Room(t, *theirs.AccountID, "B")
		d := env.Device(t, foreign, "SERIAL1", "MEETUP", "")
		l := env.Licences(t, theirs)[0]
		a := env.Assigned(t, l, foreign)
		own := env.Licences(t, mine)[0]
		env.Assigned(t, own, room)
		for call, ask := range map[string]func(room, device, licence, assignment, accountID string) error{
			"get room": func(r, _, _, _, _ string) error { return storetest.SecondOf(env.GetRoom(ctx, r)) },
			"change room": func(r, _, _, _, _ string) error {
				return storetest.SecondOf(env.ChangeRoom(ctx, r, storetest.RoomForm("x"), 0, ""))
			},
			"archive": func(r, _, _, _, _ string) error { return storetest.SecondOf(env.ArchiveRoom(ctx, r, "")) },
			"create": func(_, _, _, _, acc string) error {
				return storetest.SecondOf(
					env.CreateRoom(ctx, entitlement.NewRoom{AccountID: acc, Form: storetest.RoomForm("x")}),
				)
			},
			"get device": func(_, d, _, _, _ string) error { return storetest.SecondOf(env.GetDevice(ctx, d)) },
			"change": func(_, d, _, _, _ string) error {
				return storetest.SecondOf(env.ChangeDevice(ctx, d,
					licensing.DeviceForm{Serial: "SERIAL1", ModelCode: "TAP"}, 0, ""))
			},
			"place": func(_, d, _, _, _ string) error { return storetest.SecondOf(env.PlaceDevice(ctx, d, "", "")) },
			"place in": func(r, _, _, _, _ string) error {
				return storetest.SecondOf(env.RegisterDevice(ctx, entitlement.NewDevice{
					RoomID: r,
					Form:   licensing.DeviceForm{Serial: "SERIAL7", ModelCode: "TAP"},
				}))
			},
			"register": func(_, _, _, _, acc string) error {
				return storetest.SecondOf(env.RegisterDevice(ctx, entitlement.NewDevice{
					AccountID: acc,
					RoomID:    room.ID,
					Form:      licensing.DeviceForm{Serial: "SERIAL8", ModelCode: "TAP"},
				}))
			},
			"bundle": func(r, _, _, _, _ string) error {
				return storetest.SecondOf(env.AddBundle(ctx, entitlement.NewDevice{
					RoomID: r,
					Form:   licensing.DeviceForm{ModelCode: "ROOM-ZOOM-PC"},
				}))
			},
			"assign": func(_, _, l, _, _ string) error {
				return storetest.SecondOf(env.Assign(ctx, entitlement.AssignRequest{LicenceID: l, RoomID: room.ID}))
			},
			"assign to": func(r, _, _, _, _ string) error {
				return storetest.SecondOf(
					env.Assign(ctx, entitlement.AssignRequest{LicenceID: env.Licences(t, mine)[1].ID, RoomID: r}),
				)
			},
			"release": func(_, _, _, a, _ string) error { return storetest.SecondOf(env.Release(ctx, a, "")) },
			"move from": func(r, _, _, _, _ string) error {
				return storetest.SecondOf(env.Move(ctx, entitlement.MoveRequest{
					FromRoomID: r,
					ToRoomID:   room.ID,
					LicenceIDs: []string{own.ID},
				}))
			},
			"move to": func(r, _, _, _, _ string) error {
				return storetest.SecondOf(env.Move(ctx, entitlement.MoveRequest{
					FromRoomID: room.ID,
					ToRoomID:   r,
					LicenceIDs: []string{own.ID},
				}))
			},
			"move licence": func(_, _, l, _, _ string) error {
				return storetest.SecondOf(env.Move(ctx, entitlement.MoveRequest{
					FromRoomID: room.ID,
					ToRoomID:   env.Room(t, accountID, "X").ID,
					LicenceIDs: []string{l},
				}))
			},
			"move device": func(_, d, _, _, _ string) error {
				return storetest.SecondOf(env.Move(ctx, entitlement.MoveRequest{
					FromRoomID: room.ID,
					ToRoomID:   env.Room(t, accountID, "X").ID,
					DeviceIDs:  []string{d},
				}))
			},
		} {
			there := ask(foreign.ID, d.ID, l.ID, a.ID, *theirs.AccountID)
			none := ask("rom_x", "dev_x", "lic_x", "asg_x", "acc_x")
			storetest.RequireCode(t, rules.NotFound, there)
			require.Equal(t, none, there, call)
		}
		for name, n := range map[string]int{
			"devices": len(
				storetest.ListOf(env.ListDevices(ctx, entitlement.DeviceFilter{AccountID: *theirs.AccountID}))(t),
			),
			"rooms": len(
				storetest.ListOf(env.ListRooms(ctx, entitlement.RoomFilter{AccountID: *theirs.AccountID}))(t),
			),
			"found": len(storetest.ListOf(env.ListRooms(ctx, entitlement.RoomFilter{Search: "SERIAL1"}))(t)),
			"assignments": len(
				storetest.ListOf(env.ListAssignments(ctx, entitlement.AssignmentFilter{RoomID: foreign.ID}))(t),
			),
		} {
			require.Zero(t, n, name)
		}
	})
}

// A process whose clock is behind that of the one which ended the stay before is told to
// repeat it: nothing fails without a word, and nothing stands twice.
func TestAPeriodThatWouldBeginTooEarlyIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		a, b := env.Room(t, accountID, "A"), env.Room(t, accountID, "B")
		d := env.Device(t, a, "SERIAL1", "MEETUP", "")
		assigned := env.Assigned(t, env.Licences(t, o)[0], a)

		env.Calendar.Set(storetest.Now.Add(time.Hour))
		_, err := env.PlaceDevice(ctx, d.ID, b.ID, "")
		require.NoError(t, err)
		_, err = env.Release(ctx, assigned.ID, "")
		require.NoError(t, err)

		env.Calendar.Set(storetest.Now.Add(time.Hour - time.Second))
		_, err = env.PlaceDevice(ctx, d.ID, a.ID, "")
		storetest.RequireCode(t, rules.StateConflict, err)
		again := entitlement.AssignRequest{LicenceID: assigned.LicenceID, RoomID: a.ID}
		_, err = env.Assign(ctx, again)
		storetest.RequireCode(t, rules.StateConflict, err)

		env.Calendar.Set(storetest.Now.Add(time.Hour + time.Second))
		_, err = env.PlaceDevice(ctx, d.ID, a.ID, "")
		require.NoError(t, err)
		_, err = env.Assign(ctx, again)
		require.NoError(t, err)
		env.AuditHolds(t)
	})
}
