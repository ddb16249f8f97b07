package cover

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

func TestR59a_ModelVersionsHaveEffectiveDates(t *testing.T) {
	models := []catalogue.ProductModel{
		{Code: "X", Name: "first", EffectiveTo: testday.DatePtr(t, "2026-03-01")},
		{
			Code:          "X",
			Name:          "second",
			EffectiveFrom: testday.DatePtr(t, "2026-03-01"),
			EffectiveTo:   testday.DatePtr(t, "2026-06-01"),
		},
		{
			Code:          "X",
			Name:          "overlapping",
			EffectiveFrom: testday.DatePtr(t, "2026-05-01"),
			EffectiveTo:   testday.DatePtr(t, "2026-06-01"),
		},
		{Code: "X", Name: "again", EffectiveFrom: testday.DatePtr(t, "2026-09-01")},
	}
	for on, want := range map[string]string{
		"2020-01-01": "first",
		"2026-02-28": "first",
		"2026-03-01": "second",
		"2026-04-30": "second",
		"2026-05-01": "overlapping",
		"2026-05-31": "overlapping",
		"2026-06-01": "",
		"2026-08-31": "",
		"2026-09-01": "again",
	} {
		m, ok := catalogue.ModelOn(models, "x ", testday.Day(t, on))
		require.Equal(t, want, m.Name, on)
		require.Equal(t, want != "", ok, on)
		require.Equal(t, ok, supportedSpans(models, "x", time.UTC).contains(rulestest.Noon(t, on)), on)
	}
}
