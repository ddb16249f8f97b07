package entitlement_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// roomWorld is one account in which several people work at the same time.
type roomWorld struct {
	storetest.Env
	ctx      context.Context
	account  string
	contract string
	licences []entitlement.Licence
	devices  []entitlement.Device
	mu       sync.Mutex
	rooms    []entitlement.Room // an archived one gives its place to a new one
	made     int
	did      map[string]int // by operation: how often it succeeded
}

// roomStep is one thing that somebody does, as rapid draws it.
type roomStep struct {
	Do                          string
	Licence, Device, Room, Next int
}

var roomSteps = []string{
	"assign", "assign many", "release", "move licence", "move both", "place", "take out", "archive", "import",
}

func newRoomWorld(t *testing.T) *roomWorld {
	env := storetest.Postgres(t)
	o, accountID := storetest.AcmeForm(t, env)
	d, err := domains.Open(
		dialect(t, env), domains.Options{Options: db.Options{Clock: ticking(), Key: storetest.Key}},
	)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.DB.Close() })
	env = env.With(d)
	w := &roomWorld{
		Env:      env,
		ctx:      storetest.Customer(accountID),
		account:  accountID,
		licences: env.Licences(t, o)[:4],
		did:      map[string]int{},
	}
	w.contract = w.licences[0].ContractID
	for i := range 4 {
		w.rooms = append(w.rooms, env.Room(t, accountID, fmt.Sprintf("Sala %d", i)))
		w.devices = append(w.devices, env.Device(t, w.rooms[i], fmt.Sprintf("SN%d", i), "MEETUP", "2026-11-01"))
	}
	w.made = len(w.rooms)
	return w
}

// room is the room that stands at the place now.
func (w *roomWorld) room(i int) entitlement.Room {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rooms[i]
}

func (w *roomWorld) do(s roomStep) error {
	l := w.licences[s.Licence]
	d := w.devices[s.Device]
	here := w.room(s.Room)
	there := w.room(s.Next)
	switch s.Do {
	case "assign":
		return storetest.SecondOf(w.Assign(w.ctx, entitlement.AssignRequest{LicenceID: l.ID, RoomID: here.ID}))
	case "assign many":
		return storetest.SecondOf(w.AssignMany(w.ctx, entitlement.AssignManyRequest{
			ContractID: w.contract,
			RoomIDs:    []string{here.ID, there.ID},
		}))
	case "move licence":
		return storetest.SecondOf(
			w.Move(w.ctx, entitlement.MoveRequest{FromRoomID: here.ID, ToRoomID: there.ID, LicenceIDs: []string{l.ID}}),
		)
	case "move both":
		return w.moveAll(here, there)
	case "place":
		return storetest.SecondOf(w.PlaceDevice(w.ctx, d.ID, here.ID, ""))
	case "take out":
		return storetest.SecondOf(w.PlaceDevice(w.ctx, d.ID, "", ""))
	case "archive":
		return w.archive(s.Room, here)
	case "import":
		return w.importRow(here, fmt.Sprintf("SN%d", s.Device+3)) // one that is there, or new ones
	}
	open, _, err := w.ListAssignments(w.ctx, entitlement.AssignmentFilter{LicenceID: l.ID, Open: true})
	if err != nil || len(open) == 0 {
		return err
	}
	return storetest.SecondOf(w.Release(w.ctx, open[0].ID, ""))
}

// moveAll moves what it finds in a room; it may be gone by then.
func (w *roomWorld) moveAll(here, there entitlement.Room) error {
	open, _, err := w.ListAssignments(w.ctx, entitlement.AssignmentFilter{RoomID: here.ID, Open: true})
	if err != nil {
		return err
	}
	inside, _, err := w.ListDevices(w.ctx, entitlement.DeviceFilter{RoomID: here.ID})
	if err != nil {
		return err
	}
	q := entitlement.MoveRequest{FromRoomID: here.ID, ToRoomID: there.ID}
	for _, a := range open {
		q.LicenceIDs = append(q.LicenceIDs, a.LicenceID)
	}
	for _, d := range inside {
		q.DeviceIDs = append(q.DeviceIDs, d.ID)
	}
	return storetest.SecondOf(w.Move(w.ctx, q))
}

