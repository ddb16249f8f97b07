package models

import (
	"context"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// AgendaItem is a line of an agenda: a Process that is late or due, or an operator
// task, which is due by the end of the day on which it was raised (ours).
type AgendaItem struct {
	Process
	SubjectID string // what a shipment or a task is about; otherwise the id
	TaskKind  TaskKind
	What      string // what an operator has to do
	DueText   string // in English, by the days of the place
	Zone      string // IANA name of the zone that the days are counted in
}

// AgendaQuery asks for an agenda.
type AgendaQuery struct {
	On        *civil.Date // in the zone of each line's place; nil: today there
	Zone      string      // IANA name for what has no place, such as tasks; empty: UTC
	AccountID string      // empty: of all accounts
	Limit     int         // of each list; 1 to 200, 0 means 50
	LateAfter AgendaCursor
	DueAfter  AgendaCursor
}

// AgendaList is one list of an agenda, the longest waiting first.
type AgendaList struct {
	Items []AgendaItem
	Total map[processes.Kind]int64 // over all pages
	Next  AgendaCursor
}

// Agenda is what is late, and what is due on the day. On is the day that was asked
// for, or today in the zone of the question.
type Agenda struct {
	On        civil.Date
	Late, Due AgendaList
}

// Agenda lists what is late and what is due, of all that is under way: orders in
// review, invitations, RMAs, spares, shipments, and open operator tasks. It
// reads the same source as ListProcesses, and answers in four statements however
// much is under way. A cancellation window that runs out asks nobody to act and is
// left out. For the service and its operators; days that are over answer
// VALIDATION_FAILED, since what was done then is no longer listed.
func (s *Store) Agenda(ctx context.Context, q AgendaQuery) (Agenda, error) {
	now := s.clock.Now()
	v, err := newAgendaView(q, now, now.Add(-s.patience()))
	if err != nil {
		return Agenda{}, err
	}
	var out Agenda
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		out = Agenda{On: v.day()}
		if err := scope.service(); err != nil {
			return err
		}
		if err := v.readZones(tx); err != nil {
			return err
		}
		if err := v.count(tx, &out); err != nil {
			return err
		}
		if err := v.list(tx, v.late, q.LateAfter, &out.Late); err != nil {
			return err
		}
		return v.list(tx, v.due, q.DueAfter, &out.Due)
	})
	return out, err
}

// agendaView is a query with its bounds by zone.
type agendaView struct {
	q         AgendaQuery
	now       time.Time
	zone      *time.Location // of what has no place
	late, due string         // conditions
	args      map[string]any
}

func newAgendaView(q AgendaQuery, now, stuck time.Time) (*agendaView, error) {
	zone, err := time.LoadLocation(q.Zone)
	if err != nil || q.Zone == "Local" {
		return nil, rules.Invalid([]rules.FieldError{{Pointer: "/query/time_zone", Code: rules.InvalidTimeZone, Message: "This is not a time zone.", Remedy: "Send an IANA name such as America/Sao_Paulo."}})
	}
	if q.On != nil && !rules.StartOfDay(q.On.AddDays(1), westernmost).After(now) {
		return nil, rules.Invalid([]rules.FieldError{{Pointer: "/query/on", Code: rules.OutOfRange, Message: "This day is over everywhere.", Remedy: "Send today or a day to come."}})
	}
	return &agendaView{q: q, now: now, zone: zone, args: map[string]any{"now": now, "stuck": stuck.UTC()}}, nil
}

// day is the one that is asked about, in the zone of the question.
func (v *agendaView) day() civil.Date {
	if v.q.On != nil {
		return *v.q.On
	}
	return rules.DateIn(v.now, v.zone)
}

// westernmost is where a day ends last.
var westernmost = time.FixedZone("UTC-12", -12*3600)
