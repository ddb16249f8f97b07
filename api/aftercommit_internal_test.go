package api

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/storetest"
)

// What was done answers as done, also where what only goes along with the answer cannot be
// read any more: an error would have the caller do it again.
func TestWhatWasDoneAnswersAsDone(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	broken, cancel := context.WithCancel(storetest.AgentContext)
	cancel()

	entered, err := stockHandlers{env.Logistics}.entered(broken,
		logistics.StockEntry{ID: "stk_1", ModelCode: "RALLY-BAR"}, nil)
	require.NoError(t, err)
	require.Equal(t, "stk_1", entered.Body.ID)
	require.Equal(t, []StockWaitingView{}, entered.Body.Waiting)

	site := account.AccountSite{ID: c.Site.ID, AccountID: c.Account, Version: 2}
	changed := siteHandlers{replacements: env.Replacements}.changed(broken, site)
	require.Equal(t, c.Site.ID, changed.Body.ID)
	require.Equal(t, []string{}, changed.Body.Stay)
}
