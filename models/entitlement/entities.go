package entitlement

// Entities are the rows of contracts, rooms and devices.
func Entities() []any {
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
