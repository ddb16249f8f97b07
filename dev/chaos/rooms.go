package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/sync/simulator"
)

// caretaker is everybody around the rooms of one house that Sync tells of: its administrator, who
// connects it, and who asks for help with a room that is down.
type caretaker struct {
	*actor
	house *house
	org   string // at Sync
	rooms []*SyncedRoom
	texts int
	ready bool // the house is connected
}

const (
	// linkedOfOne is how many rooms of a house Sync tells of, and strangersOfOne how many places
	// beside them are no room of the house: they never fall.
	linkedOfOne    = 4
	strangersOfOne = 20
)

func (l *Load) makeCaretaker(h *house) *caretaker {
	return &caretaker{
		actor: &actor{
			Load: l,
			n:    600 + h.n,
			rand: rand.New(rand.NewPCG(l.Seed, uint64(600+h.n))),
		},
		house: h,
		org:   fmt.Sprintf("casa-%d", h.n),
	}
}

// run connects the house, has rooms go down and up, and asks for help, until the context ends.
func (c *caretaker) run(ctx context.Context, roomIDs []string, admin string) {
	moving, cancel := patient(ctx)
	err := c.connect(moving, roomIDs, admin)
	cancel()
	if err != nil {
		c.Ledger.unexpected(c.house.company, "its Sync could not be connected: %v", err)
		return
	}

	for c.ready = true; ctx.Err() == nil; {
		step, cancel := patient(ctx)
		c.step(step)
		cancel()
		pause(ctx, time.Duration(c.rand.Int64N(int64(10*c.Pause)+1)))
	}
}

