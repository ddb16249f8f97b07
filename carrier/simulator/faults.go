package simulator

import (
	"errors"
	"math/rand/v2"
)

// Faults are what goes wrong, each as a share of all cases from 0 to 1. Those of
// parcels hold for what is booked from now on, those of the line at once.
type Faults struct {
	// Parcels.
	LateScans      float64 `json:"late_scans"`      // webhooks come a day or two after the scan
	LateDeliveries float64 `json:"late_deliveries"` // a delivery is one to three days late
	Lost           float64 `json:"lost"`            // no scan after IN_TRANSIT, and nobody says so
	Exceptions     float64 `json:"exceptions"`      // an EXCEPTION, after which the parcel goes on
	Returned       float64 `json:"returned"`        // RETURNED_TO_SENDER instead of a delivery
	Duplicates     float64 `json:"duplicates"`      // a webhook is sent up to five times
	// a webhook waits up to twelve hours, so that later ones overtake it
	Shuffled float64 `json:"shuffled"`
	// The line.
	ServerErrors float64 `json:"server_errors"` // 500, without effect
	LostAnswers  float64 `json:"lost_answers"`  // 500, although it was done
	SlowAnswers  float64 `json:"slow_answers"`  // an answer takes SlowMillis
	SlowMillis   int     `json:"slow_millis"`   // real milliseconds
}

var errFaults = errors.New(
	"simulator: every fault is a share from 0 to 1, and slow_millis from 0 to 600000",
)

// Validate refuses shares outside of 0 to 1.
func (f Faults) Validate() error {
	for _, share := range []float64{
		f.LateScans, f.LateDeliveries, f.Lost, f.Exceptions, f.Returned, f.Duplicates, f.Shuffled,
		f.ServerErrors, f.LostAnswers, f.SlowAnswers,
	} {
		if !(share >= 0 && share <= 1) { // NaN too
			return errFaults
		}
	}

	if f.SlowMillis < 0 || f.SlowMillis > 600_000 {
		return errFaults
	}
	return nil
}

// dice are the chances of one parcel or one line.
type dice struct{ *rand.Rand }

func (d dice) happens(share float64) bool { return d.Float64() < share }
