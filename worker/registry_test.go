package worker

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// The names stand in the histories of workflows that run for months: they stay, whatever the
// methods are called. A name may be added; one may go once no workflow can call it any more.
func TestActivitiesKeepTheirNames(t *testing.T) {
	o := Options{Domains: storetest.SQLite(t).Domains, Log: quiet}
	for queue, want := range map[string][]string{
		"main": {
			"CompensateCancellation", "Expire", "Fulfil", "GiveUp", "RaiseStuck", "RejectOverdue",
			"Remind", "RemindReview", "RunSpareTimers", "RunTicketTimers", "RunTimers", "SettleStuck",
			"SweepCalendars", "SweepContracts",
		},
		"mail":    {"GiveUp", "SendMails"},
		"import":  {"Run"},
		"carrier": {"SettleParcels"},
	} {
		registered := map[string]named{
			"main":    o.mainActivities(),
			"mail":    o.mailActivities(),
			"import":  o.importActivities(),
			"carrier": o.carrierActivities(),
		}[queue]
		require.Equal(t, want, slices.Sorted(maps.Keys(registered)), queue)
	}
}
