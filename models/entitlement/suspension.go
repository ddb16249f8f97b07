package entitlement

import (
	"context"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// SuspendContract stops what a contract gives while a fraud or a dispute is settled: its rooms
// and devices are not covered by it, and none of its licences is assigned. Its end does not
// move, its licences stay where they are and count for spares, and replacements that were
// approved go on. For operators who review orders, with a reason. Refusals: NOT_FOUND,
// FORBIDDEN, REASON_REQUIRED, and STATE_CONFLICT where it is not active.
func (s *Entitlements) SuspendContract(
	ctx context.Context, id, reason string,
) (ServiceContract, error) {
	return s.suspend(ctx, id, rules.ContractSuspended, "contract.suspended", reason)
}

// ResumeContract gives again what a suspended contract gives. STATE_CONFLICT refuses one that is
// not suspended, whose term is over meanwhile, or of which a cancellation has left no licence in
// force; other refusals are those of SuspendContract.
func (s *Entitlements) ResumeContract(
	ctx context.Context, id, reason string,
) (ServiceContract, error) {
	return s.suspend(ctx, id, rules.ContractActive, "contract.resumed", reason)
}

func (s *Entitlements) suspend(
	ctx context.Context, id string, to rules.ContractState, verb, reason string,
) (ServiceContract, error) {
	if err := rules.CheckReason(reason); err != nil {
		return ServiceContract{}, err
	}

	var c ServiceContract
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		c = ServiceContract{}
		if err := operatorsOnly(tx.Scope); err != nil {
			return err
		}
		role := tx.Scope.Actor.Role
		if role != "SYSTEM" && !rules.Allows(role, rules.ReviewOrders).Allowed() {
			return rules.Refuse(rules.Forbidden, "Your role may not suspend a contract.",
				"Ask an agent.")
		}
		if err := db.Found(tx.ForUpdate().First(&c, "id = ?", id).Error); err != nil {
			return err
		}
		acc, err := account.Lock(tx, c.AccountID)
		if err != nil {
			return err
		}

		before := c.State
		pending := before == rules.ContractPendingStart
		over := c.EndAt != nil && !tx.Now().Before(*c.EndAt)
		if err := rules.Move(before, to); err != nil || pending || over {
			return rules.Refuse(rules.StateConflict, "The contract is not in a state for this.",
				"Read it again: only a contract that runs is suspended, and resumed.")
		}
		if to == rules.ContractActive {
			if err := giving(tx, c); err != nil {
				return err
			}
		}
		c.State = to
		err = tx.Model(&ServiceContract{}).Where("id = ?", c.ID).Update("state", to).Error
		if err != nil {
			return err
		}
		return account.Audit(tx, acc.ID, db.Entry{
			Verb:     verb,
			ObjectID: c.ID,
			Details: db.WithReason(reason, map[string]any{
				"before": before,
				"after":  to,
			}),
		})
	})
	return c, err
}

// giving refuses a contract of which no licence is in force: resumed, it would be one of an order
// that was cancelled. A contract that never had licences has none to lose.
func giving(tx *db.Tx, c ServiceContract) error {
	var licences []Licence
	err := tx.Select("id", "state").Where("contract_id = ?", c.ID).Find(&licences).Error
	if err != nil || len(licences) == 0 {
		return err
	}
	for _, l := range licences {
		if l.State == rules.LicenceAvailable || l.State == rules.LicenceAssigned {
			return nil
		}
	}
	return rules.Refuse(rules.StateConflict, "None of the contract's licenses is in force.",
		"Its order was canceled: have the customer order anew.")
}
