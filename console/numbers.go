package console

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/chart"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const numbersPath = Root + "/numbers"

func numberRoutes() []route {
	return []route{
		{method: get, path: numbersPath, access: may(rules.ViewProcesses), do: showNumbers},
	}
}

// numbersPage is how the service is doing, over whole weeks.
type numbersPage struct {
	Summary  string
	Presets  []web.FacetOption
	From, To web.Field
	Problem  string // what is wrong with the period
	Running  bool   // the last week is not over
	Tiles    []web.Tile
	Groups   []numbersGroup
}

// numbersGroup are charts that belong together.
type numbersGroup struct {
	ID, Title string
	Charts    []numbersChart
}

// numbersChart is one chart with the same as a table, the list that it counts, and a file.
type numbersChart struct {
	ID, Title, Text string
	SVG, Table      template.HTML
	Empty           bool // there is nothing to draw
	Links           []link
	CSV             string
}

// link leads somewhere.
type link struct{ Label, Address string }

// The period that is chosen by a word, counted back from today.
var numbersPresets = []struct {
	name string
	days int
}{{"week", 7}, {"month", 28}, {"quarter", 84}, {"year", 364}}

func showNumbers(v *visit) (answer, error) {
	q, wrong := v.numbersQuery()
	found, err := v.operations.Numbers(v.scope(), q)
	var refused *rules.Error
	switch {
	case errors.As(err, &refused) && rules.CodeOf(err) == rules.ValidationFailed:
		wrong = v.worded(refused).Message
		if len(refused.Fields) > 0 {
			wrong = v.say("console.numbers.badperiod")
		}
		found, err = v.operations.Numbers(v.scope(), operations.NumbersQuery{Zone: v.zone})
	case wrong != "":
		wrong = v.say("console.numbers.badperiod")
	}
	if err != nil {
		return answer{}, err
	}

	n := &numbersView{visit: v, numbers: found}
	if err := n.readNames(); err != nil {
		return answer{}, err
	}
	if name := v.query("csv"); name != "" {
		return n.file(name)
	}

	p := numbersPage{
		Summary: v.say("console.numbers.summary",
			"from", v.language.Date(found.Weeks[0].Monday.In(time.UTC)),
			"to", v.language.Date(found.Weeks[len(found.Weeks)-1].Sunday.In(time.UTC)),
			"time", v.moment(found.AsOf, "")),
		Problem: wrong,
		Running: found.Weeks[len(found.Weeks)-1].End.After(found.AsOf),
		Tiles:   n.tiles(),
		From: web.Field{
			Name: "from", Label: v.say("console.numbers.from"), Kind: "date",
			Value: found.Weeks[0].Monday.String(),
		},
		To: web.Field{
			Name: "to", Label: v.say("console.numbers.to"), Kind: "date",
			Value: found.Weeks[len(found.Weeks)-1].Sunday.String(),
		},
	}
	for _, preset := range numbersPresets {
		p.Presets = append(p.Presets, web.FacetOption{
			Label:   v.language.Say("console.numbers.period." + preset.name),
			Link:    web.ListAddress(numbersPath, "period", preset.name),
			Current: v.numbersPeriod() == preset.name,
		})
	}
	if p.Groups, err = n.groups(); err != nil {
		return answer{}, err
	}
	return answer{page: "numbers", title: v.say("console.numbers.title"), data: p}, nil
}

// numbersPeriod is the preset that the address names; a quarter where it names no period.
func (v *visit) numbersPeriod() string {
	if v.query("from") != "" || v.query("to") != "" {
		return ""
	}
	return cmp.Or(v.query("period"), "quarter")
}

