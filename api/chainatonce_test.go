package api_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// A hundred commands at once that audit in one chain come one after another.
func TestAHundredTokensAtOnceAreMade(t *testing.T) {
	env := storetest.Postgres(t)
	h := open(t, env)
	before := env.Count(t, "SELECT count(*) FROM audit_events WHERE chain_id = '"+h.Reseller.ID+"'")

	storetest.RequireAll(t, storetest.AtOnce(100, func(i int) error {
		made := h.Lead.post("/v1/tokens", map[string]any{
			"org_id": h.Reseller.ID,
			"role":   "RESELLER",
			"label":  fmt.Sprint("shop ", i),
		})
		if made.Status != 201 {
			return fmt.Errorf("%d: %s", made.Status, made.Body)
		}
		return nil
	}))

	require.Equal(t, before+100,
		env.Count(t, "SELECT count(*) FROM audit_events WHERE chain_id = '"+h.Reseller.ID+"'"))
	env.AuditHolds(t)
}
