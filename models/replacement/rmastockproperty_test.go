package replacement_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// stockWorld is one account with RMAs for accessories, of which it may have any
// number, and two depots that have some.
type stockWorld struct {
	storetest.Env
	ctx    context.Context
	room   entitlement.Room
	site   string
	depots []logistics.Depot
	rmas   []replacement.RMA
	mu     sync.Mutex
	n      int
	did    map[string]int
}

const cable = "STRONG-USB-CABLE"

func newStockWorld(t *testing.T, env storetest.Env) *stockWorld {
	c := env.Covered(t)
	w := &stockWorld{Env: env, ctx: storetest.AgentContext, room: c.Room, site: c.Site.ID, did: map[string]int{}}
	w.depots = []logistics.Depot{
		storetest.Stocked(t, env, "AR-1", "AR", cable, 1), storetest.Stocked(t, env, "BR-1", "BR", cable, 1),
	}
	return w
}

// begin replaces the RMAs by fresh ones of the quantities.
func (w *stockWorld) begin(quantities []int) error {
	w.rmas = nil
	for _, q := range quantities {
		r, err := w.RequestRMA(w.ctx, replacement.NewRMA{
			RoomID:    w.room.ID,
			ModelCode: cable,
			Quantity:  q,
			SiteID:    w.site,
			Fault:     "Broken",
		})
		if err != nil {
			return err
		}
		w.rmas = append(w.rmas, r)
	}
	return nil
}

type stockStep struct {
	Do         string
	RMA, Depot int
}

var stockSteps = []string{
	"approve", "allocate", "backorder", "ship", "picked up", "delivered", "withdraw", "reship", "reject", "receipt",
	"count",
}

func (w *stockWorld) do(s stockStep) error {
	id := w.rmas[s.RMA].ID
	w.mu.Lock()
	w.n++
	move := logistics.StockMove{
		DepotID:   w.depots[s.Depot].ID,
		ModelCode: cable,
		Quantity:  1,
		Cause:     fmt.Sprint("cause ", w.n),
		Reason:    "counted",
	}
	w.mu.Unlock()
	switch s.Do {
	case "approve":
		return storetest.SecondOf(w.ApproveRMA(w.ctx, id, replacement.RMAApproval{DefectConfirmed: true}))
	case "allocate":
		return storetest.SecondOf(w.AllocateRMA(w.ctx, id, ""))
	case "backorder":
		return storetest.SecondOf(w.BackorderRMA(w.ctx, id, replacement.RMABackorder{ExpectedOn: "2026-12-10"}))
	case "ship":
		return storetest.SecondOf(w.ShipRMA(w.ctx, id, replacement.RMAShipment{}))
	case "picked up":
		return storetest.SecondOf(w.RecordRMAFact(w.ctx, id, rma.FactPickedUp, time.Time{}))
	case "delivered":
		return storetest.SecondOf(w.RecordRMAFact(w.ctx, id, rma.FactDelivered, time.Time{}))
	case "withdraw":
		return storetest.SecondOf(w.WithdrawRMA(w.ctx, id, ""))
	case "reship":
		if err := w.waitOutSilence(id); err != nil {
			return err
		}
		return storetest.SecondOf(w.ReshipRMA(w.ctx, id, "lost"))
	case "reject":
		return storetest.SecondOf(
			w.RejectRMA(w.ctx, id, replacement.RMARejection{Code: rma.RejectNoDefect, Reason: "none"}),
		)
	case "receipt":
		return storetest.SecondOf(w.ReceiveStock(w.ctx, move))
	}
	move.Quantity = -1
	return storetest.SecondOf(w.AdjustStock(w.ctx, move))
}

// waitOutSilence lets the days pass after which the carrier counts as silent.
func (w *stockWorld) waitOutSilence(id string) error {
	r, err := w.GetRMA(w.ctx, id)
	if err != nil || r.SilenceDueAt == nil {
		return err
	}

	w.mu.Lock()
	if w.Calendar.Now().Before(*r.SilenceDueAt) {
		w.Calendar.Set(*r.SilenceDueAt)
	}
	w.mu.Unlock()
	return storetest.SecondOf(w.RunRMATimers(w.Context, id))
}

