package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// roomBench imports rooms of one account.
type roomBench struct {
	importBench
	account string
}

func newRoomBench(t *testing.T, env storetest.Env) *roomBench {
	b := &roomBench{importBench: importBench{Env: env, t: t, reseller: env.Reseller(t, "Revenda Sul")}}
	b.account = *env.Fulfilled(t, b.reseller, storetest.Form("PO-1")).AccountID
	return b
}

const roomHeader = "room,site,country,platform,serial,model,purchased_on\n"

// roomsCSV is a file of n devices, three in a room.
func roomsCSV(n int) string {
	var out strings.Builder
	out.WriteString(roomHeader)
	for i := range n {
		fmt.Fprintf(&out, "Sala %d,Site %d,BR,MTR_WINDOWS,SN%07d,RALLY-BAR,2026-10-01\n", i/3, i/300, i)
	}
	return out.String()
}

func (b *roomBench) rooms(content string, change ...func(*importjob.ImportJob)) importjob.ImportJob {
	b.t.Helper()
	job := importjob.ImportJob{
		Kind:         importjob.ImportRooms,
		AccountID:    &b.account,
		Format:       "csv",
		AllOrNothing: true,
		Content:      []byte(content),
	}
	for _, c := range change {
		c(&job)
	}
	job, err := b.CreateImport(storetest.Customer(b.account), job)
	require.NoError(b.t, err)
	return job
}

func (b *roomBench) imported(
	content string, change ...func(*importjob.ImportJob),
) (importjob.ImportJob, activities.ImportCount) {
	b.t.Helper()
	job := b.rooms(content, change...)
	count, _, err := b.run(job.ID)
	require.NoError(b.t, err)
	return b.get(job.ID), count
}

// watched runs the import and calls between with the job before every batch.
func (b *roomBench) watched(
	ctx context.Context, jobID string, between func(importjob.ImportJob),
) (activities.ImportCount, error) {
	return activities.RunImport(ctx, importsOn(b.Env), jobID, func() {
		job, err := b.GetImport(b.Context, jobID, false)
		require.NoError(b.t, err)
		between(job)
	})
}

// facts are how many rooms, devices and stays there are.
func (b *roomBench) facts() [3]int {
	return [3]int{
		b.Count(b.t, "SELECT count(*) FROM rooms"),
		b.Count(b.t, "SELECT count(*) FROM devices"),
		b.Count(b.t, "SELECT count(*) FROM device_placements"),
	}
}

func (b *roomBench) refused(jobID string) []importjob.ImportRow {
	b.t.Helper()
	rows, err := b.ImportRows(b.Context, jobID, importjob.RowRefused, 0, 100)
	require.NoError(b.t, err)
	return rows
}

func pointers(fields []rules.FieldError) (all []string) {
	for _, f := range fields {
		require := f.Message != "" && f.Remedy != ""
		all = append(all, fmt.Sprintf("%s %s", f.Pointer, f.Code))
		if !require {
			all = append(all, "without a remedy")
		}
	}
	return all
}

func TestS35_TheSameFileOfRoomsAgainChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := newRoomBench(t, env)
		job, count := b.imported(roomsCSV(30))
		require.Equal(t, activities.ImportCount{Rows: 30, Stored: 30}, count)
		require.Equal(t, importjob.ImportDone, job.State)
		require.Equal(t, [3]int{10, 30, 30}, b.facts())
		rows, err := b.ImportRows(storetest.Customer(b.account), job.ID, importjob.RowStored, 0, 50)
		require.NoError(t, err)
		require.Len(t, rows, 30)
		room, err := b.GetRoom(storetest.Customer(b.account), *rows[4].RoomID)
		require.NoError(t, err)
		require.Equal(t, "Sala 1", room.Name)
		device, err := b.GetDevice(storetest.Customer(b.account), *rows[4].DeviceID)
		require.NoError(t, err)
		require.Equal(t, "SN0000004", *device.Serial)
		audited := b.Count(t, "SELECT count(*) FROM audit_events")
		_, count = b.imported(roomsCSV(30))
		require.Equal(t, activities.ImportCount{Rows: 30, Unchanged: 30}, count)
		require.Equal(t, [3]int{10, 30, 30}, b.facts())
		require.Equal(t, audited+1, b.Count(t, "SELECT count(*) FROM audit_events"), "only the upload itself")
		require.Equal(t, 40, b.Count(
			t,
			"SELECT count(*) FROM audit_events WHERE verb IN ('room.created', 'device.registered') AND actor_id = 'usr_admin'",
		))
		b.AuditHolds(t)
	})
}

