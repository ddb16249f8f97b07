package operations

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"text/template"
	"time"

	_ "embed"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
)

// Numbers are what operators are measured by, over whole weeks. They are computed from rows
// at each question and stored nowhere; no row that they count is told from others by who a
// person is, so that erasing a person changes none (S58).
type Numbers struct {
	AsOf    time.Time
	Zone    string // IANA name: where weeks begin
	Weeks   []rules.Week
	Figures []Figure // in the order of figureKinds
}

// FigureName is what a figure is called for programs.
type FigureName string

// The figures. What each counts, and of what, stands in figureKinds.
const (
	OrdersReceived  FigureName = "orders.received"
	OrdersEnded     FigureName = "orders.ended"
	OrdersReviewed  FigureName = "orders.reviewed"
	OrdersRefused   FigureName = "orders.refused"
	ClaimedByDay7   FigureName = "invitations.claimed_7"
	ClaimedByDay30  FigureName = "invitations.claimed_30"
	RMAsRequested   FigureName = "replacements.requested"
	RMAsEnded       FigureName = "replacements.ended"
	RMAsPromiseKept FigureName = "replacements.promise_kept"
	RMAsToDeliver   FigureName = "replacements.to_deliver"
	RMAsToReturn    FigureName = "replacements.to_return"
	RMAsFees        FigureName = "replacements.fees"
	SparesEarned    FigureName = "spares.earned"
	SparesPlaced    FigureName = "spares.placed"
	SparesEnded     FigureName = "spares.ended"
	MailsBounced    FigureName = "mails.bounced"
	ProcessesStuck  FigureName = "processes.stuck"
	CoverEnding     FigureName = "cover.ending"
	RenewalsDue     FigureName = "renewals.due"

	TicketsOpened   FigureName = "tickets.opened"
	TicketsResolved FigureName = "tickets.resolved"
	AnsweredSev1    FigureName = "tickets.answered_1"
	AnsweredSev2    FigureName = "tickets.answered_2"
	AnsweredSev3    FigureName = "tickets.answered_3"
	AnsweredSev4    FigureName = "tickets.answered_4"
	TicketsBreached FigureName = "tickets.breached"
	WaitForUs       FigureName = "tickets.backlog_us"
	WaitForCustomer FigureName = "tickets.backlog_customer"
	WaitForOthers   FigureName = "tickets.backlog_third_party"
	WaitForCarrier  FigureName = "tickets.backlog_carrier"
)

// FigureList says which of a figure's things its list has.
type FigureList string

// What lists have. Many have no days to be narrowed by, and so they have more.
const (
	ListOfCounted FigureList = "COUNTED" // just those that are counted
	ListOfOpen    FigureList = "OPEN"    // just those that are open
	ListOfMore    FigureList = "MORE"    // those that are counted, and others
)

// FigureKind is what is known of a figure before anything is counted.
type FigureKind struct {
	Name FigureName

	// Share: the count is a part of what ended, such as the mails that bounced. Otherwise it is
	// all that came or ended.
	Share bool
	// Measured: how long it took is known.
	Measured bool
	// Ahead: it looks at the days to come, and has no weeks.
	Ahead bool
	// Backlog: it counts what is open now by its age, and has no weeks either.
	Backlog bool

	// Path and Query are the list of the API that it leads to.
	Path  string
	Query url.Values
	List  FigureList
	// PartQuery narrows that list to one part, by its key; empty: nothing does.
	PartQuery string
}

// FigureKinds are all figures, in their order.
func FigureKinds() []FigureKind { return slices.Clone(figureKinds) }

