package api

import (
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// OrderContract is what one line of an order bought, as its seller may see it too:
// it names no account. Until it starts it has the day on which it starts at the
// latest; days are those of its time zone.
type OrderContract struct {
	ID            string              `json:"id"`
	OrderID       string              `json:"order_id"`
	Type          rules.ServiceType   `json:"type"`
	State         rules.ContractState `json:"state" enum:"PENDING_START,ACTIVE,SUSPENDED,EXPIRED,CANCELLED"`
	Quantity      int64               `json:"quantity"`
	TermYears     int                 `json:"term_years"`
	TimeZone      string              `json:"time_zone"`
	StartOn       string              `json:"start_on,omitempty" format:"date"`
	LastDay       string              `json:"last_day,omitempty" format:"date" doc:"Last covered day (C2)"`
	StartReason   models.StartReason  `json:"start_reason,omitempty"`
	LatestStartOn string              `json:"latest_start_on,omitempty" format:"date" doc:"While it has not started (S1)"`
	CreatedAt     time.Time           `json:"created_at"`
}

func orderContract(c models.ServiceContract) OrderContract {
	days := daysOf(c)
	return OrderContract{c.ID, c.OrderID, c.Type, c.State, c.Quantity, c.TermYears, c.TimeZone, days.start, days.last, c.StartReason, days.latestStart, c.CreatedAt}
}

// contractDays are the days of a contract in its zone; empty where there is none.
type contractDays struct{ start, last, latestStart string }

func daysOf(c models.ServiceContract) (d contractDays) {
	zone := zoneOf(c)
	if c.StartAt != nil {
		d.start = rules.DateIn(*c.StartAt, zone).String()
	}
	if c.EndAt != nil {
		d.last = rules.LastCoveredDay(*c.EndAt, zone).String()
	}
	if c.State == rules.ContractPendingStart && c.StartAt == nil {
		d.latestStart = rules.DateIn(c.FallbackStartAt, zone).String()
	}
	return d
}

func zoneOf(c models.ServiceContract) *time.Location {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}
