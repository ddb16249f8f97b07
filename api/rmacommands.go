package api

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// RMACommandRequest is what the commands need; each takes its own fields.
type RMACommandRequest struct {
	Reason          string           `json:"reason,omitempty" doc:"appeal, reject, reship, wait, waive: required; goes into the audit"`
	DefectConfirmed bool             `json:"defect_confirmed,omitempty" doc:"approve: required to be true"`
	Code            string           `json:"code,omitempty" doc:"reject: NO_DEFECT, NOT_ELIGIBLE, FRAUD_SUSPECTED or NO_ANSWER"`
	Model           string           `json:"model,omitempty" doc:"allocate, backorder: a better model that is sent instead; missing: the same one"`
	ExpectedOn      string           `json:"expected_on,omitempty" format:"date" doc:"backorder: the day on which a unit is expected"`
	Serial          string           `json:"serial,omitempty" doc:"ship: of the replacement; inspect: read from the unit that came back"`
	Carrier         string           `json:"carrier,omitempty" doc:"ship: where no shipment was booked yet"`
	Tracking        string           `json:"tracking,omitempty" doc:"ship: with the carrier"`
	Outcome         rules.RMAOutcome `json:"outcome,omitempty" doc:"inspect: DEFECT, NO_FAULT_FOUND, DAMAGE or WRONG_UNIT"`
	Photo           string           `json:"photo,omitempty" doc:"no_return: where the photo of the unit is kept; not for accessories"`
	Fact            rules.RMAFact    `json:"fact,omitempty" doc:"tell: PICKED_UP, DELIVERED, RETURN_SCANNED or RETURN_RECEIVED"`
	SpareUnitID     string           `json:"spare_unit_id,omitempty" doc:"use_spare: a spare of the same model on site in the account (R88c)"`
	At              *time.Time       `json:"at,omitempty" doc:"tell: when it happened; missing: now"`
}

type rmaCommandInput struct {
	IDInput
	Command string `path:"command" maxLength:"32" doc:"What to do"`
}

// rmaCommands runs each command on the Store, which holds it to the caller's role
// and the state of the replacement.
var rmaCommands = map[rules.RMACommand]func(context.Context, *models.Store, string, RMACommandRequest) (models.RMA, error){
	rules.RMAApprove: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.ApproveRMA(ctx, id, models.RMAApproval{DefectConfirmed: q.DefectConfirmed, Reason: q.Reason})
	},
	rules.RMAReject: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.RejectRMA(ctx, id, models.RMARejection{Code: q.Code, Reason: q.Reason})
	},
	rules.RMAAppeal: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.AppealRMA(ctx, id, q.Reason)
	},
	rules.RMAWithdraw: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.WithdrawRMA(ctx, id, q.Reason)
	},
	rules.RMAUseSpare: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		if q.SpareUnitID == "" {
			return models.RMA{}, wrong("/spare_unit_id", rules.Required, "This field is missing or empty.", "Name the spare unit that was used.")
		}
		return s.UseSpare(ctx, id, q.SpareUnitID)
	},
	rules.RMAAllocate: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.AllocateRMA(ctx, id, q.Model)
	},
	rules.RMABackorder: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.BackorderRMA(ctx, id, models.RMABackorder{ExpectedOn: q.ExpectedOn, Model: q.Model})
	},
	rules.RMAShip: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.ShipRMA(ctx, id, models.RMAShipment{Serial: q.Serial, Carrier: q.Carrier, Tracking: q.Tracking})
	},
	rules.RMAReship: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.ReshipRMA(ctx, id, q.Reason)
	},
	rules.RMAWait: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.WaitForRMA(ctx, id, q.Reason)
	},
	rules.RMAReceive: func(ctx context.Context, s *models.Store, id string, _ RMACommandRequest) (models.RMA, error) {
		return s.ReceiveRMA(ctx, id)
	},
	rules.RMAInspect: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.InspectRMA(ctx, id, models.RMAInspection{Serial: q.Serial, Outcome: q.Outcome, Reason: q.Reason})
	},
	rules.RMAKeepUnit: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.KeepRMAUnit(ctx, id, q.Photo, q.Reason)
	},
	rules.RMABill: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.BillRMA(ctx, id, q.Reason)
	},
	rules.RMAWaive: func(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
		return s.WaiveRMA(ctx, id, q.Reason)
	},
	commandTell: tellFact,
}

// commandTell adds what a carrier or depot told an agent.
const commandTell rules.RMACommand = "tell"

func tellFact(ctx context.Context, s *models.Store, id string, q RMACommandRequest) (models.RMA, error) {
	if !q.Fact.Valid() {
		return models.RMA{}, wrong("/fact", "UNKNOWN_FACT", "There is no such fact.", "Send PICKED_UP, DELIVERED, RETURN_SCANNED or RETURN_RECEIVED.")
	}
	if !rules.Allows(callOf(ctx).token.Role, rules.DecideRMA).Allowed() {
		if _, err := s.GetRMA(ctx, id); err != nil {
			return models.RMA{}, err
		}
		return models.RMA{}, rules.Refuse(rules.Forbidden, "Only an agent may tell this.", "Ask the service's mailbox.")
	}
	var at time.Time
	if q.At != nil {
		at = *q.At
	}
	return s.RecordRMAFact(ctx, id, q.Fact, at)
}

func (h rmaHandlers) actOnRMA(ctx context.Context, in *rmaCommandInput, q RMACommandRequest) (*one[RMADetail], error) {
	run, ok := rmaCommands[rules.RMACommand(in.Command)]
	if !ok {
		if _, err := h.store.GetRMA(ctx, in.ID); err != nil {
			return nil, err
		}
		return nil, rules.Refuse(codeActionNotOffered, "There is no such command here.", "Read the replacement; its commands stand in it.")
	}
	r, err := run(ctx, h.store, in.ID, q)
	if err != nil {
		return nil, err
	}
	return h.rmaDetail(ctx, r)
}
