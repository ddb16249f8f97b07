package replacement_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

func device(t *testing.T, env storetest.Env, id string) entitlement.Device {
	t.Helper()
	d, err := env.GetDevice(env.Context, id)
	require.NoError(t, err)
	return d
}

// roomOf is where a device is now; empty for nowhere.
func roomOf(t *testing.T, env storetest.Env, deviceID string) string {
	t.Helper()
	stays, err := env.PlacementsOf(env.Context, deviceID)
	require.NoError(t, err)
	for _, p := range stays {
		if p.ToAt == nil {
			return p.RoomID
		}
	}
	return ""
}

func steps(t *testing.T, env storetest.Env, rmaID string) (out []string) {
	t.Helper()
	all, _, err := env.ListNotifications(env.Context, notification.NotificationFilter{
		SubjectID: rmaID,
		Page:      db.Page{Limit: 200},
	})
	require.NoError(t, err)
	for _, m := range all {
		out = append(out, m.Params["step"].(string)+" "+m.Recipient)
	}
	slices.Sort(out) // ids of one millisecond have no order
	return out
}

func TestR35c_OrdinaryRMAFromRequestToClose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Requested(t, c)
		require.Equal(t, rma.RMARequested, r.StoredState)
		require.Equal(t, cover.BySelect, r.CoverKind, "S38: which cover is used")
		require.Equal(t, calendar.SpeedNBD, r.Speed)
		require.Equal(t, c.Room.ID, *r.RoomID)
		require.Equal(t, c.Site.ID, r.SiteID, "the site of the room")
		require.Len(t, env.Tasks(t, db.TaskDecideRMA), 1)

		r, err := env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		require.Equal(t, "2026-11-26", r.Promise.On.String(), "Wednesday 09:00: the next business day")
		require.Equal(t, time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC), *r.PromiseDueAt)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskDecideRMA)[0].State)
		require.Equal(t, rma.TimerBreach, r.NextTimer)

		_, err = env.AllocateRMA(storetest.Operator(), r.ID, "")
		require.NoError(t, err)
		r, err = env.ShipRMA(storetest.Operator(), r.ID,
			replacement.RMAShipment{Serial: "new-100", Carrier: "sim", Tracking: "TRK1"})
		require.NoError(t, err)
		require.Equal(t, rma.RMAShipped, r.StoredState)
		newSerial := *r.ReplacementDeviceID
		require.Equal(t, licensing.DeviceUnplaced, device(t, env, newSerial).State)
		require.Equal(t, c.Room.ID, roomOf(t, env, c.Device.ID), "S24: until the delivery")

		shipments, _, err := env.ListShipments(env.Context, logistics.ShipmentFilter{SubjectID: r.ID})
		require.NoError(t, err)
		require.Len(t, shipments, 1)
		delivered := env.Calendar.Now().Add(20 * time.Hour)
		env.Calendar.Set(delivered)
		for i, kind := range []shipping.ScanKind{
			shipping.ScanPickedUp, shipping.ScanInTransit, shipping.ScanDelivered, shipping.ScanDelivered,
		} {
			_, err = env.RecordScan(env.Context, shipments[0].ID,
				logistics.NewScan{Kind: kind, Source: logistics.ScanByCarrier, CauseKey: storetest.PO(i)})
			require.NoError(t, err)
		}
		r = storetest.GetRMA(t, env, r.ID)
		require.Equal(t, rma.RMAAwaitingReturn, r.StoredState)
		require.Equal(t, rma.OutboundDelivered, r.StoredOutbound)
		require.Equal(t, delivered, *r.DeliveredAt)
		require.Equal(t, "2026-12-10", r.ReturnPlan.On.String(), "S22: 10 business days after Thursday")
		require.Equal(t, rma.TimerReminder, r.NextTimer)
		require.Equal(t, c.Room.ID, roomOf(t, env, newSerial), "S24")
		require.Empty(t, roomOf(t, env, c.Device.ID))
		require.Equal(t, licensing.DeviceInRMA, device(t, env, c.Device.ID).State)
		require.Equal(t, c.Device.ID, *device(t, env, newSerial).ReplacesDeviceID)
		require.Equal(t, "2026-11-26", device(t, env, newSerial).ReplacedOn)

		_, err = env.RecordRMAFact(env.Context, r.ID, rma.FactReturnScanned, time.Time{})
		require.NoError(t, err)
		require.Nil(t, storetest.GetRMA(t, env, r.ID).NextAt, "the clock of the fee stands still")
		_, err = env.ReceiveRMA(storetest.Operator(), r.ID)
		require.NoError(t, err)
		r, err = env.InspectRMA(storetest.Operator(), r.ID, replacement.RMAInspection{
			Serial:  "sn-100",
			Outcome: rma.OutcomeDefect,
		})
		require.NoError(t, err)
		require.Equal(t, rma.RMAClosed, r.StoredState)
		require.NotNil(t, r.ClosedAt)
		require.Equal(t, licensing.DeviceReturned, device(t, env, c.Device.ID).State)
		env.AuditHolds(t)
		require.Equal(t, []string{
			"APPROVED ana.souza@acme.example", "APPROVED portaria@acme.example", "DELIVERED ana.souza@acme.example",
			"DELIVERED portaria@acme.example", "INSPECTED ana.souza@acme.example", "INSPECTED portaria@acme.example",
			"REQUESTED ana.souza@acme.example", "REQUESTED portaria@acme.example", "SHIPPED ana.souza@acme.example",
			"SHIPPED portaria@acme.example",
		}, steps(t, env, r.ID))
	})
}

