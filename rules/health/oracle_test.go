package health

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// oracle says the same as Step from all polls at once: it keeps nothing, and looks back from each
// instant as the rules are written.
type oracle []Poll

// state is how the room is believed to be after the i-th poll, given how it was before.
func (o oracle) state(i int, before State) State {
	if i == 0 || o[i].Missing || o[i-1].Missing || o[i].At.Sub(o[i-1].At) > 5*time.Minute {
		return before
	}
	a, b := o[i-1].Reading, o[i].Reading
	bad := map[State]bool{Offline: true, NeedsAttention: true}
	switch {
	case a == b:
		return a
	case bad[a] && bad[b] && !bad[before]:
		return NeedsAttention
	}
	return before
}

// changes are the polls up to the i-th with which the state changed.
func (o oracle) changes(states []State, i int) (at []int) {
	before := Unknown
	for j := 0; j <= i; j++ {
		if states[j] != before {
			at = append(at, j)
		}
		before = states[j]
	}
	return at
}

// flapping looks for five changes within an hour, since which no hour was quiet. Only polls that
// see the place look.
func (o oracle) flapping(changes []int, i int) bool {
	for first := 0; first+4 < len(changes); first++ {
		fifth := first + 4
		if o[changes[fifth]].At.Sub(o[changes[first]].At) >= time.Hour {
			continue
		}
		if !o.quietAfter(changes, fifth, i) {
			return true
		}
	}
	return false
}

// quietAfter reports whether an hour without a change was noticed between the change and now.
func (o oracle) quietAfter(changes []int, from, i int) bool {
	last := from
	for j := changes[from] + 1; j <= i; j++ {
		if !o[j].Missing && o[j].At.Sub(o[changes[last]].At) >= time.Hour {
			return true
		}
		if last+1 < len(changes) && changes[last+1] == j {
			last++
		}
	}
	return false
}

// find walks once over what the above say, for what was told.
func (o oracle) find() (states []State, flaps []bool, notices []Notice) {
	worse := map[State]int{NeedsAttention: 1, Offline: 2}
	told := Healthy
	before := Unknown
	for i := range o {
		before = o.state(i, before)
		states = append(states, before)
	}
	for i, p := range o {
		changes := o.changes(states, i)
		flaps = append(flaps, o.flapping(changes, i))
		notice := NoNotice
		since := o[0].At
		if len(changes) > 0 {
			since = o[changes[len(changes)-1]].At
		}
		switch {
		case p.Missing, flaps[i], states[i] == Unknown:
		case worse[states[i]] > worse[told]:
			notice, told = Down, states[i]
		case states[i] == Healthy && p.Reading == Healthy && worse[told] > 0 &&
			!p.At.Before(since.Add(15*time.Minute)):
			notice, told = Well, Healthy
		}
		notices = append(notices, notice)
	}
	return states, flaps, notices
}

// timeline draws polls: most a minute apart, some after an outage, of a room that stays as it is
// for a while, flaps, or is not seen.
func timeline(seed uint64) (out oracle) {
	r := rand.New(rand.NewPCG(seed, 29))
	states := []State{Healthy, Healthy, NeedsAttention, Offline, Unknown}
	stay := 1 + r.IntN(20)
	at := noon
	now := states[r.IntN(len(states))]
	missing := false
	for range 20 + r.IntN(160) {
		step := time.Duration(50+r.IntN(20)) * time.Second
		switch {
		case r.IntN(60) == 0:
			step = time.Duration(r.IntN(90)) * time.Minute
		case r.IntN(20) == 0:
			step = time.Duration(2+r.IntN(5)) * time.Minute
		case r.IntN(10) == 0:
			step = 5 * time.Minute // to the second
		}
		at = at.Add(max(step, time.Second))
		if r.IntN(stay) == 0 {
			now = states[r.IntN(len(states))]
			missing = r.IntN(8) == 0
		}
		p := Poll{At: at, Missing: missing, Reading: now}
		if len(out) > 0 {
			p.Before = out[len(out)-1].At
		}
		out = append(out, p)
	}
	return out
}

