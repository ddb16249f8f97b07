package api

import (
	"context"
	"time"

	"cloud.google.com/go/civil"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

// numbersHandlers answer what operators are measured by.
type numbersHandlers struct {
	operations *operations.Operations
}

func (h numbersHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Processes",
		Scope:        ProcessesRead,
		Capability:   rules.ViewProcesses,
		OperatorOnly: true,
	}

	mount(api, read.get("get-numbers", "/v1/numbers",
		"Count what came and what ended, by the week"),
		h.getNumbers)
}

// NumbersView are numbers over whole weeks.
type NumbersView struct {
	AsOf     time.Time           `json:"as_of" doc:"When they were computed, an instant in UTC by the service's calendar: what is open is open then"`
	TimeZone string              `json:"time_zone" doc:"IANA name of the zone in which weeks begin"`
	From     string              `json:"from" format:"date" doc:"The Monday of the first week, YYYY-MM-DD in time_zone"`
	To       string              `json:"to" format:"date" doc:"The Sunday of the last week, YYYY-MM-DD in time_zone"`
	Weeks    []NumbersWeekView   `json:"weeks" nullable:"false" doc:"The weeks, from Monday to Sunday, in order and without gaps"`
	Figures  []NumbersFigureView `json:"figures" nullable:"false" doc:"The figures, always all of them and in the same order"`
}

// NumbersWeekView is one week of the period.
type NumbersWeekView struct {
	From string `json:"from" format:"date" doc:"Its Monday, YYYY-MM-DD in time_zone"`
	To   string `json:"to" format:"date" doc:"Its Sunday, YYYY-MM-DD in time_zone"`
	Over bool   `json:"over" doc:"Whether it is over; the numbers of one that runs still grow"`
}

// NumbersFigureView is one figure.
type NumbersFigureView struct {
	Name      operations.FigureName `json:"name" enum:"orders.received,orders.ended,orders.reviewed,orders.refused,invitations.claimed_7,invitations.claimed_30,replacements.requested,replacements.ended,replacements.promise_kept,replacements.to_deliver,replacements.to_return,replacements.fees,spares.earned,spares.placed,spares.ended,mails.bounced,processes.stuck,cover.ending,renewals.due,tickets.opened,tickets.resolved,tickets.answered_1,tickets.answered_2,tickets.answered_3,tickets.answered_4,tickets.breached,tickets.backlog_us,tickets.backlog_customer,tickets.backlog_third_party,tickets.backlog_carrier" doc:"What it counts"`
	Share     bool                  `json:"share" doc:"Whether count is a part of what ended, which is of; otherwise both are the same"`
	Total     NumbersCellView       `json:"total" doc:"Of all weeks together: counts are the sum of the weeks', percentiles are not"`
	Weeks     []NumbersCellView     `json:"weeks" nullable:"false" doc:"Of each week, in the order of weeks; empty: it looks at the days from as_of on, or at what is open at as_of"`
	Parts     []NumbersPartView     `json:"parts" nullable:"false" doc:"What total consists of, the largest first; of days to come the nearest first"`
	Open      int64                 `json:"open" doc:"How many have come and not ended, as of as_of; they are in no other count of the figure"`
	OpenParts []NumbersPartView     `json:"open_parts" nullable:"false" doc:"What open consists of, by state, the largest first; of a backlog by age, the youngest first"`
	List      string                `json:"list" doc:"Where the list is read in this API, with its parameters" example:"/v1/rmas?open=true"`
	ListHas   operations.FigureList `json:"list_has" enum:"COUNTED,OPEN,MORE" doc:"Which things that list has"`
}