func TestR35d_DeviceInNoRoomIsReplacedByItsWarranty(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	_, err := env.PlaceDevice(env.Context, c.Device.ID, "", "")
	require.NoError(t, err)
	_, err = env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{Serial: "SN-100", Fault: "Broken"})
	storetest.RequireCode(t, rma.SiteUnknown, err)
	r, err := env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
		Serial: "SN-100",
		Fault:  "Broken",
		SiteID: c.Site.ID,
	})
	require.NoError(t, err)
	require.Equal(t, cover.ByStandardWarranty, r.CoverKind, "S38")
	require.Equal(t, calendar.SpeedStandard, r.Speed)
	r, err = env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	require.Nil(t, r.PromiseDueAt, "no day is promised")
	require.Nil(t, r.NextAt)
}

func TestR78c_SpeedOfTheRoomsCountryPromisesThirdBusinessDay(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	_, err := env.PublishTerms(storetest.Operator(), catalogue.CountryTerms{
		Country:       "BR",
		EffectiveFrom: civil.Date{Year: 2026, Month: 11, Day: 25},
		Available:     true,
		RMASpeed:      "3BD",
		Languages:     []string{"pt"},
	}, "slower")
	require.NoError(t, err)
	room := env.Room(t, c.Account, "Sala 2")
	env.Assigned(t, env.Licences(t, c.Order)[1], room)
	env.Device(t, room, "SN-200", "MEETUP", "2020-12-01") // its own warranty is over
	env.Calendar.Set(env.Calendar.Now().Add(24 * time.Hour))
	r, err := env.RequestRMA(storetest.Operator(), replacement.NewRMA{
		Serial:          "SN-200",
		Fault:           "Broken",
		DefectConfirmed: true,
	})
	storetest.RequireCode(t, rules.WarrantyCap, err)
	env.Device(t, room, "SN-201", "MEETUP", "2023-12-01")
	env.Calendar.Set(env.Calendar.Now().Add(24 * time.Hour))
	r, err = env.RequestRMA(storetest.Operator(), replacement.NewRMA{
		Serial:          "SN-201",
		Fault:           "Broken",
		DefectConfirmed: true,
	})
	require.NoError(t, err)
	require.Equal(t, rma.RMAApproved, r.StoredState, "an agent who has confirmed the defect approves at once")
	require.Equal(t, calendar.RMASpeed("3BD"), r.Speed)
	require.Equal(t, "2026-12-02", r.Promise.On.String(), "Friday and three business days")
}

func TestV6_V7_CutOffFixesThePromise(t *testing.T) {
	for wall, want := range map[string]string{
		"2026-09-04 14:00": "2026-09-08",
		"2026-09-04 15:01": "2026-09-09",
		"2026-12-31 10:00": "2027-01-04",
	} {
		env := storetest.SQLite(t)
		c := env.Covered(t)
		r := env.Requested(t, c)
		env.SetLocal(t, "America/Sao_Paulo", wall)
		r, err := env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		require.Equal(t, want, r.Promise.On.String(), wall)
		require.NotEmpty(t, promise.Text(*r.Promise, "pt-BR"))
		require.NotZero(t, r.Promise.CalendarVersion)
	}
}

