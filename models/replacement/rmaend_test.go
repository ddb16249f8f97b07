package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// lastMail is the newest mail about an RMA.
func lastMail(t *testing.T, env storetest.Env, id string) notification.Notification {
	t.Helper()
	for _, m := range env.Mails(t, rules.TemplateRMA) {
		if m.SubjectID == id {
			return m
		}
	}
	require.Fail(t, "no mail")
	return notification.Notification{}
}

// The depot's scan that comes after its inspection tells nothing new: neither in the
// timeline nor in the facts.
func TestTheDepotsLateScanIsNotToldAfterTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := booked(t, env, c)
		shippingStep(t, env, r.ID)
		telling(rma.FactDelivered)(t, env, r.ID)
		inspecting("SN-100", rma.OutcomeDefect)(t, env, r.ID)
		ended := storetest.GetRMA(t, env, r.ID)
		require.Equal(t, rma.RMAClosed, ended.StoredState)
		mails := len(env.Mails(t, rules.TemplateRMA))

		env.Calendar.Set(env.Calendar.Now().Add(3 * time.Hour))
		scanned(t, env, "T-return/1", shipping.ScanPickedUp, env.Calendar.Now().Add(-2*time.Hour))
		scanned(t, env, "T-return/1", shipping.ScanDelivered, env.Calendar.Now().Add(-time.Hour))

		require.Equal(t, ended.Version, storetest.GetRMA(t, env, r.ID).Version)
		require.Len(t, env.Mails(t, rules.TemplateRMA), mails)
		events, err := env.Timeline(env.Context, r.ID)
		require.NoError(t, err)
		require.Equal(t, "rma.inspected", lastOf(events).Verb)
		require.Equal(t, shipping.ShipmentDelivered, storetest.ParcelsOf(t, env, r.ID)["return/1"].State,
			"the parcel knows it")
	})
}

// No mail asks to return a unit that is back, was billed or need not come back.
func TestS22_OnlyWhoHasTheUnitIsAskedToReturnIt(t *testing.T) {
	for name, c := range map[string]struct {
		steps []rmaStep
		step  string
		asks  bool
	}{
		"delivered":                {[]rmaStep{telling(rma.FactDelivered)}, "DELIVERED", true},
		"a wrong one":              {[]rmaStep{telling(rma.FactDelivered), inspecting("SN-9", rma.OutcomeWrongUnit)}, "WRONG_UNIT", true},
		"inspected":                {[]rmaStep{telling(rma.FactDelivered), inspecting("SN-100", rma.OutcomeDefect)}, "INSPECTED", false},
		"inspected, delivery late": {[]rmaStep{inspecting("SN-100", rma.OutcomeDefect), telling(rma.FactDelivered)}, "DELIVERED_LAST", false},
		"sent back, delivery late": {[]rmaStep{telling(rma.FactReturnScanned), telling(rma.FactDelivered)}, "DELIVERED_LAST", false},
		"need not come back": {[]rmaStep{telling(rma.FactDelivered), func(t *testing.T, env storetest.Env, id string) {
			_, err := env.KeepRMAUnit(storetest.AgentContext, id, "photo 7", "")
			require.NoError(t, err)
		}}, "NO_RETURN", false},
		"billed": {[]rmaStep{telling(rma.FactDelivered), func(t *testing.T, env storetest.Env, id string) {
			later(t, env, id, 40)
			_, err := env.BillRMA(storetest.AgentContext, id, "")
			require.NoError(t, err)
		}}, "BILLED", false},
	} {
		t.Run(name, func(t *testing.T) {
			env := storetest.SQLite(t)
			r := env.Shipped(t, env.Covered(t))
			for _, step := range c.steps {
				env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
				step(t, env, r.ID)
			}
			last := lastMail(t, env, r.ID)
			require.Equal(t, c.step, last.Params["step"])
			if c.asks {
				require.NotEmpty(t, last.Params["return_on"])
			} else {
				require.Empty(t, last.Params["return_on"])
			}
		})
	}
}

// A device that is asked for as an accessory is not refused as uncovered: its serial
// number is missing, and the answer says so.
func TestR74_ADeviceWithoutItsSerialIsAskedForIt(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	_, err := env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
		RoomID:    c.Room.ID,
		ModelCode: "RALLY-BAR",
		Quantity:  1,
		Fault:     "No picture",
	})
	storetest.RequireCode(t, rma.SerialMissing, err)
	var refusal *rules.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, "/serial", refusal.Fields[0].Pointer)
	require.Contains(t, refusal.Fields[0].Remedy, "serial number that stands on the device")
}

// The mails of a replacement under an extended warranty say what they are about.
func TestR1_AnExtendedWarrantysReplacementDoesNotSpeakOfSelect(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	r := env.Requested(t, c)
	require.NoError(t, env.Exec(`UPDATE rmas SET cover_kind = '`+string(cover.ByExtendedWarranty)+`'`))
	_, err := env.ApproveRMA(storetest.AgentContext, r.ID, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	require.Equal(t, "EXT_WARRANTY", lastMail(t, env, r.ID).Params["service_type"])
}

func lastOf[T any](list []T) T { return list[len(list)-1] }
