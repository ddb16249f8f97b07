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

func (h rmaHandlers) actOnRMA(
	ctx context.Context, in *rmaCommandInput, q RMACommandRequest,
) (*one[RMADetail], error) {
	c := models.ReplacementCommand{
		Name:            rules.RMACommand(in.Command),
		Reason:          q.Reason,
		DefectConfirmed: q.DefectConfirmed,
		Code:            q.Code,
		Model:           q.Model,
		ExpectedOn:      q.ExpectedOn,
		Serial:          q.Serial,
		Carrier:         q.Carrier,
		Tracking:        q.Tracking,
		Outcome:         q.Outcome,
		Photo:           q.Photo,
		SpareUnitID:     q.SpareUnitID,
		Fact:            q.Fact,
	}
	if q.At != nil {
		c.At = *q.At
	}
	r, err := h.store.DoRMA(ctx, in.ID, c)
	if err != nil {
		return nil, err
	}
	return h.rmaDetail(ctx, r)
}
