package demo

import (
	"context"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// supportTicket is a ticket as the API shows it.
type supportTicket struct {
	ID       string
	Number   string
	State    string
	Severity int
	Turn     string
	OpenedAt time.Time  `json:"opened_at"`
	DueAt    *time.Time `json:"due_at"`
	RMAs     []string
	Entries  []struct {
		Message *struct {
			From string
			Text string
		}
	}
	Clocks []ticketClock
}

// ticketClock is a promise of time of a ticket.
type ticketClock struct {
	Kind        string
	State       string
	DueAt       *time.Time `json:"due_at"`
	EndedAt     *time.Time `json:"ended_at"`
	Elapsed     int64      `json:"elapsed_seconds"`
	Explanation []struct {
		From, To     time.Time
		Kind, Reason string
	}
}

// clocks are the ticket's clocks of a kind, in their order.
func (t supportTicket) clocks(kind string) []ticketClock {
	return slices.DeleteFunc(slices.Clone(t.Clocks), func(c ticketClock) bool {
		return c.Kind != kind
	})
}

// late reports whether what was promised came after its time.
func (c ticketClock) late() bool { return c.State == "BREACHED" }

// paused is how long the clock stood still for a reason.
func (c ticketClock) paused(reason string) (d time.Duration) {
	for _, s := range c.Explanation {
		if s.Kind == "PAUSED" && s.Reason == reason {
			d += s.To.Sub(s.From)
		}
	}
	return d
}

// downAtNight is a room that is down on a Sunday at three in the morning: the customer opens a
// ticket, an agent answers and sends another unit, the clocks stand still while it is on its
// way, and the ticket is resolved and closed (R35a, S40).
func (s *story) downAtNight(ctx context.Context) error {
	d := s.devices[4]
	t, err := s.openAtNight(ctx, d)
	if err != nil {
		return err
	}
	if err := s.seeTicket(ctx, t); err != nil {
		return err
	}

	r, err := s.sendUnitFor(ctx, t)
	if err != nil {
		return err
	}
	if t, err = s.awaitTicket(ctx, t, "the ticket going on", "IN_PROGRESS"); err != nil {
		return err
	}
	if t, err = s.onTicket(ctx, t, "resolve", body{
		"text": "A nova unidade está na sala. Funciona?",
	}); err != nil {
		return err
	}
	if err := s.check(t.State == "RESOLVED", "the ticket is %s", t.State); err != nil {
		return err
	}
	s.say("the new unit is in its room: %s is resolved", t.Number)

	thanked, err := post[supportTicket](ctx, s.customer, "/v1/tickets/"+t.ID+"/messages", body{
		"text":   "Funciona, obrigada!",
		"thanks": true,
	})
	if err != nil {
		return err
	}
	if err := s.check(thanked.State == "RESOLVED", "thanks brought it back: it is %s",
		thanked.State); err != nil {
		return err
	}
	s.say("the customer says thanks, which does not bring it back")

	if err := s.comeBack(ctx, r); err != nil {
		return err
	}
	if t, err = s.awaitTicket(ctx, t, "the ticket being closed", "CLOSED"); err != nil {
		return err
	}
	s.say("seven days later nobody had come back to it: %s is closed", t.Number)
	return s.checkClocks(t, r)
}

var (
	shownPromise = regexp.MustCompile(`name="shown" value="([^"]*)"`)
	ticketNumber = regexp.MustCompile(`TK-[0-9A-Z]{5}`)
)

// openAtNight asks in the portal what would be promised, waits for the night, and opens the
// ticket; an agent who is awake answers it.
func (s *story) openAtNight(ctx context.Context, d device) (t supportTicket, err error) {
	unit, err := s.unitBySerial(ctx, d.Serial)
	if err != nil {
		return t, err
	}

	form := url.Values{
		"device":   {unit.ID},
		"usable":   {"NO"},
		"category": {"HARDWARE"},
		"summary":  {d.Room + " sem imagem"},
		"text":     {"A barra não liga mais. Às oito há uma reunião nesta sala."},
		"once":     {"demo-" + s.Name},
		"act":      {"preview"},
	}
	page, err := s.page(ctx, "/tickets/new", form)
	if err != nil {
		return t, err
	}
	shown := shownPromise.FindStringSubmatch(page)
	if err := s.check(shown != nil && strings.Contains(page, `class="promise"`),
		"the portal does not say what would be promised"); err != nil {
		return t, err
	}
	s.say("before anything is sent the portal says what covers %s, and what is promised", d.Room)

	if err := s.awaitNight(ctx); err != nil {
		return t, err
	}
	form.Set("shown", html.UnescapeString(shown[1]))
	form.Set("act", "send")
	page, err = s.page(ctx, "/tickets/new", form)
	if err != nil {
		return t, err
	}
	number := ticketNumber.FindString(page)
	if err := s.check(number != "", "the portal does not show the new ticket"); err != nil {
		return t, err
	}

	// An hour is short where a day passes in seconds: the answer comes before anything is said.
	t, err = s.onTicket(ctx, supportTicket{ID: number}, "answer", body{
		"text": "Boa noite! Estamos vendo o que houve com a barra.",
	})
	if err != nil {
		return t, err
	}
	s.say("%s: %s is down, and the customer opens %s with severity %d",
		t.OpenedAt.In(saoPaulo()).Format("Monday, 2006-01-02, 15:04"), d.Room, t.Number, t.Severity)
	s.look("tickets/" + t.Number)

	first := t.clocks("FIRST_RESPONSE")
	if err := s.check(t.Severity == 1 && len(first) == 1 && first[0].EndedAt != nil &&
		first[0].DueAt != nil && first[0].DueAt.Equal(t.OpenedAt.Add(time.Hour)),
		"an answer within the hour was not promised, day and night"); err != nil {
		return t, err
	}
	s.say("an answer is promised by %s, around the clock; an agent answers at %s",
		wall(*first[0].DueAt), wall(*first[0].EndedAt))
	inTime := first[0].EndedAt.Before(*first[0].DueAt)
	return t, s.check(t.State == "OPEN" && inTime == !first[0].late(),
		"it is %s, and its first clock %s", t.State, first[0].State)
}

// seeTicket checks that who belongs to the account sees the ticket, also who may only read
// (R40b), that our queue has it, and that the customer is told by mail.
func (s *story) seeTicket(ctx context.Context, t supportTicket) error {
	reader, err := s.customersToken(ctx, "CUSTOMER_READ_ONLY")
	if err != nil {
		return err
	}
	seen, err := get[supportTicket](ctx, reader, "/v1/tickets/"+t.Number)
	if err != nil {
		return err
	}
	answered := false
	for _, e := range seen.Entries {
		answered = answered || e.Message != nil && e.Message.From == "AGENT"
	}
	if err := s.check(answered, "a colleague does not see the answer"); err != nil {
		return err
	}

	tasks, err := get[list[struct{ What string }]](ctx, s.operator,
		"/v1/operator/tasks?state=OPEN&kind=TICKET&subject_id="+url.QueryEscape(t.ID))
	if err != nil {
		return err
	}
	if err := s.check(len(tasks.Items) == 1, "the ticket stands %d times in our queue",
		len(tasks.Items)); err != nil {
		return err
	}
	if _, err := s.mailTo(ctx, s.email(), t.Number, "Estamos vendo"); err != nil {
		return err
	}
	s.say("colleagues see it with the answer, our queue has it, and the answer came by mail")
	return nil
}

// sendUnitFor requests a replacement from the ticket, which waits for it from then on, and
// sees it delivered.
func (s *story) sendUnitFor(ctx context.Context, t supportTicket) (r rma, err error) {
	t, err = s.onTicket(ctx, t, "wait_for_replacement", body{
		"text": "A barra está com defeito. Enviamos outra.",
		"rma":  body{},
	})
	if err != nil {
		return r, err
	}
	if err := s.check(t.State == "PENDING_RMA" && len(t.RMAs) == 1,
		"it is %s with %d replacements", t.State, len(t.RMAs)); err != nil {
		return r, err
	}

	if r, err = get[rma](ctx, s.operator, "/v1/rmas/"+t.RMAs[0]); err != nil {
		return r, err
	}
	s.say("the agent requests replacement %s from the ticket, and %s waits for it", r.ID, t.Number)
	s.look("replacements/" + r.ID)
	if r.ApprovedAt == nil {
		if r, err = s.approve(ctx, r); err != nil {
			return r, err
		}
	}
	if t, err = get[supportTicket](ctx, s.operator, "/v1/tickets/"+t.ID); err != nil {
		return r, err
	}
	if err := s.check(t.clocks("RESTORE")[0].State == "PAUSED",
		"its clock goes on though a replacement is approved"); err != nil {
		return r, err
	}
	s.say("its clocks stand still from the approval until the delivery")
	return s.deliver(ctx, r, s.serial("T", 1))
}

// checkClocks tells what became of each promise, and checks that the repair's clock left the
// way of the replacement out.
func (s *story) checkClocks(t supportTicket, r rma) error {
	first := t.clocks("FIRST_RESPONSE")[0]
	s.say("first answer: promised by %s, given at %s: %s",
		wall(*first.DueAt), wall(*first.EndedAt), kept(first.late()))

	news := t.clocks("UPDATE")
	late := 0
	for _, c := range news {
		if c.late() {
			late++
		}
	}
	s.say("news every four hours: promised %d times, late %d times", len(news), late)

	repair := t.clocks("RESTORE")[0]
	away := repair.paused("PENDING_RMA")
	s.say("repair: no time is promised; it took %s, without the %s of %s's way",
		time.Duration(repair.Elapsed)*time.Second, away.Round(time.Second), r.ID)
	return s.check(repair.DueAt == nil && repair.State == "MET" && away > 0 &&
		repair.EndedAt != nil && repair.EndedAt.Before(t.OpenedAt.AddDate(0, 1, 0)),
		"the clock of the repair is %s, and stood still for %s", repair.State, away)
}

func kept(late bool) string {
	if late {
		return "late"
	}
	return "kept"
}

// wall is an instant by the clock on the room's wall.
func wall(at time.Time) string { return at.In(saoPaulo()).Format("15:04") }

// onTicket gives a command as the operator's agent.
func (s *story) onTicket(
	ctx context.Context, t supportTicket, command string, with body,
) (supportTicket, error) {
	return post[supportTicket](ctx, s.operator, "/v1/tickets/"+t.ID+"/commands/"+command, with)
}

func (s *story) awaitTicket(
	ctx context.Context, t supportTicket, what, state string,
) (supportTicket, error) {
	err := s.await(ctx, what, func(ctx context.Context) (err error) {
		t, err = get[supportTicket](ctx, s.operator, "/v1/tickets/"+t.ID)
		if err == nil && t.State != state {
			return notYet("it is %s", t.State)
		}
		return err
	})
	return t, err
}

// now is the instant by the service's calendar, which may run fast.
func (s *story) now(ctx context.Context) (time.Time, error) {
	n, err := get[struct {
		AsOf time.Time `json:"as_of"`
	}](ctx, s.operator, "/v1/numbers")
	return n.AsOf, err
}

// awaitNight waits until it is the next Sunday, three in the morning, where the rooms are.
func (s *story) awaitNight(ctx context.Context) error {
	began := time.Now()
	first, err := s.now(ctx)
	if err != nil {
		return err
	}
	night := nextSunday(first)

	for now := first; now.Before(night); {
		// How fast the calendar runs shows after a moment, and better and better.
		rest := time.Second
		if passed := now.Sub(first); passed > 0 {
			rest = time.Duration(float64(night.Sub(now)) / float64(passed) *
				float64(time.Since(began)))
		}
		if rest > s.Patience {
			return fmt.Errorf("the next Sunday is %s away, and the story waits %s at most",
				rest.Round(time.Second), s.Patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(rest, time.Millisecond)):
		}
		if now, err = s.now(ctx); err != nil {
			return err
		}
	}
	return nil
}

// nextSunday is the next Sunday at three in the morning after an instant.
func nextSunday(at time.Time) time.Time {
	local := at.In(saoPaulo())
	days := (7 - int(local.Weekday())) % 7
	night := time.Date(local.Year(), local.Month(), local.Day()+days, 3, 0, 0, 0, local.Location())
	if !night.After(at) {
		night = night.AddDate(0, 0, 7)
	}
	return night
}