func (w *stockWorld) work(steps []stockStep) error {
	for _, s := range steps {
		err := w.do(s)
		if err != nil && rules.CodeOf(err) == "" {
			return fmt.Errorf("%s: %w", s.Do, err)
		}
		if err == nil {
			w.mu.Lock()
			w.did[s.Do]++
			w.mu.Unlock()
		}
	}
	return nil
}

// Whatever two people do with RMAs and stock at the same time: the levels are the
// sum of the ledger, never negative, and what is reserved is what the allocated RMAs
// need, no more and no less.
func TestS21_StockBalancesAgainstRMAs(t *testing.T) {
	storetest.Checks(t, 20, 200)
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newStockWorld(t, env)
		require.NoError(t, w.begin([]int{2, 1, 1}))
		require.NoError(t, w.work([]stockStep{ // each of them once for certain
			{"approve", 0, 0}, {
				"backorder", 0, 0,
			}, {"receipt", 0, 0}, {"allocate", 0, 0}, {"ship", 0, 0}, {"picked up", 0, 0}, {"reship", 0, 0},
			{
				"approve", 1, 0,
			}, {"withdraw", 1, 0}, {"delivered", 1, 0}, {"reject", 2, 0}, {"receipt", 1, 0}, {"count", 1, 0},
		}))
		step := rapid.Custom(func(t *rapid.T) stockStep {
			return stockStep{rapid.SampledFrom(
				append([]string{"approve", "approve", "allocate", "allocate", "ship", "ship", "reship"}, stockSteps...),
			).Draw(t, "do"), rapid.IntRange(0, 2).Draw(t, "rma"), rapid.IntRange(0, 1).Draw(t, "depot")}
		})
		rapid.Check(t, func(r *rapid.T) {
			require.NoError(r, w.begin(rapid.SliceOfN(rapid.IntRange(1, 2), 3, 3).Draw(r, "quantities")))
			people := rapid.SliceOfN(rapid.SliceOfN(step, 1, 12), 2, 2).Draw(r, "people")
			for i, err := range storetest.AtOnce(len(people), func(i int) error { return w.work(people[i]) }) {
				require.NoError(r, err, "%d: %v", i, people[i])
			}
			wrong, err := w.StockBalance(w.Context)
			require.NoError(r, err)
			require.Empty(r, wrong)
			require.Zero(r, env.Count(t, "SELECT count(*) FROM stock_levels WHERE on_hand < reserved OR reserved < 0"))
			require.Equal(r, env.Count(t, "SELECT COALESCE(SUM(quantity), 0) FROM rmas WHERE outbound = 'ALLOCATED'"),
				env.Count(t, "SELECT SUM(reserved) FROM stock_levels"))
			require.Zero(r, env.Count(
				t, "SELECT count(*) FROM rmas WHERE (outbound = 'ALLOCATED') <> (reservation_id IS NOT NULL)",
			))
		})
		for _, s := range stockSteps {
			require.Positive(t, w.did[s], "%s never succeeded", s)
		}
		w.AuditHolds(t)
	})
}

// Two approvals compete for the last unit: exactly one gets it, and the other one
// waits for a person.
func TestS21_TwoApprovalsForTheLastUnit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		a := env.Covered(t)
		b := env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200") // of two accounts: no lock is shared
		d := storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
		requested := []replacement.RMA{env.Requested(t, a), env.Requested(t, b)}
		storetest.RequireAll(t, storetest.AtOnce(2, func(i int) error {
			return storetest.SecondOf(env.ApproveRMA(storetest.AgentContext, requested[i].ID,
				replacement.RMAApproval{DefectConfirmed: true}))
		}))
		states := map[rma.RMAState]int{}
		for _, r := range requested {
			states[storetest.GetRMA(t, env, r.ID).StoredState]++
		}
		require.Equal(t, map[rma.RMAState]int{rma.RMAAllocated: 1, rma.RMAApproved: 1}, states)
		require.Equal(t, shipping.StockLevel{OnHand: 1, Reserved: 1}, stockOf(t, env, d, "RALLY-BAR"))
		storetest.Balanced(t, env)
	})
}
