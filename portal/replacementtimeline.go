package portal

import (
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
)

// happening is a line of a timeline.
type happening struct{ When, What string }

// shownVerbs are the steps of a replacement that its customer sees, by their verb
// in the audit. What is between the service and its people stays there.
var shownVerbs = []string{
	"requested", "appealed", "rejected", "withdrawn", "approved", "spare_used", "backordered",
	"allocated", "shipped", "picked_up", "delivered", "breached", "parcel_lost", "reminded",
	"return_overdue", "return_scanned", "return_received", "return_booked_anew", "inspected",
	"no_return_required", "fee_billed", "fee_credited", "fee_waived",
}

// timeline lists what happened, oldest first and by the clock of the site. Who did
// it, and why, is not for the page.
func (v *visit) timeline(events []db.AuditEvent, zone string) []happening {
	type moment struct {
		at   time.Time
		verb string
	}

	var all []moment
	for _, e := range events {
		verb, ours := strings.CutPrefix(e.Verb, "rma.")
		if ours && slices.Contains(shownVerbs, verb) {
			all = append(all, moment{happenedAt(e), verb})
		}
	}

	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	out := make([]happening, len(all))
	for i, m := range all {
		out[i] = happening{v.moment(m.at, zone), v.language.Say("event." + m.verb)}
	}

	return out
}

// happenedAt is when it happened, where that is known, and else when we heard.
func happenedAt(e db.AuditEvent) time.Time {
	if text, ok := e.Details["at"].(string); ok {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return at
		}
	}
	return e.At
}