var figureKinds = []FigureKind{
	{
		Name: OrdersReceived,
		Path: "/v1/orders",
		List: ListOfMore,
	},
	{
		Name:      OrdersEnded,
		Measured:  true,
		Path:      "/v1/orders",
		List:      ListOfMore,
		PartQuery: "state",
	},
	{
		Name:  OrdersReviewed,
		Share: true,
		Path:  "/v1/orders",
		Query: url.Values{"state": {"NEEDS_REVIEW"}},
		List:  ListOfOpen,
	},
	{
		Name:      OrdersRefused,
		Share:     true,
		Path:      "/v1/refusals",
		List:      ListOfMore,
		PartQuery: "org_id",
	},
	{
		Name:     ClaimedByDay7,
		Share:    true,
		Measured: true,
		Path:     "/v1/processes",
		Query:    url.Values{"kind": {"INVITATION"}},
		List:     ListOfOpen,
	},
	{
		Name:     ClaimedByDay30,
		Share:    true,
		Measured: true,
		Path:     "/v1/processes",
		Query:    url.Values{"kind": {"INVITATION"}},
		List:     ListOfOpen,
	},
	{
		Name: RMAsRequested,
		Path: "/v1/rmas",
		List: ListOfMore,
	},
	{
		Name:  RMAsEnded,
		Path:  "/v1/rmas",
		Query: url.Values{"open": {"true"}},
		List:  ListOfOpen,
	},
	{
		Name:  RMAsPromiseKept,
		Share: true,
		Path:  "/v1/rmas",
		Query: url.Values{"late": {"true"}},
		List:  ListOfMore,
	},
	{
		Name:     RMAsToDeliver,
		Measured: true,
		Path:     "/v1/rmas",
		List:     ListOfMore,
	},
	{
		Name:     RMAsToReturn,
		Measured: true,
		Path:     "/v1/processes",
		Query:    url.Values{"kind": {"RMA"}, "waits_for": {"RETURN"}},
		List:     ListOfOpen,
	},
	{
		Name:  RMAsFees,
		Share: true,
		Path:  "/v1/operator/tasks",
		Query: url.Values{"kind": {"RMA_FEE"}, "state": {"OPEN"}},
		List:  ListOfOpen,
	},
	{
		Name:  SparesEarned,
		Path:  "/v1/processes",
		Query: url.Values{"kind": {"SPARE"}, "waits_for": {"SPARE_CHOICE"}},
		List:  ListOfOpen,
	},
	{
		Name:     SparesPlaced,
		Measured: true,
		Path:     "/v1/spare-units",
		List:     ListOfMore,
	},
	{
		Name:      SparesEnded,
		Path:      "/v1/spare-units",
		Query:     url.Values{"state": {"RECALL_REQUESTED"}},
		List:      ListOfOpen,
		PartQuery: "state",
	},
	{
		Name:  MailsBounced,
		Share: true,
		Path:  "/v1/notifications",
		Query: url.Values{"state": {"HARD_BOUNCED"}},
		List:  ListOfMore,
	},
	{
		Name:     ProcessesStuck,
		Measured: true,
		Path:     "/v1/operator/tasks",
		Query:    url.Values{"kind": {"PROCESS_STUCK"}, "state": {"OPEN"}},
		List:     ListOfOpen,
	},
	{
		Name:      CoverEnding,
		Ahead:     true,
		Path:      "/v1/contracts",
		Query:     url.Values{"expiring_within": {"90"}},
		List:      ListOfCounted,
		PartQuery: "expiring_within",
	},
	{
		Name:      RenewalsDue,
		Ahead:     true,
		Path:      "/v1/contracts",
		Query:     url.Values{"expiring_within": {"90"}},
		List:      ListOfMore,
		PartQuery: "expiring_within",
	},
	{
		Name:      TicketsOpened,
		Path:      "/v1/tickets",
		List:      ListOfMore,
		PartQuery: "severity",
	},
	{
		Name:     TicketsResolved,
		Measured: true,
		Path:     "/v1/tickets",
		Query:    url.Values{"open": {"true"}},
		List:     ListOfOpen,
	},
	answeredKind(AnsweredSev1, "1"),
	answeredKind(AnsweredSev2, "2"),
	answeredKind(AnsweredSev3, "3"),
	answeredKind(AnsweredSev4, "4"),
	{
		Name:  TicketsBreached,
		Path:  "/v1/operator/tasks",
		Query: url.Values{"kind": {"TICKET"}, "state": {"OPEN"}},
		List:  ListOfMore,
	},
	backlogKind(WaitForUs, "US"),
	backlogKind(WaitForCustomer, "CUSTOMER"),
	backlogKind(WaitForOthers, "THIRD_PARTY"),
	backlogKind(WaitForCarrier, "CARRIER"),
}

// answeredKind is the share of first answers that came within the promise, of one severity.
func answeredKind(name FigureName, severity string) FigureKind {
	return FigureKind{
		Name:     name,
		Share:    true,
		Measured: true,
		Path:     "/v1/tickets",
		Query:    url.Values{"state": {"NEW"}, "severity": {severity}},
		List:     ListOfMore, // to some of them nothing is promised
	}
}

