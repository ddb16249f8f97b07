package warranty_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

func earlierForm(company, serial string) licensing.EarlierWarrantyForm {
	address := storetest.Form("x").EndCustomer.Address
	return licensing.EarlierWarrantyForm{
		Company:  company,
		Address:  address,
		Serial:   serial,
		StartsOn: "2025-03-01",
		LastDay:  "2029-02-28",
	}
}

func imported(
	t *testing.T, env storetest.Env, dry bool, forms ...licensing.EarlierWarrantyForm,
) []warranty.WarrantyRow {
	t.Helper()
	rows, err := env.ImportWarranties(storetest.Operator(), warranty.WarrantyImport{
		Forms:  forms,
		Errors: make([][]rules.FieldError, len(forms)),
		DryRun: dry,
		Reason: "old contracts",
	})
	require.NoError(t, err)
	return rows
}

func TestR111a_MatchedWarrantiesAppearOnTheContractsPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		customer := storetest.Customer(*o.AccountID)
		form := earlierForm("ACME", "old-0001")
		form.Address.Street = "Avenida Paulista 1000" // R107a
		require.Equal(t, warranty.WarrantyRowMatched, imported(t, env, true, form)[0].Outcome)
		require.Empty(t, storetest.Registered(t, env, customer,
			entitlement.ContractFilter{Type: catalogue.ServiceExtWarranty}), "a dry run stores nothing")

		row := imported(t, env, false, form)[0]
		require.Equal(t, warranty.WarrantyRow{
			Outcome:    warranty.WarrantyRowMatched,
			WarrantyID: row.WarrantyID,
			AccountID:  *o.AccountID,
		}, row)
		entries := storetest.Registered(t, env, customer,
			entitlement.ContractFilter{Type: catalogue.ServiceExtWarranty})
		require.Len(t, entries, 1)
		require.Equal(t, entitlement.EntryEarlier, entries[0].Source)
		require.Equal(t, rules.ContractActive, entries[0].State)
		require.Equal(t, "OLD0001", entries[0].Serial)
		require.Equal(t, "2029-03-01", localDay(t, entries[0].EndAt))
		require.Empty(t, storetest.Registered(t, env, storetest.Customer("acc_other"), entitlement.ContractFilter{}))

		d := env.Device(t, env.Room(t, *o.AccountID, "Sala 1"), "OLD-0001", "RALLY-BAR", "2025-03-01")
		a := hardware(t, env, *d.Serial, noonOf(t, "2028-01-01"))
		require.Equal(t, cover.ByExtendedWarranty, a.Entitlement.Kind, "registered after the import")
		require.Equal(t, row.WarrantyID, a.Entitlement.ContractID)
		require.Equal(t, "2029-03-01", localDay(t, a.Until))

		require.Equal(t, warranty.WarrantyRowUnchanged, imported(t, env, false,
			earlierForm("Acme Ltda.", "OLD 0001"))[0].Outcome, "S35: the same file again changes nothing")
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM earlier_warranties"))
		require.Zero(t, env.Count(
			t, "SELECT count(*) FROM earlier_warranties WHERE company <> '' OR address IS NOT NULL",
		), "what only the matching needed is not kept")
		env.AuditHolds(t)
	})
}

