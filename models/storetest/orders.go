package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
)

// Reseller registers an authorised reseller.
func (e Env) Reseller(t testing.TB, name string) account.Org {
	t.Helper()
	org, err := e.PutOrg(e.Context, account.OrgChange{Kind: account.OrgReseller, Name: name, AuthorisedFrom: "2020-01-01"})
	require.NoError(t, err)
	return org
}

// Form is a good order of ten three-year licences under the PO.
func Form(po string) rules.OrderForm {
	address := func(street string) rules.Address {
		return rules.Address{Street: street, City: "São Paulo", Region: "SP", PostalCode: "01310-100", Country: "BR"}
	}
	return rules.OrderForm{
		PONumber: po, PurchasedOn: "2026-11-20", Lines: []rules.OrderLine{{SKU: "SELECT-3Y", Quantity: 10}},
		EndCustomer: rules.Party{Company: "Acme Ltda", ContactName: "Ana Souza", Email: "ana.souza@acme.example", Address: address("Av. Paulista, 1000")},
		Reseller:    rules.OrgParty{Company: "Revenda Sul", Email: "pedidos@revendasul.example", Address: address("Rua Augusta, 10")},
		Distributor: rules.OrgParty{Company: "Distribuidora Norte", Email: "orders@norte.example", Address: address("Rua da Consolação, 20")},
	}
}

// Accept stores the form as an order of the reseller.
func (e Env) Accept(t testing.TB, sender account.Org, form rules.OrderForm) order.Order {
	t.Helper()
	out, err := e.AcceptOrder(e.Context, order.Intake{Sender: sender, Form: form})
	require.NoError(t, err)
	return out.Order
}

// Fulfilled stores and fulfils an order.
func (e Env) Fulfilled(t testing.TB, sender account.Org, form rules.OrderForm) order.Order {
	t.Helper()
	o := e.Accept(t, sender, form)
	_, err := e.FulfilOrder(e.Context, o.ID)
	require.NoError(t, err)
	o, err = e.GetOrder(e.Context, o.ID)
	require.NoError(t, err)
	return o
}

// PO makes distinct purchase order numbers.
func PO(n int) string { return fmt.Sprintf("PO-2026-%04d", n) }