// backlogKind is what is open of the tickets that wait for one side.
func backlogKind(name FigureName, turn string) FigureKind {
	return FigureKind{
		Name:    name,
		Backlog: true,
		Path:    "/v1/tickets",
		Query:   url.Values{"turn": {turn}},
		List:    ListOfOpen,
	}
}

// Weekly reports whether the figure counts by the week.
func (k FigureKind) Weekly() bool { return !k.Ahead && !k.Backlog }

// Address is where the figure's list is read in the API.
func (k FigureKind) Address() string { return addressOf(k.Path, k.Query) }

// PartAddress is where the list of one part is read; the figure's own where nothing narrows it.
func (k FigureKind) PartAddress(key string) string {
	if k.PartQuery == "" {
		return k.Address()
	}

	query := url.Values{}
	for name, values := range k.Query {
		query[name] = values
	}
	query.Set(k.PartQuery, key)
	return addressOf(k.Path, query)
}

func addressOf(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// Figure is one number with what it consists of.
type Figure struct {
	FigureKind
	Total FigureCell
	Weeks []FigureCell // one for each week; none: it looks ahead, or at what is open now
	Parts []FigurePart // the largest first; of days to come, the nearest first

	// Open stands apart: what has come and not ended, now, by its state; of a backlog by its
	// age, the youngest first.
	Open      int64
	OpenParts []FigurePart
}

// FigureCell counts. Of a share, Of is how many ended, and of any other figure the count
// itself. The percentiles are in whole seconds, of Measured things, and nil where that is none.
type FigureCell struct {
	Count    int64
	Of       int64
	Measured int64
	P50      *int64
	P85      *int64
	P90      *int64
	P95      *int64
}

// FigurePart is what a figure has of one key, such as a country.
type FigurePart struct {
	Key string
	FigureCell
}

// NumbersQuery asks for numbers. A day that is left out is that of the week that runs, and of
// the eleventh before it.
type NumbersQuery struct {
	From, To *civil.Date
	Zone     string // IANA name; empty: UTC
}

const (
	numbersWeeks    = 12 // without another wish
	numbersMaxWeeks = 53
	refusedSellers  = 20 // as many parts has a figure by seller
)

// endingDays are the days ahead that cover is looked at in.
var endingDays = []int{30, 60, 90}

// backlogAges are from how many days of age on a ticket counts in each part of a backlog: days
// of 24 hours since it was opened. numbersopen.sql knows the same.
var backlogAges = []int{0, 1, 3, 7, 30}

// Numbers computes the numbers of the whole weeks that the two days are in, for the service
// and its operators. It takes nine statements, however much there is. A zone that is none, days
// in the wrong order, more than 53 weeks and weeks that have not begun answer
// VALIDATION_FAILED. They may be of a moment ago, which AsOf tells.
func (s *Operations) Numbers(ctx context.Context, q NumbersQuery) (Numbers, error) {
	return s.numbers.get(ctx, q.question(), func() (Numbers, error) {
		return s.countNumbers(ctx, q)
	})
}

// question tells one query from another.
func (q NumbersQuery) question() string {
	day := func(d *civil.Date) string {
		if d == nil {
			return ""
		}
		return d.String()
	}
	return day(q.From) + " " + day(q.To) + " " + q.Zone
}

func (s *Operations) countNumbers(ctx context.Context, q NumbersQuery) (Numbers, error) {
	var out Numbers
	err := s.db.ReadSnapshot(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		now := tx.Now()
		weeks, err := q.weeks(now)
		if err != nil {
			return err
		}

		b := newNumbersBuilder(now, weeks)
		if err := b.readPeriod(tx); err != nil {
			return err
		}
		if err := b.readInvitations(tx); err != nil {
			return err
		}
		if err := b.readOpen(tx); err != nil {
			return err
		}
		if err := b.readEnding(tx); err != nil {
			return err
		}

		out = Numbers{
			AsOf:    now,
			Zone:    cmp.Or(q.Zone, "UTC"),
			Weeks:   weeks,
			Figures: b.figures(),
		}
		return nil
	})

	return out, err
}

