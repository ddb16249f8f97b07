package models

import (
	"context"

	"roomcover.dev/roomcover/rules"
)

// ReshipRMA declares the parcel lost and has another unit sent, once at most; an
// agent decides, after 3 business days without a sign of the carrier. The RMA goes
// back to APPROVED with its first promise, or to ALLOCATED where a depot has another
// unit.
func (s *Store) ReshipRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckReason(reason); err != nil {
		return RMA{}, err
	}
	return s.changeRMA(ctx, id, rules.RMAReship, reason, nil, func(w *rmaWork) error {
		if err := w.endShipment(rules.ScanLost, reason); err != nil {
			return err
		}
		w.note("rma.parcel_lost", map[string]any{"tracking": w.Tracking, "replacement": text(w.ReplacementDeviceID)})
		w.Reships++
		w.AllocatedAt, w.BackorderedAt, w.ShippedAt, w.PickedUpAt, w.SilenceDueAt, w.SilenceAskedAt = nil, nil, nil, nil, nil, nil
		w.ReplacementDeviceID, w.ReplacementSerial, w.ReplacementModel, w.Carrier, w.Tracking = nil, "", "", "", ""
		w.mail("RESHIPPED", nil)
		w.DepotID = nil
		return w.allocateAtOnce()
	})
}

// WaitForRMA says that the parcel is not lost: an agent is asked again after
// another 3 business days without a sign of the carrier.
func (s *Store) WaitForRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckReason(reason); err != nil {
		return RMA{}, err
	}
	return s.changeRMA(ctx, id, rules.RMAWait, reason, nil, func(w *rmaWork) error {
		due, err := w.silenceDue(w.now)
		if err != nil {
			return err
		}
		w.SilenceDueAt, w.SilenceAskedAt = due, nil
		w.note("rma.parcel_awaited", nil)
		return nil
	})
}