// numbersQuery reads the period from the address: a preset, or two days.
func (v *visit) numbersQuery() (q operations.NumbersQuery, wrong string) {
	q.Zone = v.zone
	today := rules.DateIn(v.now, web.Zone(v.zone))
	for _, preset := range numbersPresets {
		if v.numbersPeriod() == preset.name {
			// The last whole weeks, and the one that runs.
			from := rules.MondayOf(today).AddDays(-preset.days)
			q.From, q.To = &from, &today
		}
	}
	for name, day := range map[string]**civil.Date{"from": &q.From, "to": &q.To} {
		typed := v.query(name)
		if typed == "" {
			continue
		}
		d, err := civil.ParseDate(typed)
		if err != nil || !d.IsValid() {
			wrong = typed
			continue
		}
		// The form shows the Sunday of the week that runs, and whoever sends it means today.
		if name == "to" && d.After(today) && rules.MondayOf(d) == rules.MondayOf(today) {
			d = today
		}
		*day = &d
	}
	return q, wrong
}

// numbersView draws numbers in the reader's language.
type numbersView struct {
	*visit
	numbers operations.Numbers
	names   map[string]string // of sellers
}

// figure finds a figure; all of them are always there.
func (n *numbersView) figure(name operations.FigureName) operations.Figure {
	for _, f := range n.numbers.Figures {
		if f.Name == name {
			return f
		}
	}
	panic("console: there is no figure " + string(name))
}

// readNames names the sellers whose orders were refused.
func (n *numbersView) readNames() error {
	var ids []string
	for _, p := range n.figure(operations.OrdersRefused).Parts {
		ids = append(ids, p.Key)
	}
	found, err := n.operations.NamesOf(n.scope(), ids)
	n.names = map[string]string{}
	for _, name := range found {
		n.names[name.ID] = name.Name
	}
	return err
}

// tiles are the four numbers that a manager looks at first.
func (n *numbersView) tiles() []web.Tile {
	kept := n.figure(operations.RMAsPromiseKept)
	ended := n.figure(operations.OrdersEnded)
	claimed := n.figure(operations.ClaimedByDay7)
	due := n.figure(operations.RenewalsDue)
	small := func(name string, f operations.Figure) string {
		return n.language.Say("console.numbers.tile."+name+".small", messages.Args{
			"count": n.language.Number(f.Total.Count),
			"of":    n.language.Number(f.Total.Of),
			"open":  n.language.Number(f.Open),
		})
	}
	return []web.Tile{
		{
			Label:  n.say("console.numbers.tile.kept"),
			Number: n.share(kept.Total),
			Small:  small("kept", kept),
			Link:   "#kept",
		},
		{
			Label:  n.say("console.numbers.tile.contract"),
			Number: n.took(ended.Total.P50),
			Small:  small("contract", ended),
			Link:   "#orders_took",
		},
		{
			Label:  n.say("console.numbers.tile.claimed"),
			Number: n.share(claimed.Total),
			Small:  small("claimed", claimed),
			Link:   "#claimed",
		},
		{
			Label:  n.say("console.numbers.tile.renewals"),
			Number: n.language.Number(due.Total.Count),
			Small:  small("renewals", n.figure(operations.CoverEnding)),
			Link:   "#ending",
		},
	}
}

// share writes how many in a hundred are counted; a dash where nothing ended.
func (n *numbersView) share(c operations.FigureCell) string {
	if c.Of == 0 {
		return "–"
	}
	return n.say("chart.percent", "number", n.language.Number((c.Count*100+c.Of/2)/c.Of))
}

// took writes how long something takes, in the unit in which people say it.
func (n *numbersView) took(seconds *int64) string {
	if seconds == nil {
		return "–"
	}
	switch s := *seconds; {
	case s < 120:
		return n.say("console.numbers.seconds", "number", n.language.Number(s))
	case s < 7200:
		return n.say("console.numbers.minutes", "number", n.language.Number((s+30)/60))
	case s < 2*86400:
		return n.say("chart.hours", "number", n.language.Number((s+1800)/3600))
	default:
		return n.say("chart.days", "number", n.language.Number((s+43200)/86400))
	}
}

// numbersFigure is what a chart is made of: its name among the texts, and its figure's lists.
type numbersFigure struct {
	name    string
	figures []operations.FigureName
	draw    func(*numbersView) chart.Chart
}

