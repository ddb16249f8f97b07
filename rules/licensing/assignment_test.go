package licensing

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

func TestR39a_OnlySelectAndSyncPlusAreAssignedToRooms(t *testing.T) {
	for service, want := range map[catalogue.ServiceType]bool{
		catalogue.ServiceSelect:      true,
		catalogue.ServiceSyncPlus:    true,
		catalogue.ServiceExtWarranty: false,
		catalogue.ServiceJumpStart:   false,
		ServiceEnterprise:            false,
		"":                           false,
	} {
		require.Equal(t, want, service.AssignedToRooms(), service)
		err := MayAssign(AssignRequest{
			Service:       service,
			LicenceState:  rules.LicenceAvailable,
			ContractState: rules.ContractActive,
			RoomState:     RoomActive,
		})
		require.Equal(t, want, err == nil, service)
		if !want {
			require.Equal(t, NotAssignable, rules.CodeOf(err))
		}
	}
}

func TestR39b_S28_MayAssign(t *testing.T) {
	end := rulestest.Midnight(t, "2027-01-01")
	for _, c := range []struct {
		name   string
		change func(*AssignRequest)
		code   string
	}{
		{"fine", func(*AssignRequest) {}, ""},
		{"starts by it", func(q *AssignRequest) {
			q.ContractState = rules.ContractPendingStart
			q.ContractEnd = nil
		}, ""},
		{"last moment", func(q *AssignRequest) { q.Now = end.Add(-1) }, ""},
		{"over", func(q *AssignRequest) { q.Now = end }, LicenceNotInForce},
		{"expired", func(q *AssignRequest) { q.LicenceState = rules.LicenceExpired }, LicenceNotInForce},
		{"revoked", func(q *AssignRequest) { q.LicenceState = rules.LicenceRevoked }, LicenceNotInForce},
		{"suspended", func(q *AssignRequest) { q.ContractState = rules.ContractSuspended }, LicenceNotInForce},
		{"cancelled", func(q *AssignRequest) { q.ContractState = rules.ContractCancelled }, LicenceNotInForce},
		{"taken", func(q *AssignRequest) { q.LicenceState = rules.LicenceAssigned }, LicenceTaken},
		{"archived", func(q *AssignRequest) { q.RoomState = RoomArchived }, RoomIsArchived},
		{"second licence", func(q *AssignRequest) { q.RoomHasLicence = true }, RoomHasLicence},
	} {
		q := AssignRequest{
			Service:       catalogue.ServiceSelect,
			LicenceState:  rules.LicenceAvailable,
			ContractState: rules.ContractActive,
			ContractEnd:   &end,
			Now:           rulestest.Noon(t, "2026-06-01"),
			RoomState:     RoomActive,
		}
		c.change(&q)
		require.Equal(t, c.code, rules.CodeOf(MayAssign(q)), c.name)
	}
}

func TestR125d_WarnAtAssignment(t *testing.T) {
	devices := []RoomDevice{
		{"new", cover.Warranty{PurchasedOn: testday.DatePtr(t, "2026-06-01")}},
		{"capped", cover.Warranty{PurchasedOn: testday.DatePtr(t, "2024-06-01")}},
		{"too old", cover.Warranty{PurchasedOn: testday.DatePtr(t, "2021-06-01")}},
		{"unknown", cover.Warranty{}},
		{"replaced", cover.Warranty{
			PurchasedOn: testday.DatePtr(t, "2026-05-01"),
			ReplacedOn:  testday.Day(t, "2026-05-01"),
			Replaces:    &cover.Warranty{PurchasedOn: testday.DatePtr(t, "2023-01-01")},
		}},
	}
	warnings := CapWarnings(devices, testday.Day(t, "2026-06-01"), testday.Day(t, "2031-06-01"), 5)
	require.Equal(t, []CapWarning{
		{"capped", WarnHardwareCapped, testday.DatePtr(t, "2029-06-01")},
		{"too old", WarnHardwareOverCap, testday.DatePtr(t, "2026-06-01")},
		{"unknown", WarnPurchaseUnknown, nil},
		{"replaced", WarnHardwareCapped, testday.DatePtr(t, "2028-01-01")},
	}, warnings)
	require.Len(t, CapWarnings(devices, testday.Day(t, "2026-06-01"), testday.Day(t, "2027-06-01"), 5), 2,
		"a short term caps no one else")
	require.NoError(t, RefuseCapped(warnings, false), "A4: capped, with a warning")
	require.Equal(t, WarrantyCapReached, rules.CodeOf(RefuseCapped(warnings, true)))
	require.NoError(t, RefuseCapped(nil, true))
}
