package catalogue

import (
	"roomcover.dev/roomcover/rules"
)

// DefaultModels is the list of supported products of the default program: the
// eleven hardware models (R60), bundles by platform (R70), accessories (R74) and
// software (R75). The warranty of two years and the bundles' parts are ours; the
// FAQ names neither.
func DefaultModels() []ProductModel {
	var models []ProductModel
	for _, m := range []struct{ code, name string }{
		{"RALLY-BAR", "Rally Bar"},
		{"RALLY-BAR-MINI", "Rally Bar Mini"},
		{"RALLY-PLUS", "Rally Plus"},
		{"RALLY", "Rally"},
		{"RALLY-CAMERA", "Rally Camera"},
		{"MEETUP", "Meetup"},
		{"TAP", "Tap"},
		{"TAP-IP", "Tap IP"},
		{"SWYTCH", "Swytch"},
		{"ROOMMATE", "RoomMate"},
		{"SCRIBE", "Scribe"},
	} {
		models = append(models, ProductModel{
			Code:                  m.code,
			Name:                  m.name,
			Kind:                  KindHardware,
			Serialised:            true,
			StandardWarrantyYears: 2,
		})
	}

	return append(models,
		bundle("TAP-BUNDLE-TEAMS",
			"Room Solutions for Microsoft Teams", rules.PlatformTeamsWindows, "RALLY-BAR", "TAP"),
		bundle("ROOM-TEAMS-ANDROID",
			"Microsoft Teams Rooms on Android", rules.PlatformTeamsAndroid, "RALLY-BAR", "TAP-IP"),
		bundle("ROOM-ZOOM-PC",
			"Room Solutions for Zoom Rooms, PC-based", rules.PlatformZoomPC, "RALLY-BAR", "TAP"),
		bundle("ROOM-ZOOM-APPLIANCE",
			"Zoom Rooms appliances", rules.PlatformZoomAppliance, "RALLY-BAR", "TAP-IP"),
		ProductModel{Code: "TABLE-MOUNT", Name: "Table mount", Kind: KindAccessory},
		ProductModel{Code: "STRONG-USB-CABLE", Name: "Strong USB cable", Kind: KindAccessory},
		ProductModel{Code: "SYNC", Name: "Sync", Kind: KindSoftware},
		ProductModel{Code: "COLLABOS", Name: "CollabOS", Kind: KindSoftware},
	)
}

func bundle(code, name string, platform rules.Platform, parts ...string) ProductModel {
	m := ProductModel{
		Code:     code,
		Name:     name,
		Kind:     KindBundle,
		Platform: platform,
	}

	for _, part := range parts {
		m.Components = append(m.Components, Component{part, 1})
	}
	return m
}
