package rules

import (
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/civil"
)

// promiseWords are what a promise is told with, in one language. Verbs take what
// is named behind them.
type promiseWords struct {
	weekdays                   [7]string // from Sunday on
	months                     [12]string
	farDay                     string // weekday, day, month: when the weekday alone could be another one
	approved                   func(weekday, at string) string
	by, after                  string // cut-off
	offDay, holidayDay         string
	counted                    string // first day that counts
	oneHoliday, severalHoliday string
	and, days, none            string
}

var englishPromise = promiseWords{
	weekdays: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	months:   [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	farDay:   "%s %d %s",
	approved: func(weekday, at string) string { return "approved " + weekday + " " + at },
	by:       " by the %s cut-off", after: " after the %s cut-off",
	offDay: ", not a business day", holidayDay: ", a holiday", counted: "counted from %s",
	oneHoliday: "%s is a holiday", severalHoliday: "%s are holidays", and: " and ", days: "%d business days", none: "no day is promised at this speed",
}

var portuguesePromise = promiseWords{
	weekdays: [7]string{"domingo", "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado"},
	months:   [12]string{"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"},
	farDay:   "%s, %d de %s",
	approved: func(weekday, at string) string {
		if strings.HasSuffix(weekday, "-feira") {
			return "aprovado na " + weekday + " às " + at
		}
		return "aprovado no " + weekday + " às " + at
	},
	by: ", até o limite das %s", after: ", depois do limite das %s",
	offDay: ", que não é dia útil", holidayDay: ", que é feriado", counted: "contado a partir de %s",
	oneHoliday: "%s é feriado", severalHoliday: "%s são feriados", and: " e ", days: "%d dias úteis", none: "nenhum dia é prometido nesta velocidade",
}

// Text tells a promise in one sentence, in pt-BR or, for any other locale, in
// English: "approved Friday 15:01 after the 15:00 cut-off; Monday is a holiday:
// Wednesday". A day a week or more after the approval stands with its date.
func (p Promise) Text(locale string) string {
	w := englishPromise
	if locale == "pt-BR" {
		w = portuguesePromise
	}
	if len(p.Steps) == 0 {
		return ""
	}
	first, last := p.Steps[0], p.Steps[len(p.Steps)-1]
	parts := []string{w.approval(first)}
	var holidays []string
	for _, s := range p.Steps {
		switch {
		case s.Code == PromiseHoliday:
			holidays = append(holidays, w.day(s.On, first.On))
		case s.Code == PromiseCountedFrom && first.Code == PromiseNonBusiness:
			parts = append(parts, w.closed(holidays)...)
			parts, holidays = append(parts, fmt.Sprintf(w.counted, w.day(s.On, first.On))), nil
		}
	}
	parts = append(parts, w.closed(holidays)...)
	switch {
	case last.Code != PromisePromised:
		return strings.Join(append(parts, w.none), "; ")
	case last.Days > 1:
		parts = append(parts, fmt.Sprintf(w.days, last.Days))
	}
	return strings.Join(parts, "; ") + ": " + w.day(last.On, first.On)
}

// approval tells when it was approved, and how that day counts.
func (w promiseWords) approval(s PromiseStep) string {
	text := w.approved(w.weekdays[s.On.In(time.UTC).Weekday()], s.At)
	switch {
	case s.Code == PromiseByCutOff:
		return text + fmt.Sprintf(w.by, s.CutOff)
	case s.Code == PromiseAfterCutOff:
		return text + fmt.Sprintf(w.after, s.CutOff)
	case s.Holiday != "":
		return text + w.holidayDay
	}
	return text + w.offDay
}

// closed tells which days are holidays, if any.
func (w promiseWords) closed(days []string) []string {
	switch n := len(days); n {
	case 0:
		return nil
	case 1:
		return []string{fmt.Sprintf(w.oneHoliday, days[0])}
	default:
		return []string{fmt.Sprintf(w.severalHoliday, strings.Join(days[:n-1], ", ")+w.and+days[n-1])}
	}
}

// day names a day as somebody would who speaks on the day of the approval.
func (w promiseWords) day(d, approved civil.Date) string {
	weekday := w.weekdays[d.In(time.UTC).Weekday()]
	if d.DaysSince(approved) < 7 {
		return weekday
	}
	return fmt.Sprintf(w.farDay, weekday, d.Day, w.months[d.Month-1])
}
