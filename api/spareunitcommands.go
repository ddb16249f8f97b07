package api

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// SpareCommandRequest is what the commands need; each takes its own fields.
type SpareCommandRequest struct {
	Model    string          `json:"model,omitempty" doc:"select: required"`
	SiteID   string          `json:"site_id,omitempty" doc:"select: required; a site of one of the parent's accounts"`
	Version  int64           `json:"version,omitempty" doc:"agree: of the proposal that was read; missing: any"`
	Serial   string          `json:"serial,omitempty" doc:"ship: required"`
	Carrier  string          `json:"carrier,omitempty" doc:"ship: where no shipment was booked yet"`
	Tracking string          `json:"tracking,omitempty" doc:"ship: with the carrier"`
	Fact     rules.SpareFact `json:"fact,omitempty" doc:"tell: PICKED_UP, DELIVERED, RECALL_SCANNED or RECALL_RECEIVED"`
	At       *time.Time      `json:"at,omitempty" doc:"tell: when it happened; missing: now"`
	Reason   string          `json:"reason,omitempty" doc:"waive: required; select, bill: optional; goes into the audit"`
}

type spareCommandInput struct {
	IDInput
	Command string `path:"command" maxLength:"32" doc:"What to do"`
}

type spareCommand func(context.Context, *models.Store, string, SpareCommandRequest) (models.SpareUnit, error)

// spareCommands runs each command on the Store, which holds it to the caller's role
// and the state of the unit.
var spareCommands = map[rules.SpareCommand]spareCommand{
	rules.SpareSelect: func(ctx context.Context, s *models.Store, id string, q SpareCommandRequest) (models.SpareUnit, error) {
		return s.SelectSpare(ctx, id, models.SpareChoice{ModelCode: q.Model, SiteID: q.SiteID, Reason: q.Reason})
	},
	rules.SpareAgree: func(ctx context.Context, s *models.Store, id string, q SpareCommandRequest) (models.SpareUnit, error) {
		return s.AgreeSpare(ctx, id, q.Version)
	},
	rules.SpareShip: func(ctx context.Context, s *models.Store, id string, q SpareCommandRequest) (models.SpareUnit, error) {
		return s.ShipSpare(ctx, id, models.Parcel{Serial: q.Serial, Carrier: q.Carrier, Tracking: q.Tracking})
	},
	rules.SpareReceive: func(ctx context.Context, s *models.Store, id string, _ SpareCommandRequest) (models.SpareUnit, error) {
		return s.ReceiveSpare(ctx, id)
	},
	rules.SpareBill: func(ctx context.Context, s *models.Store, id string, q SpareCommandRequest) (models.SpareUnit, error) {
		return s.BillSpare(ctx, id, q.Reason)
	},
	rules.SpareWaive: func(ctx context.Context, s *models.Store, id string, q SpareCommandRequest) (models.SpareUnit, error) {
		return s.WaiveSpare(ctx, id, q.Reason)
	},
	rules.SpareCommand(commandTell): tellSpareFact,
}

func tellSpareFact(ctx context.Context, s *models.Store, id string, q SpareCommandRequest) (models.SpareUnit, error) {
	if !q.Fact.Valid() {
		return models.SpareUnit{}, wrong("/fact", "UNKNOWN_FACT", "There is no such fact.", "Send PICKED_UP, DELIVERED, RECALL_SCANNED or RECALL_RECEIVED.")
	}
	if !rules.Allows(callOf(ctx).token.Role, rules.DecideRMA).Allowed() {
		if _, err := s.GetSpareUnit(ctx, id); err != nil {
			return models.SpareUnit{}, err
		}
		return models.SpareUnit{}, rules.Refuse(rules.Forbidden, "Only an agent may tell this.", "Ask the service's mailbox.")
	}
	var at time.Time
	if q.At != nil {
		at = *q.At
	}
	return s.RecordSpareFact(ctx, id, q.Fact, at)
}

func (h spareUnitHandlers) actOnSpareUnit(ctx context.Context, in *spareCommandInput, q SpareCommandRequest) (*one[SpareUnitDetail], error) {
	run, ok := spareCommands[rules.SpareCommand(in.Command)]
	if !ok {
		if _, err := h.store.GetSpareUnit(ctx, in.ID); err != nil {
			return nil, err
		}
		return nil, rules.Refuse(codeActionNotOffered, "There is no such command here.", "Read the spare unit; its commands stand in it.")
	}
	u, err := run(ctx, h.store, in.ID, q)
	if err != nil {
		return nil, err
	}
	return h.spareUnitDetail(ctx, u)
}
