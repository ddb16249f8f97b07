package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// support is everybody around the tickets of one house: its two members, the agent, and
// strangers who write mails.
type support struct {
	*actor
	house     *house
	admin     identity.User
	colleague identity.User
	rooms     []string
	tickets   []openedTicket
	texts     int
	letters   int
	ready     bool // the members and the rooms are known
	// caretaker looks after the rooms that Sync tells of, beside the tickets.
	caretaker *caretaker
}

// openedTicket is a ticket that was acknowledged.
type openedTicket struct{ id, number string }

// The most of each kind that one house opens and writes: every ticket has timers, and a calendar
// of two seconds a day has them all fire within the run.
const (
	ticketsOfOne = 12
	lettersOfOne = 60
)

func (l *Load) makeSupport(h *house) *support {
	return &support{
		actor: &actor{
			Load: l,
			n:    200 + h.n,
			rand: rand.New(rand.NewPCG(l.Seed, uint64(500+h.n))),
		},
		house: h,
	}
}

// run works on tickets until the context ends, once the house is furnished.
func (s *support) run(ctx context.Context) {
	moving, cancel := patient(ctx)
	err := s.meet(moving)
	cancel()
	if err != nil {
		s.Ledger.unexpected(s.house.company, "nobody could be supported: %v", err)
		return
	}

	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { s.caretaker.run(ctx, s.rooms, s.admin.ID) })

	for s.ready = true; ctx.Err() == nil; {
		step, cancel := patient(ctx)
		s.step(step)
		cancel()

		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(s.rand.Int64N(int64(3*s.Pause) + 1))):
		}
	}
}

// meet finds the administrator and the rooms, and gives the house a member who may only read.
func (s *support) meet(ctx context.Context) error {
	return insist(ctx, func() (err error) {
		system := db.WithSystem(ctx)
		if s.admin, err = s.People.UserByEmail(ctx, s.house.email()); err != nil {
			return err
		}

		rooms, _, err := s.Entitlements.ListRooms(system, entitlement.RoomFilter{
			AccountID: s.house.account,
			Page:      db.Page{Limit: 50},
		})
		if err != nil || len(rooms) == 0 {
			return errors.Join(err, errors.New("there is no room"))
		}
		s.rooms = nil
		for _, r := range rooms {
			s.rooms = append(s.rooms, r.ID)
		}

		email := fmt.Sprintf("bia.%s@casa-%d.example", Marker, s.house.n)
		s.colleague, err = s.People.UserByEmail(ctx, email)
		if rules.CodeOf(err) == rules.NotFound {
			s.colleague, err = s.hire(system, email)
		}
		return err
	})
}

// hire adds a member who may only read to the house.
func (s *support) hire(ctx context.Context, email string) (identity.User, error) {
	u := identity.User{
		ID:        db.NewID(db.PrefixUser),
		Email:     email,
		Name:      "Bia " + Marker,
		Locale:    "en",
		CreatedAt: s.DB.Clock().Now(),
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Create(&u).Error; err != nil {
			return err
		}
		return tx.Create(&identity.Membership{
			ID:        db.NewID(db.PrefixMembership),
			AccountID: s.house.account,
			UserID:    u.ID,
			Role:      identity.RoleReadOnly,
			State:     rules.MembershipActive,
			CreatedAt: tx.Now(),
		}).Error
	})
	return u, err
}

// step opens a ticket, says something in one, does something to one, or writes a mail.
func (s *support) step(ctx context.Context) {
	what := s.rand.IntN(100)
	if len(s.tickets) == 0 || what < 14 && len(s.tickets) < ticketsOfOne {
		s.open(ctx)
		return
	}

	t := s.tickets[s.rand.IntN(len(s.tickets))]
	switch {
	case what < 26:
		s.write(ctx, t, s.house.customer)
	case what < 38:
		s.write(ctx, t, s.operator)
	case what < 44:
		s.note(ctx, t)
	case what < 78:
		s.act(ctx, t)
	default:
		s.writeLetter(t)
	}
}

// saying is a new text of the load; note: for operators alone.
func (s *support) saying(note bool) (said *Said, text string) {
	s.texts++
	said = &Said{
		Word:    word(s.Seed, s.n, s.texts),
		Account: s.house.account,
		Note:    note,
	}
	s.Ledger.say(said)
	text = "Ana " + Marker + ": " + said.Word
	if note {
		text = Canary + " " + text
	}
	return said, text
}

func (s *support) key() string { return fmt.Sprintf("ticket-%d-%d-%d", s.Seed, s.n, s.texts) }

