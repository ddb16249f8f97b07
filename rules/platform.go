package rules

import "slices"

// Platform is the conferencing system of a room (R70).
type Platform string

// The platforms. OTHER may be inventoried and covered like any other: cover
// follows the devices' models, not the platform.
const (
	PlatformTeamsWindows  Platform = "MTR_WINDOWS"
	PlatformTeamsAndroid  Platform = "MTR_ANDROID"
	PlatformZoomPC        Platform = "ZOOM_PC"
	PlatformZoomAppliance Platform = "ZOOM_APPLIANCE"
	PlatformOther         Platform = "OTHER"
)

// Platforms lists every platform, in the order to show.
func Platforms() []Platform {
	return []Platform{
		PlatformTeamsWindows, PlatformTeamsAndroid, PlatformZoomPC, PlatformZoomAppliance,
		PlatformOther,
	}
}

// Valid reports whether p is one of Platforms.
func (p Platform) Valid() bool { return slices.Contains(Platforms(), p) }

// Criticality is how badly a room is missed when it is down. It helps to choose
// spares (R84) and changes no cover.
type Criticality string

// The criticalities; CRITICAL means that no alternative room is at hand.
const (
	CriticalityNormal   Criticality = "NORMAL"
	CriticalityHigh     Criticality = "HIGH"
	CriticalityCritical Criticality = "CRITICAL"
)

// Criticalities lists every criticality, the lowest first.
func Criticalities() []Criticality {
	return []Criticality{CriticalityNormal, CriticalityHigh, CriticalityCritical}
}

// Valid reports whether c is one of Criticalities.
func (c Criticality) Valid() bool { return slices.Contains(Criticalities(), c) }
