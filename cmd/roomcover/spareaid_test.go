package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

func TestR84_SelectionAidFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c := env.Covered(t)
	acc, err := env.GetAccount(env.Context, c.Account)
	require.NoError(t, err)
	_, err = env.MarkCourier(storetest.Operator(), c.Site.ID, true, "twice late")
	require.NoError(t, err)
	out := s.must("spare", "aid", acc.ParentOrgID)
	for _, want := range []string{
		c.Device.ModelCode, c.Site.ID, "200", "the model is common there (100), the courier is unreliable there (100)",
		"Unreliable courier: " + c.Site.Name,
	} {
		require.Contains(t, out, want)
	}
	require.Equal(t, exitRefused, s.run("spare", "aid", "org_none"))
}
