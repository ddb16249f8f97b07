package portal

import (
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rma"
)

const replacementsPath = "/replacements"

// replacementsAPage is how many replacements one page of the list shows.
const replacementsAPage = 25

// replacementView is a line of the list of replacements.
type replacementView struct {
	Path, Device, Serial, Room string
	Number                     string // for people
	Quantity                   int64  // of an accessory; 0: a device
	State, Tone                string
	Promise                    string // the day, or why there is none
	Late                       string // empty: it is not
	ToDo                       string // of the customer; empty: nothing
}

type replacementsPage struct {
	List  []replacementView
	Older string // address of the next page; empty: none
	Paged bool   // this is not the first page
	Admin bool
}

func showReplacements(v *visit) (answer, error) {
	p := replacementsPage{Admin: v.isAdmin()}
	after, err := v.openCursor(replacementsPath)
	if err != nil {
		return answer{}, err
	}

	rmas, next, err := v.replacements.ListRMAs(v.acting(), replacement.RMAFilter{
		AccountID: v.who.account().ID,
		Page:      db.Page{After: after, Limit: replacementsAPage},
	})
	if err != nil {
		return answer{}, err
	}

	p.Paged = after != ""
	if next != "" {
		p.Older = v.olderThan(replacementsPath, next)
	}

	p.List, err = v.replacementViews(rmas)
	return answer{page: "replacements", title: "replacements.title", data: p}, err
}

func (v *visit) replacementViews(rmas []replacement.RMA) ([]replacementView, error) {
	rooms, err := v.roomNames(rmas)
	if err != nil {
		return nil, err
	}

	ref, err := v.programs.Reference(v.ctx)
	out, now := make([]replacementView, len(rmas)), v.db.Clock().Now()
	for i, r := range rmas {
		out[i] = v.replacementView(r, now)
		out[i].Device = modelName(ref, r)
		if r.RoomID != nil {
			out[i].Room = rooms[*r.RoomID]
		}
	}

	return out, err
}

func (v *visit) replacementView(r replacement.RMA, now time.Time) replacementView {
	state := r.RMAFacts.State(now)
	view := replacementView{
		Path:    replacementsPath + "/" + r.Name(),
		Number:  r.Name(),
		Serial:  r.FaultySerial,
		State:   v.language.Say("rma." + string(state)),
		Tone:    rmaTones[state],
		Promise: v.promiseDay(r),
		Late:    v.late(r, now),
		ToDo:    v.toDo(r, now),
	}

	if r.DeviceID == nil {
		view.Quantity = int64(r.Quantity)
	}
	return view
}

var rmaTones = map[rma.RMAState]string{
	rma.RMARequested:       "blue",
	rma.RMAApproved:        "blue",
	rma.RMAAllocated:       "blue",
	rma.RMAShipped:         "blue",
	rma.RMABackordered:     "amber",
	rma.RMAAwaitingReturn:  "amber",
	rma.RMAOverdue:         "amber",
	rma.RMAReturnInTransit: "blue",
	rma.RMAReturnReceived:  "blue",
	rma.RMAInspected:       "amber",
	rma.RMAClosed:          "green",
	rma.RMANoReturn:        "green",
	rma.RMARejected:        "",
	rma.RMAWithdrawn:       "",
	rma.RMANonReturnBilled: "",
}

// promiseDay is the day by whose end the replacement arrives, or why there is none.
func (v *visit) promiseDay(r replacement.RMA) string {
	switch {
	case r.RMAFacts.Outbound() == rma.OutboundSwapped: // nothing is awaited
		return ""
	case r.Promise != nil && !r.Promise.On.IsZero():
		return v.day(r.Promise.On)
	case r.Promise != nil:
		return v.language.Say("replacements.promise.none")
	case r.RMAFacts.Outbound() == rma.OutboundRequested:
		return v.language.Say("replacements.promise.later")
	}

	return ""
}

// late says that the first promise is missed, or was (S21).
func (v *visit) late(r replacement.RMA, now time.Time) string {
	switch {
	case !r.RMAFacts.Late(now):
		return ""
	case r.RMAFacts.Outbound().Done():
		return v.language.Say("late.arrived")
	}
	return v.language.Say("late.now")
}

// toDo is what the customer has to do next; empty where it is nothing.
func (v *visit) toDo(r replacement.RMA, now time.Time) string {
	switch state := r.RMAFacts.State(now); {
	case state == rma.RMARequested && r.Held:
		return v.language.Say("todo.proof")
	case state == rma.RMAAwaitingReturn && r.ReturnPlan != nil:
		return v.language.Say("todo.return", messages.Args{"day": v.day(r.ReturnOn())})
	case state == rma.RMAOverdue && r.ReturnPlan != nil:
		return v.language.Say("todo.overdue", messages.Args{"day": v.day(r.ReturnOn())})
	case state == rma.RMARejected && r.AppealedAt == nil:
		return v.language.Say("todo.appeal")
	}

	return ""
}

// roomNames gives the names of the rooms in which the faulty units are, or were.
func (v *visit) roomNames(rmas []replacement.RMA) (map[string]string, error) {
	var ids []string
	for _, r := range rmas {
		if r.RoomID != nil {
			ids = append(ids, *r.RoomID)
		}
	}
	return v.entitlements.RoomNames(v.acting(), ids)
}

// modelName is a model's name on the day of the request, as in the mails; its code
// where the list of products has none.
func modelName(ref program.Reference, r replacement.RMA) string {
	return nameOn(ref, r.ModelCode, r.RequestedAt)
}

func nameOn(ref program.Reference, code string, at time.Time) string {
	if m, ok := catalogue.ModelOn(ref.Models[catalogue.NormaliseModelCode(code)], code,
		rules.DateIn(at, time.UTC)); ok {
		return m.Name
	}
	return code
}
