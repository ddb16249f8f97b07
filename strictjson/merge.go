package strictjson

import (
	"strings"

	"roomcover.dev/roomcover/rules"
)

// Merge joins structural errors with those of the rules. What the rules say
// about a place whose value could not be read is left out: it would only say
// that the value is missing.
func Merge(structural, semantic []rules.FieldError) []rules.FieldError {
	out := append([]rules.FieldError(nil), structural...)
	for _, s := range semantic {
		if !covered(structural, s.Pointer) {
			out = rules.AddFields(out, s)
		}
	}
	return out
}

func covered(structural []rules.FieldError, pointer string) bool {
	for _, f := range structural {
		switch f.Code {
		case UnknownField, DuplicateKey, rules.MoreErrors:
			continue
		case Malformed:
			return true // nothing behind the break was read
		}

		if f.Pointer == "" || pointer == f.Pointer || strings.HasPrefix(pointer, f.Pointer+"/") {
			return true
		}
	}

	return false
}