// weeks are those of the period that was asked for.
func (q NumbersQuery) weeks(now time.Time) ([]rules.Week, error) {
	zone, err := clock.Zone(q.Zone)
	if err != nil || q.Zone == "Local" {
		return nil, rules.Invalid([]rules.FieldError{{
			Pointer: "/query/time_zone",
			Code:    rules.InvalidTimeZone,
			Message: "This is not a time zone.",
			Remedy:  "Send an IANA name such as America/Sao_Paulo.",
		}})
	}

	to := rules.DateIn(now, zone)
	if q.To != nil {
		to = *q.To
	}
	from := to.AddDays(-7 * (numbersWeeks - 1))
	if q.From != nil {
		from = *q.From
	}

	refuse := func(pointer, message, remedy string) error {
		return rules.Invalid([]rules.FieldError{{
			Pointer: pointer,
			Code:    rules.OutOfRange,
			Message: message,
			Remedy:  remedy,
		}})
	}

	// Whole weeks have to be asked for in order before they are laid out: a period of a
	// thousand years is refused, not computed.
	switch {
	case to.Before(from):
		return nil, refuse("/query/from", "The period ends before it begins.",
			"Send a from that is not after to.")
	case rules.MondayOf(to).After(rules.DateIn(now, zone)):
		return nil, refuse("/query/to", "That week has not begun.", "Send today or a day before.")
	case rules.MondayOf(to).DaysSince(rules.MondayOf(from)) >= 7*numbersMaxWeeks:
		return nil, refuse("/query/from", "The period is longer than 53 weeks.",
			"Ask for a year at a time.")
	}

	return rules.WholeWeeks(from, to, zone), nil
}

// Rows of a period are of one of its weeks, or of all of it.
const wholePeriod = -1

// numbersBuilder gathers figures from what statements answer with.
type numbersBuilder struct {
	now   time.Time
	weeks []rules.Week
	at    map[FigureName]*Figure
}

func newNumbersBuilder(now time.Time, weeks []rules.Week) *numbersBuilder {
	b := &numbersBuilder{now: now, weeks: weeks, at: map[FigureName]*Figure{}}
	for _, kind := range figureKinds {
		f := &Figure{FigureKind: kind}
		if kind.Weekly() {
			f.Weeks = make([]FigureCell, len(weeks))
		}
		b.at[kind.Name] = f
	}
	return b
}

// period is the whole of it.
func (b *numbersBuilder) period() (from, to time.Time) {
	return b.weeks[0].Start, b.weeks[len(b.weeks)-1].End
}

// numbersFile has the statements of a period, each behind a comment with what it is about. A
// row of theirs is so many (n) things that came or ended in a week, of which so many (hit) are
// counted, all of one part; or a single one, with how long it took.
//
//go:embed numbers.sql
var numbersFile string

// numbersOpenSQL counts what has not ended, by its state.
//
//go:embed numbersopen.sql
var numbersOpenSQL string

// numbersInvitationsSQL lists the invitations that ended, with the zone of their days.
//
//go:embed numbersinvitations.sql
var numbersInvitationsSQL string

// numbersSections are the statements of the file.
var numbersSections = strings.Split(strings.TrimPrefix(numbersFile, "-- "), "\n\n-- ")

// numbersCells adds up the rows of a statement, for each week, for the whole period, and for
// each part of it. A percentile is taken of all that is in a cell, at its rank: those of weeks
// add up to none.
//
//go:embed numberscells.sql
var numbersCells string

// numbersRow is a cell as the database adds it up.
type numbersRow struct {
	Figure   FigureName
	Week     int
	Part     string
	Hit      int64
	N        int64
	Measured int64
	P50      *int64
	P85      *int64
	P90      *int64
	P95      *int64
}

func (r numbersRow) cell() FigureCell {
	return FigureCell{
		Count:    r.Hit,
		Of:       r.N,
		Measured: r.Measured,
		P50:      r.P50,
		P85:      r.P85,
		P90:      r.P90,
		P95:      r.P95,
	}
}

