package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// Reseller registers an authorised reseller.
func (e Env) Reseller(t testing.TB, name string) account.Org {
	t.Helper()
	org, err := e.PutOrg(e.Context, account.OrgChange{
		Kind:           account.OrgReseller,
		Name:           name,
		AuthorisedFrom: "2020-01-01",
	})

	require.NoError(t, err)
	return org
}

// Form is a good order of ten three-year licences under the PO.
func Form(po string) ordering.OrderForm {
	address := func(street string) rules.Address {
		return rules.Address{
			Street:     street,
			City:       "São Paulo",
			Region:     "SP",
			PostalCode: "01310-100",
			Country:    "BR",
		}
	}
	return ordering.OrderForm{
		PONumber:    po,
		PurchasedOn: "2026-11-20",
		Lines:       []ordering.OrderLine{{SKU: "SELECT-3Y", Quantity: 10}},
		EndCustomer: rules.Party{
			Company:     "Acme Ltda",
			ContactName: "Ana Souza",
			Email:       "ana.souza@acme.example",
			Address:     address("Av. Paulista, 1000"),
		},
		Reseller: rules.OrgParty{
			Company: "Revenda Sul",
			Email:   "pedidos@revendasul.example",
			Address: address("Rua Augusta, 10"),
		},
		Distributor: rules.OrgParty{
			Company: "Distribuidora Norte",
			Email:   "orders@norte.example",
			Address: address("Rua da Consolação, 20"),
		},
	}
}

// Accept stores the form as an order of the reseller.
func (e Env) Accept(t testing.TB, sender account.Org, form ordering.OrderForm) order.Order {
	t.Helper()
	out, err := e.AcceptOrder(e.Context, order.Intake{Sender: sender, Form: form})
	require.NoError(t, err)
	return out.Order
}

// Fulfilled stores and fulfils an order.
func (e Env) Fulfilled(t testing.TB, sender account.Org, form ordering.OrderForm) order.Order {
	t.Helper()
	o := e.Accept(t, sender, form)
	_, err := e.FulfilOrder(e.Context, o.ID)
	require.NoError(t, err)
	o, err = e.GetOrder(e.Context, o.ID)
	require.NoError(t, err)
	return o
}

// PO returns the n-th of some distinct purchase order numbers.
func PO(n int) string { return fmt.Sprintf("PO-2026-%04d", n) }

// EveryText returns every value of the database as text.
func EveryText(t *testing.T, env Env) (out []string) {
	for _, column := range SchemaOf(t, env) {
		column, _, _ = strings.Cut(column, " ")
		table, name, _ := strings.Cut(column, ".")
		out = append(out, env.Strings(t, `SELECT CAST("`+name+`" AS text) FROM `+table)...)
	}
	return out
}

// FulfilledWithInvitation fulfils an order and returns it with its invitation.
func FulfilledWithInvitation(t *testing.T, env Env) (order.Order, identity.Invitation) {
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), Form("PO-1"))
	return o, env.InvitationOf(t, o.ID)
}

// AcceptAs accepts an invitation as the person who proved to own the address.
func AcceptAs(env Env, inv identity.Invitation, email string) error {
	_, _, err := env.AcceptInvited(inv, email, "Ana")
	return err
}

// SaoPaulo returns the zone America/Sao_Paulo.
func SaoPaulo(t *testing.T) *time.Location {
	loc, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	return loc
}

// TakeOrders stores n orders of one reseller.
func TakeOrders(t *testing.T, env Env, n int) {
	seller := env.Reseller(t, "Revenda Sul")
	for i := range n {
		env.Accept(t, seller, Form(PO(i)))
	}
}

// Companies fulfils an order for each number of licences, each of a company of its own.
func Companies(t *testing.T, env Env, licences ...int64) (orders []order.Order, parents []string) {
	seller := env.Reseller(t, "Revenda Sul")
	for i, n := range licences {
		o := env.Fulfilled(t, seller, OrderForm(PO(i), Company(i), "Rua A, 1", n))
		orders, parents = append(orders, o), append(parents, ParentOf(t, env, o))
	}
	return orders, parents
}

// RenewalForm is an order of n two-year licences that renews the contract.
func RenewalForm(env Env, po string, n int64, contract string) ordering.OrderForm {
	f := OrderForm(po, "Acme Ltda", "Rua A, 1", n)
	f.PurchasedOn = env.Calendar.Now().Format("2006-01-02")
	f.Lines[0] = ordering.OrderLine{SKU: "SELECT-2Y", Quantity: n, Renews: contract}
	return f
}

// InReview stores an order whose contact is at the reseller's domain.
func InReview(t *testing.T, env Env) (account.Org, order.Order) {
	seller := env.Reseller(t, "Revenda Sul")
	return seller, env.Accept(t, seller, FormFor("PO-1", "Acme", "ana@revendasul.example"))
}

// Stamp writes an instant as the payloads of events do: RFC 3339 in UTC.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
