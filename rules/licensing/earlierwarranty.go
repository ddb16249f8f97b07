package licensing

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// EarlierWarrantyForm is one extended warranty from before this service, as an
// operator imports it (R111a). Days are YYYY-MM-DD in the customer's zone.
type EarlierWarrantyForm struct {
	Company  string        `json:"company" doc:"Name of the customer's company, with its legal form"`
	Address  rules.Address `json:"address" doc:"Where the customer's company is"`
	Serial   string        `json:"serial" doc:"As it stands on the device; spaces, dashes and case do not matter"`
	StartsOn string        `json:"starts_on" format:"date" doc:"First covered day, YYYY-MM-DD"`
	LastDay  string        `json:"last_day" format:"date" doc:"Last covered day, YYYY-MM-DD"`
}

// InvalidPeriod is the code of a last day before the first one.
const InvalidPeriod = "INVALID_PERIOD"

// Normalised trims every text and puts the serial into its one form (R27c).
func (f EarlierWarrantyForm) Normalised() EarlierWarrantyForm {
	for _, text := range []*string{
		&f.Company, &f.Address.Street, &f.Address.City, &f.Address.Region, &f.Address.PostalCode,
		&f.Address.Country, &f.StartsOn, &f.LastDay,
	} {
		*text = rules.NormaliseText(*text)
	}

	f.Serial = rules.NormaliseSerial(f.Serial)
	return f
}

// Validate refuses a normalised form with VALIDATION_FAILED, naming every wrong field.
func (f EarlierWarrantyForm) Validate() error {
	var k rules.Checker
	k.CompanyName("/company", f.Company, 200)
	k.Text("/address/street", f.Address.Street, 200)
	k.Text("/address/city", f.Address.City, 200)
	k.Optional("/address/region", f.Address.Region, 200)
	k.Optional("/address/postal_code", f.Address.PostalCode, 200)
	k.Country("/address/country", f.Address.Country)
	if problem := rules.SerialProblem("/serial", f.Serial); problem != nil {
		k.Fields = append(k.Fields, *problem)
	}

	checkPeriod(&k, f.StartsOn, f.LastDay)
	return rules.Invalid(k.Fields)
}

// checkPeriod checks the days of a warranty.
func checkPeriod(k *rules.Checker, startsOn, lastDay string) {
	before := len(k.Fields)
	k.Date("/starts_on", startsOn)
	k.Date("/last_day", lastDay)
	if len(k.Fields) == before && lastDay < startsOn {
		k.Fail("/last_day", InvalidPeriod, "The last day lies before the first one.",
			"Send the last covered day, not earlier than the first.")
	}
}

// WarrantyDays checks the days that an operator gives when a claimed warranty is
// linked: VALIDATION_FAILED with /starts_on and /last_day.
func WarrantyDays(startsOn, lastDay string) error {
	var k rules.Checker
	checkPeriod(&k, startsOn, lastDay)
	return rules.Invalid(k.Fields)
}

// EndsOn returns the exclusive end of a valid form or claim.
func EndsOn(lastDay string) string {
	d, err := civil.ParseDate(lastDay)
	if err != nil {
		return ""
	}
	return d.AddDays(1).String()
}

// Fingerprint returns the same text for a row that comes again, however its company and
// address are spelt. It contains neither.
func (f EarlierWarrantyForm) Fingerprint() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		rules.CompanyKey(f.Company), rules.AddressHash(f.Address), f.Serial, f.StartsOn, f.LastDay,
	}, "\n")))
	return hex.EncodeToString(sum[:])
}

// WarrantyClaimForm is a customer's input about an extended warranty that it misses
// (R111c): no free text, so that no personal data comes in with it.
type WarrantyClaimForm struct {
	Serial      string
	SKU         string // what was bought
	PONumber    string
	PurchasedOn string // YYYY-MM-DD, or empty
}

// InvalidReference is the code of a number that holds more than letters, digits
// and the marks of a number.
const InvalidReference = "INVALID_REFERENCE"

// reference is what a purchase order number or a SKU looks like; how long it may be is checked
// beside it. An e-mail address does not look like that, nor do the words of a name.
var reference = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._/#+-]*$`)

// Normalised trims every text and puts serial and SKU into their one form.
func (f WarrantyClaimForm) Normalised() WarrantyClaimForm {
	return WarrantyClaimForm{
		Serial:      rules.NormaliseSerial(f.Serial),
		SKU:         catalogue.NormaliseSKU(f.SKU),
		PONumber:    rules.NormaliseText(f.PONumber),
		PurchasedOn: rules.NormaliseText(f.PurchasedOn),
	}
}

// Validate refuses a normalised form with VALIDATION_FAILED, naming every wrong field.
// Something besides the serial must say what was bought. today is the local day: nothing
// is bought after it (S62).
func (f WarrantyClaimForm) Validate(today civil.Date) error {
	var k rules.Checker
	if problem := rules.SerialProblem("/serial", f.Serial); problem != nil {
		k.Fields = append(k.Fields, *problem)
	}

	if f.SKU == "" && f.PONumber == "" {
		k.Fail("/po_number", rules.Required,
			"Neither the purchase order number nor the code of the service is given.",
			"Send one of them, as it stands on the order or invoice.")
	}

	for _, r := range []struct {
		pointer, value string
	}{{"/sku", f.SKU}, {"/po_number", f.PONumber}} {
		if r.value != "" && k.Optional(r.pointer, r.value, 60) && !reference.MatchString(r.value) {
			k.Fail(r.pointer, InvalidReference, "This is not a valid number or code.",
				"Send letters, digits and the marks . _ / # + - only, without spaces.")
		}
	}

	if f.PurchasedOn != "" {
		k.Date("/purchased_on", f.PurchasedOn)
		k.DayReached("/purchased_on", f.PurchasedOn, today)
	}

	return rules.Invalid(k.Fields)
}
