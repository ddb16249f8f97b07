package doctor

import (
	"context"
	"strings"

	"roomcover.dev/roomcover/models/program"
)

const aboutHolidays = "holidays"

// holidays looks at the calendars on which customers count: beyond what is entered, days are
// promised by weekends alone.
func (r *report) holidays(ctx context.Context, programs *program.Programs) {
	const remedy = "Enter them with roomcover calendar add-holiday."

	gaps, err := programs.HolidayGaps(ctx)
	if err != nil {
		r.unread(aboutHolidays, err)
		return
	}
	if len(gaps) > 0 {
		codes := make([]string, len(gaps))
		for i, g := range gaps {
			codes[i] = g.Code
		}
		r.fail(aboutHolidays, "Customers count on calendars without a holiday in the coming year: "+
			strings.Join(codes, ", ")+".", remedy)
	}

	ends, err := programs.HolidayEnds(ctx)
	if err != nil {
		r.unread(aboutHolidays, err)
		return
	}
	if len(ends) > 0 {
		texts := make([]string, len(ends))
		for i, e := range ends {
			texts[i] = e.Code + " on " + e.Last.String()
		}
		r.warn(aboutHolidays, "The holidays of calendars on which customers count end within the "+
			"coming year: "+strings.Join(texts, ", ")+".", remedy)
	}
}
