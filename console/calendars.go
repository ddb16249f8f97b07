package console

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/web"
)

const calendarsPath = settingsPath + "/calendars"

// calendarsList is the list of the calendars, by code.
var calendarsList = listing{
	path:  calendarsPath,
	words: "console.calendars",
	needs: may(rules.ViewProcesses),
	columns: []web.Column{
		{Name: "code"},
		{Name: "next"},
		{Name: "hours"},
		{Name: "state"},
		{Name: "through", Number: true},
	},
	search: true,
	read:   readCalendars,
}

func calendarRoutes() []route {
	const one = calendarsPath + "/:code"
	manage := may(rules.ManageCatalogue)
	return append(calendarsList.routes(),
		route{method: get, path: one, access: may(rules.ViewProcesses), do: showCalendar},
		route{method: get, path: one + "/week", access: manage, do: changeWeek},
		route{method: post, path: one + "/week", access: manage, do: changeWeek},
		route{method: get, path: one + "/add-holiday", access: manage, do: addHoliday},
		route{method: post, path: one + "/add-holiday", access: manage, do: addHoliday},
		route{method: get, path: one + "/holidays/:day", access: manage, do: removeHoliday},
		route{method: post, path: one + "/holidays/:day", access: manage, do: removeHoliday},
		route{method: get, path: settingsPath + "/new-calendar", access: manage, do: addCalendar},
		route{method: post, path: settingsPath + "/new-calendar", access: manage, do: addCalendar},
	)
}

// readCalendars lists the calendars from a code on; a country's letters narrow to the country.
func readCalendars(v *visit, q web.ListQuery) (web.ListResult, error) {
	f := program.CalendarFilter{Page: db.Page{After: q.After, Limit: q.Limit}}
	if country := rules.NormaliseCode(q.Text); country != "" {
		f.Country, _, _ = strings.Cut(country, "-")
	}
	found, next, err := v.programs.ListCalendars(v.scope(), f)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Summary: v.say("console.calendars.summary"),
		Next:    next,
		Empty: web.EmptyState{
			Icon:  "calendar-days",
			Title: v.say("console.calendars.empty.title"),
			Text:  v.say("console.calendars.empty.text"),
		},
	}
	if v.mayDo(rules.ManageCatalogue) {
		r.Acts = []web.ListAct{{
			Link:  settingsPath + "/new-calendar",
			Label: v.say("console.calendars.add"),
			Icon:  "plus",
		}}
	}
	for _, c := range found {
		r.Lines = append(r.Lines, web.Line{
			ID:   c.Code,
			Link: calendarsPath + "/" + c.Code,
			Cells: map[string]web.Cell{
				"code":    {Text: c.Code},
				"next":    v.nextHoliday(c),
				"hours":   {Text: v.weekOf(c.Calendar)},
				"state":   {Badge: v.calendarState(c)},
				"through": {Text: strconv.Itoa(c.LoadedThrough)},
			},
		})
	}
	return r, nil
}

// nextHoliday is the first holiday from today on; the list carries those of twelve months.
func (v *visit) nextHoliday(c program.CalendarDetail) web.Cell {
	if len(c.Holidays) == 0 {
		return web.Cell{Text: v.say("console.calendars.noholiday")}
	}
	day := v.day(c.Holidays[0].OnDay)
	day.Small = c.Holidays[0].Name
	return day
}

func (v *visit) calendarState(c program.CalendarDetail) web.Badge {
	switch {
	case slices.Contains(c.Lacks, calendar.AlertNoWorkingTime):
		return web.Badge{Text: v.say("console.calendars.lacks.time"), Color: "red"}
	case len(c.Lacks) > 0:
		return web.Badge{Text: v.say("console.calendars.lacks.holidays"), Color: "amber"}
	}
	return web.Badge{Text: v.say("console.calendars.complete"), Color: "green"}
}

// weekOf writes the working times of a week, as they are typed: "MON 09:00-18:00".
func weekOf(c program.Calendar) string {
	var out []string
	for _, h := range c.Hours {
		out = append(out, string(h.Day)+" "+h.From+"-"+h.To)
	}
	return strings.Join(out, "\n")
}

