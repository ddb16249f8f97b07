package replacement

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/spare"
)

// ReplacementCommand is one command on a replacement. Each command reads only the
// fields that are named after it.
type ReplacementCommand struct {
	Name rma.RMACommand
	// appeal, readdress, reject, reship, wait, waive, take_back: required; approve, withdraw,
	// inspect, no_return, bill
	Reason          string
	DefectConfirmed bool   // approve: required to be true
	Code            string // reject: required
	Model           string // allocate, backorder: a better model; empty: the faulty one's
	ExpectedOn      string // backorder: YYYY-MM-DD at the ship-to
	// ship: of the replacement; inspect: read from the unit that came back
	Serial      string
	Carrier     string         // ship: where no shipment was booked yet
	Tracking    string         // ship: with the carrier
	Outcome     rma.RMAOutcome // inspect
	Photo       string         // no_return: where the photo of the unit is kept
	SpareUnitID string         // use_spare: required
	Version     int64          // of what was looked at; 0: any
	Fact        rma.RMAFact    // tell, take_back: required
	At          time.Time      // tell: when it happened; zero: now
}

// DoRMA does one command on a replacement for the caller, whose role and the
// replacement's state must allow it. Repeating a command changes nothing.
//
// It refuses a command that does not exist (ACTION_NOT_AVAILABLE), a missing field
// (VALIDATION_FAILED) and another version than the one that was looked at (VERSION_MISMATCH);
// the other refusals are those of the method that does the command.
func (s *Replacements) DoRMA(ctx context.Context, id string, c ReplacementCommand) (RMA, error) {
	ctx = lookedAtVersion(ctx, c.Version)
	switch c.Name {
	case rma.RMAApprove:
		return s.ApproveRMA(ctx, id, RMAApproval{
			DefectConfirmed: c.DefectConfirmed,
			Reason:          c.Reason,
			Version:         c.Version,
		})
	case rma.RMAReject:
		return s.RejectRMA(ctx, id,
			RMARejection{Code: c.Code, Reason: c.Reason, Version: c.Version})
	case rma.RMAAppeal:
		return s.AppealRMA(ctx, id, c.Reason)
	case rma.RMAWithdraw:
		return s.WithdrawRMA(ctx, id, c.Reason)
	case rma.RMAUseSpare:
		return s.useNamedSpare(ctx, id, c.SpareUnitID)
	case rma.RMAAllocate:
		return s.AllocateRMA(ctx, id, c.Model)
	case rma.RMABackorder:
		return s.BackorderRMA(ctx, id, RMABackorder{ExpectedOn: c.ExpectedOn, Model: c.Model})
	case rma.RMAReaddress:
		return s.ReaddressRMA(ctx, id, c.Reason)
	case rma.RMAShip:
		return s.ShipRMA(ctx, id,
			RMAShipment{Serial: c.Serial, Carrier: c.Carrier, Tracking: c.Tracking})
	case rma.RMAReship:
		return s.ReshipRMA(ctx, id, c.Reason)
	case rma.RMAWait:
		return s.WaitForRMA(ctx, id, c.Reason)
	case rma.RMAReceive:
		return s.ReceiveRMA(ctx, id)
	case rma.RMAInspect:
		return s.InspectRMA(ctx, id,
			RMAInspection{Serial: c.Serial, Outcome: c.Outcome, Reason: c.Reason})
	case rma.RMAKeepUnit:
		return s.KeepRMAUnit(ctx, id, c.Photo, c.Reason)
	case rma.RMABill:
		return s.BillRMA(ctx, id, c.Reason)
	case rma.RMAWaive:
		return s.WaiveRMA(ctx, id, c.Reason)
	case rma.RMATell:
		return s.tellRMAFact(ctx, id, c.Fact, c.At)
	case rma.RMATakeBack:
		return s.TakeBackRMAFact(ctx, id, c.Fact, c.Reason, c.Version)
	}

	if _, err := s.GetRMA(ctx, id); err != nil {
		return RMA{}, err
	}

	return RMA{}, rules.Refuse(rules.ActionNotAvailable,
		"There is no such command here.", "Read the replacement; its commands stand in it.")
}

func (s *Replacements) useNamedSpare(ctx context.Context, id, unitID string) (RMA, error) {
	if unitID == "" {
		return RMA{}, rules.Invalid([]rules.FieldError{{
			Pointer: "/spare_unit_id",
			Code:    rules.Required,
			Message: "This field is missing or empty.",
			Remedy:  "Name the spare unit that was used.",
		}})
	}

	return s.UseSpare(ctx, id, unitID)
}