func TestR111b_UnmatchedWarrantiesWaitForAnOperatorWhoLinksThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		other := env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
		env.Device(t, env.Room(t, *other.AccountID, "Sala 1"), "OLD-0002", "RALLY-BAR", "2025-03-01")
		rows := imported(t, env, false, earlierForm("Akme do Brasil", "OLD-0001"), earlierForm("Acme Ltda", "OLD-0002"))
		require.Equal(t, []warranty.WarrantyMismatch{
			warranty.MatchNoAccount, warranty.MatchSerialElsewhere,
		}, []warranty.WarrantyMismatch{rows[0].Why, rows[1].Why})
		customer := storetest.Customer(*o.AccountID)
		require.Empty(
			t, storetest.Registered(t, env, customer, entitlement.ContractFilter{Type: catalogue.ServiceExtWarranty}),
		)
		require.Empty(t, storetest.ListOf(env.ListWarranties(customer, warranty.WarrantyFilter{}))(t),
			"the queue is the operator's")
		queue := storetest.ListOf(
			env.ListWarranties(storetest.Operator(), warranty.WarrantyFilter{State: warranty.WarrantyUnmatched}),
		)(t)
		require.Len(t, queue, 2)
		require.Equal(t, "Akme do Brasil", queue[1].Company)
		tasks := env.Tasks(t, db.TaskWarrantyUnmatched)
		require.Len(t, tasks, 2)
		for _, task := range tasks {
			require.NotContains(t, task.What+task.Why, "Akme")
		}

		decide := func(d warranty.WarrantyDecision) error {
			_, err := env.DecideWarranty(storetest.Operator(), rows[0].WarrantyID, d)
			return err
		}
		storetest.RequireCode(t, rules.ReasonRequired,
			decide(warranty.WarrantyDecision{Link: true, AccountID: *o.AccountID}))
		storetest.RequireCode(t, rules.ValidationFailed,
			decide(warranty.WarrantyDecision{Link: true, Reason: "name misspelt"}))
		storetest.RequireCode(t, rules.NotFound,
			decide(warranty.WarrantyDecision{Link: true, Reason: "name misspelt", AccountID: "acc_none"}))
		_, err := env.DecideWarranty(customer, rows[0].WarrantyID,
			warranty.WarrantyDecision{Link: true, Reason: "mine", AccountID: *o.AccountID})
		storetest.RequireCode(t, rules.NotFound, err)
		require.NoError(
			t, decide(warranty.WarrantyDecision{Link: true, Reason: "name misspelt", AccountID: *o.AccountID}),
		)
		require.Len(t,
			storetest.Registered(t, env, customer, entitlement.ContractFilter{Type: catalogue.ServiceExtWarranty}), 1)
		storetest.RequireCode(t, rules.StateConflict, decide(warranty.WarrantyDecision{Reason: "after all not"}))

		events, err := env.Timeline(env.Context, rows[0].WarrantyID)
		require.NoError(t, err)
		require.Equal(t, []string{"warranty.imported", "warranty.linked"}, storetest.VerbsOf(events))
		require.Equal(t, "name misspelt", events[1].Details["reason"])
		require.Equal(t, *o.AccountID, *events[1].AccountID)
		_, err = env.DecideWarranty(storetest.Operator(), rows[1].WarrantyID,
			warranty.WarrantyDecision{Link: true, Reason: "r", AccountID: *o.AccountID})
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.DecideWarranty(storetest.Operator(), rows[1].WarrantyID,
			warranty.WarrantyDecision{Reason: "not theirs"})
		require.NoError(t, err)
		for _, task := range env.Tasks(t, db.TaskWarrantyUnmatched) {
			require.Equal(t, db.TaskDone, task.State)
		}
		require.Zero(
			t, env.Count(t, "SELECT count(*) FROM earlier_warranties WHERE company <> '' OR address IS NOT NULL"),
		)
		env.AuditHolds(t)
	})
}

func TestR111b_TwoCandidatesAreNeverGuessedBetween(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		party := storetest.Form("x").EndCustomer
		_, err := env.CreateAccount(env.Context, party, "", account.ModeSite)
		require.NoError(t, err)
		require.Equal(t, warranty.MatchSeveralAccounts, imported(t, env, false, earlierForm("Acme", "OLD-0001"))[0].Why)
	})
}

func TestS35_ImportOfWarrantiesIsAllOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		bad := earlierForm("", "x/1")
		bad.LastDay = "2024-01-01"
		rows := imported(t, env, false, earlierForm("Acme", "OLD-0001"), bad, earlierForm("Nobody", "OLD-0003"),
			earlierForm("Acme", "OLD-0001"))
		require.Equal(t, []warranty.WarrantyOutcome{
			warranty.WarrantyRowNotStored, warranty.WarrantyRowRefused, warranty.WarrantyRowNotStored,
			warranty.WarrantyRowUnchanged,
		},
			[]warranty.WarrantyOutcome{rows[0].Outcome, rows[1].Outcome, rows[2].Outcome, rows[3].Outcome})
		var pointers []string
		for _, f := range rows[1].Errors {
			pointers = append(pointers, f.Pointer+" "+f.Code)
		}
		require.Equal(t, []string{"/company REQUIRED", "/serial SERIAL_INVALID_CHARACTERS", "/last_day INVALID_PERIOD"},
			pointers)
		for _, table := range []string{"earlier_warranties", "operator_tasks WHERE kind <> 'ASSIGN_CSM'"} {
			require.Zero(t, env.Count(t, "SELECT count(*) FROM "+table), table)
		}
		_, err := env.ImportWarranties(storetest.Customer("acc_x"), warranty.WarrantyImport{})
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

