package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/operations"
)

// numbersCommand counts what came and what ended.
type numbersCommand struct {
	output
	apiOptions
	From     string `placeholder:"DAY" help:"A day of the first week, such as 2026-09-07; otherwise eleven weeks before the last."`
	To       string `placeholder:"DAY" help:"A day of the last week; otherwise today."`
	TimeZone string `name:"time-zone" aliases:"zone" env:"TZ" placeholder:"ZONE" help:"Where weeks begin, such as America/Sao_Paulo (${env}); left out: where this machine is."`
}

// Help is shown by --help.
func (numbersCommand) Help() string {
	return `Counts over whole weeks, from Monday to Sunday, what came and what ended: orders,
invitations, replacements, spares, tickets and mails, ahead the cover that ends, and by
their age the tickets that are open. Each line says how many, of how many that ended, how
long it took in half of the cases and in nine of ten, and what is still open, which is in
no other number. --json has every week by itself, further percentiles, and of each figure
the list of the API that it leads to.

Examples:
  roomcover numbers
  roomcover numbers --from 2026-09-01 --to 2026-11-30 --time-zone America/Sao_Paulo
  roomcover numbers --json`
}

// Run shows.
func (c numbersCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	zone := readersZone(c.TimeZone)
	q := url.Values{"time_zone": {zone}}
	if c.From != "" {
		q.Set("from", c.From)
	}
	if c.To != "" {
		q.Set("to", c.To)
	}

	var n api.NumbersView
	if err := client.call(ctx, request{
		method: http.MethodGet,
		path:   "/v1/numbers",
		query:  q,
	}, &n); err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, n, func(out io.Writer, w *words) {
		a.numbersTable(out, w, n)
	})
}

// figureTexts are what people call the figures.
var figureTexts = map[operations.FigureName]string{
	operations.OrdersReceived:  "Orders that came",
	operations.OrdersEnded:     "Orders fulfilled or rejected",
	operations.OrdersReviewed:  "Orders that a person had to review",
	operations.OrdersRefused:   "Orders refused at the door",
	operations.ClaimedByDay7:   "Invitations accepted by day 7",
	operations.ClaimedByDay30:  "Invitations accepted by day 30",
	operations.RMAsRequested:   "Replacements asked for",
	operations.RMAsEnded:       "Replacements closed",
	operations.RMAsPromiseKept: "Promises kept",
	operations.RMAsToDeliver:   "From approval to delivery",
	operations.RMAsToReturn:    "From delivery back to the depot",
	operations.RMAsFees:        "Replacements with a fee",
	operations.SparesEarned:    "Spares earned",
	operations.SparesPlaced:    "Spares placed",
	operations.SparesEnded:     "Spares ended",
	operations.MailsBounced:    "Mails that came back",
	operations.ProcessesStuck:  "Processes that stood still",
	operations.CoverEnding:     "Cover that ends in 90 days",
	operations.RenewalsDue:     "Renewals due in 90 days",
	operations.TicketsOpened:   "Tickets that came",
	operations.TicketsResolved: "Tickets resolved",
	operations.AnsweredSev1:    "Severity 1 answered in time",
	operations.AnsweredSev2:    "Severity 2 answered in time",
	operations.AnsweredSev3:    "Severity 3 answered in time",
	operations.AnsweredSev4:    "Severity 4 answered in time",
	operations.TicketsBreached: "Promises of tickets broken",
	operations.WaitForUs:       "Tickets that wait for us",
	operations.WaitForCustomer: "Tickets that wait for the customer",
	operations.WaitForOthers:   "Tickets that wait for a third party",
	operations.WaitForCarrier:  "Tickets that wait for the carrier",
}

// numbersTable has a line for each figure, and one for each of its parts below it.
func (a *app) numbersTable(out io.Writer, w *words, n api.NumbersView) {
	by := "by the time " + w.place(n.TimeZone)
	if w.place(n.TimeZone) == "UTC" {
		by = "in UTC"
	}
	fmt.Fprintf(out, "%s, from %s to %s, %s; as of %s.\n\n",
		count(len(n.Weeks), "week"), w.day(n.From), w.day(n.To), by, w.moment(n.AsOf, n.TimeZone))

	t := a.table(out, "what", "how many", "of", "share", "half took", "9 in 10 took", "open now")
	for _, f := range n.Figures {
		open := "-"
		if f.Open > 0 {
			open = strconv.FormatInt(f.Open, 10)
		}
		name := cmp.Or(figureTexts[f.Name], string(f.Name))
		t.AppendRow(append(numbersRow(name, f.Share, f.Total), open))

		for _, p := range f.Parts {
			share := f.Share && f.Name != operations.OrdersReviewed
			row := numbersRow("  "+partText(w, f.Name, p.Key), share, p.NumbersCellView)
			t.AppendRow(append(row, ""))
		}
		if len(f.Weeks) > 0 {
			continue
		}
		for _, p := range f.OpenParts { // a backlog, by its age
			if p.Count > 0 {
				t.AppendRow(append(numbersRow("  "+agedText(p.Key), false, api.NumbersCellView{}),
					strconv.FormatInt(p.Count, 10)))
			}
		}
	}

	t.Render()
	if last := n.Weeks[len(n.Weeks)-1]; !last.Over {
		fmt.Fprintln(out, "\nThe last week is not over.")
	}
}

func numbersRow(name string, share bool, c api.NumbersCellView) []any {
	row := []any{name, c.Count, "", "", took(c.P50Seconds), took(c.P90Seconds)}
	if share {
		row[2] = c.Of
	}
	if share && c.Of > 0 {
		row[3] = fmt.Sprintf("%d%%", (c.Count*100+c.Of/2)/c.Of)
	}
	return row
}

// agedText says from how many days of age on tickets count in a part of a backlog.
func agedText(days string) string {
	if days == "0" {
		return "since today"
	}
	return "for " + days + " days or more"
}

// partText is what people call a part.
func partText(w *words, figure operations.FigureName, key string) string {
	switch figure {
	case operations.CoverEnding, operations.RenewalsDue:
		return "within " + key + " days"
	case operations.RMAsPromiseKept, operations.RMAsToDeliver:
		return "to " + key // a country
	case operations.TicketsOpened, operations.TicketsResolved:
		return "of severity " + key
	case operations.OrdersRefused:
		return w.name(key)
	case operations.OrdersReviewed:
		return w.code(key)
	}
	return plain(key)
}

// took says how long something lasts, in the unit in which people say it.
func took(seconds *int64) string {
	if seconds == nil {
		return ""
	}

	switch d := time.Duration(*seconds) * time.Second; {
	case d < time.Hour:
		return fmt.Sprintf("%d min", (d+time.Minute/2)/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	default:
		return fmt.Sprintf("%.1f days", d.Hours()/24)
	}
}
