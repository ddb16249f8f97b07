package entitlement_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/catalogue"
)

// Not even behind the program's back is a version edited (R78, S31).
func TestR78_TermsAreNeverEditedInPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first, err := env.ListCountryTerms(context.Background())
		require.NoError(t, err)
		require.ErrorContains(t, env.Exec("UPDATE country_terms SET rma_speed = '9BD' WHERE country = 'BR'"),
			"append-only")
		require.ErrorContains(t, env.Exec("DELETE FROM country_terms WHERE country = 'BR'"), "append-only")
		require.NoError(t, env.SeedReference(env.Context), "the first terms are written once")
		_, err = env.PublishTerms(env.Context,
			storetest.TermsOf("BR", func(c *catalogue.CountryTerms) { c.RMASpeed = "2BD" }), "slower")
		require.NoError(t, err)
		now, err := env.ListCountryTerms(context.Background())
		require.NoError(t, err)
		require.Len(t, now, len(first)+1)
		for _, v := range first {
			require.Contains(t, now, v)
		}
	})
}

func TestR78_TermsPublishedAtOnceGetVersionsOfTheirOwn(t *testing.T) {
	env := storetest.Postgres(t)
	storetest.RequireAll(t, storetest.AtOnce(5, func(int) error {
		return storetest.SecondOf(env.PublishTerms(env.Context,
			storetest.TermsOf("BR", func(*catalogue.CountryTerms) {}), "again"))
	}))
	require.Equal(t, 6, env.Count(t, "SELECT max(version) FROM country_terms WHERE country = 'BR'"))
	require.Equal(t, 6, env.Count(t, "SELECT count(*) FROM country_terms WHERE country = 'BR'"))
	env.AuditHolds(t)
}
