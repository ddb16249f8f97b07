package program_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

func TestR125a_CatalogueRefusesWhatItCannotMean(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		skus, err := env.ListSKUs(env.Context)
		require.NoError(t, err)
		terms := []int{}
		for _, k := range skus {
			if k.ServiceType == catalogue.ServiceSelect {
				terms = append(terms, k.TermYears)
			}
		}
		require.Equal(t, []int{1, 2, 3, 4, 5}, terms)
		for _, bad := range []program.CatalogueSKU{
			{Code: "S0", ServiceType: catalogue.ServiceSelect},
			{Code: "S6", ServiceType: catalogue.ServiceSelect, TermYears: 6},
			{ServiceType: catalogue.ServiceSelect, TermYears: 1},
			{Code: "X", ServiceType: "OTHER", TermYears: 1},
			{Code: "S1", ServiceType: catalogue.ServiceSelect, TermYears: 1, EffectiveTo: "2026-13-01"},
			{Code: "S1", ServiceType: catalogue.ServiceSelect, TermYears: 1, EffectiveFrom: "soon"},
		} {
			storetest.RequireCode(t, rules.ValidationFailed, env.PutSKU(env.Context, bad))
		}
		require.NoError(t, env.PutSKU(env.Context, program.CatalogueSKU{
			Code:          "select-new",
			ServiceType:   catalogue.ServiceSelect,
			TermYears:     2,
			EffectiveFrom: "2026-11-23",
			EffectiveTo:   "2026-11-24",
		}))
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-1")
		form.Lines[0].SKU = "SELECT-NEW"
		require.Equal(t, 2, env.Accept(t, seller, form).Lines[0].TermYears)
		env.Calendar.Set(storetest.Now.AddDate(0, 0, 1))
		form.PONumber = "PO-2"
		_, err = env.AcceptOrder(env.Context, order.Intake{Sender: seller, Form: form})
		storetest.RequireCode(t, rules.ValidationFailed, err)
	})
}

// Who has looked at what is there changes nothing that is another one by then, also where two
// add the same at once.
func TestR125a_TheCatalogueIsChangedAsItWasSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sku := program.CatalogueSKU{Code: "SEEN-1Y", ServiceType: catalogue.ServiceSelect, TermYears: 1}
		errs := storetest.AtOnce(2, func(i int) error {
			mine := sku
			mine.TermYears += i
			return env.ChangeSKU(env.Context, program.SKUChange{SKU: mine, Seen: &program.CatalogueSKU{}, Reason: "new"})
		})
		require.True(t, (errs[0] == nil) != (errs[1] == nil), "%v", errs)
		require.NoError(t, env.PutSKU(env.Context, sku))
		seen, next := sku, sku
		next.TermYears = 2
		require.NoError(t, env.ChangeSKU(env.Context, program.SKUChange{SKU: next, Seen: &seen, Reason: "two"}))
		storetest.RequireCode(t, rules.VersionMismatch,
			env.ChangeSKU(env.Context, program.SKUChange{SKU: sku, Seen: &seen, Reason: "one"}))

		m := catalogue.ProductModel{Code: "SEEN", Name: "Seen", Kind: catalogue.KindHardware, StandardWarrantyYears: 1}
		none := catalogue.ProductModel{}
		made, err := env.ChangeModel(env.Context, program.ModelChange{Model: m, Seen: &none, Reason: "new"})
		require.NoError(t, err)
		_, err = env.ChangeModel(env.Context, program.ModelChange{Model: m, Seen: &none, Reason: "new"})
		storetest.RequireCode(t, rules.VersionMismatch, err)
		m.Name = "Seen 2"
		_, err = env.ChangeModel(env.Context, program.ModelChange{Model: m, Seen: &made, Reason: "its name"})
		require.NoError(t, err)
		_, err = env.ChangeModel(env.Context, program.ModelChange{Model: m, Seen: &made, Reason: "its name"})
		storetest.RequireCode(t, rules.VersionMismatch, err)
	})
}
