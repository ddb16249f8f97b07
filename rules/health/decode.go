package health

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"roomcover.dev/roomcover/rules"
)

// Page is one answer of Sync.
type Page struct {
	Places []Place
	Next   string // what to ask for next; empty: this was all
	Unread int    // places that cannot be told from others: they have no id
}

// ErrNoAnswer says that a text is no list of places at all, such as a proxy's page.
var ErrNoAnswer = errors.New("health: this is no list of places")

// longest is how much of a text is kept.
const longest = 200

// Decode reads an answer. It is lenient, since the vendor's own examples leave out what the
// description requires: whatever is missing, null or of another type is as if it had not been
// told, and takes nothing else with it. Only what is no list of places is refused (ErrNoAnswer).
func Decode(raw []byte) (Page, error) {
	answer := object(raw)
	places, ok := answer["places"]
	if !ok || !isList(places) {
		return Page{}, ErrNoAnswer
	}

	page := Page{Next: plain(answer["continuation"])}
	at := map[string]int{}
	for _, raw := range list(places) {
		p := place(object(raw))
		if p.ID == "" {
			page.Unread++
			continue
		}
		if i, twice := at[p.ID]; twice {
			page.Places[i] = p
			continue
		}
		at[p.ID] = len(page.Places)
		page.Places = append(page.Places, p)
	}
	return page, nil
}

// The vendor's words, as one reads them.
var (
	kinds       = map[string]Kind{"room": Room, "desk": Desk}
	deviceKinds = map[string]DeviceKind{
		"logitech": Maker,
		"computer": Computer,
		"generic":  Generic,
	}
	statuses = map[string]Status{
		"online":  DeviceOnline,
		"inuse":   DeviceInUse,
		"offline": DeviceOffline,
	}
	complaints = map[string]Complaint{
		"noissues": NoIssues,
		"warning":  Warning,
		"error":    Error,
	}
)

func place(o map[string]json.RawMessage) Place {
	p := Place{
		ID:       text(o["id"]),
		Kind:     one(o["type"], kinds),
		Name:     text(o["name"]),
		Group:    text(o["group"]),
		Location: text(o["location"]),
		Seats:    max(whole(o["seatCount"]), 0),
		Licence:  text(o["license"]),
	}
	if contract := object(o["contract"]); p.Licence == "" {
		p.Licence = text(contract["service"])
	}
	for _, raw := range list(o["devices"]) {
		if d := object(raw); d != nil {
			p.Devices = append(p.Devices, device(d))
		}
	}

	// In which order devices are told says nothing.
	slices.SortStableFunc(p.Devices, func(a, b Device) int { return strings.Compare(a.ID, b.ID) })
	return p
}

func device(o map[string]json.RawMessage) Device {
	return Device{
		ID:        text(o["id"]),
		Kind:      one(o["type"], deviceKinds),
		Name:      text(o["name"]),
		Version:   text(o["version"]),
		Serial:    rules.NormaliseSerial(text(o["serial"])),
		Status:    one(o["status"], statuses),
		Complaint: one(o["healthStatus"], complaints),
		Parts:     parts(object(o["peripherals"])),
		LostAt:    instant(o["lastSeen"]),
	}
}

func parts(o map[string]json.RawMessage) (out []Parts) {
	for name, raw := range o {
		count := object(object(raw)["count"])
		if count["expected"] == nil || count["actual"] == nil {
			continue
		}
		if name = clean(name); name != "" {
			out = append(out, Parts{name, whole(count["expected"]), whole(count["actual"])})
		}
	}
	slices.SortFunc(out, func(a, b Parts) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// object reads an object; anything else is none.
func object(raw json.RawMessage) map[string]json.RawMessage {
	var o map[string]json.RawMessage
	_ = json.Unmarshal(raw, &o)
	return o
}

// list reads a list; anything else is an empty one.
func list(raw json.RawMessage) []json.RawMessage {
	var l []json.RawMessage
	_ = json.Unmarshal(raw, &l)
	return l
}

func isList(raw json.RawMessage) bool {
	return bytes.HasPrefix(bytes.TrimSpace(raw), []byte("["))
}

// text reads a text as it can be stored and shown; a number is one too.
func text(raw json.RawMessage) string { return clean(plain(raw)) }

func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	_ = json.Unmarshal(raw, &n)
	return n.String()
}

// clean takes out what no page shows and no database stores.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest])
	}
	return rules.NormaliseText(s)
}

// one reads one of several words, however it is spelled; any other is none.
func one[T ~string](raw json.RawMessage, words map[string]T) T {
	return words[strings.ToLower(joined.Replace(plain(raw)))]
}

var joined = strings.NewReplacer("_", "", " ", "", "-", "")

// number reads a number, also one that is written as a text.
func number(raw json.RawMessage) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(plain(raw)), 64)
	return n, err == nil && !math.IsNaN(n) && math.Abs(n) < 1<<53
}

// whole reads a number without its fraction; anything else is 0.
func whole(raw json.RawMessage) int {
	n, ok := number(raw)
	if !ok || math.Abs(n) > math.MaxInt32 {
		return 0
	}
	return int(n)
}

// instant reads milliseconds since 1970; what lies outside of a hundred years is none.
func instant(raw json.RawMessage) *time.Time {
	ms, ok := number(raw)
	if !ok || ms <= 0 || ms > 4e12 {
		return nil
	}
	at := time.UnixMilli(int64(ms)).UTC()
	return &at
}
