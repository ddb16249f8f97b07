package entitlement_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// seat is where a licence is: the register's value. The zero seat is the balance.
type seat struct{ room, assignment string }

// registerCall is what is asked of the register, and registerAnswer what comes back:
// the seat after a success, or the seat that was read; else the refusal's code.
type (
	registerCall struct {
		do         string
		room, next string
		assignment string // to release
	}
	registerAnswer struct {
		seat seat
		code string
	}
)

// licenceRegister is a licence as a register: each command either finds it as it
// must be and changes it, or is refused and changes nothing (R28c, R39b).
var licenceRegister = porcupine.Model{
	Init: func() any { return seat{} },
	Step: func(state, input, output any) (bool, any) {
		now := state.(seat)
		call := input.(registerCall)
		answer := output.(registerAnswer)
		refused := func(code string) (bool, any) { return answer.code == code, now }
		changed := func(to seat) (bool, any) { return answer.code == "", to }
		switch {
		case call.do == "read":
			return answer.code == "" && answer.seat == now, now
		case call.do == "assign" && now.room != "":
			return refused(licensing.LicenceTaken)
		case call.do == "assign":
			return changed(seat{call.room, answer.seat.assignment})
		case call.do == "move" && now.room != call.room:
			return refused(rules.StateConflict)
		case call.do == "move":
			return changed(seat{call.next, answer.seat.assignment})
		case now.assignment != call.assignment: // release
			return refused(rules.StateConflict)
		}
		return changed(seat{})
	},
}

// One licence under many hands is one register: there is an order of the commands,
// within the times at which they were asked and answered, that explains every answer.
func TestR28b_R39b_OneLicenceIsALinearizableRegister(t *testing.T) {
	env := storetest.Postgres(t)
	o, accountID := storetest.AcmeForm(t, env)
	licence, ctx := env.Licences(t, o)[0], storetest.Customer(accountID)
	rooms := []string{
		env.Room(t, accountID, "Sala 1").ID, env.Room(t, accountID, "Sala 2").ID, env.Room(t, accountID, "Sala 3").ID,
	}
	d, err := domains.Open(
		dialect(t, env), domains.Options{Options: db.Options{Clock: ticking(), Key: storetest.Key}},
	)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.DB.Close() })
	env = env.With(d)

	read := func() (seat, error) {
		open, _, err := env.ListAssignments(ctx, entitlement.AssignmentFilter{LicenceID: licence.ID, Open: true})
		if err != nil || len(open) == 0 {
			return seat{}, err
		}
		return seat{open[0].RoomID, open[0].ID}, nil
	}
	first := func(out entitlement.Assigned, err error) (seat, error) {
		if err != nil {
			return seat{}, err
		}
		return seat{out.Assignments[0].RoomID, out.Assignments[0].ID}, nil
	}
	ask := func(c registerCall) (seat, error) {
		switch c.do {
		case "assign":
			return first(env.Assign(ctx, entitlement.AssignRequest{LicenceID: licence.ID, RoomID: c.room}))
		case "move":
			return first(env.Move(ctx, entitlement.MoveRequest{
				FromRoomID: c.room,
				ToRoomID:   c.next,
				LicenceIDs: []string{licence.ID},
			}))
		case "release":
			return seat{}, storetest.SecondOf(env.Release(ctx, c.assignment, ""))
		}
		return read()
	}
	var mu sync.Mutex
	var history []porcupine.Operation
	done := map[string]int{}
	record := func(client int, c registerCall) (seat, error) {
		called := time.Now().UnixNano()
		at, err := ask(c)
		answer := registerAnswer{at, rules.CodeOf(err)}
		if err != nil && answer.code == "" {
			return at, err
		}
		mu.Lock()
		defer mu.Unlock()
		history = append(history, porcupine.Operation{
			ClientId: client,
			Input:    c,
			Call:     called,
			Output:   answer,
			Return:   time.Now().UnixNano(),
		})
		if answer.code == "" {
			done[c.do]++
		}
		return at, nil
	}
	storetest.RequireAll(t, storetest.AtOnce(5, func(i int) error {
		r := rand.New(rand.NewPCG(28, uint64(i)))
		for range 25 {
			at, err := record(i, registerCall{do: "read"})
			if err != nil {
				return err
			}
			from := r.IntN(3)
			call := registerCall{do: "move", room: rooms[from], next: rooms[(from+1+r.IntN(2))%3]}
			switch n := r.IntN(4); {
			case n == 0:
				call = registerCall{do: "assign", room: rooms[from]}
			case n == 1 && at.assignment != "":
				call = registerCall{do: "release", assignment: at.assignment}
			case n == 2 && at.room != "":
				call.room, call.next = at.room, rooms[(slices.Index(rooms, at.room)+1)%3]
			}
			if _, err := record(i, call); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, do := range []string{"assign", "move", "release"} {
		require.Positive(t, done[do], "%s never succeeded", do)
	}
	require.Equal(t, porcupine.Ok, porcupine.CheckOperationsTimeout(licenceRegister, history, time.Minute))
}

// The model can tell: a history in which two people got the licence has no order.
func TestR39b_RegisterRefusesALicenceGivenTwice(t *testing.T) {
	give := func(client int, room string) porcupine.Operation {
		return porcupine.Operation{
			ClientId: client,
			Input:    registerCall{do: "assign", room: room},
			Output:   registerAnswer{seat: seat{room, room}},
			Call:     1,
			Return:   2,
		}
	}
	require.False(t, porcupine.CheckOperations(licenceRegister, []porcupine.Operation{give(1, "a"), give(2, "b")}))
	require.True(t, porcupine.CheckOperations(licenceRegister, []porcupine.Operation{give(1, "a")}))
}