func TestS20_EditedCalendarMovesNoPromise(t *testing.T) {
	env := storetest.SQLite(t)
	r := env.Approved(t, env.Covered(t))
	calendar, err := env.GetCalendar(env.Context, "BR")
	require.NoError(t, err)
	_, err = env.AddHoliday(storetest.Operator(),
		program.CalendarChange{Code: "BR", Version: calendar.Version, Reason: "new"}, r.Promise.On, "Feriado")
	require.NoError(t, err)
	require.Equal(t, "2026-11-26", storetest.GetRMA(t, env, r.ID).Promise.On.String())
}

// Each request is a task of an operator: of one account only so many wait at once.
func TestR74_RequestsThatNobodyDecidedAreBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		request := func(ctx context.Context) (replacement.RMA, error) {
			return env.RequestRMA(ctx, replacement.NewRMA{
				ModelCode: "STRONG-USB-CABLE",
				RoomID:    c.Room.ID,
				Quantity:  1,
				Fault:     "Broken",
			})
		}
		customer := storetest.Customer(c.Account)
		var made []string
		for i := range rma.MaxUndecided {
			r, err := request(customer)
			require.NoError(t, err, "%d", i)
			made = append(made, r.ID)
		}
		_, err := request(customer)
		storetest.RequireCode(t, rules.RateLimited, err)
		require.Positive(t, rules.RetryAfterOf(err))
		require.Len(t, env.Tasks(t, db.TaskDecideRMA), rma.MaxUndecided)

		_, err = request(storetest.Operator())
		require.NoError(t, err, "an operator may")
		for _, id := range made[:2] { // decided
			_, err := env.ApproveRMA(storetest.Operator(), id, replacement.RMAApproval{DefectConfirmed: true})
			require.NoError(t, err)
		}
		_, err = request(customer)
		require.NoError(t, err)
	})
}

func TestR74_AccessoryThroughItsRoom(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	ctx := storetest.Customer(c.Account)
	for _, n := range []replacement.NewRMA{
		{ModelCode: "STRONG-USB-CABLE", Quantity: 2, Fault: "Broken"},
		{ModelCode: "STRONG-USB-CABLE", RoomID: c.Room.ID, Fault: "Broken"},
	} {
		n.AccountID = c.Account
		_, err := env.RequestRMA(ctx, n)
		storetest.RequireCode(t, rules.ValidationFailed, err)
	}
	r, err := env.RequestRMA(ctx, replacement.NewRMA{
		ModelCode: "strong-usb-cable",
		RoomID:    c.Room.ID,
		Quantity:  2,
		Fault:     "Broken",
	})
	require.NoError(t, err)
	require.Nil(t, r.DeviceID)
	require.Equal(t, 2, r.Quantity)
	_, err = env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	_, err = env.AllocateRMA(storetest.Operator(), r.ID, "")
	require.NoError(t, err)
	_, err = env.ShipRMA(storetest.Operator(), r.ID, replacement.RMAShipment{})
	require.NoError(t, err)
	_, err = env.RecordRMAFact(env.Context, r.ID, rma.FactDelivered, time.Time{})
	require.NoError(t, err)
	r, err = env.KeepRMAUnit(storetest.Operator(), r.ID, "", "worth less than its way back")
	require.NoError(t, err)
	require.Equal(t, rma.RMANoReturn, r.StoredState)
	bare := env.Room(t, c.Account, "Sala 9")
	_, err = env.RequestRMA(ctx, replacement.NewRMA{
		ModelCode: "STRONG-USB-CABLE",
		RoomID:    bare.ID,
		Quantity:  1,
		Fault:     "Broken",
	})
	storetest.RequireCode(t, rules.NotCovered, err)
}

func TestR75_R59b_WhatIsNotReplaced(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	ctx := storetest.Customer(c.Account)
	for model, code := range map[string]string{
		"SYNC":             rules.NotHardware,
		"COLLABOS":         rules.NotHardware,
		"TAP-BUNDLE-TEAMS": rules.NotHardware,
		"WINDOWS-PC":       rules.ModelNotSupported,
	} {
		_, err := env.RequestRMA(ctx, replacement.NewRMA{
			ModelCode: model,
			RoomID:    c.Room.ID,
			Quantity:  1,
			Fault:     "Broken",
		})
		storetest.RequireCode(t, code, err)
	}
	env.Device(t, c.Room, "PC-1", "WINDOWS-PC", "2026-01-01")
	env.Calendar.Set(env.Calendar.Now().Add(25 * time.Hour))
	_, err := env.RequestRMA(ctx, replacement.NewRMA{Serial: "PC-1", Fault: "Broken"})
	storetest.RequireCode(t, rules.ModelNotSupported, err)
}

