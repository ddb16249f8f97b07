package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// API is the JSON API with the token of one role. An error names the refusal.
type API interface {
	// Call sends body as JSON, unless it is nil, and reads the answer into out.
	Call(ctx context.Context, method, path string, body, out any) error
}

// Options are where the service is, and who the demo acts as.
type Options struct {
	Portal     string // address of the portal and the API
	Mails      string // address of the mailbox of development
	Carrier    string // address of the simulated carrier
	CarrierKey string // its API key
	// SyncCertificate and SyncKey are what the administrator uploads to connect the simulated Sync,
	// as PEM; empty: the story is played without it.
	SyncCertificate, SyncKey string
	// As gives the API with a token.
	As       func(token string) API
	Reseller string // token
	Operator string // token of a lead
	Name     string // tells this run's customer and orders from those of others
	Out      io.Writer
	// Patience is how long anything may take that runs by the calendar; 0 means a
	// minute and a half.
	Patience time.Duration
	pause    time.Duration // between two looks; 0 means a fifth of a second
}

// Run plays the story and tells its progress. The error says at which step what
// differed.
func Run(ctx context.Context, o Options) error {
	s, err := newStory(o)
	if err != nil {
		return err
	}

	began := time.Now()
	for i, c := range chapters {
		fmt.Fprintf(o.Out, "\n%d of %d  %s\n", i+1, len(chapters), c.title)
		if err := c.play(s, ctx); err != nil {
			return fmt.Errorf("chapter %d, %q: %w", i+1, c.title, err)
		}
	}

	fmt.Fprintf(o.Out, "\nAll %d checks held, in %s.\n",
		s.checks, time.Since(began).Round(time.Second))
	s.showWhereToLook()
	return nil
}

// Customer is whom a story leaves behind, and how its administrator signs in.
type Customer struct {
	Company  string `json:"company"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Settle plays the beginning of the story alone: a customer with fifty rooms under cover, whose
// Sync is connected.
func Settle(ctx context.Context, o Options) (Customer, error) {
	s, err := newStory(o)
	if err != nil {
		return Customer{}, err
	}

	for _, c := range chapters[:settled] {
		if err := c.play(s, ctx); err != nil {
			return Customer{}, fmt.Errorf("%s: %w", c.title, err)
		}
	}
	return Customer{Company: s.company(), Email: s.email(), Password: s.password()}, nil
}

// showWhereToLook ends the story with what a person does next: sign in, and look.
func (s *story) showWhereToLook() {
	fmt.Fprintf(s.Out, `
Look at what it left behind:

  Portal        %s/sign-in
                e-mail    %s
                password  %s
  Tickets       %s/tickets
  Rooms down    %s/rooms?health=down
  Replacements  %s/replacements
  Mails         %s/?to=%s
  The order     %s, under %s/service-orders
  Console       %s/console/processes, by a link of "make dev"
`,
		s.Portal, s.email(), s.password(), s.Portal, s.Portal, s.Portal,
		s.Mails, url.QueryEscape(s.email()), s.number(1), s.Portal, s.Portal)
}

// settled is how many chapters there are before anything fails.
const settled = 4

// chapters in the order of the story.
var chapters = []struct {
	title string
	play  func(*story, context.Context) error
}{
	{"A reseller orders fifty licenses", (*story).orderLicences},
	{"The customer's administrator accepts the invitation", (*story).acceptInvitation},
	{"Fifty rooms come under cover", (*story).coverRooms},
	{"Its Sync is connected, and rooms come over", (*story).connectSync},
	{"The earned spare is chosen, agreed and placed", (*story).placeSpare},
	{"A device fails: it is swapped for the spare at once", (*story).swapAtOnce},
	{
		"A second one fails: a replacement on the promised business day",
		(*story).replaceNextBusinessDay,
	},
	{"A third one never comes back, and is billed", (*story).billMissingReturn},
	{"A room is down on a Sunday at three in the morning", (*story).downAtNight},
	{"Sync says that a room is down: help in one click", (*story).helpInOneClick},
	{"Another order is canceled in its window", (*story).cancelOrder},
}

// story is what the chapters hand to each other.
type story struct {
	Options
	browser  *http.Client
	reseller API
	operator API
	customer API // the account's administrator
	csm      API
	checks   int

	order, account, parent, contract string
	site, depot                      string
	spare                            string
	devices                          []device
	syncRoom                         string // that Sync says is down; empty: no Sync runs
	syncRoomWell                     string
}

// device is one that was put into a room.
type device struct{ Serial, Model, Room string }

func newStory(o Options) (*story, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}

	if o.Patience == 0 {
		o.Patience = 90 * time.Second
	}
	if o.pause == 0 {
		o.pause = 200 * time.Millisecond
	}

	return &story{
		Options:  o,
		browser:  &http.Client{Jar: jar, Timeout: 30 * time.Second},
		reseller: o.As(o.Reseller),
		operator: o.As(o.Operator),
	}, nil
}

// company is this run's customer.
func (s *story) company() string { return "Demo " + s.Name + " Ltda" }

// email is its administrator's address.
func (s *story) email() string { return "it@demo-" + strings.ToLower(s.Name) + ".example" }

// password is what the administrator signs in with.
func (s *story) password() string { return "quatro cavalos azuis " + s.Name }

// number is the purchase order of this run's n-th order.
func (s *story) number(n int) string { return fmt.Sprintf("PO-DEMO-%s-%d", s.Name, n) }

// serial names a unit of this run.
func (s *story) serial(kind string, n int) string {
	return fmt.Sprintf("DEMO%s%s%03d", s.Name, kind, n)
}
