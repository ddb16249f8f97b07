package api

import (
	"context"
	"net/http"
	"time"

	"cloud.google.com/go/civil"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

// calendarHandlers answer what is asked about calendars.
type calendarHandlers struct{ programs *program.Programs }

func (h calendarHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Calendars",
		Scope:        CatalogueRead,
		Capability:   rules.ViewProcesses,
		OperatorOnly: true,
	}

	write := route{
		Tag:          "Calendars",
		Scope:        CatalogueWrite,
		Capability:   rules.ManageCatalogue,
		OperatorOnly: true,
	}

	mount(api, read.get("list-calendars", "/v1/calendars",
		"List the calendars of countries and regions, by code"), h.listCalendars)
	mount(api, read.get("get-calendar", "/v1/calendars/{code}",
		"Read a calendar with its holidays").
		refuses(404), h.getCalendar)
	mount(api, read.get("list-holiday-gaps", "/v1/calendars/without-holidays",
		"List the calendars without public holidays on which customers count"), h.listGaps)
	mountJSON(api, write.post("add-calendar", "/v1/calendars",
		"Give a region a calendar of its own").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.addCalendar)
	mountJSON(api, write.put("put-calendar", "/v1/calendars/{code}",
		"Change weekend and working times").
		refuses(404, 409, 412, 428), h.putCalendar)
	mountJSON(api, write.post("add-holiday", "/v1/calendars/{code}/holidays", "Add a holiday").
		answers(http.StatusCreated).refuses(404, 409, 412, 428), h.addHoliday)
	mountJSON(api, write.post("remove-holiday", "/v1/calendars/{code}/holidays/{date}/removal",
		"Make a holiday a day like others").
		refuses(404, 409, 412, 428), h.removeHoliday)
}

// CalendarView is a calendar. A business day is none of the weekend, no holiday, and
// has working time.
type CalendarView struct {
	Code          string                   `json:"code" doc:"BR, or BR-SP for a region"`
	Country       string                   `json:"country"`
	Region        string                   `json:"region,omitempty" doc:"ISO 3166-2 without the country"`
	Weekend       []calendar.Weekday       `json:"weekend" nullable:"false"`
	Hours         []calendar.WorkingTime   `json:"hours" nullable:"false" doc:"Working times by the wall clock; a day may have several"`
	Lacks         []calendar.CalendarAlert `json:"lacks" nullable:"false" enum:"NO_WORKING_TIME_IN_14_DAYS,NO_HOLIDAYS_LOADED" doc:"What it needs a person for"`
	Source        string                   `json:"source" doc:"What its holidays were last loaded from"`
	LoadedThrough int                      `json:"loaded_through" doc:"The last year that was loaded"`
	UpdatedAt     time.Time                `json:"updated_at"`
	Version       int64                    `json:"version" doc:"Grows with every change, holidays included; stored promises name it"`
}

func calendarView(c program.CalendarDetail) CalendarView {
	return CalendarView{
		Code:          c.Code,
		Country:       c.Country,
		Region:        c.Region,
		Weekend:       append([]calendar.Weekday{}, c.Weekend...),
		Hours:         append([]calendar.WorkingTime{}, c.Hours...),
		Lacks:         append([]calendar.CalendarAlert{}, c.Lacks...),
		Source:        c.Source,
		LoadedThrough: c.LoadedThrough,
		UpdatedAt:     c.UpdatedAt,
		Version:       c.Version,
	}
}

// HolidayView is a day of a calendar on which nobody works, or one that an operator
// took out.
type HolidayView struct {
	Date    string                `json:"date" format:"date" doc:"As observed, in the calendar of the place"`
	Name    string                `json:"name"`
	Origin  program.HolidayOrigin `json:"origin" enum:"LOADED,OPERATOR"`
	Removed bool                  `json:"removed,omitempty" doc:"An operator took it out: a day like others"`
	Reason  string                `json:"reason,omitempty" doc:"The operator's"`
}

// CalendarDetail is a calendar with every holiday, by date.
type CalendarDetail struct {
	CalendarView
	Holidays []HolidayView `json:"holidays" nullable:"false"`
}

func calendarAnswer(c program.CalendarDetail, err error) (*roomOutput[CalendarDetail], error) {
	if err != nil {
		return nil, err
	}

	days := viewed(c.Holidays, func(h program.CalendarHoliday) HolidayView {
		return HolidayView{
			Date:    h.OnDay,
			Name:    h.Name,
			Origin:  h.Origin,
			Removed: h.Removed,
			Reason:  h.Reason,
		}
	})
	return &roomOutput[CalendarDetail]{etag(c.Version), CalendarDetail{calendarView(c), days}}, nil
}

