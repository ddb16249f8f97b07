package scim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// In whatever order a directory says things, and however often, what it says last holds: who is
// active and in a group that grants something gets in, nobody else does, and an operator is asked
// exactly while no administrator gets in.
func TestS50_RandomOrdersOfOperationsConverge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		admin := storetest.Customer(w.account)
		settings, err := w.Provisioning.SettingsOf(admin, w.account)
		require.NoError(t, err)
		require.NoError(t, w.Provisioning.RemoveGrant(admin, w.account, settings.Grants[0].ID))
		group := w.send("POST", "/Groups", `{"displayName":"Rooms"}`).id()
		require.NoError(t, w.Provisioning.AddGrant(admin, w.account, group))

		emails := []string{"ana.souza@acme.example", "bruno@acme.example", "carla@acme.example"}
		ids := []string{
			w.ana.ID, w.hire("Bruno", emails[1]), w.hire("Carla", emails[2]),
		}
		active := []bool{true, true, true}
		inside := []bool{false, false, false}

		says := []func(who int) reply{
			func(who int) reply {
				active[who] = false
				return w.patch("/Users/"+ids[who], off)
			},
			func(who int) reply {
				active[who] = true
				return w.patch("/Users/"+ids[who], `{"op":"add","value":{"active":"true"}}`)
			},
			func(who int) reply {
				active[who] = !active[who]
				return w.send("PUT", "/Users/"+ids[who], fmt.Sprintf(
					`{"userName":"%s","displayName":"Somebody","active":%t}`, emails[who], active[who]))
			},
			func(who int) reply {
				inside[who] = true
				return w.patch("/Groups/"+group, `{"op":"Add","path":"members","value":[{"value":"`+ids[who]+`"}]}`)
			},
			func(who int) reply {
				inside[who] = false
				return w.patch("/Groups/"+group, `{"op":"remove","path":"members[value eq \"`+ids[who]+`\"]"}`)
			},
			func(who int) reply {
				inside = []bool{false, false, false}
				inside[who] = true
				return w.send("PUT", "/Groups/"+group,
					`{"displayName":"Rooms","members":[{"value":"`+ids[who]+`"}]}`)
			},
		}

		holds := func(rt *rapid.T) {
			for who, email := range emails {
				want := ""
				switch {
				case who == 0 && active[who]:
					want = "ADMIN" // she was there before
				case who > 0 && active[who] && inside[who]:
					want = "READ_ONLY"
				}
				require.Equal(rt, want, w.gets(email), email)
			}
			open := slices.ContainsFunc(w.Tasks(t, db.TaskNoAdminReachable),
				func(task db.OperatorTask) bool { return task.State == db.TaskOpen })
			require.Equal(rt, !active[0], open)
			raw := w.send("GET", "/Groups/"+group, "").raw
			for who, id := range ids {
				require.Equal(rt, inside[who], strings.Contains(raw, id))
			}
		}

		rapid.Check(t, func(rt *rapid.T) {
			for range rapid.IntRange(1, 6).Draw(rt, "steps") {
				who := rapid.IntRange(0, len(ids)-1).Draw(rt, "who")
				say := rapid.IntRange(0, len(says)-1).Draw(rt, "says")
				before := slices.Clone(active)
				r := says[say](who)
				require.Less(rt, r.status, 300, r.raw)
				if say == 2 { // the same PUT again
					active = before
					r = says[say](who)
					require.Equal(rt, 200, r.status, r.raw)
				}
				holds(rt)
			}
		})
		w.AuditHolds(t)
	})
}
