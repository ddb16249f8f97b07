package logistics_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

func depot(t *testing.T, env storetest.Env) logistics.Depot {
	t.Helper()
	d, err := env.PutDepot(storetest.Operator(), shipping.DepotForm{
		Code:    "br-1",
		Name:    "Depósito Campinas",
		Street:  "Rua A 1",
		City:    "Campinas",
		Country: "br",
	})
	require.NoError(t, err)
	return d
}

func bars(d logistics.Depot, quantity int, cause string) logistics.StockMove {
	return logistics.StockMove{
		DepotID:   d.ID,
		ModelCode: "rally-bar",
		Quantity:  quantity,
		Cause:     cause,
		SubjectID: "rma_1",
		Reason:    "counted",
	}
}

func levelOf(t *testing.T, env storetest.Env, d logistics.Depot) shipping.StockLevel {
	t.Helper()
	levels, err := env.StockLevels(env.Context, logistics.StockFilter{DepotID: d.ID, ModelCode: "RALLY-BAR"})
	require.NoError(t, err)
	if len(levels) == 0 {
		return shipping.StockLevel{}
	}
	require.Len(t, levels, 1)
	return levels[0].Level()
}

func TestStockFromReceiptToShipment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := depot(t, env)
		ctx := storetest.Operator()
		step := func(e logistics.StockEntry, err error) logistics.StockEntry {
			require.NoError(t, err)
			return e
		}
		step(env.ReceiveStock(ctx, bars(d, 5, "note 1")))
		a := step(env.ReserveStock(ctx, bars(d, 2, "rma_1")))
		step(env.ReserveStock(ctx, bars(d, 3, "rma_2")))
		require.Equal(t, shipping.StockLevel{OnHand: 5, Reserved: 5}, levelOf(t, env, d))
		_, err := env.ReserveStock(ctx, bars(d, 1, "rma_3"))
		storetest.RequireCode(t, shipping.OutOfStock, err)
		shipped := step(env.ShipStock(ctx, "rma_1"))
		require.Equal(t, a.ID, *shipped.ClosesID)
		step(env.ReleaseStock(ctx, "rma_2", "withdrawn"))
		require.Equal(t, shipping.StockLevel{OnHand: 3}, levelOf(t, env, d))
		step(env.AdjustStock(ctx, bars(d, -1, "count 1")))
		require.Equal(t, shipping.StockLevel{OnHand: 2}, levelOf(t, env, d))
		_, err = env.AdjustStock(ctx, bars(d, -3, "count 2"))
		storetest.RequireCode(t, shipping.StockNegative, err)
		require.Len(t, storetest.ListOf(env.StockEntries(ctx, logistics.StockFilter{DepotID: d.ID}))(t), 6)
		require.Len(t, storetest.ListOf(env.StockEntries(ctx, logistics.StockFilter{
			Kind:      shipping.StockReservation,
			SubjectID: "rma_1",
			ModelCode: "rally-bar",
		}))(t), 2)
		storetest.Balanced(t, env)
	})
}

func TestStockCausesMakeOneEntryEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := depot(t, env)
		ctx := storetest.Operator()
		twice := func(fn func() (logistics.StockEntry, error)) {
			t.Helper()
			first, err := fn()
			require.NoError(t, err)
			second, err := fn()
			require.NoError(t, err)
			require.Equal(t, first.ID, second.ID)
		}
		twice(func() (logistics.StockEntry, error) { return env.ReceiveStock(ctx, bars(d, 5, "note 1")) })
		twice(func() (logistics.StockEntry, error) { return env.ReserveStock(ctx, bars(d, 5, "rma_1")) })
		twice(func() (logistics.StockEntry, error) { return env.ShipStock(ctx, "rma_1") })
		_, err := env.ReleaseStock(ctx, "rma_1", "")
		storetest.RequireCode(t, shipping.ReservationClosed, err)
		_, err = env.ReceiveStock(ctx, bars(d, 6, "note 1"))
		storetest.RequireCode(t, rules.IdempotencyConflict, err)
		_, err = env.ReserveStock(ctx, bars(d, 5, "note 1"))
		storetest.RequireCode(t, rules.IdempotencyConflict, err)
		for _, cause := range []string{"none", "note 1", "rma_1/closed"} {
			_, err = env.ShipStock(ctx, cause)
			storetest.RequireCode(t, rules.NotFound, err)
		}
		require.Equal(t, shipping.StockLevel{}, levelOf(t, env, d))
		storetest.Balanced(t, env)
	})
}

