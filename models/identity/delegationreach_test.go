package identity_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// atHQ is a customer with a covered room at HQ, which is delegated to the partner, and another
// one at the Filial, which is not.
type atHQ struct {
	sides
	storetest.Covered
	other entitlement.Room
}

func limitedToHQ(t *testing.T, env storetest.Env) atHQ {
	t.Helper()
	at := atHQ{sides: twoSides(t, env)}
	at.Covered = env.CoveredFor(t, "Beta Ltda", "bea@beta.example", "SN-100")
	at.customer, at.ana = at.Account, at.Admin
	var err error
	at.other, err = env.CreateRoom(env.Context, roomAt(at.customer, "Sala 9", "Filial"))
	require.NoError(t, err)
	env.Assigned(t, env.Licences(t, at.Order)[1], at.other)
	at.delegated(t, env, identity.DelegationTerms{
		Role: identity.RoleAdmin, Days: 30, Sites: []string{"HQ"},
	})
	return at
}

// S51: a delegated site takes no name that is not delegated: the hardware of the rooms there
// would be sent to it.
func TestS51_ADelegatedSiteTakesNoOtherSitesName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		at := limitedToHQ(t, env)
		form := rules.SiteForm{
			Name: "filial", Address: at.Site.Address(), TimeZone: at.Site.TimeZone,
			ContactName: at.Site.ContactName, ContactEmail: at.Site.ContactEmail,
		}
		_, err := env.ChangeSite(at.acting(t, env), at.Site.ID, form, 0, "")
		storetest.RequireCode(t, rules.NotFound, err)
		form.Name = "hq"
		site, err := env.ChangeSite(at.acting(t, env), at.Site.ID, form, 0, "")
		require.NoError(t, err)
		require.Equal(t, "hq", site.Name)
	})
}

// S51, R27c: a serial number that is taken at another site is refused without a word of where,
// and one of another account raises its task.
func TestS51_R27c_ASerialOfAnotherSiteIsTakenNowhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		at := limitedToHQ(t, env)
		there := env.Device(t, at.other, "SN-900", "RALLY-BAR", "2026-06-01")
		foreign := env.Device(t, env.Room(t, at.home, "Sala P"), "SN-901", "RALLY-BAR", "2026-06-01")
		pia := at.acting(t, env)
		register := func(serial string) error {
			_, err := env.RegisterDevice(pia, entitlement.NewDevice{
				AccountID: at.customer, RoomID: at.Room.ID,
				Form: licensing.DeviceForm{Serial: serial, ModelCode: "RALLY-BAR"},
			})
			return err
		}

		err := register(*there.Serial)
		storetest.RequireCode(t, licensing.SerialRegistered, err)
		var taken *entitlement.SerialTaken
		require.False(t, errors.As(err, &taken), "it says where")
		_, err = env.RegisterDevices(pia, entitlement.NewDevices{
			AccountID: at.customer, RoomID: at.Room.ID,
			Forms: []licensing.DeviceForm{{Serial: *there.Serial, ModelCode: "RALLY-BAR"}},
		})
		var wrong *entitlement.NotAdded
		require.ErrorAs(t, err, &wrong)
		require.Empty(t, wrong.Taken, "it says where")

		storetest.RequireCode(t, licensing.SerialRegistered, register(*at.Device.Serial))
		require.ErrorAs(t, register(*at.Device.Serial), &taken)
		storetest.RequireCode(t, licensing.SerialClaimed, register(*foreign.Serial))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM device_claims"))
	})
}

// S51: neither a ticket nor a parcel of another site is found by its id, and no ticket goes on
// with one.
func TestS51_NoTicketGoesOnWithOneOfAnotherSite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		at := limitedToHQ(t, env)
		there, err := env.Tickets.Open(storetest.Customer(at.customer),
			storetest.RoomTicket(at.other.ID))
		require.NoError(t, err)
		n := storetest.RoomTicket(at.Room.ID)
		for _, id := range []string{there.ID, "tkt_none"} {
			n.Follows = id
			_, err = env.Tickets.Open(at.acting(t, env), n)
			storetest.RequireCode(t, rules.NotFound, err)
		}
		n.Follows = ""
		own, err := env.Tickets.Open(at.acting(t, env), n)
		require.NoError(t, err)
		n.Follows = own.ID
		_, err = env.Tickets.Open(at.acting(t, env), n)
		require.NoError(t, err)
	})
}

// S51, S28: a room is not archived while a replacement of a device in it is open, wherever that
// was asked for; and where a device was at another site is not said.
func TestS51_S28_ADeviceThatCameFromAnotherSite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		at := limitedToHQ(t, env)
		env.Site(t, at.customer, "Filial", "BR", "RJ")
		d := env.Device(t, at.other, "SN-900", "RALLY-BAR", "2026-06-01")
		env.Calendar.Set(env.Calendar.Now().Add(48 * time.Hour))
		was := env.Calendar.Now()
		_, err := env.RequestRMA(storetest.Customer(at.customer), replacement.NewRMA{
			AccountID: at.customer, Serial: "SN-900", Fault: "No picture",
		})
		require.NoError(t, err)
		env.Calendar.Set(was.Add(time.Hour))
		room, err := env.CreateRoom(env.Context, roomAt(at.customer, "Sala 2", "HQ"))
		require.NoError(t, err)
		_, err = env.PlaceDevice(env.Context, d.ID, room.ID, "")
		require.NoError(t, err)

		_, err = env.ArchiveRoom(at.acting(t, env), room.ID, "")
		require.Error(t, err)
		require.NotEqual(t, rules.NotFound, rules.CodeOf(err))

		asked := []entitlement.CoverSubject{{Serial: "SN-900"}}
		answers, err := env.Coverage(at.acting(t, env), asked, was, cover.ForHardware)
		require.NoError(t, err)
		require.True(t, answers[0].Found)
		require.NotEqual(t, at.other.ID, answers[0].Answer.RoomID)
		answers, err = env.Coverage(env.Context, asked, was, cover.ForHardware)
		require.NoError(t, err)
		require.Equal(t, at.other.ID, answers[0].Answer.RoomID)
	})
}

// S51: a replacement is withdrawn though a ticket of another site waits for it, which goes on.
func TestS51_WhatFollowsIsDoneAtOtherSitesToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		at := limitedToHQ(t, env)
		waits, err := env.Tickets.Open(storetest.Customer(at.customer),
			storetest.RoomTicket(at.other.ID))
		require.NoError(t, err)
		_, err = env.Tickets.Do(storetest.Operator(), waits.ID, ticket.Command{
			Name: rule.DoAnswer, Text: "We look at it.",
		})
		require.NoError(t, err)
		r := env.Requested(t, at.Covered)
		_, err = env.Tickets.Do(storetest.Operator(), waits.ID, ticket.Command{
			Name: rule.DoWaitRMA, RMAID: r.ID,
		})
		require.NoError(t, err)

		_, err = env.DoRMA(at.acting(t, env), r.ID, replacement.ReplacementCommand{
			Name: rma.RMAWithdraw,
		})
		require.NoError(t, err)
		require.Equal(t, rule.InProgress, storetest.GetTicket(t, env, waits.ID).State)
		_, err = env.Tickets.Get(at.acting(t, env), waits.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		env.AuditHolds(t)
	})
}
