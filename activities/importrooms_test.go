package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
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

func (b *roomBench) rooms(content string, change ...func(*models.ImportJob)) models.ImportJob {
	b.t.Helper()
	job := models.ImportJob{Kind: models.ImportRooms, AccountID: &b.account, Format: "csv", AllOrNothing: true, Content: []byte(content)}
	for _, c := range change {
		c(&job)
	}
	job, err := b.CreateImport(storetest.Customer(b.account), job)
	require.NoError(b.t, err)
	return job
}

func (b *roomBench) imported(content string, change ...func(*models.ImportJob)) (models.ImportJob, activities.ImportCount) {
	b.t.Helper()
	job := b.rooms(content, change...)
	count, _, err := b.run(job.ID)
	require.NoError(b.t, err)
	return b.get(job.ID), count
}

// watched runs the import and calls between with the job before every batch.
func (b *roomBench) watched(ctx context.Context, jobID string, between func(models.ImportJob)) (activities.ImportCount, error) {
	return activities.RunImport(ctx, &activities.Imports{Store: b.Store}, jobID, func() {
		job, err := b.GetImport(b.Context, jobID, false)
		require.NoError(b.t, err)
		between(job)
	})
}

// facts are how many rooms, devices and stays there are.
func (b *roomBench) facts() [3]int {
	return [3]int{b.Count(b.t, "SELECT count(*) FROM rooms"), b.Count(b.t, "SELECT count(*) FROM devices"), b.Count(b.t, "SELECT count(*) FROM device_placements")}
}

func (b *roomBench) refused(jobID string) []models.ImportRow {
	b.t.Helper()
	rows, err := b.ImportRows(b.Context, jobID, models.RowRefused, 0, 100)
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
		require.Equal(t, models.ImportDone, job.State)
		require.Equal(t, [3]int{10, 30, 30}, b.facts())
		rows, err := b.ImportRows(storetest.Customer(b.account), job.ID, models.RowStored, 0, 50)
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
		require.Equal(t, 40, b.Count(t, "SELECT count(*) FROM audit_events WHERE verb IN ('room.created', 'device.registered') AND actor_id = 'usr_admin'"))
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
	asJSON := func(j *models.ImportJob) { j.Format = "json" }
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
		bad := roomsCSV(3000) + "Sala X,,XX,TEAMS,A/1,,2026-13-01\nSala 0,Site 0,PT,MTR_WINDOWS,SN0000001,TAP,\nshort,row\n"
		job, count := b.imported(bad)
		require.Equal(t, activities.ImportCount{Rows: 3003, Refused: 3}, count)
		require.Equal(t, models.ImportRefused, job.State)
		require.Equal(t, [3]int{}, b.facts())
		rows := b.refused(job.ID)
		require.Len(t, rows, 3)
		require.Equal(t, []string{"/country INVALID_COUNTRY", "/platform INVALID_PLATFORM", "/devices/0/serial SERIAL_INVALID_CHARACTERS",
			"/devices/0/model REQUIRED", "/devices/0/purchased_on INVALID_DATE"}, pointers(rows[0].Errors))
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
	for _, form := range []rules.RoomForm{{}, {Name: "A\x00B", Country: "BR", Platform: "OTHER"}, {Name: strings.Repeat("x", 101), Country: "ZZ", Platform: "NONE", Criticality: "BAD", TimeZone: "Mars"}} {
		_, single := b.CreateRoom(b.Context, models.NewRoom{AccountID: b.account, Form: form})
		line, err := json.Marshal(map[string]any{"name": form.Name, "country": form.Country, "platform": form.Platform, "criticality": form.Criticality, "time_zone": form.TimeZone})
		require.NoError(t, err)
		job, count := b.imported(string(line), dry, func(j *models.ImportJob) { j.Format = "json" })
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
	require.Equal(t, models.ImportDone, job.State)
	require.Equal(t, [3]int{}, b.facts())
}

// R27a, R27b: a device goes to its room by serial, and is in one room only.
func TestR27a_ImportPutsADeviceIntoItsRoomBySerial(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := newRoomBench(t, env)
		room := b.Room(t, b.account, "Sala 9")
		b.imported("room,site,country,platform,serial,model\n Sala 9 ,HQ,br,MTR_WINDOWS,ab-12 34,RALLY-BAR\n")
		devices, _, err := b.ListDevices(storetest.Customer(b.account), models.DeviceFilter{RoomID: room.ID})
		require.NoError(t, err)
		require.Len(t, devices, 1, "the room that was there is the one")
		require.Equal(t, "AB1234", *devices[0].Serial)
		elsewhere, count := b.imported("room,site,country,platform,serial,model\nSala 10,HQ,BR,OTHER,AB1234,RALLY-BAR\n") // R27b
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
	require.Equal(t, []string{"/platform ROOM_DIFFERS", "/devices/0/model DEVICE_DIFFERS", "/devices/0/purchased_on DEVICE_DIFFERS"}, pointers(b.refused(job.ID)[0].Errors))
	for range 2 {
		_, err := b.CreateRoom(b.Context, models.NewRoom{AccountID: b.account, Form: rules.RoomForm{Name: "Twin", Country: "BR", Platform: "OTHER"}})
		require.NoError(t, err)
	}
	job, _ = b.imported("room,country,platform\nTwin,BR,OTHER\n")
	require.Equal(t, []string{"/name ROOM_AMBIGUOUS"}, pointers(b.refused(job.ID)[0].Errors))
}

// R27c: another account's serial is refused, its owner is not told, and an operator
// is asked once; a dry run asks nobody.
func TestR27c_ImportOfAForeignSerialClaimsIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := newRoomBench(t, env)
		other := *env.Fulfilled(t, b.reseller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example")).AccountID
		theirs := b.Room(t, other, "Deles")
		device := b.Device(t, theirs, "SN0000001", "MEETUP", "")
		_, count := b.imported(roomsCSV(3), dry)
		require.Equal(t, 1, count.Refused)
		require.Empty(t, b.Tasks(t, models.TaskSerialClaimed))
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
			require.Len(t, b.Tasks(t, models.TaskSerialClaimed), 1)
		}
		require.Equal(t, [3]int{1, 1, 1}, b.facts())
	})
}

