package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// parcel is a shipment as the API shows it.
type parcel struct {
	ID        string
	Direction string
	State     string
	Tracking  string
}

// parcelOf waits until the newest shipment of an RMA or a spare unit in a direction
// is booked with the carrier.
func (s *story) parcelOf(ctx context.Context, subject, direction string) (parcel, error) {
	var p parcel
	err := s.await(ctx, "the booking with the carrier", func(ctx context.Context) error {
		all, err := get[list[parcel]](ctx, s.operator,
			"/v1/shipments?subject_id="+url.QueryEscape(subject))
		if err != nil {
			return err
		}

		for _, found := range all.Items {
			if found.Direction == direction {
				if p = found; p.Tracking != "" && p.State != "CREATED" {
					return nil
				}
				return notYet("shipment %s is %s", p.ID, p.State)
			}
		}

		return notYet("there is no shipment %s yet", direction)
	})

	return p, err
}

// handIn has the customer hand a return in at the carrier.
func (s *story) handIn(ctx context.Context, p parcel) error {
	text, err := json.Marshal(body{"kind": "PICKED_UP"})
	if err != nil {
		return err
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodPost,
		s.Carrier+"/simulator/parcels/"+url.PathEscape(p.Tracking)+"/scans", bytes.NewReader(text))
	if err != nil {
		return err
	}

	req.Header.Set("Authorization", "Bearer "+s.CarrierKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := s.browser.Do(req)
	if err != nil {
		return fmt.Errorf("the carrier cannot be reached: %w", err)
	}
	defer res.Body.Close()

	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the carrier does not take parcel %s: %s", p.Tracking, res.Status)
	}

	return nil
}