// open opens a ticket about a room: by the API, as the customer or by an agent for the member who
// called, or as the portal does.
func (s *support) open(ctx context.Context) {
	said, text := s.saying(false)
	usable := rule.Usables()[s.rand.IntN(3)]
	category := rule.Categories()[1+s.rand.IntN(3)]
	room := s.rooms[s.rand.IntN(len(s.rooms))]
	summary := "Sem imagem na sala de " + Marker

	how := s.rand.IntN(4)
	if how == 0 {
		s.openInPortal(ctx, said, ticket.NewTicket{
			RoomID:   room,
			Category: category,
			Usable:   usable,
			Summary:  summary,
			Text:     text,
			Once:     s.key(),
		})
		return
	}

	body := api.TicketRequest{
		RoomID:   room,
		Category: category,
		Usable:   usable,
		Summary:  summary,
		Text:     text,
	}
	token := s.house.customer
	if how == 1 {
		token = s.operator
		body.For = s.admin.ID
	}
	key := s.key()
	atOnce(1+s.rand.IntN(6)/5, func(who int) {
		answer, err := s.Client.Do(ctx, Request{
			Method: http.MethodPost,
			Path:   "/v1/tickets",
			Token:  token,
			Key:    key,
			Body:   body,
		}, who)
		if err != nil {
			s.Ledger.unexpected(said.Word, "%v", err)
			return
		}
		s.keep(s.Ledger.ticketAnswered(said.Word, said, true, answer))
	})
}

// openInPortal opens a ticket as the portal does for its member, again until there is an answer.
func (s *support) openInPortal(ctx context.Context, said *Said, n ticket.NewTicket) {
	member := db.WithScope(ctx, db.Scope{
		AccountIDs: []string{s.house.account},
		Actor:      db.Actor{ID: s.admin.ID, Role: rules.CustomerAdmin},
	})
	var refused string
	var t ticket.Ticket
	err := insist(ctx, func() (err error) {
		t, err = s.Tickets.Open(member, n)
		if refused = rules.CodeOf(err); refused != "" {
			return nil
		}
		return err
	})

	switch {
	case err != nil:
		s.Ledger.unexpected(said.Word, "no ticket could be opened in the portal: %v", err)
	case mayRefuseTicket(refused):
		s.Ledger.count(func(n *Counts) { n.TicketRefusals++ })
	case refused != "":
		s.Ledger.unexpected(said.Word, "a ticket in the portal was refused: %s", refused)
	default:
		s.Ledger.opened(said, t.ID)
		s.keep(api.TicketView{ID: t.ID, Number: t.Number})
	}
}

// keep remembers a ticket that was acknowledged. Answers to one request come at once.
func (s *support) keep(t api.TicketView) {
	if t.ID == "" {
		return
	}
	s.Ledger.mu.Lock()
	defer s.Ledger.mu.Unlock()
	for _, known := range s.tickets {
		if known.id == t.ID {
			return
		}
	}
	s.tickets = append(s.tickets, openedTicket{t.ID, t.Number})
}

// write says something in a ticket, now and then twice at once.
func (s *support) write(ctx context.Context, t openedTicket, token string) {
	said, text := s.saying(false)
	body := api.TicketMessageRequest{Text: text}
	if token == s.house.customer {
		body.Thanks = s.rand.IntN(6) == 0
	}
	key := s.key()
	atOnce(1+s.rand.IntN(6)/5, func(who int) {
		answer, err := s.Client.Do(ctx, Request{
			Method: http.MethodPost,
			Path:   "/v1/tickets/" + t.id + "/messages",
			Token:  token,
			Key:    key,
			Body:   body,
		}, who)
		if err != nil {
			s.Ledger.unexpected(t.id, "%v", err)
			return
		}
		s.Ledger.ticketAnswered(t.id, said, false, answer)
	})
}

// note notes something that no customer may ever see.
func (s *support) note(ctx context.Context, t openedTicket) {
	said, text := s.saying(true)
	answer, ok := s.do(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/tickets/" + t.id + "/notes",
		Token:  s.operator,
		Key:    s.key(),
		Body:   api.TicketNoteRequest{Text: text},
	})
	if ok {
		s.Ledger.noteAnswered(t.id, said, answer)
	}
}

// habitsOfTickets are what people do to tickets and how often. Much of it makes no sense for the
// state in which the ticket is, and is refused.
var habitsOfTickets = []struct {
	weight   int
	command  rule.Command
	customer bool
}{
	{6, rule.DoSetSeverity, false},
	{6, rule.DoWaitCustomer, false},
	{3, rule.DoWaitOther, false},
	{3, rule.DoResume, false},
	{3, rule.DoWaitRMA, false},
	{5, rule.DoResolve, false},
	{1, rule.DoResolve, true},
	{2, rule.DoReopen, true},
	{2, rule.DoReopen, false},
	{3, rule.DoUndoReopen, false},
	{2, rule.DoAskSeverity, true},
	{1, rule.DoCancel, true},
	{2, rule.DoWatch, true},
}

// act does a command to a ticket, half of the time with something that is said with it.
func (s *support) act(ctx context.Context, t openedTicket) {
	all := 0
	for _, h := range habitsOfTickets {
		all += h.weight
	}
	n := s.rand.IntN(all)
	for _, h := range habitsOfTickets {
		if n -= h.weight; n < 0 {
			s.command(ctx, t, h.command, h.customer)
			return
		}
	}
}

