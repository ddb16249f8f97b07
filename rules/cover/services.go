package cover

import (
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// roomService is what one assignment of a licence does for its room over time.
type roomService struct {
	licence  LicenceFacts
	room     RoomFacts
	from     time.Time // of the assignment
	assigned spans     // while the licence is in the room
	paid     spans     // and its contract is in force
	served   spans     // and the room is not archived and its country served
	frozen   *catalogue.CountryTerms
}

// services returns what each assignment of the given type of licence does.
func (f CoverFacts) services(service catalogue.ServiceType) []roomService {
	byID := make(map[string]LicenceFacts, len(f.Licences))
	for _, l := range f.Licences {
		byID[l.ID] = l
	}

	var all []roomService
	for _, l := range f.Licences {
		if l.Contract.Type != service {
			continue
		}
		for _, a := range append(inherited(l, byID, map[string]bool{}), l.Assignments...) {
			all = append(all, f.service(l, a))
		}
	}

	return all
}

func (f CoverFacts) service(l LicenceFacts, a Assignment) roomService {
	room, known := f.room(a.RoomID)
	s := roomService{
		licence: l,
		room:    room,
		from:    a.From,
		frozen:  a.Terms,
	}

	s.room.ID = a.RoomID
	s.assigned = between(a.From, a.To).and(before(l.RevokedAt))
	s.paid = s.assigned.and(l.Contract.inForce())
	if !known {
		return s
	}

	s.served = s.paid.and(before(room.ArchivedAt))
	if l.Contract.Type == catalogue.ServiceSyncPlus {
		return s // the countries' terms are those of Select
	}

	day, ok := catalogue.AvailableFrom(f.Terms, room.Country, a.Terms, rules.DateIn(a.From, f.Zone))
	if !ok {
		s.served = nil
		return s
	}

	s.served = s.served.and(newSpans(daysBetween(&day, nil, f.Zone)))
	return s
}

// inherited returns the stays that a renewal takes over from the licence it renews:
// where that one's assignment still stands after the end of its contract, until
// the renewal has an assignment of its own. It makes the answer right also between
// that end and the sweep that writes the assignment (S4).
func inherited(l LicenceFacts, byID map[string]LicenceFacts, seen map[string]bool) []Assignment {
	old, ok := byID[l.Renews]
	if !ok || seen[l.ID] || old.Contract.Type != l.Contract.Type || old.Contract.Period == nil ||
		l.Contract.Period == nil {
		return nil
	}

	seen[l.ID] = true
	end := old.Contract.Period.End
	if l.Contract.Period.Start.After(end) {
		return nil // bought too late: it starts like any other (S1)
	}

	takenOver := rules.Period{Start: end, End: forever}
	for _, a := range l.Assignments {
		takenOver.End = earlier(takenOver.End, a.From)
	}

	var stays []Assignment
	for _, a := range append(inherited(old, byID, seen), old.Assignments...) {
		stayed := between(a.From, a.To).
			and(before(old.RevokedAt)).
			and(before(old.Contract.CancelledAt))
		for _, p := range stayed.and(newSpans(takenOver)) {
			stays = append(stays, Assignment{RoomID: a.RoomID, From: p.Start, To: &p.End})
		}
	}

	return stays
}

// terms returns the country's terms that an assignment has at t (S31); kept reports
// that those of the day alone would be worse.
func (f CoverFacts) terms(s roomService, t time.Time) (terms catalogue.CountryTerms, kept bool) {
	on := rules.DateIn(t, f.Zone)
	terms, _ = catalogue.TermsKept(f.Terms, s.room.Country, s.frozen, rules.DateIn(s.from, f.Zone),
		on)
	now, ok := catalogue.TermsOn(f.Terms, s.room.Country, on)
	return terms, ok && catalogue.TermsDiffer(terms, now)
}

// inRoomNow picks the services that concern a room.
func inRoomNow(all []roomService, roomID string) []roomService {
	return slices.DeleteFunc(slices.Clone(all), func(s roomService) bool {
		return s.room.ID != roomID || roomID == ""
	})
}
