package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/ticket"
)

// RoomThenAndNow is a room of a ticket from Sync as it was when help was asked for, beside as it
// is, and what changed in it: see the template "thenandnow".
type RoomThenAndNow struct {
	Facts   []Fact
	Devices Table
	Hash    string // of the snapshot
	Changes []Fact
	Well    string // that the room is well again, and what to do; empty: it is not
}

// ThenAndNow says in words how a room was and is; nil without a snapshot.
func (r Reader) ThenAndNow(t ticket.ThenAndNow) *RoomThenAndNow {
	if t.Snapshot == nil {
		return nil
	}
	say := r.Language.Say
	out := &RoomThenAndNow{Hash: t.Snapshot.SHA256}
	out.Facts = []Fact{
		{
			Term: say("roomhelp.then"),
			Value: Joined(say("roomhelp.state."+string(t.Then.State)),
				r.Moment(t.Then.Captured, "")),
		},
		{Term: say("roomhelp.now"), Value: r.roomNow(t)},
	}
	out.Devices = r.devicesThenAndNow(t)
	for _, c := range t.Changes {
		out.Changes = append(out.Changes, Fact{Term: r.Moment(c.At, ""), Value: r.roomChange(c)})
	}
	if t.Well() {
		out.Well = say("roomhelp.well", messages.Args{"when": r.Moment(t.Now.Since, "")})
	}
	return out
}

func (r Reader) roomNow(t ticket.ThenAndNow) string {
	if !t.Known {
		return r.Language.Say("roomhelp.gone")
	}
	asOf := ""
	if t.Now.AsOf != nil {
		asOf = r.Moment(*t.Now.AsOf, "")
	}
	return Joined(r.Language.Say("roomhelp.state."+string(t.Now.State)), asOf)
}

// RoomDevices is the table of a room's devices as Sync tells of them.
func (r Reader) RoomDevices(f ticket.RoomFacts) Table {
	t := newDeviceTable(r.Language.Say("roomhelp.device"), r.Language.Say("roomhelp.told"))
	for _, d := range f.Devices {
		t.add(r.deviceNamed(d), r.deviceTold(d))
	}
	return t.Table
}

// devicesThenAndNow is the table of a room's devices as they were, beside as they are.
func (r Reader) devicesThenAndNow(room ticket.ThenAndNow) Table {
	say := r.Language.Say
	t := newDeviceTable(say("roomhelp.device"), say("roomhelp.then"), say("roomhelp.now"))
	changed := Badge{Text: say("roomhelp.changed"), Color: "amber"}

	rest := slices.Clone(room.Now.Devices)
	for _, d := range room.Then.Devices {
		was := r.deviceTold(d)
		at := slices.IndexFunc(rest, func(now ticket.DeviceFacts) bool {
			return now.ID == d.ID && now.Name == d.Name && now.Serial == d.Serial
		})
		if at < 0 {
			t.add(r.deviceNamed(d), was, Cell{Text: say("roomhelp.device.gone"), Badge: changed})
			continue
		}
		now := rest[at]
		is := r.deviceTold(now)
		if is.Text != was.Text || now.Version != d.Version {
			is.Badge = changed
		}
		if now.Version != d.Version {
			is.Small = Joined(now.Version, is.Small)
		}
		t.add(r.deviceNamed(d), was, is)
		rest = slices.Delete(rest, at, at+1)
	}
	for _, d := range rest {
		is := r.deviceTold(d)
		is.Badge = changed
		t.add(r.deviceNamed(d), Cell{Text: say("roomhelp.device.new")}, is)
	}
	return t.Table
}

// deviceTable is a table in the making.
type deviceTable struct{ Table }

func newDeviceTable(heads ...string) *deviceTable {
	t := &deviceTable{}
	for _, head := range heads {
		t.Columns = append(t.Columns, Heading{Label: head})
	}
	return t
}

func (t *deviceTable) add(cells ...Cell) {
	row := ListRow{Name: cells[0].Text}
	for i, c := range cells {
		row.Cells = append(row.Cells, ListCell{Cell: c, Label: t.Columns[i].Label})
	}
	t.Rows = append(t.Rows, row)
}

func (r Reader) deviceNamed(d ticket.DeviceFacts) Cell {
	return Cell{
		Text:  cmp.Or(d.Name, r.Language.Say("roomhelp.nameless")),
		Small: Joined(d.Serial, d.Version),
	}
}

// deviceTold is how a device is, or was.
func (r Reader) deviceTold(d ticket.DeviceFacts) Cell {
	say := r.Language.Say
	var more []string
	for _, p := range d.Parts {
		if p.Actual < p.Expected {
			more = append(more, p.Name+" "+strconv.Itoa(p.Actual)+"/"+strconv.Itoa(p.Expected))
		}
	}
	if d.LastSeen != nil {
		more = append(more,
			say("roomhelp.lastseen", messages.Args{"when": r.Moment(*d.LastSeen, "")}))
	}
	return Cell{
		Text: Joined(
			say("roomhelp.status."+cmp.Or(string(d.Status), "none")),
			say("roomhelp.health."+cmp.Or(string(d.Health), "none")),
		),
		Small: strings.Join(more, " · "),
	}
}

// roomChange is one thing that changed in a room.
func (r Reader) roomChange(c ticket.RoomChange) string {
	key := string(c.Kind)
	args := messages.Args{"device": strings.TrimSpace(c.What)}
	if c.Kind == ticket.HealthChanged {
		key = string(c.Told)
		args = messages.Args{
			"before": r.stateNamed(string(c.Before)),
			"after":  r.stateNamed(string(c.After)),
		}
	}
	return r.Language.Say("roomhelp.change."+key, args)
}

func (r Reader) stateNamed(state string) string {
	return r.Language.Say("roomhelp.state." + cmp.Or(state, "UNKNOWN"))
}

// Since is since when a room is well, as an event says; empty: it says nothing of it.
func (r Reader) Since(at *time.Time) string {
	if at == nil {
		return ""
	}
	return r.Moment(*at, "")
}
