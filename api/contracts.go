package api

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// ContractView is what one order line bought. Until it starts it has the day on
// which it starts at the latest; days are those of its time zone.
type ContractView struct {
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

func contractView(c models.ServiceContract) ContractView {
	v := ContractView{ID: c.ID, OrderID: c.OrderID, Type: c.Type, State: c.State, Quantity: c.Quantity, TermYears: c.TermYears, TimeZone: c.TimeZone,
		StartReason: c.StartReason, CreatedAt: c.CreatedAt}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	if c.StartAt != nil {
		v.StartOn = rules.DateIn(*c.StartAt, zone).String()
	}
	if c.EndAt != nil {
		v.LastDay = rules.LastCoveredDay(*c.EndAt, zone).String()
	}
	if c.State == rules.ContractPendingStart {
		v.LatestStartOn = rules.DateIn(c.FallbackStartAt, zone).String()
	}
	return v
}

type listContractsInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only contracts of this account"`
}

func (s *service) listContracts(ctx context.Context, in *listContractsInput) (*pageOf[ContractView], error) {
	contracts, next, err := s.store.ListContracts(ctx, in.AccountID, in.page())
	return listed(contracts, next, err, contractView)
}

// LicenceView is one licence of a contract.
type LicenceView struct {
	ID         string             `json:"id"`
	Number     int64              `json:"number" doc:"From 1 to the contract's quantity"`
	State      rules.LicenceState `json:"state" enum:"AVAILABLE,ASSIGNED,EXPIRED,REVOKED"`
	StateSince time.Time          `json:"state_since"`
}

func (s *service) listLicences(ctx context.Context, in *IDInput) (*pageOf[LicenceView], error) {
	licences, err := s.store.LicencesOf(ctx, in.ID)
	return listed(licences, "", err, func(l models.Licence) LicenceView { return LicenceView{l.ID, l.Seq, l.State, l.StateSince} })
}