func (s *support) command(
	ctx context.Context, t openedTicket, command rule.Command, customer bool,
) {
	body := api.TicketCommandRequest{}
	token := s.operator
	if customer {
		token = s.house.customer
	}

	switch command {
	case rule.DoSetSeverity:
		body.Severity = 1 + s.rand.IntN(4)
		body.Reason = Canary + " it is told otherwise"
	case rule.DoUndoReopen:
		body.Reason = Canary + " it only said thanks"
	case rule.DoWaitCustomer:
		body.Reason = "Which cable is it?"
	case rule.DoWatch:
		body.UserID = s.colleague.ID
	case rule.DoWaitRMA:
		if body.RMA = s.broken(ctx); body.RMA == nil {
			return
		}
	}

	var said *Said
	speaks := command != rule.DoWatch && command != rule.DoCancel
	if speaks && s.rand.IntN(2) == 0 {
		said, body.Text = s.saying(false)
	} else {
		s.texts++ // its key is its own
	}
	key := s.key()
	atOnce(1+s.rand.IntN(8)/7, func(who int) {
		answer, err := s.Client.Do(ctx, Request{
			Method: http.MethodPost,
			Path:   "/v1/tickets/" + t.id + "/commands/" + string(command),
			Token:  token,
			Key:    key,
			Body:   body,
		}, who)
		if err != nil {
			s.Ledger.unexpected(t.id, "%v", err)
			return
		}
		s.Ledger.ticketAnswered(t.id, said, false, answer)
	})
}

// broken asks for the replacement of one of the house's devices; nil: the database is down.
func (s *support) broken(ctx context.Context) *api.RMARequest {
	devices, _, err := s.Entitlements.ListDevices(db.WithSystem(ctx), entitlement.DeviceFilter{
		AccountID: s.house.account,
		State:     licensing.DeviceInRoom,
		Page:      db.Page{Limit: 50},
	})
	if err != nil || len(devices) == 0 {
		return nil
	}
	return &api.RMARequest{
		Serial:      *devices[s.rand.IntN(len(devices))].Serial,
		Fault:       "No picture",
		SerialProof: "doc 7",
	}
}

// finish brings the tickets to their end, all but those that are left open on purpose, until the
// context ends. It tells how many are still under way.
func (s *support) finish(ctx context.Context) int {
	if !s.ready {
		return 0
	}

	return rounds(ctx, 500*time.Millisecond, func(ctx context.Context) (left int) {
		tickets, ok := s.list(ctx)
		if !ok {
			left++ // nobody knows
		}
		for _, t := range tickets {
			waits := t.State == rule.Resolved
			if t.State.Over() || leftOpen(t.ID) && !waits {
				continue
			}

			left++
			if !waits {
				s.end(ctx, t)
			}
		}
		return left
	})
}

// list lists the tickets of the house; ok is false where that was not answered.
func (s *support) list(ctx context.Context) (tickets []api.TicketView, ok bool) {
	answer, ok := s.do(ctx, Request{
		Method: http.MethodGet,
		Path:   "/v1/tickets?limit=100&account_id=" + s.house.account,
		Token:  s.operator,
	})
	var list struct {
		Items []api.TicketView `json:"items"`
	}
	if !ok || json.Unmarshal(answer.Body, &list) != nil {
		return nil, false
	}
	return list.Items, true
}

// end resolves a ticket with a last word, after which nobody writes: it closes by itself.
func (s *support) end(ctx context.Context, t api.TicketView) {
	said, text := s.saying(false)
	answer, ok := s.do(ctx, Request{
		Method: http.MethodPost,
		Path:   "/v1/tickets/" + t.ID + "/commands/" + string(rule.DoResolve),
		Token:  s.operator,
		Key:    s.key(),
		Body:   api.TicketCommandRequest{Text: text},
	})
	if ok {
		s.Ledger.ticketAnswered(t.ID, said, false, answer)
	}
}

// View is what a customer was shown of a ticket: of its own, or of another house's.
type View struct {
	Account, Ticket string
	Own             bool
	Status          int
	Body            []byte
}

// lookAsCustomers reads every ticket as its customer does, and one of each house as another.
func (l *Load) lookAsCustomers(ctx context.Context) (views []View, err error) {
	for i, s := range l.supports {
		if !s.ready {
			continue
		}
		tickets, ok := s.list(ctx)
		if !ok {
			return nil, errors.New("the tickets of a house could not be listed")
		}
		for n, t := range tickets {
			view, err := s.look(ctx, t.ID, true)
			if err != nil {
				return nil, err
			}
			views = append(views, view)

			other := l.supports[(i+1)%len(l.supports)]
			if n > 0 || !other.ready {
				continue
			}
			if view, err = other.look(ctx, t.ID, false); err != nil {
				return nil, err
			}
			views = append(views, view)
		}
	}
	return views, nil
}

func (s *support) look(ctx context.Context, ticketID string, own bool) (View, error) {
	answer, err := s.Client.Do(ctx, Request{
		Method: http.MethodGet,
		Path:   "/v1/tickets/" + ticketID,
		Token:  s.house.customer,
	}, 0)
	return View{
		Account: s.house.account,
		Ticket:  ticketID,
		Own:     own,
		Status:  answer.Status,
		Body:    answer.Body,
	}, err
}
