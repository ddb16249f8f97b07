package rulestest

import (
	"roomcover.dev/roomcover/rules"
)

// Found gives "pointer code" of every field error.
func Found(err error) []string {
	refusal, ok := err.(*rules.Error)
	if !ok {
		return nil
	}

	var all []string
	for _, f := range refusal.Fields {
		all = append(all, f.Pointer+" "+f.Code)
	}

	return all
}
