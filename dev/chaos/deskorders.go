package chaos

import (
	"hash/fnv"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules/rma"
)

// chance is a command and how often it is chosen among others.
type chance struct {
	weight  int
	command rma.RMACommand
}

// habits are what people do in each state, as the carrier's part goes on by itself.
// A command with an empty name leaves the replacement alone.
var habits = map[rma.RMAState][]chance{
	rma.RMARequested:       {{12, rma.RMAApprove}, {2, rma.RMAReject}, {1, rma.RMAWithdraw}},
	rma.RMARejected:        {{1, rma.RMAAppeal}},
	rma.RMAApproved:        {{10, rma.RMAAllocate}, {3, rma.RMABackorder}, {1, rma.RMAWithdraw}},
	rma.RMABackordered:     {{6, rma.RMAAllocate}, {1, rma.RMABackorder}, {1, rma.RMAWithdraw}},
	rma.RMAAllocated:       {{10, rma.RMAShip}, {1, rma.RMAWithdraw}},
	rma.RMAShipped:         {{20, ""}, {1, rma.RMAWithdraw}, {1, rma.RMAWait}, {1, rma.RMAReship}},
	rma.RMAAwaitingReturn:  {{1, ""}},
	rma.RMAOverdue:         {{3, rma.RMABill}, {1, rma.RMAWaive}, {2, ""}},
	rma.RMAReturnInTransit: {{2, rma.RMAReceive}, {1, rma.RMAInspect}},
	rma.RMAReturnReceived:  {{3, rma.RMAInspect}, {1, rma.RMAReceive}},
	rma.RMAInspected:       {{3, rma.RMABill}, {1, rma.RMAWaive}},
	rma.RMANonReturnBilled: {{5, ""}, {1, rma.RMAInspect}, {1, rma.RMAWaive}},
}

// endings are what is done instead once nothing new begins: each leads on.
var endings = map[rma.RMAState][]chance{
	rma.RMARequested:       {{1, rma.RMAApprove}},
	rma.RMAApproved:        {{1, rma.RMAAllocate}},
	rma.RMABackordered:     {{1, rma.RMAAllocate}},
	rma.RMAAllocated:       {{1, rma.RMAShip}},
	rma.RMAOverdue:         {{1, rma.RMABill}},
	rma.RMAReturnInTransit: {{1, rma.RMAInspect}},
	rma.RMAReturnReceived:  {{1, rma.RMAInspect}},
	rma.RMAInspected:       {{1, rma.RMABill}},
}

// fate is what becomes of a faulty unit, the same whenever it is asked: it comes
// back, is kept, or never comes and is billed.
func fate(id string) rma.RMACommand {
	switch n := dieOf(id) % 10; {
	case n < 6:
		return tell
	case n < 7:
		return rma.RMAKeepUnit
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
	case rma.RMAApprove:
		b.DefectConfirmed = true
	case rma.RMAReject:
		b.Code = rma.RejectNoAnswer
	case rma.RMAAppeal, rma.RMAWithdraw:
		o.token = d.house.customer
	case rma.RMABackorder:
		b.ExpectedOn = d.DB.Clock().Now().AddDate(0, 0, 1+d.rand.IntN(4)).Format(time.DateOnly)
	case rma.RMAShip:
		b.Serial, b.Reason = d.house.serial(), ""
	case rma.RMAInspect:
		b.Serial, b.Outcome = r.Serial, d.outcome()
		if b.Outcome == rma.OutcomeWrongUnit {
			b.Serial = d.house.serial()
		}
	case rma.RMAKeepUnit:
		b.Photo = "photo 7"
	case tell:
		b.Fact, b.Reason = d.told(r), ""
	}

	return o, true
}

func (d *desk) choose(r api.RMAView) rma.RMACommand {
	switch {
	case r.State == rma.RMAAwaitingReturn && r.ApprovedAt == nil:
		// a spare was used, and nobody has decided yet
		return rma.RMAApprove
	case r.State == rma.RMAAwaitingReturn:
		return fate(r.ID)
	case d.closed && r.State == rma.RMAShipped:
		return d.search(r)
	case d.closed && r.State == rma.RMAOverdue && r.WaitsFor != "":
		return "" // it may still come back, and nobody may bill it yet
	case d.closed:
		return d.draw(endings[r.State])
	case d.rand.IntN(15) == 0: // anything at all: what does not fit is refused
		all := []rma.RMACommand{
			rma.RMAApprove, rma.RMAReject, rma.RMAWithdraw, rma.RMAAllocate, rma.RMABackorder,
			rma.RMAShip, rma.RMAReship, rma.RMAWait, rma.RMAReceive, rma.RMAInspect,
			rma.RMAKeepUnit, rma.RMABill, rma.RMAWaive, rma.RMAAppeal,
		}
		return all[d.rand.IntN(len(all))]
	}

	return d.draw(habits[r.State])
}

// search looks for a parcel that the carrier gives no sign of.
func (d *desk) search(r api.RMAView) rma.RMACommand {
	switch {
	case r.WaitsFor != "": // the promise can still be missed, or the carrier speak
		return ""
	case d.Ledger.reshipped(r.ID):
		return tell
	}
	return rma.RMAReship
}

func (d *desk) draw(chances []chance) rma.RMACommand {
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

func (d *desk) outcome() rma.RMAOutcome {
	outcomes := []rma.RMAOutcome{
		rma.OutcomeDefect, rma.OutcomeDefect, rma.OutcomeDefect, rma.OutcomeNoFault,
		rma.OutcomeDamage, rma.OutcomeWrongUnit,
	}

	if d.closed {
		outcomes = outcomes[:5]
	}
	return outcomes[d.rand.IntN(len(outcomes))]
}

// told is what is told by telephone: a parcel that nobody saw has arrived, or the
// faulty unit is on its way.
func (d *desk) told(r api.RMAView) rma.RMAFact {
	if r.State == rma.RMAShipped {
		return rma.FactDelivered
	}
	return rma.FactReturnScanned
}

// leftOpen says which requests nobody decides in the end.
func leftOpen(id string) bool { return dieOf(id)%8 == 0 }

func dieOf(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32()
}
