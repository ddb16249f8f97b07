package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// ServiceType is the kind of service that a SKU sells. One order holds one type
// only (R113).
type ServiceType string

// The service types.
const (
	ServiceSelect      ServiceType = "SELECT"
	ServiceSyncPlus    ServiceType = "SYNC_PLUS"
	ServiceExtWarranty ServiceType = "EXT_WARRANTY"
	ServiceJumpStart   ServiceType = "JUMPSTART"
)

// SKU is one row of the catalogue. TermYears is 0 for bundles, whose JumpStart
// lasts JumpStartDays. The SKU may be ordered on the days [EffectiveFrom,
// EffectiveTo); nil means no bound.
type SKU struct {
	Code          string      `json:"code"`
	ServiceType   ServiceType `json:"service_type"`
	TermYears     int         `json:"term_years"`
	Bundle        bool        `json:"bundle"` // grants JumpStart (R30a)
	EffectiveFrom *civil.Date `json:"effective_from,omitempty"`
	EffectiveTo   *civil.Date `json:"effective_to,omitempty"`
}

// EffectiveOn reports whether the SKU may be ordered on the day.
func (s SKU) EffectiveOn(on civil.Date) bool {
	if s.EffectiveFrom != nil && on.Before(*s.EffectiveFrom) {
		return false
	}
	return s.EffectiveTo == nil || on.Before(*s.EffectiveTo)
}

// DefaultCatalogue is the catalogue of the default program: Select for one to
// five years (R125a), SyncPlus, extended warranties and the Tap bundle that
// brings JumpStart (R30a).
func DefaultCatalogue() []SKU {
	skus := terms("SELECT", ServiceSelect, 1, 2, 3, 4, 5)
	skus = append(skus, terms("SYNC-PLUS", ServiceSyncPlus, 1, 3)...)
	skus = append(skus, terms("EXT-WARRANTY", ServiceExtWarranty, 1, 2, 3)...)
	return append(skus, SKU{Code: "TAP-BUNDLE-TEAMS", ServiceType: ServiceJumpStart, Bundle: true})
}

func terms(prefix string, service ServiceType, years ...int) []SKU {
	var skus []SKU
	for _, n := range years {
		skus = append(skus, SKU{
			Code:        fmt.Sprintf("%s-%dY", prefix, n),
			ServiceType: service,
			TermYears:   n,
		})
	}

	return skus
}

// Catalogue finds SKUs by their normalised code.
type Catalogue map[string]SKU

// NewCatalogue indexes SKUs by NormaliseSKU of their code; a later row replaces
// an earlier one of the same code.
func NewCatalogue(skus []SKU) Catalogue {
	c := make(Catalogue, len(skus))
	for _, s := range skus {
		c[NormaliseSKU(s.Code)] = s
	}
	return c
}

// Lookup finds the SKU that may be ordered on the day.
func (c Catalogue) Lookup(code string, on civil.Date) (SKU, bool) {
	s, ok := c[NormaliseSKU(code)]
	if !ok || !s.EffectiveOn(on) {
		return SKU{}, false
	}
	return s, true
}

// Near says which SKUs of the day are spelled nearly as a code, in a sentence with a space
// before it; empty where none is.
func (c Catalogue) Near(code string, on civil.Date) string {
	var codes []string
	for _, s := range c {
		if s.EffectiveOn(on) {
			codes = append(codes, s.Code)
		}
	}
	return nearSentence(NormaliseSKU(code), codes)
}

func nearSentence(code string, codes []string) string {
	slices.Sort(codes)
	near := rules.Nearest(code, codes)
	if len(near) == 0 {
		return ""
	}
	return " Nearly spelled so: " + strings.Join(near, ", ") + "."
}

// NormaliseSKU puts a code into its one form (S63).
func NormaliseSKU(code string) string { return rules.NormaliseCode(code) }

// AssignedToRooms reports whether the service's licences are assigned room by room
// (R39a). An extended warranty attaches to serials, JumpStart belongs to the
// account, and an enterprise plan covers rooms without assignment (S37).
func (t ServiceType) AssignedToRooms() bool { return t == ServiceSelect || t == ServiceSyncPlus }