// JSON mirrors CSV, and a file without some optional columns says nothing of them.
func TestS35_JSONAndCSVOfRoomsAreTheSame(t *testing.T) {
	b := newRoomBench(t, storetest.SQLite(t))
	_, count := b.imported(roomsCSV(3))
	require.Equal(t, 3, count.Stored)
	mirror := `{"name":"Sala 0","site":"Site 0","country":"br","platform":"MTR_WINDOWS","devices":[` +
		`{"serial":"sn-0000000","model":"rally-bar","purchased_on":"2026-10-01"},{"serial":"SN0000001","model":"RALLY-BAR"},{"serial":"SN 0000002","model":"RALLY-BAR"}]}`
	asJSON := func(j *importjob.ImportJob) { j.Format = "json" }
	for _, content := range []string{mirror, "[" + mirror + "]"} {
		_, count = b.imported(content, asJSON)
		require.Equal(t, activities.ImportCount{Rows: 1, Unchanged: 1}, count)
	}
	_, count = b.imported(strings.Replace(mirror, `}]`, `},{"serial":"NEW1","model":"TAP"}]`, 1), asJSON)
	require.Equal(t, activities.ImportCount{Rows: 1, Stored: 1}, count)
	_, count = b.imported("room,country,platform\nLounge,BR,OTHER\n")
	require.Equal(t, 1, count.Stored, "a room without a device")
	require.Equal(t, [3]int{2, 4, 4}, b.facts())
}

// A row is refused by what refuses it alone, with a pointer and a remedy, and keeps
// every other one out.
func TestS35_OneRefusedRowKeepsAllRoomsOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := newRoomBench(t, env)
		bad := roomsCSV(3000) +
			"Sala X,,XX,TEAMS,A/1,,2026-13-01\nSala 0,Site 0,PT,MTR_WINDOWS,SN0000001,TAP,\nshort,row\n"
		job, count := b.imported(bad)
		require.Equal(t, activities.ImportCount{Rows: 3003, Refused: 3}, count)
		require.Equal(t, importjob.ImportRefused, job.State)
		require.Equal(t, [3]int{}, b.facts())
		rows := b.refused(job.ID)
		require.Len(t, rows, 3)
		require.Equal(t, []string{
			"/country INVALID_COUNTRY", "/platform INVALID_PLATFORM", "/devices/0/serial SERIAL_INVALID_CHARACTERS",
			"/devices/0/model REQUIRED", "/devices/0/purchased_on INVALID_DATE",
		}, pointers(rows[0].Errors))
		require.Equal(t, []string{"/country ROWS_DIFFER", "/devices/0/serial DUPLICATE"}, pointers(rows[1].Errors))
		require.Equal(t, []string{" WRONG_COLUMNS"}, pointers(rows[2].Errors))
		_, count = b.imported(bad, apart)
		require.Equal(t, activities.ImportCount{Rows: 3003, Stored: 3000, Refused: 3}, count)
		require.Equal(t, [3]int{1000, 3000, 3000}, b.facts())
		b.AuditHolds(t)
	})
}

