package chaos

import (
	"hash/fnv"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
)

// chance is a command and how often it is chosen among others.
type chance struct {
	weight  int
	command rules.RMACommand
}

// habits are what people do in each state, as the carrier's part goes on by itself.
// A command with an empty name leaves the replacement alone.
var habits = map[rules.RMAState][]chance{
	rules.RMARequested:       {{12, rules.RMAApprove}, {2, rules.RMAReject}, {1, rules.RMAWithdraw}},
	rules.RMARejected:        {{1, rules.RMAAppeal}},
	rules.RMAApproved:        {{10, rules.RMAAllocate}, {3, rules.RMABackorder}, {1, rules.RMAWithdraw}},
	rules.RMABackordered:     {{6, rules.RMAAllocate}, {1, rules.RMABackorder}, {1, rules.RMAWithdraw}},
	rules.RMAAllocated:       {{10, rules.RMAShip}, {1, rules.RMAWithdraw}},
	rules.RMAShipped:         {{20, ""}, {1, rules.RMAWithdraw}, {1, rules.RMAWait}, {1, rules.RMAReship}},
	rules.RMAAwaitingReturn:  {{1, ""}},
	rules.RMAOverdue:         {{3, rules.RMABill}, {1, rules.RMAWaive}, {2, ""}},
	rules.RMAReturnInTransit: {{2, rules.RMAReceive}, {1, rules.RMAInspect}},
	rules.RMAReturnReceived:  {{3, rules.RMAInspect}, {1, rules.RMAReceive}},
	rules.RMAInspected:       {{3, rules.RMABill}, {1, rules.RMAWaive}},
	rules.RMANonReturnBilled: {{5, ""}, {1, rules.RMAInspect}, {1, rules.RMAWaive}},
}

// endings are what is done instead once nothing new begins: each leads on.
var endings = map[rules.RMAState][]chance{
	rules.RMARequested:       {{1, rules.RMAApprove}},
	rules.RMAApproved:        {{1, rules.RMAAllocate}},
	rules.RMABackordered:     {{1, rules.RMAAllocate}},
	rules.RMAAllocated:       {{1, rules.RMAShip}},
	rules.RMAOverdue:         {{1, rules.RMABill}},
	rules.RMAReturnInTransit: {{1, rules.RMAInspect}},
	rules.RMAReturnReceived:  {{1, rules.RMAInspect}},
	rules.RMAInspected:       {{1, rules.RMABill}},
}

// fate is what becomes of a faulty unit, the same whenever it is asked: it comes
// back, is kept, or never comes and is billed.
func fate(id string) rules.RMACommand {
	switch n := dieOf(id) % 10; {
	case n < 6:
		return tell
	case n < 7:
		return rules.RMAKeepUnit
	}
	return ""
}

// next is what somebody does to a replacement now; ok is false where all wait.
func (d *desk) next(r api.RMAView) (o deskOrder, ok bool) {
	command := d.choose(r)
	if command == "" {
		return o, false
	}
	o = deskOrder{RMACommand: command, token: d.operator}
	b := &o.body
	b.Reason = "as agreed by telephone"
	switch command {
	case rules.RMAApprove:
		b.DefectConfirmed = true
	case rules.RMAReject:
		b.Code = rules.RejectNoAnswer
	case rules.RMAAppeal, rules.RMAWithdraw:
		o.token = d.house.customer
	case rules.RMABackorder:
		b.ExpectedOn = d.DB.Clock().Now().AddDate(0, 0, 1+d.rand.IntN(4)).Format(time.DateOnly)
	case rules.RMAShip:
		b.Serial, b.Reason = d.house.serial(), ""
	case rules.RMAInspect:
		b.Serial, b.Outcome = r.Serial, d.outcome()
		if b.Outcome == rules.OutcomeWrongUnit {
			b.Serial = d.house.serial()
		}
	case rules.RMAKeepUnit:
		b.Photo = "photo 7"
	case tell:
		b.Fact, b.Reason = d.told(r), ""
	}
	return o, true
}

func (d *desk) choose(r api.RMAView) rules.RMACommand {
	switch {
	case r.State == rules.RMAAwaitingReturn && r.ApprovedAt == nil: // a spare was used, and nobody has decided yet
		return rules.RMAApprove
	case r.State == rules.RMAAwaitingReturn:
		return fate(r.ID)
	case d.closed && r.State == rules.RMAShipped:
		return d.search(r)
	case d.closed && r.State == rules.RMAOverdue && r.WaitsFor != "":
		return "" // it may still come back, and nobody may bill it yet
	case d.closed:
		return d.draw(endings[r.State])
	case d.rand.IntN(15) == 0: // anything at all: what does not fit is refused
		all := []rules.RMACommand{rules.RMAApprove, rules.RMAReject, rules.RMAWithdraw, rules.RMAAllocate, rules.RMABackorder, rules.RMAShip, rules.RMAReship, rules.RMAWait,
			rules.RMAReceive, rules.RMAInspect, rules.RMAKeepUnit, rules.RMABill, rules.RMAWaive, rules.RMAAppeal}
		return all[d.rand.IntN(len(all))]
	}
	return d.draw(habits[r.State])
}

// search looks for a parcel that the carrier gives no sign of.
func (d *desk) search(r api.RMAView) rules.RMACommand {
	switch {
	case r.WaitsFor != "": // the promise can still be missed, or the carrier speak
		return ""
	case d.Ledger.reshipped(r.ID):
		return tell
	}
	return rules.RMAReship
}

func (d *desk) draw(chances []chance) rules.RMACommand {
	sum := 0
	for _, c := range chances {
		sum += c.weight
	}
	if sum == 0 {
		return ""
	}
	at := d.rand.IntN(sum)
	for _, c := range chances {
		if at -= c.weight; at < 0 {
			return c.command
		}
	}
	return ""
}

func (d *desk) outcome() rules.RMAOutcome {
	outcomes := []rules.RMAOutcome{rules.OutcomeDefect, rules.OutcomeDefect, rules.OutcomeDefect, rules.OutcomeNoFault, rules.OutcomeDamage, rules.OutcomeWrongUnit}
	if d.closed {
		outcomes = outcomes[:5]
	}
	return outcomes[d.rand.IntN(len(outcomes))]
}

// told is what is told by telephone: a parcel that nobody saw has arrived, or the
// faulty unit is on its way.
func (d *desk) told(r api.RMAView) rules.RMAFact {
	if r.State == rules.RMAShipped {
		return rules.FactDelivered
	}
	return rules.FactReturnScanned
}

// leftOpen tells which requests nobody decides in the end.
func leftOpen(id string) bool { return dieOf(id)%8 == 0 }

func dieOf(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32()
}
