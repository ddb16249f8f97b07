package api

import (
	"context"
	"net/http"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) calendarRoutes() {
	read := route{Method: get, Tag: "Calendars", Scope: CatalogueRead, Capability: rules.ViewProcesses, OperatorOnly: true}
	write := route{Method: post, Tag: "Calendars", Scope: CatalogueWrite, Capability: rules.ManageCatalogue, OperatorOnly: true}
	mount(s, read.at("list-calendars", "/v1/calendars", "List the calendars of countries and regions, by code"), s.listCalendars)
	mount(s, read.at("get-calendar", "/v1/calendars/{code}", "Read a calendar with its holidays", 404), s.getCalendar)
	add := write.at("add-calendar", "/v1/calendars", "Give a region a calendar of its own", 404, 409)
	add.Body, add.Status, add.Idempotent = NewCalendarRequest{}, http.StatusCreated, true
	add.Description = "It begins as a copy of the country's. Sites of the region count by it from then on (C3)."
	mount(s, add, s.addCalendar)
	change := write.at("put-calendar", "/v1/calendars/{code}", "Change weekend and working times", 404, 409, 412, 428)
	change.Method, change.Body = put, CalendarRequest{}
	change.Description = "What was promised before stays as it is (S20)."
	mount(s, change, s.putCalendar)
	holiday := write.at("add-holiday", "/v1/calendars/{code}/holidays", "Add a holiday", 404, 409, 412, 428)
	holiday.Body, holiday.Status = HolidayRequest{}, http.StatusCreated
	mount(s, holiday, s.addHoliday)
	removal := write.at("remove-holiday", "/v1/calendars/{code}/holidays/{date}/removal", "Make a holiday a day like others", 404, 409, 412, 428)
	removal.Body, removal.Description = ReasonRequest{}, "It stays out, also when holidays are loaded again."
	mount(s, removal, s.removeHoliday)
}

// CalendarView is a calendar. A business day is none of the weekend, no holiday, and
// has working time.
type CalendarView struct {
	Code          string                `json:"code" doc:"BR, or BR-SP for a region"`
	Country       string                `json:"country"`
	Region        string                `json:"region,omitempty" doc:"ISO 3166-2 without the country"`
	Weekend       []rules.Weekday       `json:"weekend" nullable:"false"`
	Hours         []rules.WorkingTime   `json:"hours" nullable:"false" doc:"Working times by the wall clock; a day may have several"`
	Lacks         []rules.CalendarAlert `json:"lacks" nullable:"false" enum:"NO_WORKING_TIME_IN_14_DAYS,NO_HOLIDAYS_LOADED" doc:"What it needs a person for (C3)"`
	Source        string                `json:"source" doc:"What its holidays were first loaded from"`
	LoadedThrough int                   `json:"loaded_through" doc:"The last year that was loaded"`
	UpdatedAt     time.Time             `json:"updated_at"`
	Version       int64                 `json:"version" doc:"Grows with every change, holidays included; stored promises name it"`
}

func calendarView(c models.CalendarDetail) CalendarView {
	return CalendarView{c.Code, c.Country, c.Region, append([]rules.Weekday{}, c.Weekend...), append([]rules.WorkingTime{}, c.Hours...),
		append([]rules.CalendarAlert{}, c.Lacks...), c.Source, c.LoadedThrough, c.UpdatedAt, c.Version}
}

// HolidayView is a day of a calendar on which nobody works, or one that an operator
// took out.
type HolidayView struct {
	Date    string               `json:"date" format:"date" doc:"As observed, in the calendar of the place"`
	Name    string               `json:"name"`
	Origin  models.HolidayOrigin `json:"origin" enum:"LOADED,OPERATOR"`
	Removed bool                 `json:"removed,omitempty" doc:"An operator took it out: a day like others"`
	Reason  string               `json:"reason,omitempty" doc:"The operator's"`
}

// CalendarDetail is a calendar with every holiday, by date.
type CalendarDetail struct {
	CalendarView
	Holidays []HolidayView `json:"holidays" nullable:"false"`
}

func calendarAnswer(c models.CalendarDetail, err error) (*roomOutput[CalendarDetail], error) {
	if err != nil {
		return nil, err
	}
	days := viewed(c.Holidays, func(h models.CalendarHoliday) HolidayView {
		return HolidayView{h.OnDay, h.Name, h.Origin, h.Removed, h.Reason}
	})
	return &roomOutput[CalendarDetail]{etag(c.Version), CalendarDetail{calendarView(c), days}}, nil
}

