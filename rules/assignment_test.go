package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestR39a_OnlySelectAndSyncPlusAreAssignedToRooms(t *testing.T) {
	for service, want := range map[ServiceType]bool{ServiceSelect: true, ServiceSyncPlus: true, ServiceExtWarranty: false,
		ServiceJumpStart: false, ServiceEnterprise: false, "": false} {
		require.Equal(t, want, service.AssignedToRooms(), service)
		err := MayAssign(AssignRequest{Service: service, LicenceState: LicenceAvailable, ContractState: ContractActive, RoomState: RoomActive})
		require.Equal(t, want, err == nil, service)
		if !want {
			require.Equal(t, NotAssignable, CodeOf(err))
		}
	}
}

func TestR39b_S28_MayAssign(t *testing.T) {
	end := midnight(t, "2027-01-01")
	for _, c := range []struct {
		name   string
		change func(*AssignRequest)
		code   string
	}{
		{"fine", func(*AssignRequest) {}, ""},
		{"starts by it", func(q *AssignRequest) { q.ContractState, q.ContractEnd = ContractPendingStart, nil }, ""},
		{"last moment", func(q *AssignRequest) { q.Now = end.Add(-1) }, ""},
		{"over", func(q *AssignRequest) { q.Now = end }, LicenceNotInForce},
		{"expired", func(q *AssignRequest) { q.LicenceState = LicenceExpired }, LicenceNotInForce},
		{"revoked", func(q *AssignRequest) { q.LicenceState = LicenceRevoked }, LicenceNotInForce},
		{"suspended", func(q *AssignRequest) { q.ContractState = ContractSuspended }, LicenceNotInForce},
		{"cancelled", func(q *AssignRequest) { q.ContractState = ContractCancelled }, LicenceNotInForce},
		{"taken", func(q *AssignRequest) { q.LicenceState = LicenceAssigned }, LicenceTaken},
		{"archived", func(q *AssignRequest) { q.RoomState = RoomArchived }, RoomIsArchived},
		{"second licence", func(q *AssignRequest) { q.RoomHasLicence = true }, RoomHasLicence},
	} {
		q := AssignRequest{Service: ServiceSelect, LicenceState: LicenceAvailable, ContractState: ContractActive, ContractEnd: &end,
			Now: noon(t, "2026-06-01"), RoomState: RoomActive}
		c.change(&q)
		require.Equal(t, c.code, CodeOf(MayAssign(q)), c.name)
	}
}

func TestR125d_WarnAtAssignment(t *testing.T) {
	devices := []RoomDevice{
		{"new", Warranty{PurchasedOn: datePtr(t, "2026-06-01")}},
		{"capped", Warranty{PurchasedOn: datePtr(t, "2024-06-01")}},
		{"too old", Warranty{PurchasedOn: datePtr(t, "2021-06-01")}},
		{"unknown", Warranty{}},
		{"replaced", Warranty{PurchasedOn: datePtr(t, "2026-05-01"), ReplacedOn: day(t, "2026-05-01"), Replaces: &Warranty{PurchasedOn: datePtr(t, "2023-01-01")}}},
	}
	warnings := CapWarnings(devices, day(t, "2026-06-01"), day(t, "2031-06-01"), 5)
	require.Equal(t, []CapWarning{
		{"capped", WarnHardwareCapped, datePtr(t, "2029-06-01")},
		{"too old", WarnHardwareOverCap, datePtr(t, "2026-06-01")},
		{"unknown", WarnPurchaseUnknown, nil},
		{"replaced", WarnHardwareCapped, datePtr(t, "2028-01-01")},
	}, warnings)
	require.Len(t, CapWarnings(devices, day(t, "2026-06-01"), day(t, "2027-06-01"), 5), 2, "a short term caps no one else")
	require.NoError(t, RefuseCapped(warnings, false), "A4: capped, with a warning")
	require.Equal(t, WarrantyCapReached, CodeOf(RefuseCapped(warnings, true)))
	require.NoError(t, RefuseCapped(nil, true))
}
