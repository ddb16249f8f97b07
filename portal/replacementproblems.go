package portal

import (
	"errors"
	"slices"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// requestFields are the fields of the form in their order, by where the rules say
// that something is wrong.
var requestFields = []struct{ field, pointer string }{
	{"device", "/serial"},
	{"room", "/room_id"},
	{"model", "/model"},
	{"quantity", "/quantity"},
	{"proof", "/serial_proof"},
	{"fault", "/fault"},
	{"site", "/site_id"},
}

// refused puts every refusal beside its field, and reports whether all of them have
// words; other errors are not the visitor's.
func (p *requestPage) refused(err error) bool {
	var refusal *rules.Error
	if !errors.As(err, &refusal) || len(refusal.Fields) == 0 {
		return false
	}

	for _, f := range refusal.Fields {
		field, key := p.problemOf(f)
		if key == "" {
			return false
		}
		p.blame(field, key)
	}

	// Of a device or room that we do not know we know no site either; that is not
	// worth a second complaint.
	if p.Site == "" &&
		(p.has("device", "refusal."+rma.SerialNotRegistered) || p.has("room", "refusal.room")) {
		delete(p.Problems, "site")
	}

	return true
}

func (p *requestPage) blame(field, key string) {
	if p.Problems == nil {
		p.Problems = map[string][]string{}
	}
	if !p.has(field, key) {
		p.Problems[field] = append(p.Problems[field], key)
	}

	p.First = ""
	for _, f := range requestFields {
		if p.First == "" && len(p.Problems[f.field]) > 0 {
			p.First = f.field
		}
	}
}

func (p *requestPage) has(field, key string) bool {
	return slices.Contains(p.Problems[field], key)
}

// problemOf gives the field and the words of a refusal. What covers an accessory is
// its room, so a refusal of cover stands there; a serial that is too new needs its
// proof.
func (p *requestPage) problemOf(f rules.FieldError) (field, key string) {
	for _, known := range requestFields {
		if known.pointer == f.Pointer {
			field = known.field
		}
	}

	switch {
	case field == "device" && p.Accessory:
		return "model", "refusal.model"
	case f.Code == rma.SerialTooNew:
		return "proof", "refusal." + f.Code
	case field == "model" && f.Code == rules.NotCovered:
		return "room", "refusal.room.uncovered"
	case field == "model" && f.Code == rules.CountryNotSupported:
		return "room", "refusal." + f.Code
	case field == "device" && slices.Contains(serialCodes, f.Code):
		return field, "refusal.serial"
	case slices.Contains(refusalCodes, f.Code):
		return field, "refusal." + f.Code
	case field != "" && (f.Code == rules.Required || f.Code == rules.OutOfRange):
		return field, "refusal." + field
	case field == "fault" || field == "proof":
		return field, "refusal.text"
	}

	return "", ""
}

var (
	serialCodes = []string{
		rules.SerialTooShort, rules.SerialInvalidCharacters, rules.SerialConfusable, rules.TooLong,
	}
	refusalCodes = []string{
		rma.SerialNotRegistered, rma.RMAOpen, rma.SiteUnknown, rules.NotCovered, rules.WarrantyCap,
		rules.ModelNotSupported, rules.NotHardware,
		rules.CountryNotSupported, rules.Unplaced, rules.StateConflict,
	}
)