// numbersGroups are the charts, group by group.
var numbersGroups = []struct {
	name   string
	charts []numbersFigure
}{
	{"orders", []numbersFigure{
		{
			"orders",
			figuresOf(operations.OrdersReceived, operations.OrdersEnded),
			(*numbersView).ordersByWeek,
		},
		{
			"orders_took",
			figuresOf(operations.OrdersEnded),
			tookOf(operations.OrdersEnded),
		},
		{
			"reviewed",
			figuresOf(operations.OrdersReviewed),
			(*numbersView).reviewed,
		},
		{
			"reasons",
			figuresOf(operations.OrdersReviewed),
			partsOf(operations.OrdersReviewed, chart.Amber),
		},
		{
			"refused",
			figuresOf(operations.OrdersRefused),
			partsOf(operations.OrdersRefused, chart.Red),
		},
		{
			"claimed",
			figuresOf(operations.ClaimedByDay7),
			(*numbersView).claimed,
		},
	}},
	{"replacements", []numbersFigure{
		{
			"replacements",
			figuresOf(operations.RMAsRequested, operations.RMAsEnded),
			(*numbersView).replacementsByWeek,
		},
		{
			"kept",
			figuresOf(operations.RMAsPromiseKept),
			(*numbersView).keptByWeek,
		},
		{
			"kept_by_country",
			figuresOf(operations.RMAsPromiseKept),
			(*numbersView).keptByCountry,
		},
		{
			"deliver",
			figuresOf(operations.RMAsToDeliver),
			tookOf(operations.RMAsToDeliver),
		},
		{
			"return",
			figuresOf(operations.RMAsToReturn),
			tookOf(operations.RMAsToReturn),
		},
		{
			"outcomes",
			figuresOf(operations.RMAsEnded),
			partsOf(operations.RMAsEnded, chart.Accent),
		},
		{
			"fees",
			figuresOf(operations.RMAsFees),
			partsOf(operations.RMAsFees, chart.Amber),
		},
		{
			"spares",
			figuresOf(operations.SparesEarned, operations.SparesPlaced, operations.SparesEnded),
			(*numbersView).sparesByWeek,
		},
	}},
	{"tickets", []numbersFigure{
		{
			"tickets",
			figuresOf(operations.TicketsOpened, operations.TicketsResolved),
			(*numbersView).ticketsByWeek,
		},
		{
			"answered",
			figuresOf(answeredFigures...),
			(*numbersView).answeredInTime,
		},
		answeredChart("answered_1", operations.AnsweredSev1),
		answeredChart("answered_2", operations.AnsweredSev2),
		answeredChart("answered_3", operations.AnsweredSev3),
		answeredChart("answered_4", operations.AnsweredSev4),
		{
			"backlog",
			figuresOf(operations.WaitForUs, operations.WaitForCustomer, operations.WaitForOthers,
				operations.WaitForCarrier),
			(*numbersView).backlogByAge,
		},
		{
			"breached",
			figuresOf(operations.TicketsBreached),
			(*numbersView).breachedByWeek,
		},
		{
			"breach_causes",
			figuresOf(operations.TicketsBreached),
			partsOf(operations.TicketsBreached, chart.Red),
		},
	}},
	{"ahead", []numbersFigure{
		{
			"ending",
			figuresOf(operations.CoverEnding, operations.RenewalsDue),
			(*numbersView).ending,
		},
		{
			"trouble",
			figuresOf(operations.MailsBounced, operations.ProcessesStuck),
			(*numbersView).trouble,
		},
	}},
}

func figuresOf(names ...operations.FigureName) []operations.FigureName { return names }

// answeredFigures are the first answers, by severity from 1 on.
var answeredFigures = []operations.FigureName{
	operations.AnsweredSev1,
	operations.AnsweredSev2,
	operations.AnsweredSev3,
	operations.AnsweredSev4,
}