func TestR125b_UnknownPurchaseDateHoldsTheRMAUntilTheProofIsRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		d := env.Device(t, c.Room, "SN-300", "MEETUP", "")
		env.Calendar.Set(env.Calendar.Now().Add(25 * time.Hour))
		r, err := env.RequestRMA(storetest.Operator(), replacement.NewRMA{
			Serial:          "SN-300",
			Fault:           "Broken",
			DefectConfirmed: true,
		})
		require.NoError(t, err)
		require.Equal(t, rma.RMARequested, r.StoredState)
		require.True(t, r.Held)
		require.Nil(t, r.Frozen)
		require.Equal(t, rules.ProofRequired, env.Tasks(t, db.TaskDecideRMA)[0].Why)
		_, err = env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
		storetest.RequireCode(t, rules.ProofRequired, err)
		_, err = env.ChangeDevice(storetest.Operator(), d.ID, licensing.DeviceForm{
			Serial:      "SN-300",
			ModelCode:   "MEETUP",
			PurchasedOn: "2026-01-01",
		}, 0, "read from the invoice")
		require.NoError(t, err)
		r, err = env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		require.False(t, r.Held)
		require.Equal(t, cover.BySelect, r.CoverKind)
		require.Equal(t, r.RequestedAt, r.Frozen.At, "covered as of its request")
	})
}

func TestS25_SerialOfYesterdayNeedsAProof(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	env.Device(t, c.Room, "SN-400", "MEETUP", "2026-06-01")
	ctx := storetest.Customer(c.Account)
	_, err := env.RequestRMA(ctx, replacement.NewRMA{Serial: "SN-400", Fault: "Broken"})
	storetest.RequireCode(t, rma.SerialTooNew, err)
	_, err = env.RequestRMA(ctx, replacement.NewRMA{Serial: "SN-400", Fault: "Broken", SerialProof: "invoice 7"})
	require.NoError(t, err)
}

func TestS25_FourthRMAOfTheMonthIsReviewed(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	for i := range 4 {
		env.Device(t, c.Room, storetest.PO(500+i), "MEETUP", "2026-06-01")
	}
	env.Calendar.Set(env.Calendar.Now().Add(25 * time.Hour))
	var last replacement.RMA
	for i := range 4 {
		r, err := env.RequestRMA(storetest.Operator(), replacement.NewRMA{
			Serial:          storetest.PO(500 + i),
			Fault:           "Broken",
			DefectConfirmed: true,
		})
		require.NoError(t, err)
		require.Equal(t, i == 3, len(r.ReviewReasons) > 0, i)
		last = r
	}
	require.Equal(t, rma.RMARequested, last.StoredState, "not approved by itself")
	require.Equal(t, rma.ReviewRMARate, env.Tasks(t, db.TaskDecideRMA)[0].Why)
}

func TestS25_OnlyAKnownSiteIsShippedTo(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	other := env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-101")
	for _, site := range []string{"sit_none", other.Site.ID} {
		_, err := env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
			Serial: "SN-100",
			Fault:  "Broken",
			SiteID: site,
		})
		storetest.RequireCode(t, rma.SiteUnknown, err)
	}
}

func TestC4_OneOpenRMAPerDevice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		errs := storetest.AtOnce(6, func(int) error {
			_, err := env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
				Serial: "SN-100",
				Fault:  "Broken",
			})
			return err
		})
		refused := 0
		for _, err := range errs {
			if rules.CodeOf(err) == rma.RMAOpen {
				refused++
			} else {
				require.NoError(t, err)
			}
		}
		require.Equal(t, 5, refused)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM rmas"))
		require.Error(t, env.Exec("INSERT INTO rmas SELECT "+copiedRMA(t, env)+" FROM rmas"), "the database decides")
	})
}

