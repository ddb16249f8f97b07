package web

import (
	"strings"
	"time"

	"roomcover.dev/roomcover/messages"
)

// Reader is who reads a page: in which language, at which instant, and by which clock where a
// time belongs to no other place.
type Reader struct {
	Language *messages.Language
	Now      time.Time
	Zone     string
}

// showsAnother reports whether the clock of a place shows another time than the reader's own.
func (r Reader) showsAnother(at time.Time, place *time.Location) bool {
	const minute = "2006-01-02 15:04"
	return at.In(place).Format(minute) != at.In(Zone(r.Zone)).Format(minute)
}

// soon is how near an end has to be for a line to say so in amber.
const soon = 2 * time.Hour

// DueAt says by when, by the clock of a zone: relative under a day, else by its day. Empty: the
// reader's own zone.
func (r Reader) DueAt(at time.Time, zone string) Due {
	place := r.place(zone)
	end := at.In(place)
	last := end
	midnight := end.Hour() == 0 && end.Minute() == 0
	if midnight { // the end of the day before
		last = end.Add(-time.Nanosecond)
	}

	d := Due{
		Text:    Day(r.Language, last, r.Now, place),
		Instant: at.UTC().Format(time.RFC3339),
		Exact:   r.Moment(at, zone),
	}
	if !midnight {
		d.Small = end.Format("15:04")
		if r.showsAnother(at, place) {
			d.Place = r.Language.Place(zone)
		}
	}
	if near := Distance(r.Language, at, r.Now); near != "" && !midnight || !at.After(r.Now) {
		d.Small = strings.TrimSpace(d.Text + " " + d.Small)
		d.Text = near
		d.Near = "ahead"
	}
	switch ahead := at.Sub(r.Now); {
	case ahead <= 0:
		d.Class = "late"
	case ahead < soon:
		d.Class = "soon"
	}
	return d
}

// PastAt says when something was, by the clock of a zone: relative under a day, else by its day.
func (r Reader) PastAt(at time.Time, zone string) Due {
	d := Due{
		Text:    Ago(r.Language, at, r.Now),
		Instant: at.UTC().Format(time.RFC3339),
		Exact:   r.Moment(at, zone),
		Class:   "past",
		Near:    "since",
	}
	if d.Text == "" {
		place := r.place(zone)
		d.Near = ""
		d.Text = Day(r.Language, at, r.Now, place)
		d.Small = at.In(place).Format("15:04")
		if r.showsAnother(at, place) {
			d.Place = r.Language.Place(zone)
		}
	}
	return d
}

// Moment writes an instant by the clock of a zone, with its place.
func (r Reader) Moment(at time.Time, zone string) string {
	if zone == "" {
		zone = r.Zone
	}
	return r.Language.DateTimeAt(at, zone)
}

// When is a cell with an instant that has passed; nil: an empty cell.
func (r Reader) When(at *time.Time, zone string) Cell {
	if at == nil || at.IsZero() {
		return Cell{}
	}
	return Cell{Due: r.PastAt(*at, zone)}
}

// Day is a cell with a day of the calendar, YYYY-MM-DD.
func (r Reader) Day(date string) Cell {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return Cell{Text: date}
	}
	return Cell{Text: r.Language.NearDate(at, r.Now), Plain: date, Whole: true}
}

func (r Reader) place(zone string) *time.Location {
	if zone == "" {
		zone = r.Zone
	}
	return Zone(zone)
}
