package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// clients is how many clients post at once.
const clients = 4

// ordersOfOne is how many orders a client sends at most: on a slow machine the storm goes on
// until a replacement is acknowledged, which more orders only delay, and a seller's orders
// for a person who never answered are bounded (250 a day, of two clients).
const ordersOfOne = 90

// answerPatience is how long a client sends a request again: longer than any
// outage, also where a database that was killed recovers beside other work.
const answerPatience = 3 * time.Minute

// patient is for what somebody does in one go: it has the whole patience, also where the time to
// begin anything new runs out meanwhile. What is cut off in the middle would pass for a request
// that was never answered.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), answerPatience)
}

// Load posts orders, cancels, decides and reissues, by the seed.
type Load struct {
	Client       *Client
	Ledger       *Ledger
	DB           *db.DB
	Accounts     *account.Accounts
	People       *identity.People
	Entitlements *entitlement.Entitlements
	Logistics    *logistics.Logistics
	Orders       *order.Orders
	Programs     *program.Programs
	Tickets      *ticket.Tickets
	Seed         uint64
	Pause        time.Duration // between a client's steps
	Pace         time.Duration // between the steps of who orders

	Line  *Line
	Post  *Post
	Sync  *rooms.Sync
	Cloud *Cloud

	sellers  []seller
	operator string // token of a lead
	manager  string // token of a CSM
	agent    string // id of an operator who answers by mail
	mailbox  string // address
	desks    []*desk
	supports []*support
	depots   []string
}

// seller is a reseller with its token.
type seller struct{ orgID, token string }

// Prepare makes the organisations and tokens of the load.
func (l *Load) Prepare(ctx context.Context) error {
	ctx = db.WithSystem(ctx)
	for i := range 2 {
		org, err := l.Accounts.PutOrg(ctx, account.OrgChange{
			Kind:           account.OrgReseller,
			Name:           fmt.Sprintf("Revenda %d", i),
			AuthorisedFrom: "2020-01-01",
		})
		if err != nil {
			return err
		}

		token, err := l.token(ctx, org.ID, rules.Reseller, "orders:read", "orders:write",
			"catalogue:read")
		if err != nil {
			return err
		}

		l.sellers = append(l.sellers, seller{org.ID, token})
	}

	org, err := l.Accounts.PutOrg(ctx, account.OrgChange{
		Kind: account.OrgOperator,
		Name: "Operator",
	})
	if err != nil {
		return err
	}
	if l.operator, err = l.token(ctx, org.ID, rules.OperatorLead,
		api.ScopesFor(rules.OperatorLead)...); err != nil {
		return err
	}
	if l.manager, err = l.token(ctx, org.ID, rules.OperatorCSM,
		api.ScopesFor(rules.OperatorCSM)...); err != nil {
		return err
	}

	if err := l.openMailbox(ctx); err != nil {
		return err
	}
	if err := l.publishPolicy(ctx); err != nil {
		return err
	}

	l.desks = l.makeDesks()
	for _, d := range l.desks {
		d.support = l.makeSupport(d.house)
		d.support.caretaker = l.makeCaretaker(d.house)
		l.supports = append(l.supports, d.support)
	}
	return l.stockUp(ctx)
}

// openMailbox learns the mailbox's address, and makes an operator who answers by mail.
func (l *Load) openMailbox(ctx context.Context) error {
	ref, err := l.Programs.Reference(ctx)
	if err != nil {
		return err
	}
	l.mailbox = ref.Program.Mailbox
	l.agent = db.NewID(db.PrefixOperator)
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		return tx.Create(&identity.Operator{
			ID:        l.agent,
			Source:    "PASSWORD",
			Email:     operatorAddress,
			Name:      "Agente " + Marker,
			Role:      rules.OperatorAgent,
			Locale:    "en",
			CreatedAt: tx.Now(),
		}).Error
	})
}

// policyAfter is how many days after the start tickets are opened under another policy: what is
// open keeps its own.
const policyAfter = 5

