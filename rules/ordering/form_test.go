package ordering

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

func TestS14_HashIgnoresSpelling(t *testing.T) {
	f, g := goodForm(), goodForm()
	g.PONumber = "  PO-2026-0017 "
	g.EndCustomer.Email = "Ana.Souza@ACME.example"
	g.EndCustomer.Address.City = "Sa\u0303o Paulo" // decomposed
	g.EndCustomer.Address.Country = "br"
	g.Lines[0].SKU = "select-3y"
	require.Equal(t, f.Hash(), g.Hash())
	require.Empty(t, f.Differences(g))
	require.Equal(t, f.Hash(), f.Normalised().Hash())
}

func TestS14_HashIsPinned(t *testing.T) {
	// Stored beside every order: a change of the form would turn repeated
	// submissions of old orders into conflicts.
	require.Equal(t, "95c3c0e3eed858500340a2dd3fe9aa7c635f2e3bd55d19bf46ea5625e98de0c6", goodForm().Hash())
}

func TestS14_EveryFieldCounts(t *testing.T) {
	base := goodForm()
	leaves := base.Normalised().leaves()
	for _, l := range leaves {
		g := changed(t, base, l.pointer)
		require.NotEqual(t, base.Hash(), g.Hash(), l.pointer)
		require.Equal(t, []string{l.pointer}, base.Differences(g), l.pointer)
		require.Equal(t, []string{l.pointer}, g.Differences(base), l.pointer)
	}
	require.Len(t, leaves, 2+2+3+5+7+7)
}

// changed gives the form with the value at the JSON pointer changed.
func changed(t *testing.T, f OrderForm, pointer string) OrderForm {
	body, err := json.Marshal(f)
	require.NoError(t, err)
	var root any
	require.NoError(t, json.Unmarshal(body, &root))
	path := strings.Split(pointer, "/")[1:]
	at := root
	for _, step := range path[:len(path)-1] {
		if list, ok := at.([]any); ok {
			at = list[0]
			continue
		}
		at = at.(map[string]any)[step]
	}
	last := path[len(path)-1]
	if last == "quantity" {
		at.(map[string]any)[last] = 99
	} else {
		at.(map[string]any)[last] = "other"
	}
	body, err = json.Marshal(root)
	require.NoError(t, err)
	var g OrderForm
	require.NoError(t, json.Unmarshal(body, &g))
	return g
}

func TestS14_DifferencesOfLines(t *testing.T) {
	f, g := goodForm(), goodForm()
	g.Lines = append(g.Lines, OrderLine{SKU: "SELECT-1Y", Quantity: 5})
	g.PurchasedOn = "2026-11-21"
	want := []string{"/purchased_on", "/lines/1/sku", "/lines/1/quantity"}
	require.Equal(t, want, f.Differences(g))
	require.Equal(t, want, g.Differences(f))
}

func TestR49a_GroupMailboxIsAWarningNotAnError(t *testing.T) {
	f := goodForm()
	require.Empty(t, f.Warnings())
	f.EndCustomer.Email = "it@acme.com"
	require.NoError(t, check(t, f))
	warnings := f.Warnings()
	require.Len(t, warnings, 1)
	require.Equal(t, rules.GroupMailboxSuspected, warnings[0].Code)
	require.Equal(t, "/end_customer/email", warnings[0].Pointer)
	require.NotContains(t, warnings[0].Message+warnings[0].Remedy, "it@acme.com")
}

func TestAnUnknownRegionIsAWarningThatNamesTheZone(t *testing.T) {
	f := goodForm()
	f.EndCustomer.Address.Country = "BR"
	for _, region := range []string{"", "AM", "BR-AM", "Amazonas"} {
		f.EndCustomer.Address.Region = region
		require.Empty(t, f.Warnings(), region)
	}
	f.EndCustomer.Address.Region = "XX"
	require.NoError(t, check(t, f))
	warnings := f.Warnings()
	require.Len(t, warnings, 1)
	require.Equal(t, rules.UnknownRegion, warnings[0].Code)
	require.Equal(t, "/end_customer/address/region", warnings[0].Pointer)
	require.Contains(t, warnings[0].Message, "America/Sao_Paulo")
}

func TestR100_ConfirmationRecipients(t *testing.T) {
	f := goodForm()
	require.Equal(t, []string{"ana.souza@acme.example", "pedidos@revenda.example", "orders@distri.example"},
		f.ConfirmationRecipients())
	f.Distributor.Email = "PEDIDOS@revenda.example"
	require.Equal(t, []string{"ana.souza@acme.example", "pedidos@revenda.example"}, f.ConfirmationRecipients(),
		"one copy")
}

func TestOrderFormOnTheWire(t *testing.T) {
	body, err := json.Marshal(goodForm())
	require.NoError(t, err)
	require.JSONEq(
		t,
		`{"po_number":"PO-2026-0017","purchased_on":"2026-11-20","lines":[{"sku":"SELECT-3Y","quantity":10}],
		"end_customer":{"company":"Acme Ltda","contact_name":"Ana Souza","email":"ana.souza@acme.example",
			"address":{"street":"Av. Paulista, 1000","city":"São Paulo","region":"SP","postal_code":"01310-100","country":"BR"}},
		"reseller":{"company":"Revenda SA","email":"pedidos@revenda.example","address":{"street":"Rua A, 1","city":"Campinas","country":"BR"}},
		"distributor":{"company":"Distri","email":"orders@distri.example","address":{"street":"Rua B, 2","city":"Lisboa","country":"PT"}}}`,
		string(body),
	)
}