// listCalendarsInput has a cursor of its own: a calendar's id is its code.
type listCalendarsInput struct {
	Cursor  string `query:"cursor" pattern:"^[A-Z]{2}(-[A-Z0-9]{1,3})?$" doc:"next_cursor of the page before"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
	Country string `query:"country" maxLength:"2" doc:"Only the calendars of this country"`
}

func (s *service) listCalendars(ctx context.Context, in *listCalendarsInput) (*pageOf[CalendarView], error) {
	all, next, err := s.store.ListCalendars(ctx, models.CalendarFilter{Country: in.Country, Page: models.Page{After: in.Cursor, Limit: in.Limit}})
	return listed(all, next, err, calendarView)
}

// CalendarCodeInput names a calendar.
type CalendarCodeInput struct {
	Code string `path:"code" maxLength:"6" doc:"Country, or country and region, such as BR-SP"`
}

func (s *service) getCalendar(ctx context.Context, in *CalendarCodeInput) (*roomOutput[CalendarDetail], error) {
	return calendarAnswer(s.store.GetCalendar(ctx, in.Code))
}

// NewCalendarRequest names the region that gets a calendar of its own.
type NewCalendarRequest struct {
	Country string `json:"country" doc:"ISO 3166, two letters"`
	Region  string `json:"region" doc:"What follows the country in ISO 3166-2, such as MA"`
	Reason  string `json:"reason" doc:"Required; goes into the audit"`
}

func (s *service) addCalendar(ctx context.Context, _ *struct{}) (*roomOutput[CalendarDetail], error) {
	r, err := decode[NewCalendarRequest](ctx)
	if err != nil {
		return nil, err
	}
	return calendarAnswer(s.store.AddCalendar(ctx, r.Country, r.Region, r.Reason))
}

// CalendarRequest is the week of a calendar from now on.
type CalendarRequest struct {
	Weekend []rules.Weekday     `json:"weekend" nullable:"false" doc:"MON to SUN; may be empty"`
	Hours   []rules.WorkingTime `json:"hours" nullable:"false" doc:"By the wall clock, 09:00 to 24:00; a day may have several; a day without any is no business day"`
	Reason  string              `json:"reason" doc:"Required; goes into the audit"`
}

// CalendarChangeInput names a calendar and the version that a change is based on.
type CalendarChangeInput struct {
	CalendarCodeInput
	IfMatch string `header:"If-Match" doc:"Required: the ETag of the calendar that you read"`
}

// calendarChange holds If-Match against the calendar.
func (s *service) calendarChange(ctx context.Context, in CalendarChangeInput, reason string) (models.CalendarChange, error) {
	c, err := s.store.GetCalendar(ctx, in.Code)
	if err == nil {
		err = (IfMatchInput{IfMatch: in.IfMatch}).matches(c.Version)
	}
	return models.CalendarChange{Code: in.Code, Version: c.Version, Reason: reason}, err
}

func (s *service) putCalendar(ctx context.Context, in *CalendarChangeInput) (*roomOutput[CalendarDetail], error) {
	r, err := decode[CalendarRequest](ctx)
	if err != nil {
		return nil, err
	}
	q, err := s.calendarChange(ctx, *in, r.Reason)
	if err != nil {
		return nil, err
	}
	return calendarAnswer(s.store.PutCalendar(ctx, q, r.Weekend, r.Hours))
}

// HolidayRequest is a holiday to add.
type HolidayRequest struct {
	Date   string `json:"date" format:"date" doc:"The day on which nobody works"`
	Name   string `json:"name" doc:"In the language of the place"`
	Reason string `json:"reason" doc:"Required; goes into the audit"`
}

func (s *service) addHoliday(ctx context.Context, in *CalendarChangeInput) (*roomOutput[CalendarDetail], error) {
	r, err := decode[HolidayRequest](ctx)
	if err != nil {
		return nil, err
	}
	q, err := s.calendarChange(ctx, *in, r.Reason)
	if err != nil {
		return nil, err
	}
	on, _ := civil.ParseDate(r.Date) // the Store refuses the zero date
	return calendarAnswer(s.store.AddHoliday(ctx, q, on, r.Name))
}

// HolidayInput names a holiday of a calendar.
type HolidayInput struct {
	CalendarChangeInput
	Date string `path:"date" maxLength:"10" doc:"YYYY-MM-DD"`
}

func (s *service) removeHoliday(ctx context.Context, in *HolidayInput) (*roomOutput[CalendarDetail], error) {
	r, err := decode[ReasonRequest](ctx)
	if err != nil {
		return nil, err
	}
	q, err := s.calendarChange(ctx, in.CalendarChangeInput, r.Reason)
	if err != nil {
		return nil, err
	}
	on, _ := civil.ParseDate(in.Date) // a day that is none is no holiday either
	return calendarAnswer(s.store.RemoveHoliday(ctx, q, on))
}
