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

func (h spareUnitHandlers) actOnSpareUnit(
	ctx context.Context, in *spareCommandInput, q SpareCommandRequest,
) (*one[SpareUnitDetail], error) {
	c := models.SpareUnitCommand{
		Name:     rules.SpareCommand(in.Command),
		Model:    q.Model,
		SiteID:   q.SiteID,
		Version:  q.Version,
		Serial:   q.Serial,
		Carrier:  q.Carrier,
		Tracking: q.Tracking,
		Fact:     q.Fact,
		Reason:   q.Reason,
	}
	if q.At != nil {
		c.At = *q.At
	}
	u, err := h.store.DoSpare(ctx, in.ID, c)
	if err != nil {
		return nil, err
	}
	return h.spareUnitDetail(ctx, u)
}
