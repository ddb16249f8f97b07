package storetest

import (
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules/rma"
)

func DateOf(t *testing.T, text string) civil.Date {
	t.Helper()
	d, err := civil.ParseDate(text)
	require.NoError(t, err)
	return d
}

func CalendarChange(code string) program.CalendarChange {
	return program.CalendarChange{Code: code, Reason: "decree"}
}

func ApproveRMA(t *testing.T, env Env, id string) replacement.RMA {
	t.Helper()
	r, err := env.ApproveRMA(AgentContext, id, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	require.Equal(t, rma.RMAApproved, r.StoredState)
	return r
}
