package warranty_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// extended is an account with two units of a one-year extension and a device with
// two years of standard warranty.
func extended(t *testing.T, env storetest.Env) (order.Order, entitlement.Device, []entitlement.Licence) {
	form := storetest.Form("PO-1")
	form.Lines[0].SKU, form.Lines[0].Quantity = "EXT-WARRANTY-1Y", 2
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
	d := env.Device(t, env.Room(t, *o.AccountID, "Sala 1"), "EXT-0001", "RALLY-BAR", "2026-10-01")
	return o, d, env.Licences(t, o)
}

func hardware(t *testing.T, env storetest.Env, serial string, at time.Time) cover.Answer {
	t.Helper()
	out, err := env.Coverage(env.Context, []entitlement.CoverSubject{{Serial: serial}}, at, cover.ForHardware)
	require.NoError(t, err)
	require.True(t, out[0].Found)
	return out[0].Answer
}

func localDay(t *testing.T, at *time.Time) string {
	t.Helper()
	require.NotNil(t, at)
	loc, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	return at.In(loc).Format("2006-01-02")
}

func noonOf(t *testing.T, day string) time.Time {
	at, err := time.Parse("2006-01-02 15", day+" 15")
	require.NoError(t, err)
	return at
}

func TestR39a_ExtendedWarrantyAttachesToASerialNotToARoom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, d, units := extended(t, env)
		customer := storetest.Customer(*o.AccountID)
		_, err := env.Assign(customer, entitlement.AssignRequest{
			LicenceID: units[0].ID,
			RoomID:    env.Room(t, *o.AccountID, "Sala 2").ID,
		})
		storetest.RequireCode(t, licensing.NotAssignable, err)
		require.Equal(t, "2028-10-01", localDay(t, hardware(t, env, *d.Serial, env.Calendar.Now()).HardwareUntil))

		out, err := env.AttachWarranty(customer, warranty.AttachRequest{LicenceID: units[0].ID, Serial: "ext 0001"})
		require.NoError(t, err)
		require.Equal(t, d.ID, out.DeviceID)
		require.Equal(t, []string{units[0].ContractID}, out.Started, "S1")
		later := hardware(t, env, *d.Serial, noonOf(t, "2029-03-01"))
		require.Equal(t, cover.ByExtendedWarranty, later.Entitlement.Kind)
		require.Equal(t, units[0].ContractID, later.Entitlement.ContractID)
		require.Equal(t, "2029-10-01", localDay(t, later.Until), "two years of the model and one more")
		require.EqualValues(t, 1, storetest.Registered(t, env, customer, entitlement.ContractFilter{})[0].Assigned)

		_, err = env.AttachWarranty(customer, warranty.AttachRequest{LicenceID: units[1].ID, Serial: *d.Serial})
		storetest.RequireCode(t, cover.SerialHasWarranty, err)
		_, err = env.AttachWarranty(customer, warranty.AttachRequest{LicenceID: units[0].ID, Serial: *d.Serial})
		storetest.RequireCode(t, licensing.LicenceTaken, err)
		env.AuditHolds(t)
	})
}

func TestR39a_WhatMayNotBeAttached(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, d, units := extended(t, env)
		room := env.Room(t, *o.AccountID, "Sala 2")
		other := env.Fulfilled(t, env.Reseller(t, "Revenda Oeste"),
			storetest.FormFor("PO-1", "Beta SA", "bia@beta.example"))
		foreign := env.Device(t, env.Room(t, *other.AccountID, "Sala 1"), "EXT-FOREIGN", "MEETUP", "2026-10-01")
		old := env.Device(t, room, "EXT-OLD", "RALLY-BAR", "2023-01-01")
		customer := storetest.Customer(*o.AccountID)
		for name, c := range map[string]struct{ licence, serial, code string }{
			"unknown serial":   {units[0].ID, "EXT-NONE", rules.NotFound},
			"foreign serial":   {units[0].ID, *foreign.Serial, rules.NotFound},
			"no serial":        {units[0].ID, "", rules.NotFound},
			"unknown licence":  {"lic_x", *d.Serial, rules.NotFound},
			"foreign licence":  {env.Licences(t, other)[0].ID, *d.Serial, rules.NotFound},
			"it would be over": {units[0].ID, *old.Serial, cover.ExtensionOver},
		} {
			_, err := env.AttachWarranty(customer, warranty.AttachRequest{LicenceID: c.licence, Serial: c.serial})
			require.Equal(t, c.code, rules.CodeOf(err), "%s: %v", name, err)
		}
		_, err := env.AttachWarranty(storetest.Customer(*other.AccountID), warranty.AttachRequest{
			LicenceID: env.Licences(t, other)[0].ID,
			Serial:    *foreign.Serial,
		})
		storetest.RequireCode(t, cover.NotAttachable, err)
		_, err = env.AttachWarranty(storetest.ReadOnly(*o.AccountID), warranty.AttachRequest{
			LicenceID: units[0].ID,
			Serial:    *d.Serial,
		})
		storetest.RequireCode(t, rules.Forbidden, err)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM warranty_attachments"))
		require.Equal(t, 1, env.Count(
			t, "SELECT count(*) FROM service_contracts WHERE state = 'PENDING_START' AND type = 'EXT_WARRANTY'",
		), "nothing started")
	})
}

