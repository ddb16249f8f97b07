package cover

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

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

// ExtensionEndsOn gives the exclusive end of an extension of the device; ok is
// false when it adds years to a standard warranty that is not known.
func (w Warranty) ExtensionEndsOn(x Extension) (end civil.Date, ok bool) {
	if x.EndsOn != nil {
		return *x.EndsOn, true
	}
	standard, ok := w.StandardEndsOn()
	return rules.AddYears(standard, x.Years), ok
}

// attached gives the extensions with their ends. An absolute end that a person
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