// connect connects the house with its Sync, and says which of its rooms are which there.
func (c *caretaker) connect(ctx context.Context, roomIDs []string, admin string) error {
	places := simulator.Rooms(linkedOfOne + strangersOfOne)
	for i := range places {
		for d := range places[i].Devices {
			places[i].Devices[d].Serial = "" // so that none is registered: the desk breaks others
		}
	}
	c.Cloud.Put(c.org, places...)
	certificate, key, err := c.Cloud.Certificate(c.org, time.Now().AddDate(1, 0, 0))
	if err != nil {
		return err
	}

	member := db.WithScope(ctx, db.Scope{
		AccountIDs: []string{c.house.account},
		Actor:      db.Actor{ID: admin, Role: rules.CustomerAdmin},
	})
	err = insist(ctx, func() error {
		_, err := c.Sync.Connect(member, c.Cloud.Client, c.house.account, rooms.Upload{
			Region:      cloudRegion,
			Certificate: certificate,
			Key:         key,
		})
		return err
	})
	if err != nil {
		return err
	}
	known, err := c.awaitPlaces(ctx, len(places))
	if err != nil {
		return err
	}

	var choices []rooms.Choice
	var linked []*SyncedRoom
	for i, place := range places {
		r := &SyncedRoom{Account: c.house.account, Place: place.ID}
		if i < min(linkedOfOne, len(roomIDs)) {
			r.Room = roomIDs[i]
			choices = append(choices, rooms.Choice{
				PlaceID: known[place.ID].ID,
				Act:     rooms.Link,
				RoomID:  r.Room,
			})
		}
		linked = append(linked, r)
	}
	err = insist(ctx, func() error {
		outcomes, err := c.Sync.Apply(member, c.house.account, choices, "")
		for _, o := range outcomes {
			err = errors.Join(err, o.Err)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range linked {
		c.Ledger.tellsOf(r)
		if r.Room != "" {
			c.rooms = append(c.rooms, r)
		}
	}
	return nil
}

// awaitPlaces waits until a worker has asked for the house's places.
func (c *caretaker) awaitPlaces(ctx context.Context, many int) (map[string]rooms.Place, error) {
	known := map[string]rooms.Place{}
	err := insist(ctx, func() error {
		c.hurry(ctx)
		all, err := c.Sync.PlacesOf(db.WithSystem(ctx), c.house.account)
		for _, p := range all {
			known[p.Place] = p
		}
		if err == nil && len(known) < many {
			err = fmt.Errorf("%d of %d places are known", len(known), many)
		}
		return err
	})
	return known, err
}

// hurry has the house's connection be due: a run has no minutes to wait for two answers. Where the
// database is down it is due later.
func (c *caretaker) hurry(ctx context.Context) {
	pool, err := c.DB.Pool()
	if err != nil {
		return
	}
	_, _ = pool.ExecContext(db.WithSystem(ctx), `
		UPDATE sync_connections
		SET next_poll_at = now()
		WHERE account_id = $1 AND state <> 'OFF' AND next_poll_at > now() + interval '3 seconds'
			AND (polled_at IS NULL OR polled_at < now() - interval '2 seconds')`,
		c.house.account)
}

// step has a room go down or up, asks for help with one, or does nothing while Sync is asked.
func (c *caretaker) step(ctx context.Context) {
	c.hurry(ctx)
	if len(c.rooms) == 0 {
		return
	}
	r := c.rooms[c.rand.IntN(len(c.rooms))]
	switch what := c.rand.IntN(100); {
	case what < 12:
		c.turn(r, !r.Down)
	case what < 15:
		c.license(ctx)
	case what < 60:
		c.askForHelp(ctx, r)
	}
}

// turn has a room go down, or up again.
func (c *caretaker) turn(r *SyncedRoom, down bool) {
	c.Ledger.falls(r, down)
	c.Cloud.Change(c.org, r.Place, func(p *simulator.Place) {
		p.Devices = slices.Clone(p.Devices)
		for i := range p.Devices {
			p.Devices[i].Status, p.Devices[i].HealthStatus = "Online", "NoIssues"
			if down {
				p.Devices[i].Status, p.Devices[i].HealthStatus = "Offline", "Error"
			}
		}
	})
}

// license takes the house's licence away for a while: it is refused, and nothing is known.
func (c *caretaker) license(ctx context.Context) {
	c.Cloud.License(c.org, false)
	defer c.Cloud.License(c.org, true)
	c.hurry(ctx)
	pause(ctx, 2*time.Second)
}

// askForHelp asks for help with a room, now and then several people at once, whatever the room is:
// of all of them one opens a ticket (R55e).
func (c *caretaker) askForHelp(ctx context.Context, r *SyncedRoom) {
	people := 1
	if c.rand.IntN(2) == 0 {
		people = 2 + c.rand.IntN(4)
	}
	said := make([]*Said, people)
	for i := range said {
		c.texts++
		said[i] = &Said{Word: word(c.Seed, c.n, c.texts), Account: c.house.account}
		c.Ledger.say(said[i])
	}
	atOnce(people, func(who int) {
		answer, err := c.Client.Do(ctx, Request{
			Method: http.MethodPost,
			Path:   "/v1/integrations/sync/help-requests",
			Token:  c.house.customer,
			Key:    "help-" + said[who].Word,
			Body: api.SyncHelpRequest{
				RoomID: r.Room,
				Text:   "Ana " + Marker + ": " + said[who].Word,
			},
		}, who)
		if err != nil {
			c.Ledger.unexpected(said[who].Word, "%v", err)
			return
		}
		c.Ledger.helped(said[who], answer)
	})
}

// finish waits until Sync answers and every room is believed to be what it is, and returns of how
// many that is not so when the context ends.
func (c *caretaker) finish(ctx context.Context) int {
	if !c.ready {
		return 0
	}

	return rounds(ctx, 500*time.Millisecond, func(ctx context.Context) int {
		c.hurry(ctx)
		return c.unsettled(ctx)
	})
}

// unsettled counts the rooms that are not believed to be what they are; where Sync or the database
// gives no answers, all of them.
func (c *caretaker) unsettled(ctx context.Context) (n int) {
	system := db.WithSystem(ctx)
	link, err := c.Sync.ConnectionOf(system, c.house.account)
	if err != nil || link.State != rooms.Live || link.Trouble != "" {
		return len(c.rooms)
	}
	all, err := c.Sync.PlacesOf(system, c.house.account)
	if err != nil {
		return len(c.rooms)
	}
	for _, r := range c.rooms {
		i := slices.IndexFunc(all, func(p rooms.Place) bool { return p.Place == r.Place })
		if i < 0 || all[i].State != r.believed() {
			n++
		}
	}
	return n
}

// believed is how a room should be believed to be in the end.
func (r SyncedRoom) believed() health.State {
	if r.Down {
		return health.Offline
	}
	return health.Healthy
}
