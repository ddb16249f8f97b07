package importjob_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

func TestImportsResumeAfterAKill(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		org := env.Reseller(t, "Revenda Sul")
		seller := storetest.Seller(org)
		job, err := env.CreateImport(seller, importjob.ImportJob{
			OrgID:        org.ID,
			Format:       "csv",
			AllOrNothing: true,
			Content:      []byte("a;b"),
		})
		require.NoError(t, err)
		_, err = env.CreateImport(seller, importjob.ImportJob{OrgID: "org_other", Format: "csv", Content: []byte("x")})
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.GetImport(storetest.Seller(account.Org{ID: "org_other"}), job.ID, false)
		storetest.RequireCode(t, rules.NotFound, err)
		got, err := env.GetImport(seller, job.ID, true)
		require.NoError(t, err)
		require.Equal(t, "a;b", string(got.Content))
		require.Equal(t, importjob.ImportQueued, got.State)
		for range 2 { // the rows of a batch that was killed come again
			var rows []importjob.ImportRow
			for i := 1; i <= 700; i++ {
				rows = append(rows, importjob.ImportRow{JobID: job.ID, RowNo: i, Outcome: importjob.RowValid})
			}
			rows[4].Outcome = importjob.RowStored
			require.NoError(t, env.PutImportRows(env.Context, rows))
		}
		late := []importjob.ImportRow{
			{JobID: job.ID, RowNo: 5, Outcome: importjob.RowRefused},
			{JobID: job.ID, RowNo: 6, Outcome: importjob.RowUnchanged},
		}
		require.NoError(t, env.PutImportRows(env.Context, late))
		done, err := env.ImportedRows(env.Context, job.ID)
		require.NoError(t, err)
		require.Equal(t, map[int]importjob.ImportOutcome{5: importjob.RowStored, 6: importjob.RowUnchanged}, done,
			"what is stored stays stored")
		report, err := env.ImportRows(seller, job.ID, "", 690, 50)
		require.NoError(t, err)
		require.Len(t, report, 10)
		_, err = env.ImportRows(storetest.Seller(account.Org{ID: "org_other"}), job.ID, "", 0, 50)
		storetest.RequireCode(t, rules.NotFound, err)
		job.State = importjob.ImportDone
		job.RowsTotal = 700
		job.RowsStored = 1
		require.NoError(t, env.ImportProgress(env.Context, job))
		got, err = env.GetImport(seller, job.ID, true)
		require.NoError(t, err)
		require.Empty(t, got.Content, "a finished job drops its content")
		require.NotNil(t, got.FinishedAt)
		job.State = importjob.ImportChecking // a run that lost its lease comes late
		require.NoError(t, env.ImportProgress(env.Context, job))
		got, err = env.GetImport(seller, job.ID, false)
		require.NoError(t, err)
		require.Equal(t, importjob.ImportDone, got.State)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'import.start'"))
	})
}

func TestS35_CheckOrderSaysWhatAcceptOrderWouldRefuse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		dist := env.Distributor(t, "Distribuidora Norte")
		check := func(form ordering.OrderForm) string {
			fields, err := env.CheckOrder(storetest.Seller(dist), order.Intake{Sender: dist, Form: form})
			require.NoError(t, err)
			return fmt.Sprint(len(fields))
		}
		form := storetest.Form("PO-1")
		require.Equal(t, "0", check(form))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM orders"))
		env.Accept(t, dist, form)
		require.Equal(t, "0", check(form))
		form.Lines[0].Quantity++
		require.Equal(t, "1", check(form))
		form.Reseller.Company = "Revenda Oeste" // the number is the sender's own
		require.Equal(t, "2", check(form))
		form.PONumber = "PO-2"
		require.Equal(t, "0", check(form))
		env.Accept(t, dist, form)
		form.Lines[0].SKU = "NO-SUCH"
		require.Equal(t, "1", check(form))
	})
}

func TestC5_ASellerDoesNotSeeTheFilesOfRoomsOfItsCustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		customer := storetest.Customer(*o.AccountID)

		rooms, err := env.CreateImport(customer, importjob.ImportJob{
			Kind:      importjob.ImportRooms,
			AccountID: o.AccountID,
			Format:    "csv",
			Content:   []byte("a;b"),
		})
		require.NoError(t, err)
		_, err = env.GetImport(customer, rooms.ID, false)
		require.NoError(t, err)

		parent := account.Org{ID: rooms.OrgID}
		seller := storetest.Seller(parent)
		_, err = env.GetImport(seller, rooms.ID, false)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.ImportRows(seller, rooms.ID, "", 0, 50)
		storetest.RequireCode(t, rules.NotFound, err)

		orders, err := env.CreateImport(seller, importjob.ImportJob{
			OrgID:   parent.ID,
			Format:  "csv",
			Content: []byte("a;b"),
		})
		require.NoError(t, err)
		_, err = env.GetImport(customer, orders.ID, false)
		storetest.RequireCode(t, rules.NotFound, err)
	})
}
