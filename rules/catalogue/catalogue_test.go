package catalogue

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/testday"
)

func TestR125a_SelectHasFiveTerms(t *testing.T) {
	c := NewCatalogue(DefaultCatalogue())
	today := testday.Day(t, "2026-11-20")
	for years := 1; years <= 5; years++ {
		sku, ok := c.Lookup(fmt.Sprintf("SELECT-%dY", years), today)
		require.True(t, ok)
		require.Equal(t, ServiceSelect, sku.ServiceType)
		require.Equal(t, years, sku.TermYears)
		require.False(t, sku.Bundle)
		end := rules.ContractPeriod(testday.Day(t, "2026-03-15"), sku.TermYears, time.UTC).End
		require.Equal(t, fmt.Sprintf("%d-03-15", 2026+years), rules.DateIn(end, time.UTC).String())
	}
	for _, code := range []string{"SELECT-0Y", "SELECT-6Y", "SELECT", ""} {
		_, ok := c.Lookup(code, today)
		require.False(t, ok, code)
	}
	count := 0
	for _, sku := range DefaultCatalogue() {
		if sku.ServiceType == ServiceSelect {
			count++
		}
	}
	require.Equal(t, 5, count)
}

func TestR30a_TapBundleGrantsJumpStart(t *testing.T) {
	sku, ok := NewCatalogue(DefaultCatalogue()).Lookup("TAP-BUNDLE-TEAMS", testday.Day(t, "2026-11-20"))
	require.True(t, ok)
	require.True(t, sku.Bundle)
	require.Equal(t, ServiceJumpStart, sku.ServiceType)
}

func TestDefaultCatalogueIsWhole(t *testing.T) {
	skus := DefaultCatalogue()
	require.Len(t, NewCatalogue(skus), len(skus), "no code twice")
	count := map[ServiceType]int{}
	for _, s := range skus {
		count[s.ServiceType]++
		require.Equal(t, NormaliseSKU(s.Code), s.Code)
	}
	require.Equal(t, map[ServiceType]int{
		ServiceSelect:      5,
		ServiceSyncPlus:    2,
		ServiceExtWarranty: 3,
		ServiceJumpStart:   1,
	}, count)
}

func TestSKUEffectiveDatesAreHalfOpen(t *testing.T) {
	from, to := testday.Day(t, "2026-01-01"), testday.Day(t, "2027-01-01")
	c := NewCatalogue([]SKU{{
		Code:          " new ",
		ServiceType:   ServiceSelect,
		TermYears:     1,
		EffectiveFrom: &from,
		EffectiveTo:   &to,
	}})
	for on, want := range map[string]bool{
		"2025-12-31": false, "2026-01-01": true, "2026-12-31": true, "2027-01-01": false,
	} {
		_, ok := c.Lookup("New", testday.Day(t, on))
		require.Equal(t, want, ok, on)
	}
}

func TestSKUOnTheWire(t *testing.T) {
	from := civil.Date{Year: 2026, Month: 1, Day: 2}
	body, err := json.Marshal(SKU{Code: "X", ServiceType: ServiceSelect, TermYears: 1, EffectiveFrom: &from})
	require.NoError(t, err)
	require.JSONEq(t,
		`{"code":"X","service_type":"SELECT","term_years":1,"bundle":false,"effective_from":"2026-01-02"}`,
		string(body))
}
