package ordering

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules/testday"
)

func TestS65_PONumbers(t *testing.T) {
	for _, same := range [][]string{
		{"po-77", "PO 77", "PO‑77", "PO–77", "PO — 77", "PO--77", " po\t77 ", "PO\u00a077", "ＰＯ－７７", "PO−77", "-PO-77-"},
		{"4711", "４７１１"},
		{"CAFÉ-1", "cafe\u0301 1"},
	} {
		for _, number := range same {
			require.Equal(t, PONumberKey(same[0]), PONumberKey(number), number)
		}
	}
	for _, pair := range [][2]string{
		{"PO-77", "PO77"}, {"PO-77", "PO-7-7"}, {"1-11", "11-1"}, {"PO_77", "PO-77"}, {"PO/77", "PO-77"}, {"é", "e"},
	} {
		require.NotEqual(t, PONumberKey(pair[0]), PONumberKey(pair[1]), pair)
	}
	require.NotEmpty(t, PONumberKey("---"))
	rapid.Check(t, func(t *rapid.T) {
		key := PONumberKey(rapid.String().Draw(t, "number"))
		require.Equal(t, key, PONumberKey(key))
	})
}

func TestS65_SameLines(t *testing.T) {
	a := []OrderLine{{SKU: "A", Quantity: 2}, {SKU: "B", Quantity: 1}}
	b := []OrderLine{{SKU: "B", Quantity: 1}, {SKU: "A", Quantity: 1}, {SKU: "A", Quantity: 1}}
	require.True(t, SameLines(a, b))
	require.False(t, SameLines(a, a[:1]))
	require.False(t, SameLines(a, []OrderLine{{SKU: "A", Quantity: 3}}))
	require.Equal(t, testday.Day(t, "2026-02-22"), DoublesSince(testday.Day(t, "2026-03-01")))
}