// answeredChart is how long the first answers of a severity took. Promises are kept or broken
// far from the middle: the percentiles are those that show it.
func answeredChart(name string, figure operations.FigureName) numbersFigure {
	return numbersFigure{name, figuresOf(figure), func(n *numbersView) chart.Chart {
		return n.byWeek(chart.Line, chart.Seconds,
			n.series("half", chart.Accent, n.weekly(figure, half)),
			n.series("eightyfive", chart.Amber, n.weekly(figure, most)),
			n.series("ninetyfive", chart.Red, n.weekly(figure, nearlyAll)))
	}}
}

// groups draws all charts.
func (n *numbersView) groups() ([]numbersGroup, error) {
	var groups []numbersGroup
	for _, g := range numbersGroups {
		group := numbersGroup{ID: g.name, Title: n.language.Say("console.numbers.group." + g.name)}
		for _, one := range g.charts {
			drawn, err := n.chart(one)
			if err != nil {
				return nil, err
			}
			group.Charts = append(group.Charts, drawn)
		}
		groups = append(groups, group)
	}
	return groups, nil
}

func (n *numbersView) chart(one numbersFigure) (numbersChart, error) {
	c := one.draw(n)
	c.ID = one.name + "-chart"
	c.Title = n.language.Say("console.numbers.chart." + one.name)
	c.Description = n.language.Say("console.numbers.chart." + one.name + ".text")
	out := numbersChart{
		ID:    one.name,
		Title: c.Title,
		Text:  c.Description,
		Empty: !drawable(c),
		CSV:   n.narrowed(numbersPath, "csv", one.name),
	}

	var err error
	if out.SVG, err = c.SVG(n.language); err != nil {
		return out, err
	}
	if out.Table, err = c.Table(n.language); err != nil {
		return out, err
	}
	for _, name := range one.figures {
		f := n.figure(name)
		if address := n.listOf(f.FigureKind); address != "" {
			label := n.language.Say("console.numbers.list." + string(name))
			if f.Open > 0 {
				label = n.say("console.numbers.list.open", "list", label,
					"count", n.language.Number(f.Open))
			}
			out.Links = slices.DeleteFunc(out.Links,
				func(l link) bool { return l.Address == address })
			out.Links = append(out.Links, link{label, address})
		}
	}
	return out, nil
}

// drawable reports whether any value of the chart is known, and not nothing.
func drawable(c chart.Chart) bool {
	for _, s := range c.Series {
		for _, value := range s.Values {
			if value != nil && (*value > 0 || c.Unit != chart.Count) {
				return true
			}
		}
	}
	return false
}

// numbersLists are the pages that lists of the API are shown on.
var numbersLists = map[string]string{
	"/v1/orders":         "/orders",
	"/v1/refusals":       "/refusals",
	"/v1/processes":      "/processes",
	"/v1/rmas":           "/replacements",
	"/v1/operator/tasks": "/queue",
	"/v1/spare-units":    "/spares",
	"/v1/notifications":  "/mails",
	"/v1/contracts":      "/contracts",
	"/v1/tickets":        "/tickets",
}

// listOf is the page with the list of a figure; empty where the operator has none.
func (n *numbersView) listOf(k operations.FigureKind) string {
	screen, ok := numbersLists[k.Path]
	if !ok {
		return ""
	}
	query := url.Values{}
	for name, values := range k.Query {
		query[name] = values
	}
	for name, values := range query { // the pages say yes where the API says true
		if slices.Equal(values, []string{"true"}) {
			query.Set(name, "yes")
		}
	}
	switch screen {
	case "/queue": // it has what is open, and by itself only what is mine
		query.Del("state")
		query.Set("who", takenByOthers)
	case "/contracts":
		query.Set(endsWithin, query.Get("expiring_within"))
		query.Del("expiring_within")
	}
	return n.pageOrNone(web.Address(Root+screen, query))
}

// byWeek is a chart whose labels are the weeks.
func (n *numbersView) byWeek(kind chart.Kind, unit chart.Unit, series ...chart.Series) chart.Chart {
	c := chart.Chart{
		Kind:      kind,
		Unit:      unit,
		LabelName: n.say("console.numbers.week"),
		Series:    series,
	}
	for _, w := range n.numbers.Weeks {
		c.Labels = append(c.Labels, n.dayAndMonth(w.Monday))
	}
	return c
}

