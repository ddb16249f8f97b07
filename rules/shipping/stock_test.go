package shipping

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules"
)

func TestStockEntriesChangeALevel(t *testing.T) {
	for _, c := range []struct {
		kind     StockKind
		quantity int
		before   StockLevel
		after    StockLevel
		code     string
	}{
		{StockReceipt, 5, StockLevel{}, StockLevel{5, 0}, ""},
		{StockReservation, 2, StockLevel{5, 0}, StockLevel{5, 2}, ""},
		{StockReservation, 4, StockLevel{5, 2}, StockLevel{}, OutOfStock}, // S21
		{StockReservation, 1, StockLevel{}, StockLevel{}, OutOfStock},
		{StockRelease, 2, StockLevel{5, 2}, StockLevel{5, 0}, ""},
		{StockRelease, 3, StockLevel{5, 2}, StockLevel{}, StockNegative},
		{StockShipment, 2, StockLevel{5, 2}, StockLevel{3, 0}, ""},
		{StockShipment, 1, StockLevel{5, 0}, StockLevel{}, StockNegative}, // only what was reserved
		{StockAdjustment, 3, StockLevel{5, 2}, StockLevel{8, 2}, ""},
		{StockAdjustment, -3, StockLevel{5, 2}, StockLevel{2, 2}, ""},
		{StockAdjustment, -4, StockLevel{5, 2}, StockLevel{}, StockNegative},
		{StockAdjustment, 0, StockLevel{5, 2}, StockLevel{}, rules.ValidationFailed},
		{StockReceipt, -1, StockLevel{5, 2}, StockLevel{}, rules.ValidationFailed},
		{StockReceipt, StockQuantityMax + 1, StockLevel{}, StockLevel{}, rules.ValidationFailed},
		{StockAdjustment, -StockQuantityMax - 1, StockLevel{}, StockLevel{}, rules.ValidationFailed},
		{StockReceipt, StockQuantityMax, StockLevel{}, StockLevel{StockQuantityMax, 0}, ""},
		{StockAdjustment, -StockQuantityMax, StockLevel{StockQuantityMax, 0}, StockLevel{}, ""},
		{"THEFT", 1, StockLevel{}, StockLevel{}, unknownStockKind},
	} {
		d, err := DeltaOf(c.kind, c.quantity)
		var after StockLevel
		if err == nil {
			after, err = c.before.Apply(d)
		}
		require.Equal(t, c.code, rules.CodeOf(err), "%s %d of %+v", c.kind, c.quantity, c.before)
		if c.code == "" {
			require.Equal(t, c.after, after, "%s %d of %+v", c.kind, c.quantity, c.before)
		}
	}
}

func TestStockIsNeverNegativeAndAddsUp(t *testing.T) {
	kinds := []StockKind{StockReceipt, StockReservation, StockRelease, StockShipment, StockAdjustment}
	rapid.Check(t, func(t *rapid.T) {
		var level StockLevel
		var sum StockDelta
		for range rapid.IntRange(1, 40).Draw(t, "entries") {
			d, err := DeltaOf(rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.IntRange(-5, 9).Draw(t, "quantity"))
			if err != nil {
				continue
			}
			before := level
			if level, err = level.Apply(d); err != nil {
				require.Equal(t, before, level, "a refusal changes nothing")
				continue
			}
			sum.OnHand = sum.OnHand + d.OnHand
			sum.Reserved = sum.Reserved + d.Reserved
			require.True(t, level.OnHand >= 0 && level.Reserved >= 0 && level.Free() >= 0)
		}
		require.Equal(t, StockLevel(sum), level)
	})
}