// statement is a section with its weeks, in the dialect of the database.
func (b *numbersBuilder) statement(section string, postgres bool) (string, map[string]any, error) {
	from, to := b.period()
	args := map[string]any{"from": from, "to": to}
	for i, w := range b.weeks {
		args[fmt.Sprintf("week%d", i)] = w.End
	}

	functions := template.FuncMap{
		// week is the number of the week that an instant of the period is in.
		"week": func(at string) string {
			var sql strings.Builder
			sql.WriteString("CASE")
			for i := range b.weeks {
				fmt.Fprintf(&sql, " WHEN %s < @week%d THEN %d", at, i, i)
			}
			return sql.String() + " END"
		},
		// seconds are those from one instant to a later one.
		"seconds": func(from, to string) string {
			if postgres {
				return fmt.Sprintf("CAST(EXTRACT(EPOCH FROM (%s - %s)) AS bigint)", to, from)
			}
			return fmt.Sprintf("CAST(ROUND((julianday(%s) - julianday(%s)) * 86400) AS bigint)",
				to, from)
		},
	}

	parsed, err := template.New("numbers").Funcs(functions).Parse(section)
	if err != nil {
		return "", nil, err
	}
	var sql bytes.Buffer
	if err := parsed.Execute(&sql, nil); err != nil {
		return "", nil, err
	}

	return strings.Replace(numbersCells, "{rows}", sql.String(), 1), args, nil
}

// readPeriod reads what came and what ended in the period, a statement for each section.
func (b *numbersBuilder) readPeriod(tx *db.Tx) error {
	for _, section := range numbersSections {
		_, section, _ := strings.Cut(section, "\n") // behind what it is about
		sql, args, err := b.statement(section, tx.Postgres())
		if err != nil {
			return err
		}
		var rows []numbersRow
		if err := tx.Raw(sql, args).Scan(&rows).Error; err != nil {
			return err
		}

		for _, row := range rows {
			b.add(row)
		}
	}

	return nil
}

// add puts a cell into its figure.
func (b *numbersBuilder) add(row numbersRow) {
	f := b.at[row.Figure]
	switch {
	case row.Week != wholePeriod:
		f.Weeks[row.Week] = row.cell()
	case row.Part == "":
		f.Total = row.cell()
	case row.Figure == OrdersReviewed:
		b.addReasons(f, row)
	default:
		f.Parts = append(f.Parts, FigurePart{row.Part, row.cell()})
	}
}

// addReasons counts an order with each of its reasons: their counts add up to more than the
// orders that were reviewed.
func (b *numbersBuilder) addReasons(f *Figure, row numbersRow) {
	var reasons []string
	if json.Unmarshal([]byte(row.Part), &reasons) != nil {
		return // never written
	}

	for _, reason := range reasons {
		i := slices.IndexFunc(f.Parts, func(p FigurePart) bool { return p.Key == reason })
		if i < 0 {
			i = len(f.Parts)
			f.Parts = append(f.Parts, FigurePart{Key: reason})
		}
		f.Parts[i].Count += row.Hit
	}
}

// claim is an invitation that ended: it was accepted, or its time was over.
type claim struct {
	IssuedAt   time.Time
	AcceptedAt *time.Time
	EndedAt    time.Time
	TimeZone   string // of its account: days are counted there
}

// byDay reports whether it was accepted until the end of so many days after its issue.
func (c claim) byDay(days int) bool {
	if c.AcceptedAt == nil {
		return false
	}
	zone := db.ZoneOf(c.TimeZone)
	return c.AcceptedAt.Before(rules.AllowedUntil(rules.DateIn(c.IssuedAt, zone), days, zone))
}

// readInvitations reads the invitations that ended in the period, one by one: the days after
// an issue are those of its place, which no database counts.
func (b *numbersBuilder) readInvitations(tx *db.Tx) error {
	from, to := b.period()
	var claims []claim
	err := tx.Raw(numbersInvitationsSQL, map[string]any{
		"from": from,
		"to":   to,
		"now":  b.now,
	}).Scan(&claims).Error
	if err != nil {
		return err
	}

	for _, by := range []struct {
		name FigureName
		days int
	}{{ClaimedByDay7, 7}, {ClaimedByDay30, 30}} {
		f := b.at[by.name]
		seconds := make([][]int64, len(b.weeks))
		var all []int64

		for _, c := range claims {
			week := b.weekOf(c.EndedAt)
			f.Weeks[week].Of++
			f.Total.Of++
			if !c.byDay(by.days) {
				continue
			}

			took := int64(c.AcceptedAt.Sub(c.IssuedAt).Round(time.Second) / time.Second)
			f.Weeks[week].Count++
			f.Total.Count++
			seconds[week] = append(seconds[week], took)
			all = append(all, took)
		}

		for week := range f.Weeks {
			f.Weeks[week].measure(seconds[week])
		}
		f.Total.measure(all)
	}

	return nil
}