// copiedRMA lists the columns of RMAs with another id.
func copiedRMA(t *testing.T, env storetest.Env) string {
	out := ""
	query := "SELECT name FROM pragma_table_info('rmas') ORDER BY cid"
	if env.DSN != "" {
		query = "SELECT column_name FROM information_schema.columns WHERE table_name = 'rmas' ORDER BY ordinal_position"
	}
	for i, column := range env.Strings(t, query) {
		if i == 0 {
			column = "id || 'x'"
		} else {
			column = ", " + column
		}
		out += column
	}
	return out
}

func TestC5_ForeignRMAsAnswerLikeMissingOnes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Shipped(t, c)
		other := env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-101")
		ctx := storetest.Customer(other.Account)
		for call, err := range map[string]error{
			"get":      storetest.SecondOf(env.GetRMA(ctx, r.ID)),
			"withdraw": storetest.SecondOf(env.WithdrawRMA(ctx, r.ID, "")),
			"appeal":   storetest.SecondOf(env.AppealRMA(ctx, r.ID, "x")),
			"fact":     storetest.SecondOf(env.RecordRMAFact(ctx, r.ID, rma.FactDelivered, time.Time{})),
			"site":     storetest.SecondOf(env.GetSite(ctx, c.Site.ID)),
			"change":   storetest.SecondOf(env.ChangeSite(ctx, c.Site.ID, rules.SiteForm{}, 0, "")),
			"request": storetest.SecondOf(
				env.RequestRMA(ctx, replacement.NewRMA{AccountID: c.Account, Serial: "SN-100", Fault: "x"}),
			),
		} {
			require.Equal(t, rules.NotFound, rules.CodeOf(err), "%s: %v", call, err)
		}
		_, foreign := env.RequestRMA(ctx, replacement.NewRMA{Serial: "SN-100", Fault: "x", SiteID: other.Site.ID})
		_, missing := env.RequestRMA(ctx, replacement.NewRMA{Serial: "SN-999", Fault: "x", SiteID: other.Site.ID})
		storetest.RequireCode(t, rma.SerialNotRegistered, foreign)
		require.Equal(t, missing, foreign)
		require.Empty(t, storetest.ListOf(env.ListRMAs(ctx, replacement.RMAFilter{}))(t))
		require.Empty(t, storetest.ListOf(env.ListRMAs(ctx, replacement.RMAFilter{Serial: "SN-100"}))(t))
		require.Len(t, storetest.ListOf(
			env.ListRMAs(storetest.Customer(c.Account), replacement.RMAFilter{Serial: "new sn100", Open: true}),
		)(t), 1)
	})
}

func TestMailsOfAnRMAGoOnceToEachAdministratorAndTheSitesContact(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		for i, m := range []struct {
			role, state string
		}{{"ADMIN", "ACTIVE"}, {"READ_ONLY", "ACTIVE"}, {"ADMIN", "SUSPENDED"}} {
			other := env.CoveredFor(t, storetest.PO(i), "p"+storetest.PO(i)+"@acme.example", "SN-20"+storetest.PO(i))
			require.NoError(
				t,
				env.Exec("INSERT INTO memberships (id, account_id, user_id, role, state, created_at) VALUES ('mem_"+
					storetest.PO(i)+"', '"+c.Account+"', '"+
					other.Admin.ID+"', '"+m.role+"', '"+m.state+"', '2026-11-01 00:00:00')"),
			)
		}
		told := func(r replacement.RMA) []string { return steps(t, env, r.ID) }
		second := env.Strings(
			t, "SELECT u.email FROM users u JOIN memberships m ON m.user_id = u.id WHERE m.account_id = '"+c.Account+
				"' AND m.role = 'ADMIN' AND m.state = 'ACTIVE' ORDER BY u.id",
		)
		require.Len(t, second, 2)

		first := env.Requested(t, c)
		require.ElementsMatch(t, []string{
			"REQUESTED " + second[0], "REQUESTED " + second[1], "REQUESTED portaria@acme.example",
		}, told(first))

		require.NoError(t, env.Exec("UPDATE sites SET contact_email = '"+second[1]+"' WHERE id = '"+c.Site.ID+"'"))
		_, err := env.WithdrawRMA(storetest.AgentContext, first.ID, "")
		require.NoError(t, err)
		require.Len(t, told(first), 5, "the contact is an administrator, and is told once")

		require.NoError(t, env.Exec("UPDATE memberships SET state = 'REMOVED'"))
		require.NoError(t, env.Exec("UPDATE sites SET contact_email = ''"))
		require.Empty(t, told(env.Requested(t, c)), "there is nobody to tell")
	})
}