// tellRMAFact records what an agent was told. A caller who may not see the replacement
// gets NOT_FOUND, as for every other command.
func (s *Replacements) tellRMAFact(
	ctx context.Context, id string, fact rma.RMAFact, at time.Time,
) (RMA, error) {
	if !fact.Valid() {
		return RMA{}, unknownFact("Send PICKED_UP, DELIVERED, RETURN_SCANNED or RETURN_RECEIVED.")
	}

	agent, err := isAgent(ctx)
	if err != nil {
		return RMA{}, err
	}

	if !agent {
		if _, err := s.GetRMA(ctx, id); err != nil {
			return RMA{}, err
		}
		return RMA{}, onlyAgentsTell()
	}

	return s.RecordRMAFact(ctx, id, fact, at)
}

// SpareUnitCommand is one command on a spare unit. Each command reads only the fields
// that are named after it.
type SpareUnitCommand struct {
	Name     spare.SpareCommand
	Model    string          // select: required
	SiteID   string          // select: required; a site of one of the parent's accounts
	Version  int64           // of what was looked at, such as a proposal; 0: any
	Serial   string          // ship: required
	Carrier  string          // ship: where no shipment was booked yet
	Tracking string          // ship: with the carrier
	Fact     spare.SpareFact // tell, take_back: required
	At       time.Time       // tell: when it happened; zero: now
	Reason   string          // waive, take_back: required; select, bill
}

// DoSpare does one command on a spare unit, like DoRMA on a replacement.
func (s *Replacements) DoSpare(
	ctx context.Context, id string, c SpareUnitCommand,
) (SpareUnit, error) {
	if c.Name != spare.SpareAgree { // which names the version of a proposal
		ctx = lookedAtVersion(ctx, c.Version)
	}
	switch c.Name {
	case spare.SpareSelect:
		return s.SelectSpare(ctx, id,
			SpareChoice{ModelCode: c.Model, SiteID: c.SiteID, Reason: c.Reason})
	case spare.SpareAgree:
		return s.AgreeSpare(ctx, id, c.Version)
	case spare.SpareShip:
		return s.ShipSpare(ctx, id,
			Parcel{Serial: c.Serial, Carrier: c.Carrier, Tracking: c.Tracking})
	case spare.SpareReceive:
		return s.ReceiveSpare(ctx, id)
	case spare.SpareBill:
		return s.BillSpare(ctx, id, c.Reason)
	case spare.SpareWaive:
		return s.WaiveSpare(ctx, id, c.Reason)
	case spare.SpareTell:
		return s.tellSpareFact(ctx, id, c.Fact, c.At)
	case spare.SpareTakeBack:
		return s.TakeBackSpareFact(ctx, id, c.Fact, c.Reason)
	}

	if _, err := s.GetSpareUnit(ctx, id); err != nil {
		return SpareUnit{}, err
	}

	return SpareUnit{}, rules.Refuse(rules.ActionNotAvailable,
		"There is no such command here.", "Read the spare unit; its commands stand in it.")
}

// tellSpareFact is tellRMAFact for a spare unit.
func (s *Replacements) tellSpareFact(
	ctx context.Context, id string, fact spare.SpareFact, at time.Time,
) (SpareUnit, error) {
	if !fact.Valid() {
		return SpareUnit{},
			unknownFact("Send PICKED_UP, DELIVERED, RECALL_SCANNED or RECALL_RECEIVED.")
	}

	agent, err := isAgent(ctx)
	if err != nil {
		return SpareUnit{}, err
	}

	if !agent {
		if _, err := s.GetSpareUnit(ctx, id); err != nil {
			return SpareUnit{}, err
		}
		return SpareUnit{}, onlyAgentsTell()
	}

	return s.RecordSpareFact(ctx, id, fact, at)
}

// isAgent reports whether the caller may decide about replacements.
func isAgent(ctx context.Context) (bool, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return false, err
	}
	return rules.Allows(scope.Actor.Role, rules.DecideRMA).Allowed(), nil
}

func unknownFact(remedy string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: "/fact",
		Code:    "UNKNOWN_FACT",
		Message: "There is no such fact.",
		Remedy:  remedy,
	}})
}

func onlyAgentsTell() error {
	return rules.Refuse(rules.Forbidden, "Only an agent may tell this.",
		"Ask the service's mailbox.")
}