func TestS29_S57_HealthAgreesWithASlowSecondImplementation(t *testing.T) {
	n := uint64(500)
	if os.Getenv("ROOMCOVER_LONG") != "" {
		n = 100_000
	}
	flapped, down, well, vanished := 0, 0, 0, 0
	for seed := range n {
		polls := timeline(seed)
		states, flaps, notices := polls.find()
		var c Course
		for i, p := range polls {
			var notice Notice
			c, notice = Step(c, p)
			if c.State != states[i] || c.Flapping != flaps[i] || notice != notices[i] {
				t.Fatalf("seed %d, poll %d at %s: got %s %t %q, want %s %t %q", seed, i, p.At,
					c.State, c.Flapping, notice, states[i], flaps[i], notices[i])
			}
			if c.MissingSince != nil {
				vanished++
			}
			switch notice {
			case Down:
				down++
			case Well:
				well++
			}
			if c.Flapping {
				flapped++
				require.Equal(t, NoNotice, notice)
			}
		}
	}
	// The timelines must reach everything, else the agreement says little.
	for _, seen := range []int{flapped, down, well, vanished} {
		require.Greater(t, seen, int(n)/20)
	}
}

// TestS30_ReadingAgreesWithASlowSecondImplementation counts instead of deciding on the way.
func TestS30_ReadingAgreesWithASlowSecondImplementation(t *testing.T) {
	n := uint64(5_000)
	if os.Getenv("ROOMCOVER_LONG") != "" {
		n = 100_000
	}
	seen := map[State]int{}
	for seed := range n {
		r := rand.New(rand.NewPCG(seed, 30))
		p := Place{ID: "p"}
		for range r.IntN(5) {
			p.Devices = append(p.Devices, Device{
				Kind:      []DeviceKind{Maker, Maker, Computer, Generic, ""}[r.IntN(5)],
				Name:      []string{"Rally Bar", "Tap", "RoomMate", "Other"}[r.IntN(4)],
				Status:    []Status{"", DeviceOnline, DeviceOnline, DeviceInUse, DeviceOffline}[r.IntN(5)],
				Complaint: []Complaint{"", NoIssues, NoIssues, NoIssues, Warning, Error}[r.IntN(6)],
				Parts:     []Parts{{"camera", 2, 2 - max(r.IntN(6)-4, 0)}},
			})
		}
		got, _ := Read(p, PrimaryProducts)
		require.Equal(t, slowly(p), got, "seed %d: %+v", seed, p)
		seen[got]++
	}
	require.Len(t, seen, 4)
}

func slowly(p Place) State {
	count := func(is func(Device) bool) (n int) {
		for _, d := range p.Devices {
			if is(d) {
				n++
			}
		}
		return n
	}
	off := func(d Device) bool { return d.Status == DeviceOffline }
	managed := func(d Device) bool { return d.Kind == Maker || d.Kind == Computer }
	computer := func(d Device) bool { return d.Kind == Computer }
	bar := func(d Device) bool {
		return d.Kind == Maker && (d.Name == "Rally Bar" || d.Name == "RoomMate")
	}
	and := func(a, b func(Device) bool) func(Device) bool {
		return func(d Device) bool { return a(d) && b(d) }
	}
	main := computer
	if count(computer) == 0 {
		main = bar
	}

	for _, all := range []func(Device) bool{managed, main} {
		if count(all) > 0 && count(all) == count(and(all, off)) {
			return Offline
		}
	}
	if count(func(d Device) bool {
		return off(d) || d.Complaint == Warning || d.Complaint == Error ||
			len(d.Parts) > 0 && d.Parts[0].Actual < d.Parts[0].Expected
	}) > 0 {
		return NeedsAttention
	}
	if count(func(d Device) bool { return d.Status != "" || d.Complaint != "" }) > 0 {
		return Healthy
	}
	return Unknown
}