// publishPolicy has what support promises change within the run: from around the clock to the
// business hours of the room's place, and to business days.
func (l *Load) publishPolicy(ctx context.Context) error {
	alwaysOn := false
	return l.must(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/sla-policies",
		Token:  l.operator,
		Key:    fmt.Sprintf("policy-%d", l.Seed),
		Body: api.SLAPolicyRequest{
			Service:          catalogue.ServiceSelect,
			EffectiveFrom:    l.DB.Clock().Now().AddDate(0, 0, policyAfter).Format(time.DateOnly),
			AlwaysOn:         &alwaysOn,
			ThirdPartyPauses: true,
			Promises: map[string]api.SLAPromiseView{
				"1": {FirstResponse: "2H", Updates: "6H", Restore: "2BD"},
				"2": {FirstResponse: "4H/1H", Updates: "1BD", Restore: "5BD"},
				"3": {FirstResponse: "1BD", Restore: "30H"},
				"4": {FirstResponse: "2BD"},
			},
			Reason: "Business hours",
		},
	}, nil)
}

func (l *Load) token(
	ctx context.Context, orgID string, role rules.Role, scopes ...string,
) (string, error) {
	_, secret, err := l.People.CreateToken(ctx, identity.NewToken{
		OrgID:     orgID,
		Role:      role,
		Label:     "chaos",
		Scopes:    scopes,
		ExpiresAt: time.Now().Add(24 * time.Hour),
	})
	return secret, err
}

// Run posts until the context ends, then waits for the answers that are still
// out.
func (l *Load) Run(ctx context.Context) {
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { l.client(ctx, i) })
	}

	for _, d := range l.desks {
		all.Go(func() { d.run(ctx) })
	}
	all.Go(func() { l.crowd(ctx) })
	all.Go(func() { l.Cloud.misbehave(ctx, l.Seed) })
	all.Wait()
	l.Post.Wait()
}

// Finish brings the replacements and the tickets to their end, with the calendar running on, waits
// until the rooms of Sync are believed to be what they are, and tells how many are still under way.
func (l *Load) Finish(ctx context.Context) int {
	var all sync.WaitGroup
	var left atomic.Int64
	for _, d := range l.desks {
		all.Go(func() { left.Add(int64(d.finish(ctx))) })
		all.Go(func() { left.Add(int64(d.support.finish(ctx))) })
		all.Go(func() { left.Add(int64(d.support.caretaker.finish(ctx))) })
	}
	all.Wait()
	return int(left.Load())
}

// rounds goes round until a round leaves nothing, or the context ends: then what the last round
// has begun is still brought to its end. It tells what is left.
func rounds(
	ctx context.Context, every time.Duration, round func(context.Context) (left int),
) (left int) {
	for ctx.Err() == nil {
		going, cancel := patient(ctx)
		left = round(going)
		cancel()

		if left == 0 {
			return 0
		}
		pause(ctx, every)
	}
	return left
}

// actor is one client: its own randomness, and what it knows.
type actor struct {
	*Load
	n      int
	rand   *rand.Rand
	shapes *Shapes
	seller seller
	sent   []ordering.OrderForm
	ids    []string
	wishes int
}

func (l *Load) client(ctx context.Context, n int) {
	a := &actor{
		Load:   l,
		n:      n,
		rand:   rand.New(rand.NewPCG(l.Seed, uint64(100+n))),
		seller: l.sellers[n%len(l.sellers)],
	}

	a.shapes = NewShapes(l.Seed, n, l.DB.Clock().Now)
	for ctx.Err() == nil {
		step, cancel := patient(ctx)
		a.step(step)
		cancel()

		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(a.rand.Int64N(int64(2*l.Pace) + 1))):
		}
	}
}