// NumbersCellView counts the things of a week, a part or the whole period.
type NumbersCellView struct {
	Count      int64  `json:"count" doc:"How many are counted"`
	Of         int64  `json:"of" doc:"Of how many that came or ended in the period"`
	Measured   int64  `json:"measured" doc:"How many of them the percentiles are of; 0: it is not measured how long they took"`
	P50Seconds *int64 `json:"p50_seconds,omitempty" doc:"Half of the measured took at most so many seconds; missing where there is none"`
	P85Seconds *int64 `json:"p85_seconds,omitempty" doc:"85 in a hundred of the measured took at most so many seconds; missing where there is none"`
	P90Seconds *int64 `json:"p90_seconds,omitempty" doc:"Nine in ten of the measured took at most so many seconds; missing where there is none"`
	P95Seconds *int64 `json:"p95_seconds,omitempty" doc:"95 in a hundred of the measured took at most so many seconds; missing where there is none"`
}

// NumbersPartView is what a figure has of one key.
type NumbersPartView struct {
	Key string `json:"key" doc:"A country by ISO 3166, the id of an organization, the name of a mail, a number of days, a severity, or a code such as a state or a reason; of a backlog the days of age from which on it counts" example:"BR"`
	NumbersCellView
	List string `json:"list" doc:"Where the list of this part is read; the figure's own where nothing narrows it"`
}

func numbersCellView(c operations.FigureCell) NumbersCellView {
	return NumbersCellView{
		Count:      c.Count,
		Of:         c.Of,
		Measured:   c.Measured,
		P50Seconds: c.P50,
		P85Seconds: c.P85,
		P90Seconds: c.P90,
		P95Seconds: c.P95,
	}
}

func numbersFigureView(f operations.Figure) NumbersFigureView {
	part := func(p operations.FigurePart) NumbersPartView {
		return NumbersPartView{p.Key, numbersCellView(p.FigureCell), f.PartAddress(p.Key)}
	}
	open := func(p operations.FigurePart) NumbersPartView {
		return NumbersPartView{p.Key, numbersCellView(p.FigureCell), f.Address()}
	}

	return NumbersFigureView{
		Name:      f.Name,
		Share:     f.Share,
		Total:     numbersCellView(f.Total),
		Weeks:     viewed(f.Weeks, numbersCellView),
		Parts:     viewed(f.Parts, part),
		Open:      f.Open,
		OpenParts: viewed(f.OpenParts, open),
		List:      f.Address(),
		ListHas:   f.List,
	}
}

func numbersView(n operations.Numbers) NumbersView {
	return NumbersView{
		AsOf:     n.AsOf,
		TimeZone: n.Zone,
		From:     n.Weeks[0].Monday.String(),
		To:       n.Weeks[len(n.Weeks)-1].Sunday.String(),
		Weeks: viewed(n.Weeks, func(w rules.Week) NumbersWeekView {
			return NumbersWeekView{
				From: w.Monday.String(),
				To:   w.Sunday.String(),
				Over: !w.End.After(n.AsOf),
			}
		}),
		Figures: viewed(n.Figures, numbersFigureView),
	}
}

type numbersInput struct {
	From     string `query:"from" maxLength:"10" format:"date" doc:"A day of the first week, YYYY-MM-DD in time_zone; missing: eleven weeks before to"`
	To       string `query:"to" maxLength:"10" format:"date" doc:"A day of the last week, YYYY-MM-DD in time_zone; missing: today. Not one of a week that has not begun"`
	TimeZone string `query:"time_zone" maxLength:"64" default:"UTC" doc:"IANA name of the zone in which weeks begin"`
}

// day reads a day of the query; nil where it was left out.
func (numbersInput) day(pointer, typed string) (*civil.Date, error) {
	if typed == "" {
		return nil, nil
	}

	day, err := civil.ParseDate(typed)
	if err != nil || !day.IsValid() {
		return nil, invalidParameter(pointer, "This is not a calendar date.")
	}
	return &day, nil
}

func (h numbersHandlers) getNumbers(
	ctx context.Context, in *numbersInput,
) (*one[NumbersView], error) {
	from, err := in.day("/query/from", in.From)
	if err != nil {
		return nil, err
	}
	to, err := in.day("/query/to", in.To)
	if err != nil {
		return nil, err
	}

	n, err := h.operations.Numbers(ctx, operations.NumbersQuery{
		From: from,
		To:   to,
		Zone: in.TimeZone,
	})
	return single(n, err, numbersView)
}
