package ordering

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rulestest"
)

func TestS4_WhatMayBeRenewed(t *testing.T) {
	for state, may := range map[rules.ContractState]bool{
		rules.ContractPendingStart: false,
		rules.ContractActive:       true,
		rules.ContractSuspended:    true,
		rules.ContractExpired:      true,
		rules.ContractCancelled:    false,
		"":                         false,
	} {
		c := RenewableContract{Type: catalogue.ServiceSelect, State: state, Free: 1}
		require.Equal(t, may, c.MayBeRenewedBy(catalogue.ServiceSelect), state)
		require.False(t, c.MayBeRenewedBy(catalogue.ServiceSyncPlus), state)
		c.Free = 0
		require.False(t, c.MayBeRenewedBy(catalogue.ServiceSelect), "%s, renewed already", state)
	}
	lines := []OrderLine{{SKU: "A", Renews: "con_1"}, {SKU: "A"}, {SKU: "A", Renews: secret}}
	services := []catalogue.ServiceType{catalogue.ServiceSelect, catalogue.ServiceSelect, catalogue.ServiceSelect}
	err := CheckRenewals(lines, services,
		map[string]RenewableContract{"con_1": {catalogue.ServiceSelect, rules.ContractActive, 1}})
	require.Equal(t, []string{"/lines/2/renews NOT_RENEWABLE"}, rulestest.Found(err))
	require.NotContains(t, err.Error(), secret)
	require.NoError(t, CheckRenewals(lines[:2], services,
		map[string]RenewableContract{"con_1": {catalogue.ServiceSelect, rules.ContractActive, 1}}))
}
