package rules

import (
	"embed"
	"maps"
	"slices"
	"strings"
)

// InvalidTimeZone is the code of a text that names no time zone.
const InvalidTimeZone = "INVALID_TIME_ZONE"

//go:embed timezones/*.csv
var timeZoneFiles embed.FS

type region struct{ code, zone string }

var (
	countryZones = readCountryZones()
	regions      = readRegions()
)

// ValidCountry reports whether code is an ISO 3166 country code of two upper-case
// letters.
func ValidCountry(code string) bool {
	_, ok := countryZones[code]
	return ok
}

// Countries lists the ISO 3166 codes of all countries, in order.
func Countries() []string { return slices.Sorted(maps.Keys(countryZones)) }

// TimeZoneFor returns the IANA time zone of an address: that of its region where the
// country has several and the region is known, by name or by its ISO 3166-2 code with
// or without the country, else that of the country's business centre. It returns UTC
// for an unknown country.
func TimeZoneFor(country, regionName string) string {
	country = strings.ToUpper(strings.TrimSpace(country))
	if r, ok := regionOf(country, regionName); ok {
		return r.zone
	}

	if zone, ok := countryZones[country]; ok {
		return zone
	}
	return "UTC"
}

// TimeZones lists the time zones of a country's regions and of its business centre, or all
// that are known where country is empty; each once, in order.
func TimeZones(country string) []string {
	zones := map[string]bool{}
	for code, zone := range countryZones {
		if country != "" && code != country {
			continue
		}
		zones[zone] = true
		for _, r := range regions[code] {
			zones[r.zone] = true
		}
	}
	return slices.Sorted(maps.Keys(zones))
}

// RegionUnknown reports whether a country has several time zones and the region that is
// given is none of its own, so that TimeZoneFor can only guess.
func RegionUnknown(country, regionName string) bool {
	country = strings.ToUpper(strings.TrimSpace(country))
	if regions[country] == nil || foldRegion(regionName) == "" {
		return false
	}
	_, known := regionOf(country, regionName)
	return !known
}

// regionOf finds a region of a country, in capitals, by its name or its code.
func regionOf(country, name string) (region, bool) {
	key := foldRegion(name)
	if r, ok := regions[country][key]; ok {
		return r, true
	}
	r, ok := regions[country][strings.TrimPrefix(key, foldRegion(country)+" ")]
	return r, ok
}

// portugueseSpeaking are the countries whose mails and pages are in Portuguese.
var portugueseSpeaking = set("BR PT AO MZ CV GW ST TL")

// LocaleFor returns the locale of a country's mails and pages: pt-BR or en.
func LocaleFor(country string) string {
	if portugueseSpeaking[strings.ToUpper(strings.TrimSpace(country))] {
		return "pt-BR"
	}
	return "en"
}

// regionKey returns one spelling for a region's code and name.
func regionKey(country, name string) string {
	key := foldRegion(name)
	if r, ok := regions[country][key]; ok {
		return r.code
	}
	return key
}

func foldRegion(name string) string { return strings.Join(words(fold(name)), " ") }

func readCountryZones() map[string]string {
	zones := map[string]string{}
	for _, row := range readTimeZoneFile("countries.csv") {
		zones[row[0]] = row[1]
	}
	return zones
}

func readRegions() map[string]map[string]region {
	all := map[string]map[string]region{}
	for _, row := range readTimeZoneFile("regions.csv") {
		country := row[0]
		code := row[1]
		name := row[2]
		zone := row[3]
		if all[country] == nil {
			all[country] = map[string]region{}
		}

		r := region{code: foldRegion(code), zone: zone}
		all[country][foldRegion(code)] = r
		all[country][foldRegion(name)] = r
	}

	return all
}

// readTimeZoneFile reads an embedded table; a test reads every row.
func readTimeZoneFile(name string) [][]string {
	text, err := timeZoneFiles.ReadFile("timezones/" + name)
	if err != nil {
		panic("rules: the build lacks timezones/" + name)
	}
	return TableRows(string(text))
}

// TableRows splits an embedded table, whose fields hold neither quotes nor commas.
func TableRows(text string) (rows [][]string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			rows = append(rows, strings.Split(line, ","))
		}
	}
	return rows
}