// dayAndMonth is a day as short as it stands below a chart.
func (n *numbersView) dayAndMonth(d civil.Date) string {
	return n.language.Say("console.numbers.day", messages.Args{
		"day":   d.Day,
		"month": n.language.Say("shortmonth." + strings.ToLower(d.Month.String())),
	})
}

// weekly are values of a figure, one for each week.
func (n *numbersView) weekly(
	name operations.FigureName, of func(operations.FigureCell) chart.Value,
) []chart.Value {
	var values []chart.Value
	for _, cell := range n.figure(name).Weeks {
		values = append(values, of(cell))
	}
	return values
}

func valueOf(c operations.FigureCell) chart.Value { return chart.Known(c.Count) }

func missed(c operations.FigureCell) chart.Value { return chart.Known(c.Of - c.Count) }

func shareOf(c operations.FigureCell) chart.Value {
	if c.Of == 0 {
		return nil
	}
	return chart.Known((c.Count*1000 + c.Of/2) / c.Of)
}

func half(c operations.FigureCell) chart.Value { return chart.Value(c.P50) }

func most(c operations.FigureCell) chart.Value { return chart.Value(c.P85) }

func nineInTen(c operations.FigureCell) chart.Value { return chart.Value(c.P90) }

func nearlyAll(c operations.FigureCell) chart.Value { return chart.Value(c.P95) }

// series names values.
func (n *numbersView) series(name string, tone chart.Tone, values []chart.Value) chart.Series {
	return chart.Series{
		Name:   n.language.Say("console.numbers.series." + name),
		Tone:   tone,
		Values: values,
	}
}

func (n *numbersView) ordersByWeek() chart.Chart {
	return n.byWeek(chart.Bars, chart.Count,
		n.series("received", chart.Accent, n.weekly(operations.OrdersReceived, valueOf)),
		n.series("ended", chart.Blue, n.weekly(operations.OrdersEnded, valueOf)))
}

// tookOf is a chart of how long a figure's things took.
func tookOf(name operations.FigureName) func(*numbersView) chart.Chart {
	return func(n *numbersView) chart.Chart {
		return n.byWeek(chart.Line, chart.Seconds,
			n.series("half", chart.Accent, n.weekly(name, half)),
			n.series("ninety", chart.Amber, n.weekly(name, nineInTen)))
	}
}

func (n *numbersView) reviewed() chart.Chart {
	return n.byWeek(chart.Line, chart.PerMille,
		n.series("reviewed", chart.Amber, n.weekly(operations.OrdersReviewed, shareOf)))
}

// partsOf is a chart of what a figure consists of over the whole period.
func partsOf(name operations.FigureName, tone chart.Tone) func(*numbersView) chart.Chart {
	return func(n *numbersView) chart.Chart {
		c := chart.Chart{
			Kind:      chart.Ranked,
			Unit:      chart.Count,
			LabelName: n.language.Say("console.numbers.part." + string(name)),
		}
		s := n.series("count", tone, nil)
		for _, p := range n.figure(name).Parts {
			if p.Count == 0 {
				continue
			}
			c.Labels = append(c.Labels, n.partName(name, p.Key))
			s.Values = append(s.Values, chart.Known(p.Count))
		}
		c.Series = []chart.Series{s}
		return c
	}
}

// numbersParts are what replacements and their fees end as, and why promises of tickets broke.
var numbersParts = []string{
	"DEFECT", "NO_FAULT_FOUND", "DAMAGE", "NO_RETURN_REQUIRED", "REJECTED", "WITHDRAWN",
	"NON_RETURN_BILLED", "CLOSED", "DAMAGE_BILLED", "WAIVED", "CREDITED", "BILLED",
	"SEVERITY_RAISED", "NOT_TAKEN", "NOT_ANSWERED", "NO_NEWS", "WAITED_FOR_OTHERS", "CAME_BACK",
	"NOT_RESTORED",
}