// Twenty at once for seven units: seven get one, on both databases; and the same
// cause at once gets one entry.
func TestStockIsNeverPromisedTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := depot(t, env)
		ctx := storetest.Operator()
		_, err := env.ReceiveStock(ctx, bars(d, 7, "note 1"))
		require.NoError(t, err)
		won := 0
		for i, err := range storetest.AtOnce(20, func(i int) error {
			_, err := env.ReserveStock(ctx, bars(d, 1, fmt.Sprint("rma_", i)))
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			require.Equal(t, shipping.OutOfStock, rules.CodeOf(err), "%d: %v", i, err)
		}
		require.Equal(t, 7, won)
		require.Equal(t, shipping.StockLevel{OnHand: 7, Reserved: 7}, levelOf(t, env, d))
		storetest.RequireAll(
			t,
			storetest.AtOnce(8, func(int) error { _, err := env.ReceiveStock(ctx, bars(d, 3, "note 2")); return err }),
		)
		require.Equal(t, 10, levelOf(t, env, d).OnHand)
		reserved := env.Strings(t, "SELECT cause_key FROM stock_entries WHERE kind = 'RESERVATION'")
		closed := storetest.AtOnce(10, func(i int) error {
			if i%2 == 0 {
				_, err := env.ShipStock(ctx, reserved[0])
				return err
			}
			_, err := env.ReleaseStock(ctx, reserved[0], "")
			return err
		})
		refused := 0
		for _, err := range closed {
			if err != nil {
				storetest.RequireCode(t, shipping.ReservationClosed, err)
				refused++
			}
		}
		require.Equal(t, 5, refused, "either all releases or all shipments")
		storetest.Balanced(t, env)
	})
}

// What the code lets through, the database refuses.
func TestStockChecksOfTheDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := depot(t, env)
		_, err := env.ReceiveStock(storetest.Operator(), bars(d, 2, "note 1"))
		require.NoError(t, err)
		for _, set := range []string{"on_hand = -1", "reserved = -1", "reserved = 3"} {
			require.Error(t, env.Exec("UPDATE stock_levels SET "+set), set)
		}
		require.Error(t, env.Exec("DELETE FROM depots"))
		require.NoError(t, env.Exec("UPDATE stock_levels SET on_hand = 9"))
		wrong, err := env.StockBalance(env.Context)
		require.NoError(t, err)
		require.Len(t, wrong, 1, "the books say otherwise")
	})
}

func TestStockMovesAreChecked(t *testing.T) {
	env := storetest.SQLite(t)
	d := depot(t, env)
	ctx := storetest.Operator()
	_, err := env.ReceiveStock(ctx, logistics.StockMove{Quantity: 1})
	storetest.RequireCode(t, rules.ValidationFailed, err)
	require.ElementsMatch(t, []string{"/depot_id", "/model", "/cause"}, storetest.Pointers(err))
	_, err = env.ReceiveStock(ctx, bars(d, 0, "x"))
	storetest.RequireCode(t, rules.ValidationFailed, err)
	_, err = env.ReceiveStock(ctx, bars(logistics.Depot{ID: "dpt_none"}, 1, "x"))
	storetest.RequireCode(t, rules.NotFound, err)
	m := bars(d, 1, "x")
	m.Reason = " "
	_, err = env.AdjustStock(ctx, m)
	storetest.RequireCode(t, rules.ReasonRequired, err)
	_, err = env.ReserveStock(ctx, bars(d, 1, "x"))
	storetest.RequireCode(t, shipping.OutOfStock, err)
	require.Zero(t, env.Count(t, "SELECT count(*) FROM stock_levels"), "a refusal leaves nothing")
}

func TestC5_StockIsNobodysButTheOperators(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := depot(t, env)
		ctx := storetest.Customer(storetest.AccountOf(t, env))
		for name, err := range map[string]error{
			"receive": storetest.SecondOf(env.ReceiveStock(ctx, bars(d, 1, "x"))),
			"ship":    storetest.SecondOf(env.ShipStock(ctx, "x")),
			"levels":  storetest.SecondOf(env.StockLevels(ctx, logistics.StockFilter{})),
			"entries": storetest.Third(env.StockEntries(ctx, logistics.StockFilter{})),
			"balance": storetest.SecondOf(env.StockBalance(ctx)),
			"depots":  storetest.SecondOf(env.ListDepots(ctx)),
			"depot":   storetest.SecondOf(env.GetDepot(ctx, d.ID)),
			"put": storetest.SecondOf(env.PutDepot(ctx, shipping.DepotForm{
				Code:    "X",
				Name:    "X",
				Street:  "X",
				City:    "X",
				Country: "BR",
			})),
		} {
			storetest.RequireCode(t, rules.NotFound, err)
			require.NotEmpty(t, name)
		}
	})
}

func TestDepotsAreKeptByTheirCode(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first := depot(t, env)
		require.Equal(t, "America/Sao_Paulo", first.TimeZone)
		second, err := env.PutDepot(env.Context, shipping.DepotForm{
			Code:     " BR-1",
			Name:     "Depósito Santos",
			Street:   "Rua B 2",
			City:     "Santos",
			Country:  "BR",
			TimeZone: "America/Bahia",
		})
		require.NoError(t, err)
		require.Equal(t, first.ID, second.ID)
		all, err := env.ListDepots(env.Context)
		require.NoError(t, err)
		require.Len(t, all, 1)
		got, err := env.GetDepot(env.Context, first.ID)
		require.NoError(t, err)
		require.Equal(t, "Santos", got.City)
		require.Equal(t, "America/Bahia", got.TimeZone)
		_, err = env.PutDepot(env.Context, shipping.DepotForm{Country: "ZZZ", TimeZone: "Local"})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.ElementsMatch(t, []string{"/code", "/name", "/street", "/city", "/country", "/time_zone"},
			storetest.Pointers(err))
	})
}