func TestR39a_TakenOffItGoesToAnotherDeviceAndThePastStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, d, units := extended(t, env)
		customer := storetest.Customer(*o.AccountID)
		out, err := env.AttachWarranty(customer, warranty.AttachRequest{LicenceID: units[0].ID, Serial: *d.Serial})
		require.NoError(t, err)
		env.SetLocal(t, "America/Sao_Paulo", "2029-02-01 12:00")
		_, err = env.DetachWarranty(storetest.Customer("acc_other"), out.Attachment.ID, "")
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.DetachWarranty(storetest.ReadOnly(*o.AccountID), out.Attachment.ID, "")
		storetest.RequireCode(t, rules.Forbidden, err)
		gone, err := env.DetachWarranty(customer, out.Attachment.ID, "")
		require.NoError(t, err)
		require.Equal(t, entitlement.EndReleased, gone.EndReason)
		require.True(t, hardware(t, env, *d.Serial, noonOf(t, "2029-01-01")).Covered)
		require.False(t, hardware(t, env, *d.Serial, noonOf(t, "2029-03-01")).Covered)
		_, err = env.DetachWarranty(customer, out.Attachment.ID, "")
		storetest.RequireCode(t, rules.StateConflict, err)
		all, _, err := env.ListWarrantyAttachments(customer, warranty.AttachmentFilter{
			ContractID: out.ContractID,
			Serial:     "ext-0001",
		})
		require.NoError(t, err)
		require.Len(t, all, 1)
		open, _, err := env.ListWarrantyAttachments(customer, warranty.AttachmentFilter{Open: true})
		require.NoError(t, err)
		require.Empty(t, open)
	})
}

func TestS8_CancellingTakesAnExtendedWarrantyOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, d, units := extended(t, env)
		_, err := env.AttachWarranty(env.Context, warranty.AttachRequest{LicenceID: units[0].ID, Serial: *d.Serial})
		require.NoError(t, err)
		_, _, err = env.CancelOrder(storetest.Operator(), o.ID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		require.Equal(t, "2028-10-01", localDay(t, hardware(t, env, *d.Serial, env.Calendar.Now()).HardwareUntil))
		all, _, err := env.ListWarrantyAttachments(env.Context, warranty.AttachmentFilter{})
		require.NoError(t, err)
		require.Equal(t, entitlement.EndCancelled, all[0].EndReason, "the history stays")
	})
}

func TestS3_TheExtensionOutlivesTheTermInWhichItWasAttached(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, d, units := extended(t, env)
		_, err := env.AttachWarranty(env.Context, warranty.AttachRequest{LicenceID: units[0].ID, Serial: *d.Serial})
		require.NoError(t, err)
		env.SetLocal(t, "America/Sao_Paulo", "2029-02-01 12:00")
		_, err = env.SweepContracts(env.Context, func(operations.Sweep) {})
		require.NoError(t, err)
		require.Equal(t, rules.ContractExpired,
			storetest.Registered(t, env, env.Context, entitlement.ContractFilter{})[0].State)
		require.Equal(t, "2029-10-01", localDay(t, hardware(t, env, *d.Serial, env.Calendar.Now()).Until))
		_, err = env.AttachWarranty(env.Context, warranty.AttachRequest{LicenceID: units[1].ID, Serial: *d.Serial})
		storetest.RequireCode(t, licensing.LicenceNotInForce, err)
	})
}

func TestR39a_FiftyAttachesOfOneUnitGiveOneSuccess(t *testing.T) {
	env := storetest.Postgres(t)
	o, d, units := extended(t, env)
	second := env.Device(t, env.Room(t, *o.AccountID, "Sala 2"), "EXT-0002", "RALLY-BAR", "2026-10-01")
	errs := storetest.AtOnce(50, func(i int) error {
		serial := []string{*d.Serial, *second.Serial}[i%2]
		_, err := env.AttachWarranty(env.Context, warranty.AttachRequest{LicenceID: units[i/2%2].ID, Serial: serial})
		return err
	})
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
			continue
		}
		require.Contains(t, []string{licensing.LicenceTaken, cover.SerialHasWarranty}, rules.CodeOf(err), "%v", err)
	}
	require.Equal(t, 2, done, "two units, two serials, each once")
	env.AuditHolds(t)
}
