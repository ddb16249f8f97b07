package entitlement_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

func TestR70_RoomsHaveAPlatformAndAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		for _, p := range rules.Platforms() {
			f := storetest.RoomForm("Sala de Reunião " + string(p))
			f.Platform = p
			r, err := env.CreateRoom(ctx, entitlement.NewRoom{AccountID: accountID, Form: f})
			require.NoError(t, err)
			require.Equal(t, rules.CriticalityNormal, r.Criticality)
			require.Equal(t, "America/Sao_Paulo", r.TimeZone)
		}
		berlin := env.RoomIn(t, accountID, "100%", "DE")
		require.Equal(t, "Europe/Berlin", berlin.TimeZone)
		env.Device(t, berlin, "ab-12 34", "MEETUP", "2026-01-01")
		for search, n := range map[string]int{
			"REUNIAO": 5,
			"zoom_":   2,
			"%":       1,
			"b-123":   1,
			"hq":      1,
			"nothing": 0,
			"ao_":     0,
		} {
			rooms, _, err := env.ListRooms(ctx, entitlement.RoomFilter{Search: search})
			require.NoError(t, err)
			require.Len(t, rooms, n, search)
		}
		for _, f := range []entitlement.RoomFilter{{Platform: rules.PlatformZoomPC}, {Country: "DE"}, {Site: "HQ"}} {
			rooms, _, err := env.ListRooms(ctx, f)
			require.NoError(t, err)
			require.Len(t, rooms, 1)
		}
		first, next, err := env.ListRooms(ctx, entitlement.RoomFilter{Page: db.Page{Limit: 4}})
		require.NoError(t, err)
		rest, end, err := env.ListRooms(ctx, entitlement.RoomFilter{Page: db.Page{Limit: 4, After: next}})
		require.NoError(t, err)
		require.Len(t, append(first, rest...), 6)
		require.Empty(t, end)
		_, err = env.CreateRoom(ctx, entitlement.NewRoom{
			AccountID: accountID,
			Form:      licensing.RoomForm{Name: "x", Country: "BR", Platform: "WEBEX"},
		})
		storetest.RequireCode(t, rules.ValidationFailed, err)
	})
}

func TestR60_EveryDefaultModelIsRegistered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		room := env.Room(t, accountID, "Sala 1")
		all, err := env.ListModels(env.Context)
		require.NoError(t, err)
		hardware := 0
		for i, m := range all {
			if m.Kind == catalogue.KindHardware {
				hardware++
				env.Device(t, room, storetest.PO(i), m.Code, "2026-01-01")
			}
		}
		require.Equal(t, 11, hardware)
		require.ElementsMatch(t, catalogue.DefaultModels(), all)
	})
}

func TestR42_ChangesNeedTheRoleAndOperatorsAReason(t *testing.T) {
	env := storetest.SQLite(t)
	o, accountID := storetest.AcmeForm(t, env)
	room := env.Room(t, accountID, "Sala 1")
	d := env.Device(t, room, "SERIAL1", "MEETUP", "")
	a := env.Assigned(t, env.Licences(t, o)[0], room)
	for name, c := range map[string]struct {
		ctx  context.Context
		code string
	}{
		"read only": {storetest.ReadOnly(accountID), rules.Forbidden},
		"operator":  {storetest.Operator(), rules.ReasonRequired},
	} {
		for call, err := range map[string]error{
			"create": storetest.SecondOf(
				env.CreateRoom(c.ctx, entitlement.NewRoom{AccountID: accountID, Form: storetest.RoomForm("x")}),
			),
			"change":  storetest.SecondOf(env.ChangeRoom(c.ctx, room.ID, storetest.RoomForm("x"), 0, "")),
			"archive": storetest.SecondOf(env.ArchiveRoom(c.ctx, room.ID, "")),
			"register": storetest.SecondOf(env.RegisterDevice(c.ctx, entitlement.NewDevice{
				AccountID: accountID,
				Form:      licensing.DeviceForm{Serial: "SERIAL2", ModelCode: "TAP"},
			})),
			"bundle": storetest.SecondOf(env.AddBundle(c.ctx, entitlement.NewDevice{
				RoomID: room.ID,
				Form:   licensing.DeviceForm{ModelCode: "ROOM-ZOOM-PC"},
			})),
			"device": storetest.SecondOf(env.ChangeDevice(c.ctx, d.ID,
				licensing.DeviceForm{Serial: "SERIAL1", ModelCode: "TAP"}, 0, "")),
			"place": storetest.SecondOf(env.PlaceDevice(c.ctx, d.ID, "", "")),
			"assign": storetest.SecondOf(
				env.Assign(c.ctx, entitlement.AssignRequest{LicenceID: a.LicenceID, RoomID: room.ID}),
			),
			"release": storetest.SecondOf(env.Release(c.ctx, a.ID, "")),
			"move": storetest.SecondOf(env.Move(c.ctx, entitlement.MoveRequest{
				FromRoomID: room.ID,
				ToRoomID:   "rom_x",
				DeviceIDs:  []string{d.ID},
			})),
		} {
			storetest.RequireCode(t, c.code, err)
			require.NotEmpty(t, call, name)
		}
	}
	_, err := env.ChangeRoom(storetest.Operator(), room.ID, storetest.RoomForm("Sala 2"), 0, "asked by phone")
	require.NoError(t, err)
	_, err = env.GetRoom(storetest.ReadOnly(accountID), room.ID)
	require.NoError(t, err)
}

