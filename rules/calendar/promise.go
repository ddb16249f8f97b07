package calendar

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// PromiseRequest is what a promise of a replacement depends on (R35c, R78c, S20).
type PromiseRequest struct {
	ApprovedAt time.Time
	Zone       *time.Location // of the ship-to
	Speed      RMASpeed       // of the room's country
	Calendar   Calendar       // of the ship-to
	CutOff     string         // HH:MM at the ship-to; the instant itself still counts
}

// Promise is the day by whose end a replacement arrives, with what led to it. It
// is computed once and stored, so that a calendar that is edited later never moves
// it (S20). On is a local day of the ship-to, the zero date where the speed
// promises none.
type Promise struct {
	On              civil.Date `json:"on,omitzero"`
	Speed           RMASpeed   `json:"speed"`
	Calendar        string     `json:"calendar"`
	CalendarVersion int64      `json:"calendar_version"`
	Zone            string     `json:"zone"` // IANA name
	// WithoutHolidays says that the calendar knew no holiday of the 12 months from the
	// approval on (C3): the day was counted by weekends alone.
	WithoutHolidays bool          `json:"without_holidays,omitempty"`
	Steps           []PromiseStep `json:"steps"`
}

// PromiseStep is one step from the approval to the promised day.
type PromiseStep struct {
	Code PromiseCode `json:"code"`
	On   civil.Date  `json:"on"` // local day
	// wall clock of an approval: HH:MM, with seconds where they are not 0; empty where the first
	// step is the day on which a unit is expected
	At      string `json:"at,omitempty"`
	CutOff  string `json:"cut_off,omitempty"` // that an approval was held against
	Holiday string `json:"holiday,omitempty"` // name
	Days    int    `json:"days,omitempty"`    // business days that a promise counts
}

// PromiseCode says what a PromiseStep is about.
type PromiseCode string

// The codes of a PromiseStep, in the order in which they come. The first says when it
// was approved; then comes each day that does not count, once, and the day from which
// the rest are counted where that is not the day of approval.
const (
	PromiseByCutOff     PromiseCode = "APPROVED_BY_CUT_OFF"
	PromiseAfterCutOff  PromiseCode = "APPROVED_AFTER_CUT_OFF"
	PromiseNonBusiness  PromiseCode = "APPROVED_ON_NON_BUSINESS_DAY"
	PromiseHoliday      PromiseCode = "HOLIDAY"
	PromiseWeekend      PromiseCode = "WEEKEND" // or another day without working time
	PromiseCountedFrom  PromiseCode = "COUNTED_FROM"
	PromisePromised     PromiseCode = "PROMISED"
	PromiseNoneForSpeed PromiseCode = "NO_DAY_PROMISED"
)

// PromiseReplacement computes the promised day (S20, V6–V8). An approval on a
// business day by the cut-off counts from that day, any other from the next
// business day; NBD then promises the next business day, 3BD the third. Errors:
// NO_WORKING_TIME for a calendar without business days, and a plain error for a
// speed that is not Valid.
func PromiseReplacement(q PromiseRequest) (Promise, error) {
	if !q.Speed.Valid() {
		return Promise{}, fmt.Errorf("rules: %q is not a speed of replacement", q.Speed)
	}

	p := Promise{
		Speed:           q.Speed,
		Calendar:        q.Calendar.Code,
		CalendarVersion: q.Calendar.Version,
		Zone:            q.Zone.String(),
	}

	day, counts := p.approve(q)
	p.WithoutHolidays = !q.Calendar.HasHolidays(day)
	days, promised := q.Speed.BusinessDays()
	if !promised {
		p.step(PromiseStep{Code: PromiseNoneForSpeed, On: day})
		return p, nil
	}

	var err error
	if !counts {
		if day, err = p.walk(q.Calendar, day); err != nil {
			return Promise{}, err
		}
		p.step(PromiseStep{Code: PromiseCountedFrom, On: day})
	}

	for range days {
		if day, err = p.walk(q.Calendar, day); err != nil {
			return Promise{}, err
		}
	}

	p.On = day
	p.step(PromiseStep{Code: PromisePromised, On: day, Days: days})
	return p, nil
}

// Due is the exclusive end of the promised local day, in UTC: from then on a
// replacement that has not arrived is late. ok is false where no day is promised.
func (p Promise) Due(zone *time.Location) (due time.Time, ok bool) {
	if p.On.IsZero() {
		return time.Time{}, false
	}
	return rules.StartOfDay(p.On.AddDays(1), zone), true
}