// weekOf writes it for people: days that have the same times stand together.
func (v *visit) weekOf(c program.Calendar) string {
	times := map[calendar.Weekday][]string{}
	for _, h := range c.Hours {
		times[h.Day] = append(times[h.Day], h.From+"–"+h.To)
	}
	var out []string
	var first, last, open string
	closing := func() {
		if open == "" {
			return
		}
		days := first
		if last != first {
			days += "–" + last
		}
		out = append(out, days+" "+open)
	}
	for i, day := range calendar.Weekdays() {
		name := v.weekday(i)
		now := strings.Join(times[day], ", ")
		if now != open || now == "" {
			closing()
			first = name
		}
		last, open = name, now
	}
	closing()
	return strings.Join(out, "; ")
}

// weekday is a day of the week, from Monday, 0, to Sunday.
func (v *visit) weekday(i int) string {
	return v.language.Weekday(time.Weekday((i + 1) % 7))
}

// showCalendar shows a calendar: its week, and the holidays that are ahead.
func showCalendar(v *visit) (answer, error) {
	c, err := v.programs.GetCalendar(v.scope(), v.param("code"))
	if err != nil {
		return answer{}, err
	}
	manages := v.mayDo(rules.ManageCatalogue)
	here := db.ZoneOf(rules.TimeZoneFor(c.Country, c.Region))
	today := rules.DateIn(v.now, here).String()

	var ahead, removed []sheetLine
	for _, h := range c.Holidays {
		if h.OnDay < today {
			continue
		}
		l := sheetLine{cells: []web.Cell{
			v.day(h.OnDay),
			{Text: h.Name},
			{Text: v.language.Say("console.calendars.origin." + string(h.Origin)), Small: h.Reason},
		}}
		if h.Removed {
			removed = append(removed, l)
			continue
		}
		if manages {
			l.link = calendarsPath + "/" + c.Code + "/holidays/" + h.OnDay
		}
		ahead = append(ahead, l)
	}
	columns := []sheetColumn{
		{label: v.say("console.calendars.day")},
		{label: v.say("field.name")},
		{label: v.say("console.calendars.from")},
	}
	holidays := sheetPart{
		Title: v.say("console.calendars.holidays"),
		Count: v.language.Number(int64(len(ahead))),
		Table: linesUnder(columns, ahead),
	}
	if len(ahead) == 0 {
		holidays.Empty = v.say("console.calendars.noholiday")
	}

	p := sheetPage{
		Badge: v.calendarState(c),
		Sub:   v.say("console.calendars.version", "version", c.Version),
		Parts: []sheetPart{{
			Title: v.say("console.calendars.week"),
			Facts: knownFacts(
				web.Fact{
					Term:  v.say("console.calendars.column.hours"),
					Value: v.weekOf(c.Calendar),
				},
				web.Fact{Term: v.say("console.calendars.weekend"), Value: v.weekendOf(c.Calendar)},
				web.Fact{
					Term:  v.say("console.calendars.column.through"),
					Value: strconv.Itoa(c.LoadedThrough),
				},
			),
		}, holidays},
	}
	if len(c.Lacks) > 0 {
		p.Alert = v.say("console.calendars.alert")
	}
	if len(removed) > 0 {
		p.Parts = append(p.Parts, sheetPart{
			Title: v.say("console.calendars.removed"),
			Note:  v.say("console.calendars.removed.note"),
			Table: linesUnder(columns, removed),
		})
	}
	if manages {
		p.Acts = []web.ListAct{
			{
				Link:  calendarsPath + "/" + c.Code + "/add-holiday",
				Label: v.say("console.calendars.addholiday"), Icon: "plus", Main: true,
			},
			{
				Link:  calendarsPath + "/" + c.Code + "/week",
				Label: v.say("console.calendars.changeweek"), Icon: "pencil",
			},
		}
	}
	return sheet(v.say("console.calendars.one", "code", c.Code), p), nil
}

