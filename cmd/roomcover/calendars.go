package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"roomcover.dev/roomcover/api"
)

// calendarCommands are about the calendars by which business days are counted.
type calendarCommands struct {
	List calendarListCommand `cmd:"" help:"List the calendars of countries and regions."`
	Show calendarShowCommand `cmd:"" help:"Show one with its holidays."`

	AddHoliday    calendarAddHolidayCommand    `cmd:"" help:"Add a holiday."`
	RemoveHoliday calendarRemoveHolidayCommand `cmd:"" help:"Make a holiday a day like others."`
}

type calendarListCommand struct {
	output
	apiOptions
	Country string `placeholder:"CODE" help:"Only those of this country."`
}

// Help is shown by --help.
func (calendarListCommand) Help() string {
	return `Those that customers count on and that lack holidays: roomcover holidays.

Example:
  roomcover calendar list --country BR`
}

// Run lists.
func (c calendarListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	list, err := every[api.CalendarView](ctx, client, "/v1/calendars",
		filters(map[string]string{"country": strings.ToUpper(c.Country)}), 0)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "No calendars.")
			return
		}

		t := a.table(out, "calendar", "weekend", "holidays through", "lacks")
		for _, k := range list {
			t.AppendRow([]any{k.Code, weekend(k), k.LoadedThrough, a.late(dash(lacks(w, k)))})
		}
		t.Render()
		fmt.Fprintf(out, "\n%s.\n", count(len(list), "calendar"))
	})
}

// weekend names the days without work: "Sat, Sun".
func weekend(k api.CalendarView) string {
	days := make([]string, len(k.Weekend))
	for i, day := range k.Weekend {
		days[i] = string(day[:1]) + strings.ToLower(string(day[1:]))
	}
	return dash(strings.Join(days, ", "))
}

// weekdayOf names the day of the week of a date: "Fri".
func weekdayOf(date string) string {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return ""
	}
	return at.Format("Mon")
}

// lacks says what a person has to look at.
func lacks(w *words, k api.CalendarView) string {
	codes := make([]string, len(k.Lacks))
	for i, code := range k.Lacks {
		codes[i] = string(code)
	}
	return w.codes(codes)
}

// oneCalendar names the calendar that a command is about.
type oneCalendar struct {
	output
	apiOptions
	Calendar string `arg:"" help:"The calendar: a country's code, or with its region's, such as BR or BR-SP."`
}

func (c oneCalendar) path() string {
	return "/v1/calendars/" + url.PathEscape(strings.ToUpper(c.Calendar))
}

// find reads the calendar.
func (c oneCalendar) find(ctx context.Context) (*apiClient, api.CalendarDetail, error) {
	var k api.CalendarDetail
	client, err := c.client()
	if err != nil {
		return nil, k, err
	}
	return client, k, client.read(ctx, c.path(), &k)
}

// showCalendar answers with a calendar and its holidays from a day on; all of them without one.
func (o output) showCalendar(
	ctx context.Context, a *app, client *apiClient, k api.CalendarDetail, from string,
) error {
	return o.showNamed(ctx, a, client, k, func(out io.Writer, w *words) {
		fmt.Fprintf(out, "%s\n\n", k.Code)
		writeFacts(out,
			fact{"Weekend", weekend(k.CalendarView)},
			fact{"Lacks", a.late(lacks(w, k.CalendarView))},
			fact{"Holidays", fmt.Sprintf("through %d, from %s", k.LoadedThrough, k.Source)},
		)

		fmt.Fprintln(out)
		t := a.table(out, "date", "", "holiday", "", "why")
		shown := 0
		for _, h := range k.Holidays {
			if h.Date < from {
				continue
			}
			note := ""
			switch {
			case h.Removed:
				note = "removed: a day like others"
			case h.Reason != "":
				note = "entered"
			}
			t.AppendRow([]any{h.Date, weekdayOf(h.Date), h.Name, note, h.Reason})
			shown++
		}
		if shown == 0 {
			fmt.Fprintln(out, "No holidays.")
			return
		}
		t.Render()
	})
}

type calendarShowCommand struct {
	oneCalendar
	From string `placeholder:"DATE" help:"Only holidays from this day on, YYYY-MM-DD; left out: all."`
}

// Help is shown by --help.
func (calendarShowCommand) Help() string {
	return `Example:
  roomcover calendar show BR-SP --from 2027-01-01`
}

// Run shows.
func (c calendarShowCommand) Run(ctx context.Context, a *app) error {
	client, k, err := c.find(ctx)
	if err != nil {
		return err
	}
	return c.showCalendar(ctx, a, client, k, c.From)
}

type calendarAddHolidayCommand struct {
	oneCalendar
	Date   string `arg:"" help:"The day, YYYY-MM-DD."`
	Name   string `arg:"" help:"What it is called there."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (calendarAddHolidayCommand) Help() string {
	return `Days count without it from then on; what was promised does not move.

Example:
  roomcover calendar add-holiday BR-SP 2027-07-09 "Revolução Constitucionalista" \
    --reason "state law 9497 of 1997"`
}

// Run adds it, on the version of the calendar that it reads.
func (c calendarAddHolidayCommand) Run(ctx context.Context, a *app) error {
	client, k, err := c.find(ctx)
	if err != nil {
		return err
	}

	err = client.change(ctx, http.MethodPost, c.path()+"/holidays", k.Version, api.HolidayRequest{
		Date:   c.Date,
		Name:   c.Name,
		Reason: c.Reason,
	}, &k)
	if err != nil {
		return err
	}
	return c.showCalendar(ctx, a, client, k, c.Date)
}

type calendarRemoveHolidayCommand struct {
	oneCalendar
	Date   string `arg:"" help:"The day, YYYY-MM-DD."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (calendarRemoveHolidayCommand) Help() string {
	return `It is a day like others from then on, also where its source is read again; what was
promised does not move.

Example:
  roomcover calendar remove-holiday BR-SP 2027-07-09 --reason "moved by decree"`
}

// Run removes it, on the version of the calendar that it reads.
func (c calendarRemoveHolidayCommand) Run(ctx context.Context, a *app) error {
	client, k, err := c.find(ctx)
	if err != nil {
		return err
	}

	err = client.change(ctx, http.MethodPost,
		c.path()+"/holidays/"+url.PathEscape(c.Date)+"/removal", k.Version,
		api.ReasonRequest{Reason: c.Reason}, &k)
	if err != nil {
		return err
	}
	return c.showCalendar(ctx, a, client, k, c.Date)
}