// weekOf is the number of the week that an instant of the period is in.
func (b *numbersBuilder) weekOf(at time.Time) int {
	return slices.IndexFunc(b.weeks, func(w rules.Week) bool { return at.Before(w.End) })
}

// measure takes the percentiles of how long things took.
func (c *FigureCell) measure(seconds []int64) {
	c.Measured = int64(len(seconds))
	if c.Measured == 0 {
		return
	}

	slices.Sort(seconds)
	percentile := func(percent int64) *int64 {
		p := seconds[rules.PercentileRank(c.Measured, percent)-1]
		return &p
	}
	c.P50, c.P85, c.P90, c.P95 = percentile(50), percentile(85), percentile(90), percentile(95)
}

// readOpen counts what has not ended.
func (b *numbersBuilder) readOpen(tx *db.Tx) error {
	var rows []struct {
		Figure string
		Part   string
		N      int64
	}
	args := map[string]any{"now": b.now}
	for _, days := range backlogAges {
		args[fmt.Sprintf("age%d", days)] = b.now.Add(-time.Duration(days) * 24 * time.Hour)
	}
	if err := tx.Raw(numbersOpenSQL, args).Scan(&rows).Error; err != nil {
		return err
	}

	for _, row := range rows {
		if row.N == 0 {
			continue
		}
		for _, name := range openOf(row.Figure) {
			f := b.at[name]
			f.Open += row.N
			f.OpenParts = append(f.OpenParts, FigurePart{
				Key:        row.Part,
				FigureCell: FigureCell{Count: row.N, Of: row.N},
			})
		}
	}

	return nil
}

// openOf are the figures that what is open stands apart from.
func openOf(figure string) []FigureName {
	if figure == "invitations.claimed" {
		return []FigureName{ClaimedByDay7, ClaimedByDay30}
	}
	return []FigureName{FigureName(figure)}
}

// readEnding counts the cover that ends in the days to come.
func (b *numbersBuilder) readEnding(tx *db.Tx) error {
	ending, err := entitlement.CountEnding(tx, endingDays...)
	if err != nil {
		return err
	}

	for _, days := range endingDays {
		var lines, due FigureCell
		for _, e := range ending {
			if e.Days == days {
				lines.Count += e.Lines
				lines.Of += e.Lines
				due.Count += e.Due
				due.Of += e.Due
			}
		}

		key := fmt.Sprint(days)
		cover, renewals := b.at[CoverEnding], b.at[RenewalsDue]
		cover.Parts = append(cover.Parts, FigurePart{key, lines})
		renewals.Parts = append(renewals.Parts, FigurePart{key, due})
		cover.Total, renewals.Total = lines, due // the last are the furthest: all of them
	}

	return nil
}

// figures are all of them, their parts in order.
func (b *numbersBuilder) figures() []Figure {
	out := make([]Figure, len(figureKinds))
	for i, kind := range figureKinds {
		f := *b.at[kind.Name]
		if !kind.Ahead { // those are in the order of the days
			slices.SortFunc(f.Parts, largestFirst)
		}
		if kind.Backlog {
			f.OpenParts = byAge(f.OpenParts)
		} else {
			slices.SortFunc(f.OpenParts, largestFirst)
		}

		switch kind.Name {
		case OrdersReviewed:
			for j := range f.Parts {
				f.Parts[j].Of = f.Total.Of
			}
		case OrdersRefused:
			f.Parts = slices.DeleteFunc(f.Parts, func(p FigurePart) bool { return p.Count == 0 })
			f.Parts = f.Parts[:min(len(f.Parts), refusedSellers)]
		}

		out[i] = f
	}

	return out
}

// byAge lays out a backlog by all ages, the youngest first.
func byAge(parts []FigurePart) []FigurePart {
	out := make([]FigurePart, len(backlogAges))
	for i, days := range backlogAges {
		out[i].Key = fmt.Sprint(days)
		for _, p := range parts {
			if p.Key == out[i].Key {
				out[i] = p
			}
		}
	}
	return out
}

func largestFirst(a, b FigurePart) int {
	return cmp.Or(
		cmp.Compare(b.Count, a.Count),
		cmp.Compare(b.Of, a.Of),
		strings.Compare(a.Key, b.Key),
	)
}
