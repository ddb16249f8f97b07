package messages

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"roomcover.dev/roomcover/clock"
)

// Date returns the calendar date that a time shows in its own zone: "22 de
// dezembro de 2026" or "22 December 2026". The first of a month is an ordinal in
// Portuguese. A line may end before the year only.
func (l *Language) Date(at time.Time) string {
	day := strconv.Itoa(at.Day())
	if at.Day() == 1 {
		day = l.Say("date.first")
	}

	return l.Say("date.long", Args{
		"day":   day,
		"month": l.Month(at.Month()),
		"year":  strconv.Itoa(at.Year()),
	})
}

// ShortDate returns a date for a narrow column of a paper: "22/12/2026" or
// "22 December 2026". Its form is a layout of Go's time package.
func (l *Language) ShortDate(at time.Time) string {
	return at.Format(l.Say("date.short"))
}

// DateTime returns a date with the time of day, both as a time shows them in
// its own zone.
func (l *Language) DateTime(at time.Time) string {
	return l.Say("date.moment", Args{"day": l.Date(at), "time": at.Format("15:04")})
}

// DateTimeAt returns an instant by the clock of an IANA zone, and says whose clock that is:
// "29 November 2026, 12:04 in São Paulo". An unknown zone counts as UTC.
func (l *Language) DateTimeAt(at time.Time, zone string) string {
	loc, err := clock.Zone(zone)
	if err != nil {
		loc, zone = time.UTC, ""
	}
	return l.Say("date.momentat", Args{"moment": l.DateTime(at.In(loc)), "place": l.Place(zone)})
}

// SpanAt returns a time from an instant to another by the clock of an IANA zone, and says whose
// clock that is: "Tuesday, 24 November 2026, 14:00 to 15:00 in São Paulo". An unknown zone counts
// as UTC.
func (l *Language) SpanAt(from, until time.Time, zone string) string {
	loc, err := clock.Zone(zone)
	if err != nil {
		loc, zone = time.UTC, ""
	}
	from, until = from.In(loc), until.In(loc)
	end := until.Format("15:04")
	if from.YearDay() != until.YearDay() {
		end = l.DateTime(until)
	}

	weekday := []rune(l.Weekday(from.Weekday()))
	weekday[0] = unicode.ToUpper(weekday[0])
	return l.Say("date.spanat", Args{
		"weekday": string(weekday),
		"moment":  l.DateTime(from),
		"until":   end,
		"place":   l.Place(zone),
	})
}

// Weekday returns the name of a day of the week as it stands within a sentence.
func (l *Language) Weekday(day time.Weekday) string {
	return l.Say("weekday." + strings.ToLower(day.String()))
}

// WeekdayAndDate returns a day of the next months as somebody would say it:
// "Monday 7 September" or "segunda-feira, 7 de setembro".
func (l *Language) WeekdayAndDate(at time.Time) string {
	return l.Say("date.weekday", Args{
		"weekday": l.Weekday(at.Weekday()),
		"day":     strconv.Itoa(at.Day()),
		"month":   l.Month(at.Month()),
	})
}

// Month returns the name of a month as it stands within a sentence.
func (l *Language) Month(month time.Month) string {
	return l.Say("month." + strings.ToLower(month.String()))
}

// NearDate returns a date as lists and sentences about what is under way give it: with
// the day of the week within a fortnight of now ("Wed 2 Dec"), with the year beyond
// ("28 Nov 2029"). Both times show their date in their own zone.
func (l *Language) NearDate(at, now time.Time) string {
	month := l.Say("shortmonth." + strings.ToLower(at.Month().String()))
	day := strconv.Itoa(at.Day())
	if distance := at.Sub(now).Abs(); distance > fortnight {
		return l.Say("date.far", Args{"day": day, "month": month, "year": strconv.Itoa(at.Year())})
	}
	weekday := l.Say("shortweekday." + strings.ToLower(at.Weekday().String()))
	return l.Say("date.near", Args{"weekday": weekday, "day": day, "month": month})
}

const fortnight = 14 * 24 * time.Hour

// Place returns where an IANA zone's time is told: "in São Paulo" for
// America/Sao_Paulo, "UTC" for UTC and for none.
func (l *Language) Place(zone string) string {
	city := zone[strings.LastIndex(zone, "/")+1:]
	if city == "" {
		city = "UTC"
	}

	if key := "place." + city; l.Has(key) {
		return l.Say(key)
	}
	return l.Say("place.other", Args{"city": strings.ReplaceAll(city, "_", " ")})
}

// City returns the city whose time a zone tells, without a preposition: "São Paulo" for
// America/Sao_Paulo.
func (l *Language) City(zone string) string {
	_, city, found := strings.Cut(l.Place(zone), " ")
	if !found {
		return l.Place(zone)
	}
	return strings.TrimPrefix(city, "the ")
}