func (w *roomWorld) archive(place int, r entitlement.Room) error {
	if _, err := w.ArchiveRoom(w.ctx, r.ID, ""); err != nil {
		return err
	}
	w.mu.Lock()
	w.made++
	name := fmt.Sprintf("Sala %d", w.made)
	w.mu.Unlock()
	next, err := w.CreateRoom(w.ctx, entitlement.NewRoom{
		AccountID: w.account,
		Form: licensing.RoomForm{
			Name:     name,
			Site:     "HQ",
			Country:  "BR",
			Platform: rules.PlatformTeamsWindows,
		},
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rooms[place] = next
	return err
}

// importRow stores a file of one row; a refused one is no error.
func (w *roomWorld) importRow(r entitlement.Room, serial string) error {
	job, err := w.CreateImport(w.ctx, importjob.ImportJob{
		Kind:         importjob.ImportRooms,
		AccountID:    &w.account,
		Format:       "csv",
		AllOrNothing: true,
		Content:      []byte("x"),
	})
	if err != nil {
		return err
	}
	job.State = importjob.ImportStoring
	if err := w.ImportProgress(w.Context, job); err != nil {
		return err
	}
	row := entitlement.RoomOfFile{
		No: 2,
		Form: licensing.RoomRow{
			Room: licensing.RoomForm{
				Name:     r.Name,
				Site:     r.Site,
				Country:  "BR",
				Platform: rules.PlatformTeamsWindows,
			},
			Devices: []licensing.DeviceForm{{Serial: serial, ModelCode: "MEETUP"}},
		},
	}
	return storetest.SecondOf(w.StoreRooms(w.Context, job, []entitlement.RoomOfFile{row}))
}

// Whatever several people do at the same time, by whatever way, what is stored
// stays apart (see requireApart), and every refusal is one of the rules.
func TestR27b_R39b_AnyOperationsAtOnceKeepRoomsApart(t *testing.T) {
	storetest.Checks(t, 20, 200)
	w := newRoomWorld(t)
	place := rapid.IntRange(0, 3)
	step := rapid.Custom(func(t *rapid.T) roomStep {
		return roomStep{
			rapid.SampledFrom(roomSteps).Draw(t, "do"), place.Draw(t, "licence"), place.Draw(t, "device"),
			place.Draw(t, "room"), place.Draw(t, "next"),
		}
	})
	require.NoError(t, w.work([]roomStep{ // each of them once for certain
		{"assign", 0, 0, 0, 0},
		{"assign many", 0, 0, 1, 2},
		{"release", 0, 0, 0, 0},
		{"place", 0, 0, 1, 0},
		{"take out", 0, 0, 0, 0},
		{"move both", 0, 0, 1, 0},
		{"move licence", 1, 0, 0, 3},
		{"archive", 0, 0, 0, 0},
		{"import", 0, 2, 3, 0},
	}))
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(rapid.SliceOfN(step, 1, 6), 4, 4).Draw(t, "people")
		for i, err := range storetest.AtOnce(len(people), func(i int) error { return w.work(people[i]) }) {
			require.NoError(t, err, "%d: %v", i, people[i])
		}
		requireApart(t, w.Env)
	})
	for _, s := range roomSteps {
		require.Positive(t, w.did[s], "%s never succeeded", s)
	}
	w.AuditHolds(t)
}

// work does one step after the other; only what no rule explains is an error.
func (w *roomWorld) work(steps []roomStep) error {
	for _, s := range steps {
		err := w.do(s)
		if err != nil && rules.CodeOf(err) == "" {
			return fmt.Errorf("%s: %w", s.Do, err)
		}
		if err == nil {
			w.mu.Lock()
			w.did[s.Do]++
			w.mu.Unlock()
		}
	}
	return nil
}
