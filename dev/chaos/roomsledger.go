package chaos

import (
	"encoding/json"
	"net/http"
	"slices"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/ticket"
)

// SyncedRoom is a room of the load as the simulated Sync tells of it.
type SyncedRoom struct {
	Account string
	Place   string // as Sync names it
	Room    string // that it was linked to; empty: it is no room, and never falls
	Fell    bool   // the load has put it down at some time
	Down    bool   // it is down now
}

// Captured is a snapshot that an answer showed.
type Captured struct{ Ticket, SHA256, Content string }

func (l *Ledger) tellsOf(r *SyncedRoom) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.synced = append(l.synced, r)
}

// falls keeps that a room goes down, or up again, before Sync tells of it.
func (l *Ledger) falls(r *SyncedRoom, down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Down = down
	r.Fell = r.Fell || down
}

// helpRefusals are the codes with which help may be refused, beside those of any ticket: the room
// is well, or nothing is known of it while Sync is broken.
var helpRefusals = []string{ticket.RoomHealthy, ticket.RoomUnknown}

// helped takes down the answer to somebody who asked for help with a room.
func (l *Ledger) helped(said *Said, a Answer) {
	switch code := a.code(); {
	case a.Status == http.StatusOK || a.Status == http.StatusCreated:
		var t api.TicketDetail
		if err := json.Unmarshal(a.Body, &t); err != nil || t.ID == "" || t.Snapshot == nil {
			l.unexpected(said.Word, "the answer about help with a room cannot be read")
			return
		}
		if a.Status == http.StatusCreated {
			l.opened(said, t.ID)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.tickets[t.ID] = said.Account
		l.captured = append(l.captured, Captured{t.ID, t.Snapshot.SHA256, t.Snapshot.Content})
		l.Counts.RoomHelp++
	case slices.Contains(helpRefusals, code) || mayRefuseTicket(code):
		l.count(func(n *Counts) { n.TicketRefusals++ })
	default:
		l.unexpected(said.Word, "help with a room was answered %d %s", a.Status, code)
	}
}
