package storetest

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules/calendar"
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

// PromiseAt computes the day that a replacement approved at the instant is promised for
// at the site, by the program and the calendar as they are now.
func (e Env) PromiseAt(
	ctx context.Context, site program.Site, speed calendar.RMASpeed, approved time.Time,
) (p calendar.Promise, err error) {
	ref, err := e.Reference(ctx)
	if err != nil {
		return p, err
	}

	err = e.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := e.CalendarOf(tx, site)
		if err != nil {
			return err
		}
		p, err = program.PromiseBy(ref.Program.Replacement, c, site, speed, approved)
		return err
	})
	return p, err
}

// ReturnDueAt computes until when the faulty unit must be back that was replaced by a
// delivery at the instant, by the program and the calendar as they are now.
func (e Env) ReturnDueAt(
	ctx context.Context, site program.Site, delivered time.Time,
) (r calendar.ReturnDue, err error) {
	ref, err := e.Reference(ctx)
	if err != nil {
		return r, err
	}

	err = e.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := e.CalendarOf(tx, site)
		if err != nil {
			return err
		}
		r, err = program.ReturnDueBy(ref.Program.Replacement, c, site, delivered)
		return err
	})
	return r, err
}