// The very same validators: what the single calls refuse, a dry run tells.
func TestS35_DryRunOfRoomsTellsWhatTheSingleCallsRefuse(t *testing.T) {
	b := newRoomBench(t, storetest.SQLite(t))
	for _, form := range []licensing.RoomForm{
		{},
		{Name: "A\x00B", Country: "BR", Platform: "OTHER"},
		{Name: strings.Repeat("x", 101), Country: "ZZ", Platform: "NONE", Criticality: "BAD", TimeZone: "Mars"},
	} {
		_, single := b.CreateRoom(b.Context, entitlement.NewRoom{AccountID: b.account, Form: form})
		line, err := json.Marshal(map[string]any{
			"name":        form.Name,
			"country":     form.Country,
			"platform":    form.Platform,
			"criticality": form.Criticality,
			"time_zone":   form.TimeZone,
		})
		require.NoError(t, err)
		job, count := b.imported(string(line), dry, func(j *importjob.ImportJob) { j.Format = "json" })
		require.Equal(t, 1, count.Refused)
		var refusal *rules.Error
		require.ErrorAs(t, single, &refusal)
		want := pointers(refusal.Fields)
		if strings.Contains(form.Name, "\x00") {
			want = []string{"/name CONTROL_CHARACTERS"}
		}
		require.Equal(t, want, pointers(b.refused(job.ID)[0].Errors))
	}
	require.Equal(t, [3]int{}, b.facts())
	job, count := b.imported(roomsCSV(30), dry)
	require.Equal(t, activities.ImportCount{Rows: 30}, count)
	require.Equal(t, importjob.ImportDone, job.State)
	require.Equal(t, [3]int{}, b.facts())
}

// R27a, R27b: a device goes to its room by serial, and is in one room only.
func TestR27a_ImportPutsADeviceIntoItsRoomBySerial(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := newRoomBench(t, env)
		room := b.Room(t, b.account, "Sala 9")
		b.imported("room,site,country,platform,serial,model\n Sala 9 ,HQ,br,MTR_WINDOWS,ab-12 34,RALLY-BAR\n")
		devices, _, err := b.ListDevices(storetest.Customer(b.account), entitlement.DeviceFilter{RoomID: room.ID})
		require.NoError(t, err)
		require.Len(t, devices, 1, "the room that was there is the one")
		require.Equal(t, "AB1234", *devices[0].Serial)
		// R27b
		elsewhere, count := b.imported(
			"room,site,country,platform,serial,model\nSala 10,HQ,BR,OTHER,AB1234,RALLY-BAR\n",
		)
		require.Equal(t, 1, count.Refused)
		row := b.refused(elsewhere.ID)[0]
		require.Equal(t, []string{"/devices/0/serial SERIAL_REGISTERED"}, pointers(row.Errors))
		require.Equal(t, room.ID, *row.RoomID, "the report names where it is")
		require.Equal(t, devices[0].ID, *row.DeviceID)
		require.Equal(t, [3]int{1, 1, 1}, b.facts())
	})
}

func TestS35_RowThatSaysSomethingElseOfWhatIsThereIsRefused(t *testing.T) {
	b := newRoomBench(t, storetest.SQLite(t))
	b.imported(roomsCSV(3))
	job, _ := b.imported(roomHeader + "Sala 0,Site 0,BR,OTHER,SN0000000,TAP,2025-01-01\n")
	require.Equal(t, []string{
		"/platform ROOM_DIFFERS", "/devices/0/model DEVICE_DIFFERS", "/devices/0/purchased_on DEVICE_DIFFERS",
	}, pointers(b.refused(job.ID)[0].Errors))
	for range 2 {
		_, err := b.CreateRoom(b.Context, entitlement.NewRoom{
			AccountID: b.account,
			Form:      licensing.RoomForm{Name: "Twin", Country: "BR", Platform: "OTHER"},
		})
		require.NoError(t, err)
	}
	job, _ = b.imported("room,country,platform\nTwin,BR,OTHER\n")
	require.Equal(t, []string{"/name ROOM_AMBIGUOUS"}, pointers(b.refused(job.ID)[0].Errors))
}

// R27c: another account's serial is refused, its owner is not told, and an operator
// is asked once, by a dry run too: else it would tell for nothing which serials others have.
func TestR27c_ImportOfAForeignSerialClaimsIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := newRoomBench(t, env)
		other := *env.Fulfilled(t, b.reseller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example")).AccountID
		theirs := b.Room(t, other, "Deles")
		device := b.Device(t, theirs, "SN0000001", "MEETUP", "")
		_, count := b.imported(roomsCSV(3), dry)
		require.Equal(t, 1, count.Refused)
		require.Len(t, b.Tasks(t, db.TaskSerialClaimed), 1, "who only asks is seen as well")
		for range 2 {
			job, count := b.imported(roomsCSV(3))
			require.Equal(t, activities.ImportCount{Rows: 3, Refused: 1}, count)
			row := b.refused(job.ID)[0]
			require.Equal(t, []string{"/devices/0/serial SERIAL_CLAIMED"}, pointers(row.Errors))
			require.Nil(t, row.RoomID)
			require.Nil(t, row.DeviceID)
			text, err := json.Marshal(row)
			require.NoError(t, err)
			for _, secret := range []string{other, theirs.ID, device.ID} {
				require.NotContains(t, string(text), secret)
			}
			require.Len(t, b.Tasks(t, db.TaskSerialClaimed), 1)
		}
		require.Equal(t, [3]int{1, 1, 1}, b.facts())
	})
}