// CountedFromUnit is the promise of a backorder: its first step is the day on which a unit is
// expected, and no approval on that day.
func (p Promise) CountedFromUnit() Promise {
	p.Steps = slices.Clone(p.Steps)
	p.Steps[0].At, p.Steps[0].CutOff = "", ""
	return p
}

func (p *Promise) step(s PromiseStep) { p.Steps = append(p.Steps, s) }

// approve returns the local day on which it was approved, and whether that day counts.
func (p *Promise) approve(q PromiseRequest) (day civil.Date, counts bool) {
	local := q.ApprovedAt.In(q.Zone)
	day = civil.DateOf(local)
	s := PromiseStep{
		Code:   PromiseByCutOff,
		On:     day,
		At:     wallClock(local),
		CutOff: q.CutOff,
	}

	name, holiday := q.Calendar.Holidays[day]
	switch {
	case !q.Calendar.IsBusinessDay(day):
		s.Code, s.CutOff = PromiseNonBusiness, ""
	case AfterCutOff(local, q.CutOff):
		s.Code = PromiseAfterCutOff
	}

	if holiday {
		s.Holiday = name
	}

	p.step(s)
	return day, s.Code == PromiseByCutOff
}

// walk goes to the next business day and notes each day that it passes over.
func (p *Promise) walk(c Calendar, from civil.Date) (civil.Date, error) {
	next, err := c.NextBusinessDay(from)
	if err != nil {
		return next, err
	}

	for d := from.AddDays(1); d.Before(next); d = d.AddDays(1) {
		s := PromiseStep{Code: PromiseWeekend, On: d}
		if name, holiday := c.Holidays[d]; holiday && c.works(WeekdayOf(d)) {
			s.Code, s.Holiday = PromiseHoliday, name
		}
		p.step(s)
	}

	return next, nil
}

// sinceMidnight is what the wall clock shows, as a duration.
func sinceMidnight(local time.Time) time.Duration {
	h, m, s := local.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute +
		time.Duration(s)*time.Second + time.Duration(local.Nanosecond())
}

// AfterCutOff reports whether a local time is past the cut-off, HH:MM. The very instant
// of the cut-off is not past it.
func AfterCutOff(local time.Time, cutOff string) bool {
	minutes, _ := MinuteOfDay(cutOff)
	return sinceMidnight(local) > time.Duration(minutes)*time.Minute
}

// wallClock shows an instant's time of day. A part of a second counts as a whole
// one, so that what came after 15:00 never reads as 15:00.
func wallClock(local time.Time) string {
	at := (sinceMidnight(local) + time.Second - 1).Truncate(time.Second)
	seconds := min(int(at/time.Second), 24*3600-1)
	text := fmt.Sprintf("%02d:%02d", seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf(":%02d", seconds%60)
	}
	return text
}

// RMASpeed is how fast a replacement is promised, in business days of the
// destination after the day of approval: NBD is the next one, "3BD" the third
// (R35c, R78c). STANDARD promises no day.
type RMASpeed string

// The speeds that the default program uses.
const (
	SpeedNBD      RMASpeed = "NBD"
	SpeedStandard RMASpeed = "STANDARD"
)

var businessDaySpeed = regexp.MustCompile(`^([1-9][0-9]?)BD$`)

// BusinessDays returns the promised number of business days; ok is false for a
// speed without a promise, and for one that is not Valid.
func (s RMASpeed) BusinessDays() (days int, ok bool) {
	if s == SpeedNBD {
		return 1, true
	}

	m := businessDaySpeed.FindStringSubmatch(string(s))
	if m == nil {
		return 0, false
	}

	days, err := strconv.Atoi(m[1])
	return days, err == nil
}

// Valid reports whether s is NBD, STANDARD or 1BD to 99BD.
func (s RMASpeed) Valid() bool {
	_, ok := s.BusinessDays()
	return ok || s == SpeedStandard
}

// FasterThan reports whether s promises an earlier day than other. A speed without
// a promise is the slowest.
func (s RMASpeed) FasterThan(other RMASpeed) bool {
	mine, ok := s.BusinessDays()
	theirs, promised := other.BusinessDays()
	return ok && (!promised || mine < theirs)
}