func TestR111c_ACustomerClaimsAWarrantyAndAnOperatorDecides(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		customer := storetest.Customer(*o.AccountID)
		claim := func(serial string) warranty.EarlierWarranty {
			w, err := env.ClaimWarranty(customer, warranty.WarrantyClaim{
				AccountID: *o.AccountID,
				Form:      licensing.WarrantyClaimForm{Serial: serial, PONumber: "PO-77"},
			})
			require.NoError(t, err)
			return w
		}
		w := claim("old 0001")
		require.Equal(t, w.ID, claim("OLD-0001").ID, "the same claim again is the same")
		task := env.Tasks(t, db.TaskWarrantyClaimed)
		require.Len(t, task, 1)
		require.NotContains(t, task[0].What+task[0].Why, "PO-77")
		require.Len(t, storetest.ListOf(
			env.ListWarranties(customer, warranty.WarrantyFilter{State: warranty.WarrantyUnmatched}),
		)(t), 1)

		decide := func(id string, d warranty.WarrantyDecision) error {
			d.Reason = "seen the invoice"
			_, err := env.DecideWarranty(storetest.Operator(), id, d)
			return err
		}
		storetest.RequireCode(t, rules.ValidationFailed, decide(w.ID, warranty.WarrantyDecision{Link: true}))
		storetest.RequireCode(t, rules.ValidationFailed, decide(w.ID, warranty.WarrantyDecision{
			Link:      true,
			AccountID: "acc_other",
			StartsOn:  "2025-01-01",
			LastDay:   "2027-12-31",
		}))
		require.NoError(
			t, decide(w.ID, warranty.WarrantyDecision{Link: true, StartsOn: "2025-01-01", LastDay: "2027-12-31"}),
		)
		entries := storetest.Registered(t, env, customer,
			entitlement.ContractFilter{Type: catalogue.ServiceExtWarranty})
		require.Len(t, entries, 1)
		require.Equal(t, "2028-01-01", localDay(t, entries[0].EndAt))

		refused := claim("OLD-0002")
		require.NoError(t, decide(refused.ID, warranty.WarrantyDecision{}))
		require.Len(t,
			storetest.Registered(t, env, customer, entitlement.ContractFilter{Type: catalogue.ServiceExtWarranty}), 1)
		require.Equal(t, warranty.WarrantyRefused,
			storetest.ListOf(env.ListWarranties(customer, warranty.WarrantyFilter{Serial: "OLD-0002"}))(t)[0].State)
		require.NotEqual(t, refused.ID, claim("OLD-0002").ID, "a refused one can be claimed again, with more")
		env.AuditHolds(t)
	})
}

func TestR111c_AClaimTakesItsDaysFromTheImportThatMatchedNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		row := imported(t, env, false, earlierForm("Akme", "OLD-0001"))[0]
		w, err := env.ClaimWarranty(storetest.Customer(*o.AccountID), warranty.WarrantyClaim{
			AccountID: *o.AccountID,
			Form:      licensing.WarrantyClaimForm{Serial: "OLD-0001", SKU: "ext-warranty-3y"},
		})
		require.NoError(t, err)
		linked, err := env.DecideWarranty(storetest.Operator(), w.ID, warranty.WarrantyDecision{
			Link:   true,
			Reason: "the same serial",
		})
		require.NoError(t, err)
		require.Equal(t, "2029-03-01", linked.EndsOn)
		require.Empty(t, storetest.ListOf(
			env.ListWarranties(env.Context, warranty.WarrantyFilter{State: warranty.WarrantyUnmatched}),
		)(t), "the import is settled with it")
		_, err = env.DecideWarranty(storetest.Operator(), row.WarrantyID,
			warranty.WarrantyDecision{Link: true, AccountID: *o.AccountID, Reason: "again"})
		storetest.RequireCode(t, rules.StateConflict, err)
		for _, kind := range []db.TaskKind{db.TaskWarrantyClaimed, db.TaskWarrantyUnmatched} {
			require.Equal(t, db.TaskDone, env.Tasks(t, kind)[0].State)
		}
	})
}

func TestR111c_AClaimIsRefusedWithEveryErrorAndHoldsNoFreeText(t *testing.T) {
	env := storetest.SQLite(t)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	for name, c := range map[string]struct {
		form licensing.WarrantyClaimForm
		want string
	}{
		"nothing": {licensing.WarrantyClaimForm{}, "/serial REQUIRED /po_number REQUIRED"},
		"an e-mail": {
			licensing.WarrantyClaimForm{Serial: "OLD1", PONumber: "ana@acme.example"}, "/po_number INVALID_REFERENCE",
		},
		"a sentence": {licensing.WarrantyClaimForm{Serial: "OLD1", SKU: "call Ana Souza"}, "/sku INVALID_REFERENCE"},
		"a long one": {
			licensing.WarrantyClaimForm{Serial: "OLD1", PONumber: strings.Repeat("9", 61)}, "/po_number TOO_LONG",
		},
		"no such day": {
			licensing.WarrantyClaimForm{Serial: "OLD1", PONumber: "1", PurchasedOn: "2026-02-30"},
			"/purchased_on INVALID_DATE",
		},
	} {
		_, err := env.ClaimWarranty(storetest.Customer(*o.AccountID), warranty.WarrantyClaim{
			AccountID: *o.AccountID,
			Form:      c.form,
		})
		var refusal *rules.Error
		require.ErrorAs(t, err, &refusal, name)
		var got []string
		for _, f := range refusal.Fields {
			got = append(got, f.Pointer+" "+f.Code)
		}
		require.Equal(t, c.want, strings.Join(got, " "), name)
	}
	ok := warranty.WarrantyClaim{
		AccountID: *o.AccountID,
		Form:      licensing.WarrantyClaimForm{Serial: "OLD1", PONumber: "4500/12-B"},
	}
	_, err := env.ClaimWarranty(storetest.Customer("acc_other"), ok)
	storetest.RequireCode(t, rules.NotFound, err)
	_, err = env.ClaimWarranty(storetest.ReadOnly(*o.AccountID), ok)
	storetest.RequireCode(t, rules.Forbidden, err)
	require.Zero(t, env.Count(t, "SELECT count(*) FROM earlier_warranties"))
}
