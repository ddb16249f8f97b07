package replacement_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// enter gives a site another contact and street.
func enter(t *testing.T, env storetest.Env, siteID, contact, street string) {
	t.Helper()
	s, err := env.GetSite(env.Context, siteID)
	require.NoError(t, err)
	_, err = env.ChangeSite(env.Context, siteID, rules.SiteForm{
		Name:         s.Name,
		ContactName:  contact,
		ContactEmail: s.ContactEmail,
		Address: rules.Address{
			Street:     street,
			City:       s.City,
			Region:     s.Region,
			PostalCode: s.PostalCode,
			Country:    s.Country,
		},
	}, 0, "asked")
	require.NoError(t, err)
}

func TestAnAddressThatNoLabelPrintsIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		enter(t, env, c.Site.ID, "น้ำใจ 山田", "ᏣᎳᎩ 12")
		r := env.Requested(t, c)
		require.Equal(t, "ᏣᎳᎩ", r.Unprintable, "Thai and Han do print")
		tasks := env.Tasks(t, db.TaskLabelUnreadable)
		require.Len(t, tasks, 1)
		require.Equal(t, []any{r.ID, db.TaskOpen}, []any{tasks[0].SubjectID, tasks[0].State})
		require.True(t, strings.HasPrefix(tasks[0].What, r.Number+": "), tasks[0].What)
		require.Contains(t, tasks[0].Why, "ᏣᎳᎩ")

		_, err := env.ApproveRMA(storetest.Operator(), r.ID,
			replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		_, err = env.AllocateRMA(storetest.Operator(), r.ID, "")
		require.NoError(t, err)
		require.Len(t, env.Tasks(t, db.TaskLabelUnreadable), 1, "one task for all of it")
		_, err = env.ShipRMA(storetest.Operator(), r.ID, replacement.RMAShipment{Serial: "NEW-1"})
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskLabelUnreadable)[0].State, "it has left")
	})
}

func TestAnAddressThatWasMendedAsksNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		enter(t, env, c.Site.ID, "ᏣᎳᎩ", "Rua A 1")
		r := env.Requested(t, c)
		enter(t, env, c.Site.ID, "Tsalagi", "Rua A 1")
		r, err := env.ApproveRMA(storetest.Operator(), r.ID,
			replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		require.Empty(t, r.Unprintable)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskLabelUnreadable)[0].State)
	})
}

func TestASparesAddressIsLookedAtToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		enter(t, env, c.Site.ID, "ᏣᎳᎩ", "Rua A 1")
		u, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: "RALLY-BAR",
			SiteID:    c.Site.ID,
		})
		require.NoError(t, err)
		require.Equal(t, "ᏣᎳᎩ", u.Unprintable)
		require.Len(t, env.Tasks(t, db.TaskLabelUnreadable), 1)
		_, err = env.AgreeSpare(storetest.Customer(c.Account), u.ID, 0)
		require.NoError(t, err)
		_, err = env.ShipSpare(storetest.Operator(), u.ID, replacement.Parcel{Serial: "SP-1"})
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskLabelUnreadable)[0].State)
	})
}