func TestRoomChangesKeepTheirVersionAndAudit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		room := env.Room(t, accountID, "Sala 1")
		changed, err := env.ChangeRoom(ctx, room.ID, storetest.RoomForm("Sala 2"), room.Version, "")
		require.NoError(t, err)
		require.Equal(t, room.Version+1, changed.Version)
		_, err = env.ChangeRoom(ctx, room.ID, storetest.RoomForm("Sala 3"), room.Version, "")
		storetest.RequireCode(t, rules.StateConflict, err)
		stored, err := env.GetRoom(ctx, room.ID)
		require.NoError(t, err)
		require.Equal(t, changed, stored)
		events, err := env.Timeline(ctx, room.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"room.created", "room.changed"}, storetest.VerbsOf(events))
		require.Equal(t, "Sala 1", events[1].Details["before"].(map[string]any)["name"])
		require.Equal(t, "Sala 2", events[1].Details["after"].(map[string]any)["name"])
		env.AuditHolds(t)
	})
}

func TestS28_ArchivedRoomReleasesItsLicences(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		room := env.Room(t, accountID, "Sala 1")
		d := env.Device(t, room, "SERIAL1", "MEETUP", "2026-01-01")
		licence := env.Licences(t, o)[0]
		env.Assigned(t, licence, room)
		env.Calendar.Set(storetest.Now.AddDate(0, 0, 5))
		archived, err := env.ArchiveRoom(ctx, room.ID, "")
		require.NoError(t, err)
		require.Equal(t, licensing.RoomArchived, archived.State)
		balance, err := env.Balance(ctx, accountID)
		require.NoError(t, err)
		require.EqualValues(t, 10, balance[catalogue.ServiceSelect][rules.LicenceAvailable])
		ended, _, err := env.ListAssignments(ctx, entitlement.AssignmentFilter{RoomID: room.ID})
		require.NoError(t, err)
		require.Equal(t, entitlement.EndArchived, ended[0].EndReason)
		require.Equal(t, env.Calendar.Now(), *ended[0].ToAt)
		d, err = env.GetDevice(ctx, d.ID)
		require.NoError(t, err)
		require.Equal(t, licensing.DeviceUnplaced, d.State)
		_, err = env.ArchiveRoom(ctx, room.ID, "")
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.ChangeRoom(ctx, room.ID, storetest.RoomForm("x"), 0, "")
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.Assign(ctx, entitlement.AssignRequest{LicenceID: licence.ID, RoomID: room.ID})
		storetest.RequireCode(t, licensing.RoomIsArchived, err)
		_, err = env.PlaceDevice(ctx, d.ID, room.ID, "")
		storetest.RequireCode(t, licensing.RoomIsArchived, err)
		env.AuditHolds(t)
	})
}

