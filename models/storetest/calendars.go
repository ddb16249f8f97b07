package storetest

import (
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules/rma"
)

// DateOf reads a day, YYYY-MM-DD.
func DateOf(t *testing.T, text string) civil.Date {
	t.Helper()
	d, err := civil.ParseDate(text)
	require.NoError(t, err)
	return d
}

// CalendarChange is a change of a calendar with a reason, of any version.
func CalendarChange(code string) program.CalendarChange {
	return program.CalendarChange{Code: code, Reason: "decree"}
}

// ApproveRMA approves a requested RMA as an agent who has confirmed the defect.
func ApproveRMA(t *testing.T, env Env, id string) replacement.RMA {
	t.Helper()
	r, err := env.ApproveRMA(AgentContext, id, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	require.Equal(t, rma.RMAApproved, r.StoredState)
	return r
}
