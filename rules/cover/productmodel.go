package cover

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// supportedSpans gives the times at which a model is supported; days are those of loc.
func supportedSpans(models []catalogue.ProductModel, code string, loc *time.Location) spans {
	var all []rules.Period
	for _, m := range models {
		if catalogue.NormaliseModelCode(m.Code) == catalogue.NormaliseModelCode(code) {
			all = append(all, daysBetween(m.EffectiveFrom, m.EffectiveTo, loc))
		}
	}
	return newSpans(all...)
}