// step does one thing. What refers to an earlier order needs one.
func (a *actor) step(ctx context.Context) {
	what := a.rand.IntN(100)
	mayOrder := len(a.ids) < ordersOfOne
	switch {
	case mayOrder && (what < 55 || len(a.ids) == 0):
		a.order(ctx, a.shapes.Next())
	case what < 62:
		a.order(ctx, a.sent[a.rand.IntN(len(a.sent))])
	case what < 66:
		a.conflict(ctx)
	case what < 69:
		a.invalid(ctx)
	case what < 84:
		a.cancel(ctx)
	case what < 93:
		a.decide(ctx)
	default:
		a.reissue(ctx)
	}
}

func (a *actor) do(ctx context.Context, r Request) (Answer, bool) {
	answer, err := a.Client.Do(ctx, r, a.rand.IntN(replicas))
	if err != nil {
		a.Ledger.unexpected(r.Path, "%v", err)
	}
	return answer, err == nil
}

// order posts an order, new or again.
func (a *actor) order(ctx context.Context, form ordering.OrderForm) {
	answer, ok := a.do(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/orders",
		Token:  a.seller.token,
		Body:   form,
	})
	if !ok {
		return
	}

	if id := a.Ledger.keep(a.seller.orgID, form, answer); id != "" {
		a.sent, a.ids = append(a.sent, form), append(a.ids, id)
	}
}

// keep takes down the answer to an order and returns its id.
func (l *Ledger) keep(resellerID string, form ordering.OrderForm, answer Answer) string {
	var o OrderAnswer
	if err := json.Unmarshal(answer.Body, &o); err != nil || o.ID == "" ||
		(answer.Status != 200 && answer.Status != 201) {
		l.unexpected(form.PONumber, "the order was answered %d %s", answer.Status, answer.code())
		return ""
	}

	o.Status = answer.Status
	if answer.Lost && answer.Status == http.StatusOK {
		l.count(func(n *Counts) { n.Recovered++ })
	}

	l.submitted(resellerID, form, o)
	return o.ID
}

// conflict posts another order under a number that is taken (S14).
func (a *actor) conflict(ctx context.Context) {
	form := a.sent[a.rand.IntN(len(a.sent))]
	form.EndCustomer.Company += " Outra"
	answer, ok := a.do(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/orders",
		Token:  a.seller.token,
		Body:   form,
	})
	if ok && (answer.Status != http.StatusConflict || answer.code() != rules.PONumberConflict) {
		a.Ledger.unexpected(form.PONumber, "another body under the same number was answered %d %s",
			answer.Status, answer.code())
	}

	a.Ledger.count(func(n *Counts) { n.Conflicts++ })
}

// invalid posts an order that must be refused at the door.
func (a *actor) invalid(ctx context.Context) {
	form := a.shapes.Next()
	form.Lines[0].Quantity = 0
	answer, ok := a.do(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/orders",
		Token:  a.seller.token,
		Body:   form,
	})
	if ok && answer.Status != http.StatusUnprocessableEntity {
		a.Ledger.unexpected(form.PONumber, "an order of nothing was answered %d %s",
			answer.Status, answer.code())
	}

	a.Ledger.count(func(n *Counts) { n.Refusals++ })
}

// crowdSize is how many posts of one PO come at once (S14).
const crowdSize = 100

// crowd posts one order many times in parallel, once in a run.
func (l *Load) crowd(ctx context.Context) {
	form := NewShapes(l.Seed, clients, l.DB.Clock().Now).Next()
	ctx, cancel := patient(ctx)
	defer cancel()

	var all sync.WaitGroup
	for i := range crowdSize {
		all.Go(func() {
			answer, err := l.Client.Do(ctx, Request{
				Method: http.MethodPost,
				Path:   "/v1/orders",
				Token:  l.sellers[0].token,
				Body:   form,
			}, i)
			if err != nil {
				l.Ledger.unexpected(form.PONumber, "%v", err)
				return
			}

			l.Ledger.keep(l.sellers[0].orgID, form, answer)
		})
	}

	all.Wait()
}