func (v *visit) weekendOf(c program.Calendar) string {
	var names []string
	for i, day := range calendar.Weekdays() {
		if slices.Contains(c.Weekend, day) {
			names = append(names, v.weekday(i))
		}
	}
	return v.language.List(names)
}

// editCalendar leads through a change of a calendar. What was promised stays (S20): that is
// said with every one of them.
func (v *visit) editCalendar(
	c program.CalendarDetail, e edit, follows func() ([]string, error),
	change func(program.CalendarChange) (program.CalendarDetail, error),
) (answer, error) {
	e.Seen = strconv.FormatInt(c.Version, 10)
	e.Back = calendarsPath + "/" + c.Code
	e.Follows = func() ([]string, error) {
		if err := rules.CheckReason(v.form("reason")); err != nil {
			return nil, err
		}
		says, err := follows()
		return append(says, v.say("console.calendars.stays")), err
	}
	e.Make = func() (string, string, error) {
		_, err := change(program.CalendarChange{
			Code: c.Code, Version: c.Version, Reason: v.form("reason"),
		})
		return e.Back, "console.flash.calendar", err
	}
	return v.runEdit(e)
}

// addHoliday adds a holiday, or brings one back.
func addHoliday(v *visit) (answer, error) {
	c, err := v.programs.GetCalendar(v.scope(), v.param("code"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	f := typedFields{v: v}
	f.add("date", "date", v.say("console.calendars.day"), "", true)
	f.add("text", "name", v.say("field.name"), "", true)
	f.list = append(f.list, v.reasonField())
	on, _ := civil.ParseDate(f.value("date")) // the check refuses the zero date
	return v.editCalendar(c, edit{
		Title:  v.say("console.calendars.addholiday.to", "code", c.Code),
		Fields: f.list,
		Submit: v.say("console.calendars.addholiday"),
	}, func() ([]string, error) {
		if err := calendar.CheckHoliday(on, f.value("name")); err != nil {
			return nil, err
		}
		for _, h := range c.Holidays {
			if h.OnDay == on.String() && !h.Removed {
				return nil, rules.Invalid([]rules.FieldError{{
					Pointer: "/date",
					Code:    rules.Duplicate,
					Message: "The day is already a holiday.",
					Remedy:  "Take it away first to give it another name.",
				}})
			}
		}
		return []string{v.say("console.calendars.willadd",
			"day", v.day(on.String()).Text, "name", f.value("name"), "code", c.Code)}, nil
	}, func(q program.CalendarChange) (program.CalendarDetail, error) {
		return v.programs.AddHoliday(v.acting(""), q, on, f.value("name"))
	})
}

// removeHoliday makes a holiday a day like others.
func removeHoliday(v *visit) (answer, error) {
	c, err := v.programs.GetCalendar(v.scope(), v.param("code"))
	if err != nil {
		return answer{}, err
	}
	on, err := civil.ParseDate(v.param("day"))
	at := slices.IndexFunc(c.Holidays, func(h program.CalendarHoliday) bool {
		return h.OnDay == on.String() && !h.Removed
	})
	if err != nil || at < 0 {
		return answer{}, errNoPage
	}
	v.resume(v.request.URL.Path)
	h := c.Holidays[at]
	return v.editCalendar(c, edit{
		Title:  v.say("console.calendars.take", "name", h.Name, "day", v.day(h.OnDay).Text),
		Fields: []web.Field{v.reasonField()},
		Submit: v.say("console.calendars.takeaway"),
		Danger: true,
	}, func() ([]string, error) {
		return []string{v.say("console.calendars.willtake",
			"day", v.day(h.OnDay).Text, "code", c.Code)}, nil
	}, func(q program.CalendarChange) (program.CalendarDetail, error) {
		return v.programs.RemoveHoliday(v.acting(""), q, on)
	})
}

// changeWeek replaces weekend and working times.
func changeWeek(v *visit) (answer, error) {
	c, err := v.programs.GetCalendar(v.scope(), v.param("code"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	var weekend []string
	for _, day := range c.Weekend {
		weekend = append(weekend, string(day))
	}
	f := typedFields{v: v}
	f.add("text", "weekend", v.say("console.calendars.weekend"), strings.Join(weekend, ", "), false)
	f.help(v.say("console.calendars.weekend.help"))
	f.add("area", "hours", v.say("console.calendars.column.hours"), weekOf(c.Calendar), true)
	f.help(v.say("console.calendars.hours.help"))
	f.list = append(f.list, v.reasonField())

	next := program.Calendar{Hours: hoursOf(f.value("hours"))}
	for _, word := range wordsOf(f.value("weekend")) {
		next.Weekend = append(next.Weekend, calendar.Weekday(strings.ToUpper(word)))
	}
	return v.editCalendar(c, edit{
		Title:  v.say("console.calendars.changeweek.of", "code", c.Code),
		Fields: f.list,
		Submit: v.say("console.calendars.changeweek"),
	}, func() ([]string, error) {
		rule := calendar.Calendar{Weekend: next.Weekend, Hours: next.Hours}
		if err := rule.Validate(); err != nil {
			return nil, err
		}
		return v.changes(
			v.changeOf(v.say("console.calendars.weekend"),
				v.weekendOf(c.Calendar), v.weekendOf(next)),
			v.changeOf(v.say("console.calendars.column.hours"),
				v.weekOf(c.Calendar), v.weekOf(next)),
		), nil
	}, func(q program.CalendarChange) (program.CalendarDetail, error) {
		return v.programs.PutCalendar(v.acting(""), q, next.Weekend, next.Hours)
	})
}

// hoursOf reads working times, a line each: "MON 09:00-18:00". A line that is none is kept as a
// day, so that the check names it.
func hoursOf(text string) []calendar.WorkingTime {
	var out []calendar.WorkingTime
	for _, l := range wordsOf(text) {
		day, times, _ := strings.Cut(l, " ")
		from, to, _ := strings.Cut(strings.ReplaceAll(times, "–", "-"), "-")
		out = append(out, calendar.WorkingTime{
			Day:  calendar.Weekday(strings.ToUpper(day)),
			From: strings.TrimSpace(from),
			To:   strings.TrimSpace(to),
		})
	}
	return out
}

// addCalendar gives a region a calendar of its own.
func addCalendar(v *visit) (answer, error) {
	v.resume(v.request.URL.Path)
	f := typedFields{v: v}
	f.add("text", "country", v.say("console.stock.countryfield"), "", true)
	f.add("text", "region", v.say("console.stock.region"), "", true)
	f.list = append(f.list, v.reasonField())
	country := rules.NormaliseCode(f.value("country"))
	region := rules.NormaliseRegion(country, f.value("region"))
	code := country + "-" + region
	return v.runEdit(edit{
		Title:  v.say("console.calendars.add"),
		Says:   []string{v.say("console.calendars.add.says")},
		Fields: f.list,
		Submit: v.say("console.calendars.add"),
		Back:   calendarsPath,
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(v.form("reason")); err != nil {
				return nil, err
			}
			if err := rules.CheckRegion(country, region); err != nil {
				return nil, err
			}
			from, err := v.programs.GetCalendar(v.scope(), country)
			if rules.CodeOf(err) == rules.NotFound {
				err = rules.Invalid([]rules.FieldError{{
					Pointer: "/country",
					Code:    rules.InvalidCountry,
					Message: "There is no calendar of this country.",
					Remedy:  "Give the two letters of a country that has one.",
				}})
			}
			if err != nil {
				return nil, err
			}
			return []string{v.say("console.calendars.willcopy", "code", code, "country", country,
				"holidays", len(from.Holidays))}, nil
		},
		Make: func() (string, string, error) {
			made, err := v.programs.AddCalendar(v.acting(""), country, region, v.form("reason"))
			return calendarsPath + "/" + made.Code, "console.flash.calendar", err
		},
	})
}
