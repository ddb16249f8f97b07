package catalogue

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// ModelKind is what sort of product a model is.
type ModelKind string

// The kinds. A bundle is sold as one and stands for its components (R70).
const (
	KindHardware  ModelKind = "HARDWARE"
	KindAccessory ModelKind = "ACCESSORY" // covered through its room (R74)
	KindSoftware  ModelKind = "SOFTWARE"  // tickets, but no RMA (R75)
	KindBundle    ModelKind = "BUNDLE"
)

// Component is one sort of part of a bundle.
type Component struct {
	Code     string `json:"code"`
	Quantity int    `json:"quantity"`
}

// ProductModel is one version of a row of the list of supported products (R59a).
// It is supported on the days [EffectiveFrom, EffectiveTo); nil means no bound.
// A device whose model is not supported may be registered but is never covered
// (R59b).
type ProductModel struct {
	Code                  string         `json:"code"`
	Name                  string         `json:"name"`
	Kind                  ModelKind      `json:"kind"`
	Serialised            bool           `json:"serialised"`
	StandardWarrantyYears int            `json:"standard_warranty_years"`
	Platform              rules.Platform `json:"platform,omitempty"` // of a bundle
	Components            []Component    `json:"components,omitempty"`
	EffectiveFrom         *civil.Date    `json:"effective_from,omitempty"`
	EffectiveTo           *civil.Date    `json:"effective_to,omitempty"`
}

// EffectiveOn reports whether the model is supported on the day.
func (m ProductModel) EffectiveOn(on civil.Date) bool {
	if m.EffectiveFrom != nil && on.Before(*m.EffectiveFrom) {
		return false
	}
	return m.EffectiveTo == nil || on.Before(*m.EffectiveTo)
}

// FollowsRoom reports whether the model is covered through its room instead of a
// serial number and a date of purchase (R74).
func (m ProductModel) FollowsRoom() bool { return m.Kind == KindAccessory && !m.Serialised }

// NormaliseModelCode puts a model's code into its one form (S63).
func NormaliseModelCode(code string) string { return rules.NormaliseCode(code) }

// UnknownModel is the code that refuses a model that the catalogue has never had.
const UnknownModel = "UNKNOWN_MODEL"

// CheckModel refuses, with VALIDATION_FAILED and UNKNOWN_MODEL, a code that no model of the
// catalogue has or had, and names those that are spelled nearly so. It is asked where units of
// the service's own are named; a customer may register a device of any model (R59b).
func CheckModel(pointer, code string, models map[string][]ProductModel) error {
	code = NormaliseModelCode(code)
	if code == "" || len(models[code]) > 0 {
		return nil
	}

	return rules.Invalid([]rules.FieldError{{
		Pointer: pointer,
		Code:    UnknownModel,
		Message: "The catalog has no model of this code.",
		Remedy:  "Use the code of a model of the catalog." + NearModel(code, models),
	}})
}

// DoubtModel returns a warning, with UNKNOWN_MODEL, about a device of a code that no model of
// the catalogue has or had: it is kept, and never covered (R59b). It names those that are
// spelled nearly so.
func DoubtModel(pointer, code string, models map[string][]ProductModel) []rules.FieldError {
	code = NormaliseModelCode(code)
	if code == "" || len(models[code]) > 0 {
		return nil
	}

	return []rules.FieldError{{
		Pointer: pointer,
		Code:    UnknownModel,
		Message: "The catalog has no model " + code + ": the device is kept, and never covered.",
		Remedy: strings.TrimSpace(
			NearModel(code, models) + " Correct the model if it is another one."),
	}}
}

// NearModel says which models are spelled nearly as a code, in a sentence with a space before
// it; empty where none is.
func NearModel(code string, models map[string][]ProductModel) string {
	return nearSentence(NormaliseModelCode(code), slices.Collect(maps.Keys(models)))
}

// ModelOn finds the version of a model that is supported on the day. Of several,
// the one that came into effect last counts, then the later in the list.
func ModelOn(models []ProductModel, code string, on civil.Date) (ProductModel, bool) {
	var best ProductModel
	found := false
	code = NormaliseModelCode(code)
	for _, m := range models {
		if NormaliseModelCode(m.Code) != code || !m.EffectiveOn(on) {
			continue
		}
		if !found || !startsBefore(m.EffectiveFrom, best.EffectiveFrom) {
			best, found = m, true
		}
	}

	return best, found
}

func startsBefore(a, b *civil.Date) bool {
	if a == nil || b == nil {
		return a == nil && b != nil
	}
	return a.Before(*b)
}

// ExpandBundle returns the parts that a model stands for on the day: itself for all
// but bundles, and for a bundle its components, nested bundles taken apart too
// (R70), in order, equal codes added up. The error is MODEL_NOT_SUPPORTED for an
// unknown part, or a bundle that holds itself.
func ExpandBundle(models []ProductModel, code string, on civil.Date) ([]Component, error) {
	var parts []Component
	if err := expand(models, Component{code, 1}, on, map[string]bool{}, &parts); err != nil {
		return nil, err
	}
	return parts, nil
}

func expand(
	models []ProductModel,
	part Component,
	on civil.Date,
	within map[string]bool,
	parts *[]Component,
) error {
	m, ok := ModelOn(models, part.Code, on)
	code := NormaliseModelCode(part.Code)
	if !ok || within[code] {
		return rules.Refuse(rules.ModelNotSupported,
			"The model, or a part of it, is not in the list of supported products.",
			"Choose a model of the list, or have an operator add it.")
	}

	if m.Kind != KindBundle {
		addPart(parts, Component{code, part.Quantity})
		return nil
	}

	within[code] = true
	defer delete(within, code)
	for _, c := range m.Components {
		if err := expand(models, Component{c.Code, c.Quantity * part.Quantity}, on, within,
			parts); err != nil {
			return err
		}
	}

	return nil
}

func addPart(parts *[]Component, c Component) {
	for i := range *parts {
		if (*parts)[i].Code == c.Code {
			(*parts)[i].Quantity += c.Quantity
			return
		}
	}
	*parts = append(*parts, c)
}

// Validate checks a version that is to be published, and names every error.
func (m ProductModel) Validate() error {
	var k rules.Checker
	k.Text("/code", m.Code, 64)
	k.Text("/name", m.Name, 100)

	if m.Kind != KindHardware && m.Kind != KindAccessory && m.Kind != KindSoftware &&
		m.Kind != KindBundle {
		k.Fail("/kind", "UNKNOWN_KIND", "There is no such kind of product.",
			"Send HARDWARE, ACCESSORY, SOFTWARE or BUNDLE.")
	}

	k.Between("/standard_warranty_years", m.StandardWarrantyYears, 0, 10)
	if (m.Kind == KindBundle) != (len(m.Components) > 0) {
		k.Fail("/components", rules.Required, "A bundle has components, and nothing else has.",
			"Name the bundle's components.")
	}

	for i, c := range m.Components {
		k.Text(fmt.Sprintf("/components/%d/code", i), c.Code, 64)
		k.Between(fmt.Sprintf("/components/%d/quantity", i), c.Quantity, 1, 100)
	}

	if m.EffectiveFrom != nil && m.EffectiveTo != nil && !m.EffectiveFrom.Before(*m.EffectiveTo) {
		k.Fail("/effective_to", rules.OutOfRange, "The last day lies before the first.",
			"Send a later day, or leave it out.")
	}

	return rules.Invalid(k.Fields)
}

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
