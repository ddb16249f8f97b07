package health

import (
	"slices"
	"strings"

	"roomcover.dev/roomcover/rules"
)

// KnownRoom is a room of the account, as far as a place may be like it.
type KnownRoom struct {
	ID      string
	Name    string
	Site    string
	Serials []string // of the devices in it
}

// Sameness says in what a place and a room are alike.
type Sameness string

// What may be the same.
const (
	SameName   Sameness = "NAME"
	SameSerial Sameness = "SERIAL"
	SameSite   Sameness = "SITE"
)

// Likeness is a room that a place may be, with why.
type Likeness struct {
	RoomID  string
	Reasons []Sameness
}

// Rooms finds those that a place is like.
type Rooms struct {
	all      []KnownRoom
	byName   map[string][]int
	bySerial map[string][]int
}

// RoomsOf prepares rooms to be looked for.
func RoomsOf(all []KnownRoom) Rooms {
	r := Rooms{all: all, byName: map[string][]int{}, bySerial: map[string][]int{}}
	for i, room := range all {
		if key := rules.SearchKey(room.Name); key != "" {
			r.byName[key] = append(r.byName[key], i)
		}
		for _, serial := range room.Serials {
			r.bySerial[serial] = append(r.bySerial[serial], i)
		}
	}
	return r
}

// HaveSerials reports whether a device with a serial number is in one of the rooms.
func (r Rooms) HaveSerials() bool { return len(r.bySerial) > 0 }

// HaveSerial reports whether the device of a serial number is in one of them.
func (r Rooms) HaveSerial(serial string) bool { return len(r.bySerial[serial]) > 0 }

// Like are the rooms that a place may be: of the same name, or with a device of the same serial
// number; the site adds to it and is none by itself. Those with the most reasons come first. It is
// a suggestion: nothing is merged by it (R43a).
func (r Rooms) Like(p Place, site string) []Likeness {
	if len(r.all) == 0 {
		return nil
	}
	reasons := map[int][]Sameness{}
	for _, i := range r.byName[rules.SearchKey(p.Name)] {
		reasons[i] = append(reasons[i], SameName)
	}
	for _, d := range p.Devices {
		for _, i := range r.bySerial[d.Serial] {
			if !slices.Contains(reasons[i], SameSerial) {
				reasons[i] = append(reasons[i], SameSerial)
			}
		}
	}

	var out []Likeness
	for i, why := range reasons {
		if key := rules.SiteKey(site); key != "" && rules.SiteKey(r.all[i].Site) == key {
			why = append(why, SameSite)
		}
		out = append(out, Likeness{r.all[i].ID, why})
	}
	slices.SortFunc(out, func(a, b Likeness) int {
		if len(a.Reasons) != len(b.Reasons) {
			return len(b.Reasons) - len(a.Reasons)
		}
		return strings.Compare(a.RoomID, b.RoomID)
	})
	return out
}