// What changes between check and store is reported by row; where nothing was stored
// yet, nothing is.
func TestS35_ConflictAfterTheCheckIsReported(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		for _, c := range []struct {
			serial string
			state  models.ImportState
			want   activities.ImportCount
		}{{"SN0000001", models.ImportRefused, activities.ImportCount{Rows: 1200, Refused: 1}}, {"SN0001101", models.ImportDone, activities.ImportCount{Rows: 1200, Stored: 1199, Refused: 1}}} {
			b := newRoomBench(t, env)
			taken := false
			job := b.rooms(roomsCSV(1200))
			count, err := b.watched(context.Background(), job.ID, func(job models.ImportJob) {
				if job.State == models.ImportStoring && !taken {
					taken = true
					b.Device(t, b.Room(t, b.account, "Elsewhere"), c.serial, "TAP", "")
				}
			})
			require.NoError(t, err)
			require.True(t, taken)
			job = b.get(job.ID)
			require.Equal(t, c.want, count)
			require.Equal(t, c.state, job.State)
			require.Equal(t, c.want.Stored > 0, job.Error != "")
			require.Len(t, b.refused(job.ID), 1)
			require.NoError(t, env.Exec("DELETE FROM device_placements"))
			require.NoError(t, env.Exec("DELETE FROM devices"))
			require.NoError(t, env.Exec("DELETE FROM rooms"))
		}
	})
}

// A run that is killed halfway and starts again goes on behind its mark, and leaves
// what one run would have.
func TestS35_ImportOfRoomsKilledHalfwayGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := newRoomBench(t, env)
		job := b.rooms(roomsCSV(4000))
		ctx, kill := context.WithCancel(context.Background())
		defer kill()
		_, err := b.watched(ctx, job.ID, func(job models.ImportJob) {
			if job.StoredThrough > 0 {
				kill()
			}
		})
		require.Error(t, err)
		half := b.get(job.ID)
		require.Equal(t, models.ImportStoring, half.State)
		require.Positive(t, half.StoredThrough)
		require.Less(t, half.RowsStored, 4000)
		require.Equal(t, half.RowsStored, b.facts()[1], "what is stored and what is counted commit together")
		require.NotEmpty(t, half.Content)

		count, _, err := b.run(job.ID)
		require.NoError(t, err)
		require.Equal(t, activities.ImportCount{Rows: 4000, Stored: 4000}, count)
		require.Equal(t, [3]int{1334, 4000, 4000}, b.facts())
		require.Equal(t, 4000, b.Count(t, "SELECT count(*) FROM import_rows WHERE outcome = 'STORED'"))
		require.Empty(t, b.get(job.ID).Content)
		b.AuditHolds(t)
	})
}

// Two workers that believe the job is theirs store nothing twice.
func TestS35_TwoWorkersStoreRoomsOnce(t *testing.T) {
	env := storetest.Postgres(t)
	b := newRoomBench(t, env)
	job := b.rooms(roomsCSV(3000))
	done := atomic.Int32{}
	storetest.AtOnce(3, func(int) error {
		for range 20 {
			if _, err := b.watched(context.Background(), job.ID, func(models.ImportJob) {}); err == nil {
				done.Add(1)
				return nil
			}
		}
		return nil
	})
	require.Positive(t, done.Load())
	require.Equal(t, models.ImportDone, b.get(job.ID).State)
	require.Equal(t, [3]int{1000, 3000, 3000}, b.facts())
	require.Equal(t, 3000, b.get(job.ID).RowsStored)
	b.AuditHolds(t)
}

func TestS35_HundredThousandRowsOfRoomsInBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	env := storetest.Postgres(t)
	b := newRoomBench(t, env)
	job := b.rooms(roomsCSV(100_000))
	job.Content = nil
	var peak atomic.Uint64
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	count, err := b.watched(context.Background(), job.ID, func(models.ImportJob) {
		b.Statements.Reset() // the count of statements is the test's own memory
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		peak.Store(max(peak.Load(), now.HeapAlloc))
	})
	require.NoError(t, err)
	require.Equal(t, activities.ImportCount{Rows: 100_000, Stored: 100_000}, count)
	require.Less(t, peak.Load(), before.HeapAlloc+100<<20, "of the 150 MB that a worker may take")
	took := time.Since(begun)
	t.Logf("100,000 rows in %s (%.0f rows/s), heap at most %d MiB above %d", took, 100_000/took.Seconds(), (peak.Load()-before.HeapAlloc)>>20, before.HeapAlloc>>20)
}
