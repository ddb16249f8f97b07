package rules

import (
	"regexp"
	"strings"
)

// Codes of faults of regions.
const (
	InvalidRegion = "INVALID_REGION" // it has not the form of a region's code
	UnknownRegion = "UNKNOWN_REGION" // the country has none of that code or name
)

// regionForm is what follows the country in an ISO 3166-2 code.
var regionForm = regexp.MustCompile(`^[A-Z0-9]{1,3}$`)

// NormaliseRegion returns the part of an ISO 3166-2 code that follows the country, in
// capitals: "SP" for "sp" and for "BR-SP" in Brazil. Any other text comes back in
// capitals, for Validate to refuse.
func NormaliseRegion(country, region string) string {
	return strings.TrimPrefix(NormaliseCode(region), NormaliseCode(country)+"-")
}

// RegionCode reports whether a text has the form of a region's code; an order's address may
// have its region in words.
func RegionCode(region string) bool { return regionForm.MatchString(region) }

// CheckRegion refuses with VALIDATION_FAILED a code that is no country's, or a region
// that has not the form of a region's code, both in capitals.
func CheckRegion(country, region string) error {
	var k Checker
	k.Country("/country", country)
	if k.Text("/region", region, 64) {
		k.Region("/region", region)
	}
	return Invalid(k.Fields)
}