// partName is what people call a part of a figure.
func (n *numbersView) partName(figure operations.FigureName, key string) string {
	if figure == operations.OrdersRefused {
		return cmp.Or(n.names[key], key)
	}
	switch {
	case slices.Contains(numbersParts, key):
		return n.language.Say("console.numbers.key." + key)
	case n.language.Has("mail.reason." + key):
		return n.language.Say("mail.reason." + key)
	}
	return key
}

func (n *numbersView) claimed() chart.Chart {
	return n.byWeek(chart.Line, chart.PerMille,
		n.series("day7", chart.Accent, n.weekly(operations.ClaimedByDay7, shareOf)),
		n.series("day30", chart.Blue, n.weekly(operations.ClaimedByDay30, shareOf)))
}

func (n *numbersView) replacementsByWeek() chart.Chart {
	return n.byWeek(chart.Bars, chart.Count,
		n.series("asked", chart.Accent, n.weekly(operations.RMAsRequested, valueOf)),
		n.series("closed", chart.Blue, n.weekly(operations.RMAsEnded, valueOf)))
}

func (n *numbersView) keptByWeek() chart.Chart {
	return n.byWeek(chart.Stacked, chart.Count,
		n.series("kept", chart.Accent, n.weekly(operations.RMAsPromiseKept, valueOf)),
		n.series("missed", chart.Amber, n.weekly(operations.RMAsPromiseKept, missed)))
}

func (n *numbersView) keptByCountry() chart.Chart {
	c := chart.Chart{
		Kind:      chart.Stacked,
		Unit:      chart.Count,
		LabelName: n.say("console.numbers.country"),
	}
	kept, late := n.series("kept", chart.Accent, nil), n.series("missed", chart.Amber, nil)
	for _, p := range n.figure(operations.RMAsPromiseKept).Parts {
		c.Labels = append(c.Labels, p.Key)
		kept.Values = append(kept.Values, valueOf(p.FigureCell))
		late.Values = append(late.Values, missed(p.FigureCell))
	}
	c.Series = []chart.Series{kept, late}
	return c
}

func (n *numbersView) sparesByWeek() chart.Chart {
	return n.byWeek(chart.Bars, chart.Count,
		n.series("earned", chart.Blue, n.weekly(operations.SparesEarned, valueOf)),
		n.series("placed", chart.Accent, n.weekly(operations.SparesPlaced, valueOf)),
		n.series("sparesended", chart.Grey, n.weekly(operations.SparesEnded, valueOf)))
}

func (n *numbersView) ticketsByWeek() chart.Chart {
	return n.byWeek(chart.Bars, chart.Count,
		n.series("opened", chart.Accent, n.weekly(operations.TicketsOpened, valueOf)),
		n.series("resolved", chart.Blue, n.weekly(operations.TicketsResolved, valueOf)))
}

// answeredInTime is the share of first answers within the promise, a line for each severity.
func (n *numbersView) answeredInTime() chart.Chart {
	tones := []chart.Tone{chart.Red, chart.Amber, chart.Accent, chart.Blue}
	var series []chart.Series
	names := []string{"severity1", "severity2", "severity3", "severity4"}
	for i, figure := range answeredFigures {
		series = append(series, n.series(names[i], tones[i], n.weekly(figure, shareOf)))
	}
	return n.byWeek(chart.Line, chart.PerMille, series...)
}

