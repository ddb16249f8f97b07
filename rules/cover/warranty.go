package cover

import (
	"slices"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// DefaultWarrantyCapYears is the cap where a program names none (R125b).
const DefaultWarrantyCapYears = 5

// ReplacementWarrantyDays is the least warranty of a replacement (S23).
const ReplacementWarrantyDays = 30

// Warranty is what is known of a device's warranties. Ends are exclusive local
// days of the account (C2). An absolute end wins over a derived one (S32).
type Warranty struct {
	PurchasedOn   *civil.Date // nil: unknown, so that proof is asked (R125b)
	ProofHeld     bool        // a proof of purchase is stored, its date not yet read
	StandardYears int         // of the model, from the day of purchase
	ExtendedYears int         // of a matched extended warranty, after the standard one
	StandardEnd   *civil.Date // absolute
	ExtendedEnd   *civil.Date // absolute
	Extensions    []Extension // attached to the serial (R39a), unless ExtendedEnd is given
	Replaces      *Warranty   // of the device that this one replaced (S23)
	ReplacedOn    civil.Date  // the day the replacement was delivered
}

// Purchase returns the day of purchase from which the device's age counts: that of
// the first device of a chain of replacements (S23).
func (w Warranty) Purchase() (civil.Date, bool) {
	if w.Replaces != nil {
		return w.Replaces.Purchase()
	}
	if w.PurchasedOn == nil {
		return civil.Date{}, false
	}
	return *w.PurchasedOn, true
}

// CapOn returns the day on which every cover of the hardware ends: purchase plus
// years as AddDate counts them (R125b, C2).
func (w Warranty) CapOn(years int) (civil.Date, bool) {
	bought, ok := w.Purchase()
	if years < 1 {
		years = DefaultWarrantyCapYears
	}
	return rules.AddYears(bought, years), ok
}

// StandardEndsOn returns the end of the standard warranty: the absolute day, else
// for a replacement what remains of the original's (S23), else purchase plus the
// model's years. ok is false when there is none or it cannot be known.
func (w Warranty) StandardEndsOn() (end civil.Date, ok bool) {
	switch {
	case w.StandardEnd != nil:
		return *w.StandardEnd, true
	case w.Replaces != nil:
		return w.Replaces.StandardEndsOn()
	case w.PurchasedOn != nil && w.StandardYears > 0:
		return rules.AddYears(*w.PurchasedOn, w.StandardYears), true
	}

	return civil.Date{}, false
}

// ExtendedEndsOn returns the end of the extended warranty: the absolute day, else
// the end of the standard one plus the extension, else for a replacement what
// remains of the original's.
func (w Warranty) ExtendedEndsOn() (end civil.Date, ok bool) {
	if w.ExtendedEnd != nil {
		return *w.ExtendedEnd, true
	}
	if w.ExtendedYears > 0 {
		standard, ok := w.StandardEndsOn()
		return rules.AddYears(standard, w.ExtendedYears), ok
	}
	if w.Replaces != nil {
		return w.Replaces.ExtendedEndsOn()
	}
	return civil.Date{}, false
}

// ReplacementEndsOn returns the end of the replacement's own 30 days: a period, so
// the last covered day is the 29th after delivery (C2). The cap does not cut it
// (S23).
func (w Warranty) ReplacementEndsOn() (end civil.Date, ok bool) {
	return w.ReplacedOn.AddDays(ReplacementWarrantyDays), w.Replaces != nil
}

// ReplacementWarrantyEnd returns the warranty to store with a replacement: the
// remainder of the original or 30 days, the longer (S23).
func ReplacementWarrantyEnd(original, replacedOn civil.Date) civil.Date {
	if own := replacedOn.AddDays(ReplacementWarrantyDays); own.After(original) {
		return own
	}
	return original
}

// begins returns the first day of this device's own warranties.
func (w Warranty) begins() (civil.Date, bool) {
	if w.Replaces != nil {
		return w.ReplacedOn, true
	}
	return w.Purchase()
}

// WithStandardYears fills in the model's years where the facts leave them open.
func (w Warranty) WithStandardYears(years int) Warranty {
	if w.StandardYears == 0 {
		w.StandardYears = years
	}
	if w.Replaces != nil {
		original := w.Replaces.WithStandardYears(years)
		w.Replaces = &original
	}

	return w
}

// mayApply reports whether a warranty could turn out to be in force at the instant,
// on that local day, once the unknown purchase date is known: whether one would be
// after the latest purchase possible.
func (w Warranty) mayApply(at time.Time, on civil.Date) bool {
	best := w.boughtBy(on)
	standard, ok := best.StandardEndsOn()
	extended, also := best.ExtendedEndsOn()

	inTime := func(x attachedEnd) bool {
		return on.Before(x.end) && between(x.From, x.To).contains(at)
	}
	return (ok && on.Before(standard)) || (also && on.Before(extended)) ||
		slices.ContainsFunc(best.attached(), inTime)
}

// boughtBy returns the warranty as if the first device had been bought on the day,
// or on the day it was replaced, if that is earlier.
func (w Warranty) boughtBy(on civil.Date) Warranty {
	if w.Replaces == nil {
		w.PurchasedOn = &on
		return w
	}
	if w.ReplacedOn.Before(on) {
		on = w.ReplacedOn
	}

	original := w.Replaces.boughtBy(on)
	w.Replaces = &original
	return w
}

// proofHeld reports whether a proof of purchase is stored for any of the chain.
func (w Warranty) proofHeld() bool {
	return w.ProofHeld || (w.Replaces != nil && w.Replaces.proofHeld())
}

// Extension is an extended warranty that is attached to a device's serial number
// (R39a, R111a). It adds years to the standard warranty, whenever they run; an
// earlier one that was taken over has an absolute end instead. What it covered
// while it was attached stays covered: From and To bound it.
type Extension struct {
	ContractID string
	Years      int         // after the standard warranty; 0 where EndsOn is given
	EndsOn     *civil.Date // exclusive local day
	From       time.Time   // when it was attached, or an earlier one began
	To         *time.Time  // taken off, or its contract cancelled; nil while it lasts
}

// attachedEnd is an Extension with the exclusive local day on which it ends.
type attachedEnd struct {
	Extension
	end civil.Date
}

// ExtensionEndsOn returns the exclusive end of an extension of the device; ok is
// false when it adds years to a standard warranty that is not known.
func (w Warranty) ExtensionEndsOn(x Extension) (end civil.Date, ok bool) {
	if x.EndsOn != nil {
		return *x.EndsOn, true
	}
	standard, ok := w.StandardEndsOn()
	return rules.AddYears(standard, x.Years), ok
}

// attached returns the extensions with their ends. An absolute end that a person
// stored with the device wins over them (S32); a replacement without one of its
// own has those of the device that it replaced (S23).
func (w Warranty) attached() []attachedEnd {
	if w.ExtendedEnd == nil && len(w.Extensions) == 0 && w.Replaces != nil {
		return w.Replaces.attached()
	}
	if w.ExtendedEnd != nil {
		return nil
	}

	var out []attachedEnd
	for _, x := range w.Extensions {
		if end, ok := w.ExtensionEndsOn(x); ok {
			out = append(out, attachedEnd{x, end})
		}
	}

	return out
}

// extensionRights are what attached extensions cover, within the cap (R125b).
func (s *subject) extensionRights(first civil.Date, limit spans) []right {
	var rights []right
	for _, x := range s.warranty.attached() {
		covers := newSpans(daysBetween(&first, &x.end, s.Zone)).and(between(x.From, x.To)).
			and(limit).and(s.reach)
		rights = append(rights, right{
			kind:       ByExtendedWarranty,
			contractID: x.ContractID,
			covers:     covers,
		})
	}

	return rights
}

// Codes of refused attachments.
const (
	// the service is assigned to rooms, or to nothing (R39a)
	NotAttachable     = "NOT_ATTACHABLE"
	SerialHasWarranty = "SERIAL_HAS_WARRANTY" // one attached extension for a serial
	ExtensionOver     = "EXTENSION_OVER"      // it would cover nothing any more
)

// MayExtend refuses to attach an extension that would be over on the local day
// (EXTENSION_OVER): it adds years to the standard warranty, and within the cap
// (R125b). One whose end cannot be known yet may be attached; what it covers waits
// for the date of purchase.
func MayExtend(w Warranty, x Extension, today civil.Date, capYears int) error {
	end, known := w.ExtensionEndsOn(x)
	if capped, ok := w.CapOn(capYears); ok && known && capped.Before(end) {
		end = capped
	}

	if known && !today.Before(end) {
		return rules.Refuse(ExtensionOver,
			"The extended warranty of this device would be over already.",
			"Check the device's date of purchase, or attach it to another device.")
	}

	return nil
}
