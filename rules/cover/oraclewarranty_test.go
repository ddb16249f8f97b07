package cover

import (
	"time"

	"cloud.google.com/go/civil"
)

// units lists the device's warranties from the newest unit back to the first one.
func (o *oracle) units() (all []Warranty) {
	for w := &o.f.Device.Warranty; w != nil; w = w.Replaces {
		unit := *w
		if unit.StandardYears == 0 && o.model != nil {
			unit.StandardYears = o.model.StandardWarrantyYears
		}
		all = append(all, unit)
	}
	return all
}

func yearsOn(d civil.Date, years int) civil.Date {
	t := time.Date(d.Year+years, d.Month, d.Day, 0, 0, 0, 0, time.UTC) // 29 February becomes 1 March
	return civil.DateOf(t)
}

// warrantyEnds works a chain from the first unit to the newest.
func warrantyEnds(chain []Warranty) (standard, extended *civil.Date) {
	for i := len(chain) - 1; i >= 0; i-- {
		u := chain[i]
		if i == len(chain)-1 && u.PurchasedOn != nil && u.StandardYears > 0 {
			d := yearsOn(*u.PurchasedOn, u.StandardYears)
			standard = &d
		}
		if u.StandardEnd != nil {
			standard = u.StandardEnd
		}
		switch {
		case u.ExtendedEnd != nil:
			extended = u.ExtendedEnd
		case u.ExtendedYears > 0 && standard == nil:
			extended = nil
		case u.ExtendedYears > 0:
			d := yearsOn(*standard, u.ExtendedYears)
			extended = &d
		}
	}
	return standard, extended
}

// attachedTo gives the extensions that count, each with its end: those of the
// newest unit that has any, or a stored end in their place.
func attachedTo(chain []Warranty) (all []Extension) {
	for i, u := range chain {
		if u.ExtendedEnd != nil {
			return nil
		}
		if len(u.Extensions) == 0 {
			continue
		}
		standard, _ := warrantyEnds(chain[i:])
		for _, x := range u.Extensions {
			if x.EndsOn == nil && standard != nil {
				d := yearsOn(*standard, x.Years)
				x.EndsOn = &d
			}
			if x.EndsOn != nil {
				all = append(all, x)
			}
		}
		return all
	}
	return nil
}
