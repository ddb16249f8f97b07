package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLocksOutOfOrderAreFound(t *testing.T) {
	const (
		order    = `SELECT * FROM "orders" WHERE id = '1' FOR UPDATE`
		contract = `SELECT * FROM "service_contracts" WHERE id > '' ORDER BY id FOR UPDATE SKIP LOCKED`
		both     = `SELECT accounts.* FROM accounts JOIN orgs ON true FOR UPDATE OF accounts FOR NO KEY UPDATE OF orgs`
		chain    = `SELECT seq FROM roomcover_audit_ends('acc_1')`
		plain    = `SELECT * FROM "orders"`
	)
	for name, c := range map[string]struct {
		statements []string
		wrong      string
	}{
		"in order":               {[]string{order, contract, both, chain}, ""},
		"the order behind":       {[]string{contract, order}, "orders is locked behind service_contracts"},
		"contracts behind":       {[]string{both, contract}, "service_contracts is locked behind accounts"},
		"something behind heads": {[]string{order, chain, both}, "accounts is locked behind audit_heads"},
		"the same again":         {[]string{order, both, order}, ""},
		"no lock":                {[]string{both, plain}, ""},
	} {
		var l locks
		found := ""
		for _, sql := range c.statements {
			found += l.take(1, sql)
		}
		if c.wrong == "" {
			require.Empty(t, found, name)
		} else {
			require.Contains(t, found, c.wrong, name)
		}
	}
}
