package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// A customer imports rooms of its own account and reads the report; nobody else
// learns that there is one.
func TestS35_RoomsImportOverTheAPI(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	a, b := h.twin(t, 1), h.twin(t, 2)
	const content = "room,country,platform,serial,model\nSala 2,BR,OTHER,NEW1,TAP\n"
	sent := a.send("POST",
		"/v1/rooms/import?dry_run=true", content, "Content-Type", "text/csv", "Idempotency-Key", "file-1")
	job := as[api.ImportView](t, sent, 202)
	require.Equal(t, "/v1/imports/"+job.ID, sent.Header.Get("Location"))
	require.Equal(t, importjob.ImportRooms, job.Kind)
	require.Equal(t, 1, job.RowsTotal)
	require.Equal(t, "true", a.send("POST", "/v1/rooms/import?dry_run=true", content, "Content-Type", "text/csv",
		"Idempotency-Key", "file-1").Header.Get("Idempotent-Replayed"))
	require.NoError(t, h.PutImportRows(h.Context, []importjob.ImportRow{{
		JobID:    job.ID,
		RowNo:    2,
		Outcome:  importjob.RowRefused,
		RoomID:   &a.room,
		DeviceID: &a.device,
		Errors:   []rules.FieldError{{Pointer: "/devices/0/serial", Code: licensing.SerialRegistered}},
	}}))
	report := as[items[api.ImportRowView]](t, a.get("/v1/imports/"+job.ID+"/rows"), 200).Items[0]
	require.Equal(t, a.room, report.RoomID)
	require.Equal(t, a.device, report.DeviceID)
	viewer := h.customer(a.account, rules.CustomerReadOnly)
	require.Equal(t, 200, viewer.get("/v1/imports/"+job.ID).Status)
	problem(t, viewer.send("POST", "/v1/rooms/import", content, "Content-Type", "text/csv"), 403, rules.Forbidden)
	problem(t, h.client(h.Reseller.ID, rules.Reseller, api.OrdersRead, api.RoomsRead).get("/v1/imports/"+job.ID), 404,
		rules.NotFound)
	orders := as[ref](t, h.Seller.send("POST", "/v1/orders/import", "[{}]"), 202)
	narrow := h.client(account.OperatorOrgID, rules.OperatorLead, api.OrdersRead)
	require.Equal(t, 200, narrow.get("/v1/imports/"+orders.ID).Status)
	problem(t, narrow.get("/v1/imports/"+job.ID+"/rows"), 403, rules.Forbidden)
	for _, path := range []string{"/v1/imports/%s", "/v1/imports/%s/rows"} {
		for _, id := range []string{job.ID, orders.ID} {
			ask := func(id string) answer {
				return b.send("GET", strings.Replace(path, "%s", id, 1), nil, "X-Request-Id", "same-for-both")
			}
			there, none := ask(id), ask("imp_01kbrandomrandomrandomrand")
			require.Equal(t, 404, there.Status)
			require.Equal(t, string(none.Body), string(there.Body))
		}
	}
}

func TestS35_RoomsImportRefusesAtTheDoor(t *testing.T) {
	h := sqlite(t)
	a := h.twin(t, 1)
	post := func(c client, query, content string) answer {
		return c.send("POST", "/v1/rooms/import"+query, content, "Content-Type", "text/csv")
	}
	p := problem(t, post(a.client, "", "room,colour\nA,red\n"), 422, "FILE_UNREADABLE")
	require.Equal(t, []string{
		"/header/1 UNKNOWN_COLUMN", "/header/country MISSING_COLUMN", "/header/platform MISSING_COLUMN",
	}, codes(p.Errors))
	problem(t, post(a.client, "", "room,country,platform\n"), 422, "FILE_EMPTY")
	problem(t, post(a.client, "", "room,country,platform\n"+strings.Repeat("A,BR,OTHER\n", 100_001)), 422,
		"TOO_MANY_ROWS")
	good := "room,country,platform\nA,BR,OTHER\n"
	there := post(a.client, "?account_id=acc_other", good)
	none := post(a.client, "?account_id=acc_none", good)
	require.Equal(t, 404, there.Status)
	require.Equal(t, there.Status, none.Status)
	problem(t, post(h.Lead, "?account_id="+a.account, good), 422, rules.ReasonRequired)
	problem(t, post(h.Lead, "?reason=x", good), 404, rules.NotFound)
	require.Equal(t, 202, post(h.Lead, "?reason=asked&account_id="+a.account, good).Status)
}