// The same file, typed or pasted in another way, changes nothing.
func TestS63_TheSameFileOfRoomsInAnotherSpellingChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := newRoomBench(t, env)
		file := roomHeader + "Sala São João,São Paulo,BR,MTR_WINDOWS,SN-0001,RALLY-BAR,2026-10-01\n"
		_, count := b.imported(file)
		require.Equal(t, activities.ImportCount{Rows: 1, Stored: 1}, count)

		for name, again := range map[string]string{
			"NFD":            norm.NFD.String(file),
			"NBSP":           strings.ReplaceAll(file, " ", "\u00a0"),
			"other case":     strings.ReplaceAll(file, "Sala São João,São Paulo", "SALA são joão,SÃO PAULO"),
			"wide":           strings.ReplaceAll(file, "SN-0001,RALLY-BAR", "ＳＮ－０００１,ＲＡＬＬＹ－ＢＡＲ"),
			"another hyphen": strings.ReplaceAll(file, "RALLY-BAR", "rally\u2011bar"),
			"semicolons":     "\ufeffsep=;\r\n" + strings.ReplaceAll(file, ",", ";"),
		} {
			_, count := b.imported(again)
			require.Equal(t, activities.ImportCount{Rows: 1, Unchanged: 1}, count, name)
			require.Equal(t, [3]int{1, 1, 1}, b.facts(), name)
		}

		room, _, err := b.ListRooms(storetest.Customer(b.account), entitlement.RoomFilter{})
		require.NoError(t, err)
		require.Equal(t, "Sala São João", room[0].Name, "as it was typed")

		_, count = b.imported(roomHeader + "Sala Sao Joao,São Paulo,BR,MTR_WINDOWS,SN-0002,RALLY-BAR,2026-10-01\n")
		require.Equal(t, activities.ImportCount{Rows: 1, Stored: 1}, count, "without the accents it is another room")
		require.Equal(t, [3]int{2, 2, 2}, b.facts())
	})
}

func TestS62_ADeviceOfAFileIsNotBoughtTomorrow(t *testing.T) {
	b := newRoomBench(t, storetest.SQLite(t))
	job, _ := b.imported(roomHeader + "Sala 1,HQ,BR,MTR_WINDOWS,SN-0001,RALLY-BAR,2062-10-01\n")
	require.Equal(t, importjob.ImportRefused, job.State)
	require.Equal(t, []string{"/devices/0/purchased_on IN_THE_FUTURE"}, pointers(b.refused(job.ID)[0].Errors))
	require.Equal(t, [3]int{}, b.facts())
}

const addressHeader = "room,site,street,postal_code,city,region,country,platform,serial,model\n"

// sites are the account's sites, each by its name with its address.
func (b *roomBench) sites() map[string]string {
	b.t.Helper()
	sites, _, err := b.ListSites(storetest.Customer(b.account), b.account, db.Page{Limit: 200})
	require.NoError(b.t, err)
	out := map[string]string{}
	for _, s := range sites {
		out[s.Name] = strings.Join([]string{s.Street, s.PostalCode, s.City, s.Region, s.Country}, "|")
	}
	return out
}