// backlogByAge is what is open now: how old it is, and for whom it waits.
func (n *numbersView) backlogByAge() chart.Chart {
	c := chart.Chart{
		Kind:      chart.Stacked,
		Unit:      chart.Count,
		LabelName: n.say("console.numbers.age"),
	}
	ages := n.figure(operations.WaitForUs).OpenParts
	for i, age := range ages {
		if i+1 == len(ages) {
			c.Labels = append(c.Labels, n.say("console.numbers.age.more", "days", age.Key))
			break
		}
		c.Labels = append(c.Labels,
			n.say("console.numbers.age.days", "from", age.Key, "to", ages[i+1].Key))
	}
	for _, turn := range []struct {
		name   string
		tone   chart.Tone
		figure operations.FigureName
	}{
		{"us", chart.Accent, operations.WaitForUs},
		{"customer", chart.Amber, operations.WaitForCustomer},
		{"others", chart.Violet, operations.WaitForOthers},
		{"carrier", chart.Grey, operations.WaitForCarrier},
	} {
		s := n.series(turn.name, turn.tone, nil)
		for _, p := range n.figure(turn.figure).OpenParts {
			s.Values = append(s.Values, valueOf(p.FigureCell))
		}
		c.Series = append(c.Series, s)
	}
	return c
}

func (n *numbersView) breachedByWeek() chart.Chart {
	return n.byWeek(chart.Bars, chart.Count,
		n.series("broken", chart.Red, n.weekly(operations.TicketsBreached, valueOf)))
}

func (n *numbersView) ending() chart.Chart {
	c := chart.Chart{
		Kind:      chart.Bars,
		Unit:      chart.Count,
		LabelName: n.say("console.numbers.ahead"),
	}
	// The figures are of all days up to a bound; the bars are of those between two bounds, so
	// that they add up.
	between := func(name operations.FigureName) (values []chart.Value) {
		before := int64(0)
		for _, p := range n.figure(name).Parts {
			values = append(values, chart.Known(p.Count-before))
			before = p.Count
		}
		return values
	}
	first := "0"
	for _, p := range n.figure(operations.CoverEnding).Parts {
		c.Labels = append(c.Labels, n.say("console.numbers.days", "from", first, "to", p.Key))
		if days, err := strconv.Atoi(p.Key); err == nil {
			first = strconv.Itoa(days + 1)
		}
	}
	c.Series = []chart.Series{
		n.series("ending", chart.Blue, between(operations.CoverEnding)),
		n.series("renewals", chart.Amber, between(operations.RenewalsDue)),
	}
	return c
}

func (n *numbersView) trouble() chart.Chart {
	return n.byWeek(chart.Strip, chart.Count,
		n.series("bounced", chart.Red, n.weekly(operations.MailsBounced, valueOf)),
		n.series("stuck", chart.Amber, n.weekly(operations.ProcessesStuck, valueOf)))
}

// file is one chart as a file: its labels, and each series with its numbers as programs read
// them.
func (n *numbersView) file(name string) (answer, error) {
	for _, g := range numbersGroups {
		for _, one := range g.charts {
			if one.name != name {
				continue
			}
			c := one.draw(n)
			head := []string{c.LabelName}
			for _, s := range c.Series {
				head = append(head, s.Name+unitName[c.Unit])
			}
			rows := [][]string{head}
			for i, label := range c.Labels {
				row := []string{label}
				for _, s := range c.Series {
					value := ""
					if i < len(s.Values) && s.Values[i] != nil {
						value = fmt.Sprint(*s.Values[i])
					}
					row = append(row, value)
				}
				rows = append(rows, row)
			}
			return n.tableFile("numbers-"+name, rows)
		}
	}
	return answer{}, errNoPage
}

// unitName stands behind the name of a column whose values are in a unit.
var unitName = map[chart.Unit]string{chart.PerMille: " (‰)", chart.Seconds: " (s)"}

// tableFile is a table as a file, that a spreadsheet opens.
func (v *visit) tableFile(name string, rows [][]string) (answer, error) {
	var out bytes.Buffer
	out.WriteString("\ufeff") // tells spreadsheets that it is UTF-8
	w := csv.NewWriter(&out)
	for _, row := range rows {
		fields := make([]string, len(row))
		for i, text := range row {
			fields[i] = web.Cell{Text: strings.TrimSpace(text)}.InFile()
		}
		_ = w.Write(fields)
	}
	w.Flush()
	return answer{
		file: &download{
			name: name + "-" + v.now.UTC().Format("2006-01-02") + ".csv",
			kind: "text/csv; charset=utf-8",
			body: out.Bytes(),
		},
	}, w.Error()
}
