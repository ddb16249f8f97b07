package activities_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// mailed makes an address have been named by so many orders of the bench's seller today.
func (b *importBench) mailed(email string, n int) {
	b.t.Helper()
	key := b.DB.Secrets().Fingerprint("throttle", "mail/order-contact/"+b.reseller.ID+"/"+email)
	require.NoError(b.t, b.Exec(fmt.Sprintf(
		"INSERT INTO throttles (key, count, resets_at) VALUES ('%s', %d, '2100-01-01T00:00:00Z') "+
			"ON CONFLICT (key) DO UPDATE SET count = %d", key, n, n)))
}

// strangers are orders of different customers with the reseller's own address in each.
func strangers(i int, f *ordering.OrderForm) {
	f.EndCustomer.Company = fmt.Sprintf("Empresa %d", i)
	f.EndCustomer.Email = fmt.Sprintf("ana@empresa%d.example", i)
	f.Distributor.Email = f.Reseller.Email
}

// A file that uses up what one of its addresses may get in a day is refused before any of
// it is stored; where the address is on record, there is no bound.
func TestS35_S64_AFileBeyondTheBoundOfADayIsRefusedAsAWhole(t *testing.T) {
	const contact, seller = "ana.souza@acme.example", "pedidos@revendasul.example"
	for name, c := range map[string]struct {
		change  func(int, *ordering.OrderForm)
		address string
		record  account.OrgMail
		pointer string
	}{
		"a customer's address":   {address: contact, pointer: "/end_customer/email"},
		"the seller's own":       {address: seller, change: strangers, pointer: "/reseller/email"},
		"at a domain on record":  {address: seller, change: strangers, record: account.OrgMail{Domains: []string{"revendasul.example"}}},
		"with room for the rest": {address: "ana@else.example"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newImportBench(t)
			if c.record.Domains != nil {
				require.NoError(t, b.PutOrgMail(storetest.Operator(), b.reseller.ID, c.record, "contract"))
			}
			b.mailed(c.address, 1998)
			job := b.job(file(t, 4, c.change))
			_, _, err := b.run(job.ID)
			require.NoError(t, err)

			got := b.get(job.ID)
			if c.pointer == "" {
				require.Equal(t, importjob.ImportDone, got.State)
				require.Equal(t, 4, b.orders())
				return
			}
			require.Equal(t, importjob.ImportRefused, got.State)
			require.Zero(t, b.orders(), "all or nothing")
			rows, err := b.ImportRows(b.Context, job.ID, importjob.RowRefused, 0, 50)
			require.NoError(t, err)
			require.Len(t, rows, 2)
			require.Equal(t, c.pointer, rows[0].Errors[0].Pointer)
			require.Equal(t, rules.RateLimited, rows[0].Errors[0].Code)
			require.Contains(t, rows[0].Errors[0].Message, "2000 orders of a day")

			b.mailed(c.address, 1996)
			again := b.job(file(t, 4, c.change))
			_, _, err = b.run(again.ID)
			require.NoError(t, err)
			require.Equal(t, 4, b.orders(), "the check used up nothing")
		})
	}
}

// Other orders use the bound up after the file was checked: the job says so.
func TestS35_S64_ABoundThatOthersUsedUpMeanwhileIsNamed(t *testing.T) {
	b := newImportBench(t)
	job := b.job(file(t, 3, nil))
	job.State = importjob.ImportStoring // it was checked
	require.NoError(t, b.ImportProgress(b.Context, job))
	b.mailed("ana.souza@acme.example", 1999)
	_, _, err := b.run(job.ID)
	require.NoError(t, err)
	require.Equal(t, 1, b.orders())
	got := b.get(job.ID)
	require.Equal(t, 2, got.RowsRefused)
	require.Contains(t, got.Error, "other orders used up")
}
