package entitlement_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/licensing"
)

// registered lists the serials of an account's register.
func registered(t *testing.T, env storetest.Env, f entitlement.RegisterFilter) []string {
	t.Helper()
	found, _, err := env.DeviceRegister(storetest.Customer(f.AccountID), f, env.Calendar.Now())
	require.NoError(t, err)
	out := []string{}
	for _, d := range found {
		out = append(out, db.Text(d.Serial))
	}
	return out
}

// R27c, R125b: the register finds a serial in any spelling and a model by its name, and
// narrows to what is unplaced, unknown, too old, or about to lose its cover.
func TestR125b_TheRegisterKnowsWhatLimitsCover(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 2)) // the contract runs
		room := env.Room(t, accountID, "Sala Ipê")
		env.Assigned(t, env.Licences(t, o)[0], room)
		now := env.Calendar.Now()
		day := func(years, days int) string { return now.AddDate(years, 0, days).Format("2006-01-02") }

		env.Device(t, room, "NEW-1", "RALLY-BAR", day(0, -30))
		env.Device(t, room, "SOON-1", "RALLY-BAR", day(-5, 40))
		env.Device(t, room, "OLD-1", "RALLY-BAR", day(-6, 0))
		env.Device(t, room, "DATELESS-1", "RALLY-BAR", "")
		free, err := env.RegisterDevice(env.Context, entitlement.NewDevice{
			AccountID: accountID,
			Form: licensing.DeviceForm{
				Serial: "FREE-1", ModelCode: "MEETUP", PurchasedOn: day(0, -20), StdWarrantyEnd: day(0, 30),
			},
		})
		require.NoError(t, err)
		env.Device(t, betaRoom(t, env), "BETA-1", "RALLY-BAR", "")

		of := func(f entitlement.RegisterFilter) []string {
			f.AccountID = accountID
			return registered(t, env, f)
		}
		require.Len(t, of(entitlement.RegisterFilter{}), 5)
		require.Equal(t, []string{"NEW1"}, of(entitlement.RegisterFilter{Search: " new - 1"}))
		require.Equal(t, []string{"FREE1"}, of(entitlement.RegisterFilter{Search: "meetup"}))
		require.Len(t, of(entitlement.RegisterFilter{Search: "rally bar"}), 4, "by the model's name")
		require.Equal(t, []string{"FREE1"}, of(entitlement.RegisterFilter{State: licensing.DeviceUnplaced}))
		require.Equal(t, []string{"DATELESS1"}, of(entitlement.RegisterFilter{PurchaseUnknown: true}))
		require.Equal(t, []string{"OLD1"}, of(entitlement.RegisterFilter{OverCap: true}))
		require.Equal(t, []string{"FREE1", "SOON1"}, of(entitlement.RegisterFilter{EndingWithin: 90}))
		require.Empty(t, of(entitlement.RegisterFilter{EndingWithin: 10}))
		require.Equal(t, []string{"DATELESS1", "FREE1", "NEW1", "OLD1", "SOON1"},
			of(entitlement.RegisterFilter{Sort: db.SortName}))

		found, _, err := env.DeviceRegister(storetest.Customer(accountID),
			entitlement.RegisterFilter{AccountID: accountID, Search: "SOON1"}, now)
		require.NoError(t, err)
		require.Equal(t, "Sala Ipê", db.Text(found[0].RoomName))
		require.True(t, found[0].Cover.Has("HARDWARE_COVER_CAPPED"))

		n, err := env.CountDevices(storetest.Customer(accountID), accountID)
		require.NoError(t, err)
		require.Equal(t, entitlement.DeviceCounts{Live: 5, Unplaced: 1}, n)
		_, _, err = env.DeviceRegister(storetest.Customer("acc_other"),
			entitlement.RegisterFilter{AccountID: accountID}, now)
		storetest.RequireCode(t, "NOT_FOUND", err)

		// Pages follow one another without a gap or a device twice.
		for i := range 7 {
			env.Device(t, room, fmt.Sprintf("MORE-%d", i), "RALLY-BAR", day(-5, 40))
		}
		var seen []string
		page := db.Page{Limit: 3}
		for {
			some, next, err := env.DeviceRegister(storetest.Customer(accountID),
				entitlement.RegisterFilter{AccountID: accountID, EndingWithin: 90, Page: page}, now)
			require.NoError(t, err)
			for _, d := range some {
				seen = append(seen, db.Text(d.Serial))
			}
			if page.After = next; next == "" {
				break
			}
		}
		require.Equal(t, []string{
			"MORE6", "MORE5", "MORE4", "MORE3", "MORE2", "MORE1", "MORE0", "FREE1", "SOON1",
		}, seen)
		require.NotEmpty(t, free.ID)
	})
}