// S25: parcels go to known sites only, and a file of rooms makes its sites known; the same
// file again, however it is spelt, changes nothing (S35, S61, S63).
func TestS25_AFileOfRoomsMakesItsSitesKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := newRoomBench(t, env)
		const paulista = "Paulista,\"Av. Paulista, 1000\",01310-100,São Paulo,SP,BR,OTHER"
		file := addressHeader + "Sala 1," + paulista + ",SN-1,TAP\nSala 2," + paulista + ",,\n" +
			"Sala 3,Sem endereço,,,,SP,BR,OTHER,,\n"
		_, count := b.imported(file)
		require.Equal(t, activities.ImportCount{Rows: 3, Stored: 3}, count)
		known := map[string]string{"Paulista": "Av. Paulista, 1000|01310-100|São Paulo|SP|BR"}
		require.Equal(t, known, b.sites())
		require.Equal(t, 1, b.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'site.created'"))

		for name, again := range map[string]string{
			"the same":                file,
			"NFD":                     norm.NFD.String(file),
			"NBSP":                    strings.ReplaceAll(file, "São Paulo,", "São\u00a0Paulo,"),
			"other case":              strings.ReplaceAll(file, "Paulista,\"Av. Paulista", "PAULISTA,\"avenida PAULISTA"),
			"region with its country": strings.ReplaceAll(file, ",SP,BR", ",BR-SP,BR"),
			"no postal code":          strings.ReplaceAll(file, "01310-100", ""),
			"a spreadsheet's code":    strings.ReplaceAll(file, "01310-100", "1310100"),
			"no street":               strings.ReplaceAll(file, "\"Av. Paulista, 1000\"", ""),
			"in Portuguese": strings.Replace(file, addressHeader,
				"Sala,Local,Logradouro,CEP,Cidade,UF,País,Plataforma,Número de série,Modelo\n", 1),
		} {
			_, count := b.imported(again)
			require.Equal(t, activities.ImportCount{Rows: 3, Unchanged: 3}, count, name)
			require.Equal(t, known, b.sites(), name)
		}
		b.AuditHolds(t)
	})
}

// What is wrong with a site's address is named by its field, in the dry run as in the wet.
func TestS25_AWrongAddressOfASiteIsRefused(t *testing.T) {
	b := newRoomBench(t, storetest.SQLite(t))
	b.Site(t, b.account, "HQ", "BR", "SP") // Av. Paulista 1000, 01310-100 São Paulo
	for row, want := range map[string]string{
		"A,,Rua Augusta 1,,São Paulo,SP,BR,OTHER,,":                                "/site REQUIRED",
		"A,Augusta,Rua Augusta 1,,,SP,BR,OTHER,,":                                  "/address/city REQUIRED",
		"A,Augusta,,01305-000,São Paulo,SP,BR,OTHER,,":                             "/address/street REQUIRED",
		"A,Augusta," + strings.Repeat("R", 201) + ",,São Paulo,SP,BR,OTHER,,":      "/address/street TOO_LONG",
		"A,Augusta,Rua\u200bAugusta,,São Paulo,SP,BR,OTHER,,":                      "/address/street CONTROL_CHARACTERS",
		"A,Augusta,Rua Augusta 1," + strings.Repeat("1", 21) + ",SP,SP,BR,OTHER,,": "/address/postal_code TOO_LONG",
		"A,hq,Rua Augusta 1,,São Paulo,SP,BR,OTHER,,":                              "/address SITE_DIFFERS",
		"A,HQ,Av. Paulista 1001,,São Paulo,SP,BR,OTHER,,":                          "/address SITE_DIFFERS",
		"A,HQ,Av. Paulista 1000 12º andar,,São Paulo,SP,BR,OTHER,,":                "/address SITE_DIFFERS",
		"A,HQ,Av. Paulista 1000,,São Paulo,RJ,BR,OTHER,,":                          "/address SITE_DIFFERS",
		"A,HQ,Av. Paulista 1000,,São Paulo,,PT,OTHER,,":                            "/address SITE_DIFFERS",
		"A,Augusta,Rua Augusta 1,,São Paulo,SP,BR,OTHER,,\nB,Augusta,Rua Augusta 2,,São Paulo,SP,BR,OTHER,,": "" +
			"/address ROWS_DIFFER",
	} {
		for _, how := range []func(*importjob.ImportJob){dry, func(*importjob.ImportJob) {}} {
			job, _ := b.imported(addressHeader+row+"\n", how)
			refused := b.refused(job.ID)
			require.Len(t, refused, 1, row)
			require.Equal(t, []string{want}, pointers(refused[0].Errors), row)
		}
	}
	require.Len(t, b.sites(), 1)
	require.Equal(t, [3]int{}, b.facts())
}