// listCalendarsInput has a cursor of its own: a calendar's id is its code.
type listCalendarsInput struct {
	Cursor  string `query:"cursor" doc:"next_cursor of the page before, with the same filters"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
	Country string `query:"country" maxLength:"2" doc:"Only the calendars of this country"`
}

func (h calendarHandlers) listCalendars(
	ctx context.Context, in *listCalendarsInput,
) (*pageOf[CalendarView], error) {
	all, next, err := h.programs.ListCalendars(ctx, program.CalendarFilter{
		Country: in.Country,
		Page: db.Page{
			After: in.Cursor,
			Limit: in.Limit,
		},
	})
	return listed(all, next, err, calendarView)
}

// HolidayGapView is a calendar without public holidays for the next 12 months on which
// customers count.
type HolidayGapView struct {
	Calendar string `json:"calendar" doc:"BR, or BR-SP for a region"`
	Country  string `json:"country"`
	Region   string `json:"region,omitempty"`
	Accounts int    `json:"accounts" doc:"With their address, a room or a site there"`
	Rooms    int    `json:"rooms" doc:"Active ones"`
	Sites    int    `json:"sites" doc:"Where replacements are sent"`
}

func (h calendarHandlers) listGaps(
	ctx context.Context, _ *struct{},
) (*pageOf[HolidayGapView], error) {
	gaps, err := h.programs.HolidayGaps(ctx)
	return listed(gaps, "", err, func(g program.HolidayGap) HolidayGapView {
		return HolidayGapView{
			Calendar: g.Code,
			Country:  g.Country,
			Region:   g.Region,
			Accounts: g.Accounts,
			Rooms:    g.Rooms,
			Sites:    g.Sites,
		}
	})
}

// CalendarCodeInput names a calendar.
type CalendarCodeInput struct {
	Code string `path:"code" maxLength:"6" doc:"Country, or country and region, such as BR-SP"`
}

func (h calendarHandlers) getCalendar(
	ctx context.Context, in *CalendarCodeInput,
) (*roomOutput[CalendarDetail], error) {
	return calendarAnswer(h.programs.GetCalendar(ctx, in.Code))
}

// NewCalendarRequest names the region that gets a calendar of its own.
type NewCalendarRequest struct {
	Country string `json:"country" doc:"ISO 3166, two letters"`
	Region  string `json:"region" doc:"What follows the country in ISO 3166-2, such as MA"`
	Reason  string `json:"reason" doc:"Required; goes into the audit"`
}

func (h calendarHandlers) addCalendar(
	ctx context.Context, _ *struct{}, r NewCalendarRequest,
) (*roomOutput[CalendarDetail], error) {
	return calendarAnswer(h.programs.AddCalendar(ctx, r.Country, r.Region, r.Reason))
}

// CalendarRequest is the week of a calendar from now on.
type CalendarRequest struct {
	Weekend []calendar.Weekday     `json:"weekend" nullable:"false" doc:"MON to SUN; may be empty"`
	Hours   []calendar.WorkingTime `json:"hours" nullable:"false" doc:"By the wall clock, 09:00 to 24:00; a day may have several; a day without any is no business day"`
	Reason  string                 `json:"reason" doc:"Required; goes into the audit"`
}

// CalendarChangeInput names a calendar and the version that a change is based on.
type CalendarChangeInput struct {
	CalendarCodeInput
	IfMatch string `header:"If-Match" doc:"Required: the ETag of the calendar that you read"`
}

// calendarChange holds If-Match against the calendar.
func (h calendarHandlers) calendarChange(
	ctx context.Context, in CalendarChangeInput, reason string,
) (program.CalendarChange, error) {
	c, err := h.programs.GetCalendar(ctx, in.Code)
	if err == nil {
		err = (IfMatchInput{IfMatch: in.IfMatch}).matches(c.Version)
	}
	return program.CalendarChange{Code: in.Code, Version: c.Version, Reason: reason}, err
}

func (h calendarHandlers) putCalendar(
	ctx context.Context, in *CalendarChangeInput, r CalendarRequest,
) (*roomOutput[CalendarDetail], error) {
	q, err := h.calendarChange(ctx, *in, r.Reason)
	if err != nil {
		return nil, err
	}
	return calendarAnswer(h.programs.PutCalendar(ctx, q, r.Weekend, r.Hours))
}

// HolidayRequest is a holiday to add.
type HolidayRequest struct {
	Date   string `json:"date" format:"date" doc:"The day on which nobody works"`
	Name   string `json:"name" doc:"In the language of the place"`
	Reason string `json:"reason" doc:"Required; goes into the audit"`
}

func (h calendarHandlers) addHoliday(
	ctx context.Context, in *CalendarChangeInput, r HolidayRequest,
) (*roomOutput[CalendarDetail], error) {
	q, err := h.calendarChange(ctx, *in, r.Reason)
	if err != nil {
		return nil, err
	}
	on, _ := civil.ParseDate(r.Date) // AddHoliday refuses the zero date
	return calendarAnswer(h.programs.AddHoliday(ctx, q, on, r.Name))
}

// HolidayInput names a holiday of a calendar.
type HolidayInput struct {
	CalendarChangeInput
	Date string `path:"date" maxLength:"10" doc:"YYYY-MM-DD"`
}

func (h calendarHandlers) removeHoliday(
	ctx context.Context, in *HolidayInput, r ReasonRequest,
) (*roomOutput[CalendarDetail], error) {
	q, err := h.calendarChange(ctx, in.CalendarChangeInput, r.Reason)
	if err != nil {
		return nil, err
	}
	on, _ := civil.ParseDate(in.Date) // a day that is none is no holiday either
	return calendarAnswer(h.programs.RemoveHoliday(ctx, q, on))
}
