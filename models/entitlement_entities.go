package models

// entitlementEntities are the rows of contracts, rooms and devices.
func entitlementEntities() []any {
	return []any{
		ServiceContract{},
		Licence{},
		Room{},
		Device{},
		DeviceClaim{},
		DevicePlacement{},
		LicenceAssignment{},
	}
}
