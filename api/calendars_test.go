package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

func TestC3_CalendarsOverTheAPI(t *testing.T) {
	h := sqlite(t)
	read := h.Lead.get("/v1/calendars/IN")
	c := as[api.CalendarDetail](t, read, 200)
	require.Equal(t, `"1"`, read.Header.Get("ETag"))
	require.Equal(t, []calendar.CalendarAlert{calendar.AlertNoHolidays}, c.Lacks)
	problem(t, h.Lead.get("/v1/calendars/XX"), 404, rules.NotFound)

	week := map[string]any{
		"weekend": []string{"SUN"},
		"hours": []any{
			map[string]any{"day": "MON", "from": "09:00", "to": "12:00"},
			map[string]any{"day": "MON", "from": "13:00", "to": "18:00"},
		},
		"reason": "six days",
	}
	put := func(tag string) answer {
		if tag == "" {
			return h.Lead.send("PUT", "/v1/calendars/IN", week)
		}
		return h.Lead.send("PUT", "/v1/calendars/IN", week, "If-Match", tag)
	}
	problem(t, put(""), 428, "PRECONDITION_REQUIRED")
	problem(t, put(`"7"`), 412, "VERSION_MISMATCH")
	changed := put(`"1"`)
	c = as[api.CalendarDetail](t, changed, 200)
	require.Equal(t, `"2"`, changed.Header.Get("ETag"))
	require.Equal(t, []calendar.WorkingTime{
		{Day: "MON", From: "09:00", To: "12:00"},
		{Day: "MON", From: "13:00", To: "18:00"},
	}, c.Hours)
	problem(t, put(`"1"`), 412, "VERSION_MISMATCH")
	week["hours"] = []any{}
	p := problem(t, put(`"2"`), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/hours NO_WORKING_TIME"}, codes(p.Errors))
	week["hours"] = []any{
		map[string]any{"day": "SUN", "from": "9", "to": "12:00"},
		map[string]any{"day": "MON", "from": "9", "to": "12:00"},
	}
	p = problem(t, put(`"2"`), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/hours/0/day INVALID_WORKING_TIME", "/hours/1/from INVALID_WORKING_TIME"},
		codes(p.Errors))

	holiday := func(tag, date string) answer {
		return h.Lead.send("POST", "/v1/calendars/IN/holidays",
			map[string]any{"date": date, "name": "Republic Day", "reason": "gazette"}, "If-Match", tag)
	}
	c = as[api.CalendarDetail](t, holiday(`"2"`, "2027-01-26"), 201)
	require.Equal(t, []api.HolidayView{{
		Date:   "2027-01-26",
		Name:   "Republic Day",
		Origin: "OPERATOR",
		Reason: "gazette",
	}}, c.Holidays)
	require.Empty(t, c.Lacks)
	require.Equal(t, []string{"/date DUPLICATE"},
		codes(problem(t, holiday(`"3"`, "2027-01-26"), 422, rules.ValidationFailed).Errors))
	require.Equal(t, []string{"/date INVALID_DATE"},
		codes(problem(t, holiday(`"3"`, "2027-02-30"), 422, rules.ValidationFailed).Errors))
	remove := func(date, reason string) answer {
		return h.Lead.send("POST",
			"/v1/calendars/IN/holidays/"+date+"/removal", map[string]any{"reason": reason}, "If-Match", `"3"`)
	}
	problem(t, remove("2027-01-27", "r"), 404, rules.NotFound)
	problem(t, remove("tomorrow", "r"), 404, rules.NotFound)
	problem(t, remove("2027-01-26", ""), 422, rules.ReasonRequired)
	c = as[api.CalendarDetail](t, remove("2027-01-26", "an error"), 200)
	require.True(t, c.Holidays[0].Removed)

	added := h.Lead.post("/v1/calendars", map[string]any{"country": "US", "region": "us-ma", "reason": "Patriots' Day"})
	require.Equal(t, "US-MA", as[api.CalendarDetail](t, added, 201).Code)
	problem(t, h.Lead.post("/v1/calendars", map[string]any{"country": "US", "region": "MA", "reason": "r"}), 409,
		rules.StateConflict)
	p = problem(t,
		h.Lead.post("/v1/calendars", map[string]any{"country": "us", "region": "Massachusetts", "reason": "r"}), 422,
		rules.ValidationFailed)
	require.Equal(t, []string{"/country INVALID_COUNTRY", "/region INVALID_REGION"}, codes(p.Errors))
	h.AuditHolds(t)
}

func TestC3_CalendarsAreListedPageByPage(t *testing.T) {
	h := sqlite(t)
	var seen []string
	for cursor := ""; ; {
		page := as[struct {
			Items      []api.CalendarView `json:"items"`
			NextCursor string             `json:"next_cursor"`
		}](t, h.Lead.get("/v1/calendars?country=DE&limit=5&cursor="+cursor), 200)
		for _, c := range page.Items {
			require.Equal(t, "DE", c.Country)
			seen = append(seen, c.Code)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	require.Len(t, seen, 17)
	require.IsIncreasing(t, seen)
}
