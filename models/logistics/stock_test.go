package logistics_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
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

// reserve reserves bars for a cause, as an RMA or a spare unit does.
func reserve(env storetest.Env, quantity int, cause string) (*logistics.StockEntry, error) {
	return entered(env, func(tx *db.Tx) (*logistics.StockEntry, error) {
		e, _, err := logistics.ReserveStock(tx, logistics.StockNeed{
			ModelCode: "RALLY-BAR",
			Quantity:  quantity,
			Country:   "BR",
			Cause:     cause,
			SubjectID: cause,
		})
		return e, err
	})
}

// closeReservation ships or releases what a cause reserved.
func closeReservation(
	env storetest.Env, cause string, kind shipping.StockKind,
) (*logistics.StockEntry, error) {
	return entered(env, func(tx *db.Tx) (*logistics.StockEntry, error) {
		return logistics.CloseReservation(tx, cause, kind)
	})
}

// entered makes an entry in a transaction of its own; none where the stock has no more.
func entered(
	env storetest.Env, enter func(tx *db.Tx) (*logistics.StockEntry, error),
) (out *logistics.StockEntry, err error) {
	err = env.DB.Write(storetest.AgentContext, func(tx *db.Tx) error {
		out, err = enter(tx)
		return err
	})
	return out, err
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
		taken := func(e *logistics.StockEntry, err error) logistics.StockEntry {
			require.NoError(t, err)
			require.NotNil(t, e)
			return *e
		}
		step(env.ReceiveStock(ctx, bars(d, 5, "note 1")))
		a := taken(reserve(env, 2, "rma_1"))
		taken(reserve(env, 3, "rma_2"))
		require.Equal(t, shipping.StockLevel{OnHand: 5, Reserved: 5}, levelOf(t, env, d))
		none, err := reserve(env, 1, "rma_3")
		require.NoError(t, err)
		require.Nil(t, none, "all are promised")
		shipped := taken(closeReservation(env, "rma_1", shipping.StockShipment))
		require.Equal(t, a.ID, *shipped.ClosesID)
		taken(closeReservation(env, "rma_2", shipping.StockRelease))
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
		}))(t), 1)
		storetest.Balanced(t, env)
	})
}

func TestStockCausesMakeOneEntryEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := depot(t, env)
		ctx := storetest.Operator()
		first, err := env.ReceiveStock(ctx, bars(d, 5, "note 1"))
		require.NoError(t, err)
		again, err := env.ReceiveStock(ctx, bars(d, 5, "note 1"))
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		_, err = env.ReceiveStock(ctx, bars(d, 6, "note 1"))
		storetest.RequireCode(t, rules.IdempotencyConflict, err)
		_, err = env.AdjustStock(ctx, bars(d, 5, "note 1"))
		storetest.RequireCode(t, rules.IdempotencyConflict, err)

		reserved, err := reserve(env, 5, "rma_1")
		require.NoError(t, err)
		require.NotNil(t, reserved)
		shipped, err := closeReservation(env, "rma_1", shipping.StockShipment)
		require.NoError(t, err)
		require.NotNil(t, shipped)
		for _, cause := range []string{"rma_1", "rma_1/closed", "none"} {
			for _, kind := range []shipping.StockKind{shipping.StockShipment, shipping.StockRelease} {
				closed, err := closeReservation(env, cause, kind)
				require.NoError(t, err)
				require.Nil(t, closed, "%s %s", cause, kind)
			}
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
		var won atomic.Int32
		storetest.RequireAll(t, storetest.AtOnce(20, func(i int) error {
			e, err := reserve(env, 1, fmt.Sprint("rma_", i))
			if e != nil {
				won.Add(1)
			}
			return err
		}))
		require.EqualValues(t, 7, won.Load())
		require.Equal(t, shipping.StockLevel{OnHand: 7, Reserved: 7}, levelOf(t, env, d))
		storetest.RequireAll(
			t,
			storetest.AtOnce(8, func(int) error { _, err := env.ReceiveStock(ctx, bars(d, 3, "note 2")); return err }),
		)
		require.Equal(t, 10, levelOf(t, env, d).OnHand)
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
	require.Zero(t, env.Count(t, "SELECT count(*) FROM stock_levels"), "a refusal leaves nothing")
}

func TestC5_StockIsNobodysButTheOperators(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		d := depot(t, env)
		ctx := storetest.Customer(storetest.AccountOf(t, env))
		for name, err := range map[string]error{
			"receive": storetest.SecondOf(env.ReceiveStock(ctx, bars(d, 1, "x"))),
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

// Who adds a depot never changes another one by its code, not even at the same moment.
func TestADepotIsAddedOnceByItsCode(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first := depot(t, env)
		form := shipping.DepotForm{
			Code:    " br-1",
			Name:    "Depósito Santos",
			Street:  "Rua B 2",
			City:    "Santos",
			Country: "BR",
		}
		storetest.RequireCode(t, rules.ValidationFailed, env.CheckNewDepot(env.Context, form))
		_, err := env.AddDepot(env.Context, form)
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{"/code"}, storetest.Pointers(err))
		got, err := env.GetDepot(env.Context, first.ID)
		require.NoError(t, err)
		require.Equal(t, first, got)
		_, err = env.AddDepot(storetest.Customer("acc_x"), form)
		storetest.RequireCode(t, rules.NotFound, err)

		form.Code = "BR-2"
		require.NoError(t, env.CheckNewDepot(env.Context, form))
		results := storetest.AtOnce(3, func(int) error {
			return storetest.SecondOf(env.AddDepot(env.Context, form))
		})
		var added int
		for _, err := range results {
			if err == nil {
				added++
				continue
			}
			storetest.RequireCode(t, rules.ValidationFailed, err)
		}
		require.Equal(t, 1, added)
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
