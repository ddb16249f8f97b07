package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// question is one kind of request, asked for a room of a tenant. n is the room's
// number in its account, 1 the first.
type question struct {
	name     string
	operator bool // asked by an operator, over all accounts
	ask      func(t tenant, n int) string
}

// roomOf and serialOf are the ids that the seed gave.
func roomOf(t tenant, n int) string {
	if n == 1 {
		return t.room
	}
	return fmt.Sprintf("%s-%d", t.room, n)
}

func serialOf(t tenant, n int) string {
	if n == 1 {
		return t.serial
	}
	return fmt.Sprintf("%sX%d", t.serial, n)
}

// questions are what people ask all day.
var questions = []question{
	{"coverage of a room", false, func(t tenant, n int) string {
		return "/v1/coverage?for=hardware&room=" + roomOf(t, n)
	}},
	{"coverage of a serial", false, func(t tenant, n int) string {
		return "/v1/coverage?for=hardware&serial=" + serialOf(t, n)
	}},
	{"page of 50 rooms with cover", false, func(tenant, int) string {
		return "/v1/rooms?limit=50&coverage=hardware"
	}},
	{"search by part of a name", false, func(_ tenant, n int) string {
		return "/v1/rooms?limit=50&q=" + url.QueryEscape(fmt.Sprintf("-%d", n))
	}},
	{"search by part of a serial", false, func(t tenant, n int) string {
		return "/v1/devices?limit=50&q=" + serialOf(t, n)[4:]
	}},
	{"search over all accounts", true, func(t tenant, n int) string {
		return "/v1/rooms?limit=50&q=" + serialOf(t, n)
	}},
}

// reads asks each question many times, one after another, of rooms all over the
// accounts.
func (b *roomsBench) reads(ctx context.Context) error {
	for _, q := range questions {
		l, err := b.askMany(ctx, q, b.o.Requests)
		if err != nil {
			return err
		}
		b.figures.Reads = append(b.figures.Reads, l)
		b.say("%s: p50 %.1f ms, p99 %.1f ms", q.name, l.P50, l.P99)
	}

	return nil
}

func (b *roomsBench) askMany(ctx context.Context, q question, times int) (Latency, error) {
	r := rand.New(rand.NewPCG(1, 2))
	perAccount := max(b.rooms/b.o.Accounts, 1)
	took := make([]time.Duration, times)

	for i := range min(50, times) { // plans and caches are warm
		if err := b.ask(ctx, q, b.tenants[i%len(b.tenants)], 1); err != nil {
			return Latency{}, err
		}
	}

	for i := range took {
		t, n := b.tenants[r.IntN(len(b.tenants))], 1+r.IntN(perAccount)
		began := time.Now()
		if err := b.ask(ctx, q, t, n); err != nil {
			return Latency{}, fmt.Errorf("%s: %w", q.name, err)
		}
		took[i] = time.Since(began)
	}

	slices.Sort(took)
	return Latency{
		Condition: q.name,
		Requests:  times,
		P50:       quantile(took, 0.5),
		P99:       quantile(took, 0.99),
		Max:       quantile(took, 1),
	}, nil
}

func (b *roomsBench) ask(ctx context.Context, q question, t tenant, n int) error {
	token := t.token
	if q.operator {
		token = b.parts.stack.Access.Token("operator")
	}
	_, err := b.parts.call(ctx, http.MethodGet, q.ask(t, n), token, "", nil)
	return err
}

// many asks about up to 1,000 rooms of one account in one request.
func (b *roomsBench) many(ctx context.Context) error {
	t := b.tenants[0]
	type subject struct {
		Room string `json:"room"`
	}

	var subjects []subject
	for n := range min(max(b.rooms/b.o.Accounts, 1), 1000) {
		subjects = append(subjects, subject{roomOf(t, n+1)})
	}

	for i := 0; len(subjects) < 1000 && i+1 < len(b.tenants); i++ {
		// an operator's question spans accounts
		for n := 1; n <= max(b.rooms/b.o.Accounts, 1) && len(subjects) < 1000; n++ {
			subjects = append(subjects, subject{roomOf(b.tenants[i+1], n)})
		}
	}

	body, err := json.Marshal(map[string]any{"subjects": subjects, "for": "technical"})
	if err != nil {
		return err
	}

	operator := b.parts.stack.Access.Token("operator")
	b.parts.statements.start()
	answer, err := b.parts.call(ctx, http.MethodPost, "/v1/coverage",
		operator, "application/json", body)
	if err != nil {
		return err
	}

	if n := bytes.Count(answer, []byte(`"sla_policy":"SELECT"`)); n != len(subjects) {
		return fmt.Errorf("%d of %d rooms are covered: the seed is wrong", n, len(subjects))
	}

	b.figures.ManyStatements = total(b.parts.statements.stop(1))
	took := make([]time.Duration, 20)
	for i := range took {
		began := time.Now()
		if _, err := b.parts.call(ctx, http.MethodPost, "/v1/coverage",
			operator, "application/json", body); err != nil {
			return err
		}
		took[i] = time.Since(began)
	}

	slices.Sort(took)
	b.figures.Many = Latency{
		Condition: fmt.Sprintf("coverage of %d rooms in one call", len(subjects)),
		Requests:  len(took),
		P50:       quantile(took, 0.5),
		P99:       quantile(took, 0.99),
		Max:       quantile(took, 1),
	}

	b.say("%s: p50 %.0f ms, %.0f statements",
		b.figures.Many.Condition, b.figures.Many.P50, b.figures.ManyStatements)
	return nil
}