func TestR27_SerialsNameOneLiveDevice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		room := env.Room(t, accountID, "Sala 1")
		register := func(serial string) error {
			_, err := env.RegisterDevice(ctx, entitlement.NewDevice{
				AccountID: accountID,
				RoomID:    room.ID,
				Form:      licensing.DeviceForm{Serial: serial, ModelCode: "MEETUP"},
			})
			return err
		}
		require.NoError(t, register("ab-12 34")) // R27a, R27c
		err := register("AB1234")
		storetest.RequireCode(t, licensing.SerialRegistered, err)
		var taken *entitlement.SerialTaken
		require.True(t, errors.As(err, &taken))
		require.Equal(t, room.ID, taken.RoomID)
		require.Empty(t, env.Tasks(t, db.TaskSerialClaimed))
		storetest.RequireCode(t, rules.ValidationFailed, register("a/b"))
		errs := storetest.AtOnce(10, func(int) error { return register("RACE-1") })
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				storetest.RequireCode(t, licensing.SerialRegistered, err)
			}
		}
		require.Equal(t, 1, won)
	})
}

func TestR27c_SerialOfAnotherAccountIsClaimedWithoutDisclosure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, owner := storetest.AcmeForm(t, env)
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"),
			storetest.FormFor("PO-9", "Beta SA", "bia@beta.example"))
		asker := *o.AccountID
		ctx := storetest.Customer(asker)
		theirs := env.Device(t, env.Room(t, owner, "Sala 1"), "AB1234", "MEETUP", "2025-05-05")
		room := env.Room(t, asker, "Room 1")
		claim := func() error {
			_, err := env.RegisterDevice(ctx, entitlement.NewDevice{
				RoomID: room.ID,
				Form:   licensing.DeviceForm{Serial: "ab 1234", ModelCode: "MEETUP"},
			})
			return err
		}
		for range 2 {
			err := claim()
			storetest.RequireCode(t, licensing.SerialClaimed, err)
			for _, secret := range []string{owner, theirs.ID, "Sala 1"} {
				require.NotContains(t, err.Error(), secret)
			}
		}
		tasks := env.Tasks(t, db.TaskSerialClaimed)
		require.Len(t, tasks, 1)
		require.Equal(t, 2, strings.Count(tasks[0].Why, "no proof of purchase was given"))
		_, err := env.RegisterDevice(ctx, entitlement.NewDevice{
			RoomID: room.ID,
			Form: licensing.DeviceForm{
				Serial: "AB1234", ModelCode: "MEETUP", PurchaseProof: "NF 4711",
			},
		})
		storetest.RequireCode(t, licensing.SerialClaimed, err)
		tasks = env.Tasks(t, db.TaskSerialClaimed)
		require.Len(t, tasks, 1)
		require.Contains(t, tasks[0].Why, "registers device "+theirs.ID+" (proof of purchase: NF 4711)")
		require.Contains(t, tasks[0].Why, "(no proof of purchase was given)")
		require.Equal(t, []string{"move", "refuse"}, operations.ActionsOf(tasks[0].Kind))
		_, err = env.DecideClaim(ctx, tasks[0].SubjectID, true, "x")
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.DecideClaim(storetest.Operator(), tasks[0].SubjectID, false, "the invoice is the other one's")
		require.NoError(t, err)
		storetest.RequireCode(t, licensing.SerialClaimed, claim())
		open, _, err := env.ListTasks(env.Context, db.TaskFilter{Kind: db.TaskSerialClaimed, State: db.TaskOpen})
		require.NoError(t, err)
		require.Len(t, open, 1)
		_, err = env.DecideClaim(storetest.Operator(), open[0].SubjectID, true, "sold")
		require.NoError(t, err)
		_, err = env.DecideClaim(storetest.Operator(), open[0].SubjectID, true, "sold")
		storetest.RequireCode(t, rules.StateConflict, err)
		mine, _, err := env.ListDevices(ctx, entitlement.DeviceFilter{RoomID: room.ID})
		require.NoError(t, err)
		require.Equal(t, "AB1234", *mine[0].Serial)
		require.Equal(t, "2025-05-05", mine[0].PurchasedOn)
		theirs, err = env.GetDevice(env.Context, theirs.ID)
		require.NoError(t, err)
		require.Equal(t, licensing.DeviceRetired, theirs.State)
		stays, err := env.PlacementsOf(storetest.Customer(owner), theirs.ID)
		require.NoError(t, err)
		require.NotNil(t, stays[0].ToAt)
		env.AuditHolds(t)
	})
}

