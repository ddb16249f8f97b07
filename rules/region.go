package rules

import (
	"regexp"
	"strings"
)

// InvalidRegion is the code of a text that is no region's code.
const InvalidRegion = "INVALID_REGION"

// regionForm is what follows the country in an ISO 3166-2 code.
var regionForm = regexp.MustCompile(`^[A-Z0-9]{1,3}$`)

// NormaliseRegion gives the part of an ISO 3166-2 code that follows the country,
// in capitals: "SP" for "sp" and for "BR-SP" in Brazil. What is no such code comes
// back as it is, for Validate to refuse.
func NormaliseRegion(country, region string) string {
	region = strings.ToUpper(strings.TrimSpace(region))
	return strings.TrimPrefix(region, strings.ToUpper(strings.TrimSpace(country))+"-")
}

// CheckRegion refuses what is no country with a region of it, both in capitals.
func CheckRegion(country, region string) error {
	var k Checker
	k.Country("/country", country)
	if k.Text("/region", region, 64) {
		k.Region("/region", region)
	}
	return Invalid(k.Fields)
}