// A file that is only checked asks an operator about serials of others as well, once a day for
// each: else it would tell without a trace who has what.
func TestR27c_ACheckedFileAsksAnOperatorToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, owner := storetest.AcmeForm(t, env)
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"),
			storetest.FormFor("PO-9", "Beta SA", "bia@beta.example"))
		asker := *o.AccountID
		env.Device(t, env.Room(t, owner, "Sala 1"), "AB1234", "MEETUP", "2025-05-05")
		job := importjob.ImportJob{
			Kind:          importjob.ImportRooms,
			AccountID:     &asker,
			DryRun:        true,
			RequestedBy:   "usr_x",
			RequestedRole: rules.CustomerAdmin,
		}
		check := func() {
			reports, err := env.CheckRooms(env.Context, job, []entitlement.RoomOfFile{{
				No: 1,
				Form: licensing.RoomRow{
					Room:    licensing.RoomForm{Name: "Room 9", Country: "BR", Platform: "OTHER"},
					Devices: []licensing.DeviceForm{{Serial: "AB-1234", ModelCode: "MEETUP"}},
				},
			}})
			require.NoError(t, err)
			require.Equal(t, licensing.SerialClaimed, reports[0].Errors[0].Code)
		}
		open := func() []db.OperatorTask {
			tasks, _, err := env.ListTasks(env.Context, db.TaskFilter{Kind: db.TaskSerialClaimed, State: db.TaskOpen})
			require.NoError(t, err)
			return tasks
		}

		check()
		check()
		require.Len(t, open(), 1)
		require.Equal(t, []string{""}, env.Strings(t, "SELECT COALESCE(room_id, '') FROM device_claims"))
		_, err := env.DecideClaim(storetest.Operator(), open()[0].SubjectID, false, "not theirs")
		require.NoError(t, err)
		check()
		require.Empty(t, open(), "within a day")
		env.Calendar.Set(env.Calendar.Now().Add(25 * time.Hour))
		check()
		require.Len(t, open(), 1)
		env.AuditHolds(t)
	})
}

func TestR70_BundleBecomesItsParts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		room := env.Room(t, accountID, "Sala 1")
		parts, err := env.AddBundle(ctx, entitlement.NewDevice{
			RoomID: room.ID,
			Form:   licensing.DeviceForm{ModelCode: "room-zoom-pc", PurchasedOn: "2026-10-01"},
		})
		require.NoError(t, err)
		require.Len(t, parts, 2)
		require.Nil(t, parts[0].Serial)
		named, err := env.ChangeDevice(ctx, parts[0].ID, licensing.DeviceForm{
			Serial:      "bar-1",
			ModelCode:   parts[0].ModelCode,
			PurchasedOn: parts[0].PurchasedOn,
		}, parts[0].Version, "")
		require.NoError(t, err)
		require.Equal(t, "BAR1", *named.Serial)
		_, err = env.ChangeDevice(ctx, parts[1].ID, licensing.DeviceForm{Serial: "BAR 1", ModelCode: "TAP"}, 0,
			"wrong part")
		storetest.RequireCode(t, licensing.SerialRegistered, err)
		_, err = env.AddBundle(ctx, entitlement.NewDevice{
			RoomID: room.ID,
			Form:   licensing.DeviceForm{ModelCode: "UNHEARD-OF"},
		})
		storetest.RequireCode(t, rules.ModelNotSupported, err)
	})
}

func TestS32_StoredDatesChangeWithAReasonOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		d := env.Device(t, env.Room(t, accountID, "Sala 1"), "SERIAL1", "MEETUP", "")
		f := licensing.DeviceForm{
			Serial:         "SERIAL1",
			ModelCode:      "MEETUP",
			PurchasedOn:    "2026-01-01",
			StdWarrantyEnd: "2028-06-01",
		}
		d, err := env.ChangeDevice(ctx, d.ID, f, d.Version, "")
		require.NoError(t, err, "an unknown date may be filled in")
		f.PurchasedOn = "2026-02-02"
		_, err = env.ChangeDevice(ctx, d.ID, f, d.Version, " ")
		storetest.RequireCode(t, rules.ReasonRequired, err)
		d, err = env.ChangeDevice(ctx, d.ID, f, d.Version, "read from the invoice")
		require.NoError(t, err)
		require.Equal(t, "2028-06-01", d.StdWarrantyEnd, "absolute dates are kept")
		events, err := env.Timeline(ctx, d.ID)
		require.NoError(t, err)
		require.Equal(t, "read from the invoice", events[2].Details["reason"])
	})
}
