package sync_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	client "roomcover.dev/roomcover/sync"
	"roomcover.dev/roomcover/sync/simulator"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const org = "OrgOfAcme0001"

// vendor is a Sync without a wire: it says what a test has it say.
type vendor struct {
	mu      stdsync.Mutex
	places  []health.Place
	trouble health.Code // of every answer
	refuses string      // the certificate of this serial number
	asked   int
}

func (v *vendor) Regions() []string { return []string{"US"} }

func (v *vendor) Try(
	ctx context.Context, region, org string, certificate tls.Certificate,
) error {
	_, err := v.Places(ctx, region, org, certificate, "")
	return err
}

func (v *vendor) Places(
	_ context.Context, _, asked string, certificate tls.Certificate, after string,
) (health.Page, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	code := v.trouble
	if v.refuses != "" && certificate.Leaf.SerialNumber.String() == v.refuses || asked != org {
		code = health.Refused
	}
	if code != "" {
		return health.Page{}, &health.Trouble{Code: code}
	}
	from := 0
	_, _ = fmt.Sscan(after, &from)
	to := min(from+health.PlacesPerRequest, len(v.places))
	page := health.Page{Places: v.places[from:to]}
	if to < len(v.places) {
		page.Next = fmt.Sprint(to)
	}
	return page, nil
}

// set has every room say something of its devices.
func (v *vendor) set(status health.Status, places ...int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.places = slices.Clone(v.places)
	for _, i := range places {
		v.places[i].Devices = slices.Clone(v.places[i].Devices)
		for d := range v.places[i].Devices {
			v.places[i].Devices[d].Status = status
		}
	}
}

func place(n int) health.Place {
	return health.Place{
		ID:    fmt.Sprintf("place-%d", n),
		Kind:  health.Room,
		Name:  fmt.Sprintf("Mesa %d", n),
		Group: fmt.Sprintf("/BR/Paulista %d/", n/100),
		Devices: []health.Device{{
			ID:        fmt.Sprintf("bar-%d", n),
			Kind:      health.Maker,
			Name:      "Rally Bar",
			Serial:    fmt.Sprintf("SYN%06dB", n),
			Status:    health.DeviceOnline,
			Complaint: health.NoIssues,
		}},
	}
}

func places(n int) []health.Place {
	out := make([]health.Place, n)
	for i := range out {
		out[i] = place(i)
	}
	return out
}

// world is an account that is connected to a vendor.
type world struct {
	storetest.Env
	*vendor
	t       *testing.T
	acme    storetest.Covered
	ctx     context.Context // of its administrator
	clock   *time.Time
	maker   *simulator.Simulator // of certificates
	con     sync.Connection
	uploads []sync.Upload
}

// authority makes certificates; making one takes longer than most tests.
var authority = stdsync.OnceValues(func() (*simulator.Simulator, error) {
	return simulator.Start(simulator.Options{})
})

func newWorld(t *testing.T, env storetest.Env, told int) *world {
	t.Helper()
	maker, err := authority()
	require.NoError(t, err)
	now := time.Now().UTC().Truncate(time.Second)
	w := &world{
		Env: env, vendor: &vendor{places: places(told)}, t: t, acme: env.Covered(t), clock: &now,
		maker: maker,
	}
	w.Sync.Now = func() time.Time { return *w.clock }
	w.ctx = db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{w.acme.Account},
		Actor:      db.Actor{ID: w.acme.Admin.ID, Role: rules.CustomerAdmin},
	})
	w.con, err = w.Sync.Connect(w.ctx, w.vendor, w.acme.Account, w.upload(90))
	require.NoError(t, err)
	w.asked = 0
	return w
}

// upload is a new certificate that lasts so many days.
func (w *world) upload(days int) sync.Upload {
	w.t.Helper()
	certificate, key, err := w.maker.Certificate(org, w.clock.AddDate(0, 0, days))
	require.NoError(w.t, err)
	u := sync.Upload{Region: "US", Certificate: certificate, Key: key}
	w.uploads = append(w.uploads, u)
	return u
}

// serialOf is the serial number of an upload's certificate.
func (w *world) serialOf(u sync.Upload) string {
	pair, err := tls.X509KeyPair(u.Certificate, u.Key)
	require.NoError(w.t, err)
	return pair.Leaf.SerialNumber.String()
}

// minutes polls so many times, once a minute.
func (w *world) minutes(n int) {
	w.t.Helper()
	for range n {
		*w.clock = w.clock.Add(70 * time.Second)
		_, err := w.Sync.PollDue(w.Context, w.vendor)
		require.NoError(w.t, err)
	}
}

func (w *world) connection() sync.Connection {
	w.t.Helper()
	c, err := w.Sync.ConnectionOf(w.ctx, w.acme.Account)
	require.NoError(w.t, err)
	return c
}

// shown counts how the rooms are shown.
func (w *world) shown() map[health.State]int {
	w.t.Helper()
	out := map[health.State]int{}
	all, err := w.Sync.PlacesOf(w.ctx, w.acme.Account)
	require.NoError(w.t, err)
	for _, p := range all {
		out[p.ShownAt(*w.clock, w.connection())]++
	}
	return out
}

func (w *world) changes() map[string]int {
	out := map[string]int{}
	for _, what := range w.Strings(w.t, "SELECT what FROM sync_changes") {
		out[what]++
	}
	return out
}

func TestS57_OnlyChangesAreRowsAndAThousandPlacesAreOneRequest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 1000)
		w.minutes(2)
		require.Equal(t, map[health.State]int{health.Healthy: 1000}, w.shown())
		require.Equal(t, map[string]int{"ANSWERS": 1, "STATE": 1000}, w.changes())

		// Nothing changed: a request, a few statements, no row.
		w.asked = 0
		w.Statements.Reset()
		w.minutes(1)
		require.Equal(t, 1, w.asked)
		require.LessOrEqual(t, len(w.Statements.List()), 20, "%s",
			strings.Join(w.Statements.List(), "\n"))
		require.Equal(t, map[string]int{"ANSWERS": 1, "STATE": 1000}, w.changes())

		// One goes down: that one is written, once it was read twice.
		w.set(health.DeviceOffline, 7)
		w.minutes(1)
		require.Equal(t, 1000, w.shown()[health.Healthy], "one poll is none")
		w.minutes(2)
		require.Equal(t, map[health.State]int{health.Healthy: 999, health.Offline: 1}, w.shown())
		require.Equal(t, map[string]int{"ANSWERS": 1, "STATE": 1001, "DOWN": 1}, w.changes())

		// A worker that comes meanwhile finds nothing due.
		polled, err := w.Sync.PollDue(w.Context, w.vendor)
		require.NoError(t, err)
		require.Zero(t, polled)
	})
}

func TestS29_AnOutageAndARefusalAreUnknownAndNeverAMassOutage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 30)
		w.minutes(3)
		before := w.changes()

		// Sync is silent: rooms are as they were for a while, then nothing is known.
		w.trouble = health.Unreachable
		w.minutes(1)
		require.Equal(t, 30, w.shown()[health.Healthy])
		require.Equal(t, 1, w.connection().Failures)
		w.minutes(15)
		require.Equal(t, map[health.State]int{health.Unknown: 30}, w.shown())
		before["SILENT"] = 1
		require.Equal(t, before, w.changes())
		require.Less(t, w.asked, 12, "pauses grow")
		require.Empty(t, w.Tasks(t, db.TaskSyncConnection))

		// It is back, and refuses: one task, whatever follows.
		w.trouble = health.Refused
		w.minutes(200)
		require.Equal(t, sync.NeedsCertificate, w.connection().State)
		require.Equal(t, map[health.State]int{health.Unknown: 30}, w.shown())
		before["REFUSED"] = 1
		require.Equal(t, before, w.changes())
		tasks := w.Tasks(t, db.TaskSyncConnection)
		require.Len(t, tasks, 1)
		require.Equal(t, db.TaskOpen, tasks[0].State)
		require.Contains(t, tasks[0].Why, "no longer accepts the connection")

		// It lets the connection in again, and all is as it was.
		w.trouble = ""
		w.minutes(40)
		require.Equal(t, sync.Live, w.connection().State)
		require.Equal(t, map[health.State]int{health.Healthy: 30}, w.shown())
		before["ANSWERS"]++
		require.Equal(t, before, w.changes())
		require.Equal(t, db.TaskDone, w.Tasks(t, db.TaskSyncConnection)[0].State)
	})
}

func TestS57_AFlappingRoomMakesFewRowsAndAVanishedOneStays(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 3)
	w.minutes(3)
	for range 10 {
		w.set(health.DeviceOffline, 0)
		w.minutes(3)
		w.set(health.DeviceOnline, 0)
		w.minutes(3)
	}
	require.Equal(t, 1, w.changes()["DOWN"])
	require.Equal(t, 1, w.changes()["FLAPPING"])
	w.minutes(60)
	require.Equal(t, 1, w.changes()["QUIET"])
	require.Equal(t, 1, w.changes()["WELL"], "told twice in all")

	gone := w.places[2]
	w.places = w.places[:2]
	w.minutes(3)
	require.Equal(t, 1, w.changes()["VANISHED"])
	require.Equal(t, map[health.State]int{health.Healthy: 2, health.Unknown: 1}, w.shown())
	gone.Name = "Sala nova"
	w.places = append(w.places, gone)
	w.minutes(3)
	require.Equal(t, 1, w.changes()["RETURNED"])
	require.Equal(t, 1, w.changes()["RENAMED"])
	require.Equal(t, map[health.State]int{health.Healthy: 3}, w.shown())
}

func TestS29_TwoCertificatesTakeOverFromEachOtherAndAreAlertedAbout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 1)
		w.minutes(1)

		// Nothing that is stored has the key in it, nor does anything that is read.
		dump := strings.Join(w.Strings(t, "SELECT private_key || certificate FROM sync_certificates"), "")
		require.NotEmpty(t, dump)
		require.NotContains(t, dump, "PRIVATE")
		require.NotContains(t, dump, "BEGIN")

		standing := func() sync.Standing {
			s, err := w.Sync.StandingOf(w.ctx, w.acme.Account, "")
			require.NoError(t, err)
			return s
		}
		require.Equal(t, 1, standing().UsedToday)
		require.NotContains(t, fmt.Sprintf("%+v", standing()), "PRIVATE")

		// The same again changes nothing; the last one is not removed.
		again, err := w.Sync.Connect(w.ctx, w.vendor, w.acme.Account, w.uploads[0])
		require.NoError(t, err)
		require.Equal(t, w.con.ID, again.ID)
		_, err = w.Sync.Connect(w.ctx, w.vendor, w.acme.Account, w.upload(90))
		require.Equal(t, rules.StateConflict, rules.CodeOf(err))
		first := standing().Certificates[0].ID
		_, err = w.Sync.RemoveCertificate(w.ctx, w.acme.Account, first, "")
		require.Equal(t, sync.LastKey, rules.CodeOf(err))

		// It is alerted about thrice before it ends, by one task.
		for _, days := range []int{61, 70, 84, 89} {
			*w.clock = w.uploadedAt().AddDate(0, 0, days)
			w.minutes(2)
			tasks := w.Tasks(t, db.TaskSyncConnection)
			require.Len(t, tasks, 1)
			require.Contains(t, tasks[0].Why, "ends soon")
		}
		require.Equal(t, []string{"1"}, w.Strings(t, "SELECT CAST(alerted AS text) FROM sync_certificates"))

		// A second one takes over while the first is still there; a third has no place.
		second := w.upload(90)
		_, err = w.Sync.AddCertificate(w.ctx, w.vendor, w.acme.Account, second)
		require.NoError(t, err)
		_, err = w.Sync.AddCertificate(w.ctx, w.vendor, w.acme.Account, second)
		require.NoError(t, err, "again nothing")
		_, err = w.Sync.AddCertificate(w.ctx, w.vendor, w.acme.Account, w.upload(90))
		require.Equal(t, sync.TooManyKeys, rules.CodeOf(err))
		w.minutes(1)
		require.Equal(t, db.TaskDone, w.Tasks(t, db.TaskSyncConnection)[0].State)

		// Sync refuses one of them: the other is shown, in the same poll.
		w.refuses = w.serialOf(second)
		w.minutes(2)
		require.Equal(t, sync.Live, w.connection().State)
		require.Len(t, standing().Certificates, 2)
		require.True(t, standing().Certificates[1].Refused)

		w.refuses = ""
		_, err = w.Sync.RemoveCertificate(w.ctx, w.acme.Account, first, "")
		require.NoError(t, err)
		_, err = w.Sync.RemoveCertificate(w.ctx, w.acme.Account, first, "")
		require.NoError(t, err, "again nothing")
		_, err = w.Sync.RemoveCertificate(w.ctx, w.acme.Account, "syk_other", "")
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		require.Equal(t, 1, w.Count(t,
			"SELECT count(*) FROM sync_certificates WHERE private_key = '' AND certificate = ''"))
		w.minutes(1)
		require.Equal(t, sync.Live, w.connection().State)

		require.NoError(t, w.Sync.Disconnect(w.ctx, w.acme.Account, ""))
		require.Equal(t, rules.NotFound, rules.CodeOf(w.Sync.Disconnect(w.ctx, w.acme.Account, "")))
		require.Zero(t, w.Count(t, "SELECT count(*) FROM sync_certificates WHERE private_key <> ''"))
		require.Zero(t, w.Count(t, "SELECT count(*) FROM sync_places"))
		w.asked = 0
		w.minutes(2)
		require.Zero(t, w.asked)
		w.AuditHolds(t)
	})
}

// uploadedAt is ninety days before the first certificate ends.
func (w *world) uploadedAt() time.Time {
	pair, err := tls.X509KeyPair(w.uploads[0].Certificate, w.uploads[0].Key)
	require.NoError(w.t, err)
	return pair.Leaf.NotAfter.AddDate(0, 0, -90)
}

func TestR43a_ImportingTwiceIsImportingOnceAndNothingIsMergedByItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 5)
		w.places[4].Name = w.acme.Room.Name // a room that was added by hand
		w.places[3].Devices[0].Serial = *w.acme.Device.Serial
		w.minutes(2)

		preview := func() (kinds map[string]sync.Kind, all []sync.Proposal) {
			t.Helper()
			kinds = map[string]sync.Kind{}
			all, err := w.Sync.Preview(w.ctx, w.acme.Account)
			require.NoError(t, err)
			for _, p := range all {
				one, err := w.Sync.ProposalOf(w.ctx, w.acme.Account, p.ID)
				require.NoError(t, err)
				kinds[one.Facts.ID] = p.Kind
				one.Facts = p.Facts
				require.Equal(t, p, one, "one place is proposed as it is among all")
			}
			return kinds, all
		}
		kinds, all := preview()
		require.Equal(t, map[string]sync.Kind{
			"place-0": sync.KindNew, "place-1": sync.KindNew, "place-2": sync.KindNew,
			"place-3": sync.KindLike, "place-4": sync.KindLike,
		}, kinds)
		require.NoError(t, w.Sync.FactsOf(w.ctx, w.acme.Account, all))
		idOf := map[string]string{}
		for _, p := range all {
			idOf[p.Facts.ID] = p.ID
			if p.Facts.ID == "place-3" {
				require.Equal(t, []health.Likeness{{
					RoomID: w.acme.Room.ID, Reasons: []health.Sameness{health.SameSerial},
				}}, p.Likes)
			}
		}
		apply := func(choices ...sync.Choice) []sync.Outcome {
			t.Helper()
			out, err := w.Sync.Apply(w.ctx, w.acme.Account, choices, "")
			require.NoError(t, err)
			return out
		}
		rooms := func() int { return w.Count(t, "SELECT count(*) FROM rooms") }
		before := rooms()

		// Nobody has said where the rooms of the group are.
		out := apply(sync.Choice{PlaceID: idOf["place-0"], Act: sync.Add})
		require.Equal(t, sync.GroupUnmapped, rules.CodeOf(out[0].Err))
		groups, err := w.Sync.GroupsOf(w.ctx, w.acme.Account)
		require.NoError(t, err)
		require.Len(t, groups, 1)
		groups[0].Country = "BR"
		groups[0].Platform = rules.PlatformTeamsAndroid
		groups[0].Site = w.acme.Room.Site
		for range 2 {
			require.NoError(t, w.Sync.PutGroup(w.ctx, w.acme.Account, groups[0], ""))
		}
		wrong := groups[0]
		wrong.Country = "XX"
		require.Equal(t, rules.ValidationFailed,
			rules.CodeOf(w.Sync.PutGroup(w.ctx, w.acme.Account, wrong, "")))

		// Everything is chosen at once, and a second time.
		choices := []sync.Choice{
			{PlaceID: idOf["place-0"], Act: sync.Add},
			{PlaceID: idOf["place-1"], Act: sync.Add},
			{PlaceID: idOf["place-2"], Act: sync.Add},
			{PlaceID: idOf["place-3"], Act: sync.Add},
			{PlaceID: idOf["place-4"], Act: sync.Add},
			{PlaceID: "syp_unknown", Act: sync.Add},
		}
		out = apply(choices...)
		for i := range 4 {
			require.NoError(t, out[i].Err)
			require.True(t, out[i].Changed)
		}
		require.Equal(t, []string{*w.acme.Device.Serial}, out[3].Skipped, "it stays where it is")
		require.Equal(t, sync.LooksLikeRoom, rules.CodeOf(out[4].Err), "which is meant is not guessed")
		require.Equal(t, rules.NotFound, rules.CodeOf(out[5].Err))
		require.Equal(t, before+4, rooms())
		devices := w.Count(t, "SELECT count(*) FROM devices WHERE serial LIKE 'SYN%'")
		require.Equal(t, 3, devices)
		for _, o := range apply(choices...)[:4] {
			require.NoError(t, o.Err)
			require.False(t, o.Changed)
		}
		require.Equal(t, before+4, rooms())

		// A person says that it is the room that was there.
		link := sync.Choice{PlaceID: idOf["place-4"], Act: sync.Link, RoomID: w.acme.Room.ID}
		require.True(t, apply(link)[0].Changed)
		require.False(t, apply(link)[0].Changed)
		require.Equal(t, before+4, rooms())
		taken := sync.Choice{PlaceID: idOf["place-0"], Act: sync.Link, RoomID: w.acme.Room.ID}
		require.Equal(t, sync.LinkedElsewhere, rules.CodeOf(apply(taken)[0].Err))

		kinds, _ = preview()
		for _, kind := range kinds {
			require.Equal(t, sync.KindSame, kind)
		}

		// A renamed place renames its room, once that is chosen, and a vanished one takes nothing.
		w.places = slices.Clone(w.places)
		w.places[1].Name = "Sala Oscar"
		w.places = slices.Delete(w.places, 2, 3)
		w.minutes(3)
		kinds, _ = preview()
		require.Equal(t, sync.KindRenamed, kinds["place-1"])
		require.Equal(t, sync.KindVanished, kinds["place-2"])
		follow := sync.Choice{PlaceID: idOf["place-1"], Act: sync.Follow}
		o := apply(follow, sync.Choice{PlaceID: idOf["place-2"], Act: sync.Follow})
		require.True(t, o[0].Changed)
		require.False(t, o[1].Changed)
		room, err := w.GetRoom(w.ctx, o[0].RoomID)
		require.NoError(t, err)
		require.Equal(t, "Sala Oscar", room.Name)
		of, err := w.Sync.OfRooms(w.ctx, room.ID, w.acme.Room.ID, "rom_unknown")
		require.NoError(t, err)
		require.Len(t, of, 2)
		require.Equal(t, health.Healthy, of[room.ID].Shown)
		require.Equal(t, w.connection().AnsweredAt, of[room.ID].AsOf)
		require.False(t, apply(follow)[0].Changed)

		// Its group is elsewhere: the rooms move with it, once that is chosen.
		groups[0].Site = "Rio"
		require.NoError(t, w.Sync.PutGroup(w.ctx, w.acme.Account, groups[0], ""))
		kinds, _ = preview()
		require.Equal(t, sync.KindMoved, kinds["place-1"])
		require.True(t, apply(follow)[0].Changed)
		room, err = w.GetRoom(w.ctx, room.ID)
		require.NoError(t, err)
		require.Equal(t, "Rio", room.Site)

		// An archived room is not brought back; what was taken for another is separated.
		_, err = w.ArchiveRoom(w.ctx, room.ID, "")
		require.NoError(t, err)
		kinds, _ = preview()
		require.Equal(t, sync.KindArchived, kinds["place-1"])
		require.True(t, apply(sync.Choice{PlaceID: idOf["place-1"], Act: sync.Unlink})[0].Changed)
		kinds, _ = preview()
		require.Equal(t, sync.KindNew, kinds["place-1"])
		w.AuditHolds(t)
	})
}

// The rooms that a place may be are found as well where there are more than a statement names.
func TestR43a_ARoomIsFoundAmongThousandsThatAreNoPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 3)
		w.places[1].Name = w.acme.Room.Name
		w.places[2].Devices[0].Serial = *w.acme.Device.Serial
		w.minutes(1)
		likes := func() map[string][]health.Likeness {
			out := map[string][]health.Likeness{}
			all, err := w.Sync.Preview(w.ctx, w.acme.Account)
			require.NoError(t, err)
			for _, p := range all {
				out[p.Name] = p.Likes
			}
			return out
		}
		few := likes()
		require.Len(t, few["Mesa 2"], 1)
		require.Len(t, few[w.acme.Room.Name], 1)

		require.NoError(t, w.Exec(`
			WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 600)
			INSERT INTO rooms (id, account_id, name, site, search_key, country, region, time_zone,
				platform, criticality, state, version, created_at)
			SELECT 'rom_' || n, r.account_id, 'Oficina ' || n, r.site, 'oficina ' || n, r.country, r.region,
				r.time_zone, r.platform, r.criticality, r.state, 1, r.created_at
			FROM rooms r, numbers
			WHERE r.id = '`+w.acme.Room.ID+`'`))
		require.Equal(t, few, likes())
	})
}

func TestR43b_ImportedRoomsAreAssignable(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 1)
	w.minutes(1)
	all, err := w.Sync.Preview(w.ctx, w.acme.Account)
	require.NoError(t, err)
	require.NoError(t, w.Sync.PutGroup(w.ctx, w.acme.Account, sync.Group{
		PlaceGroup: all[0].PlaceGroup, Country: "BR", Platform: rules.PlatformOther,
	}, ""))
	out, err := w.Sync.Apply(w.ctx, w.acme.Account,
		[]sync.Choice{{PlaceID: all[0].ID, Act: sync.Add}}, "")
	require.NoError(t, err)
	licences := w.Licences(t, w.acme.Order)
	_, err = w.Assign(w.ctx, entitlement.AssignRequest{
		LicenceID: licences[len(licences)-1].ID, RoomID: out[0].RoomID,
	})
	require.NoError(t, err)
}

func TestC5_NobodyReachesAnothersConnection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 3)
		w.minutes(2)
		beta := w.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		stranger := db.WithScope(context.Background(), db.Scope{
			AccountIDs: []string{beta.Account},
			Actor:      db.Actor{ID: beta.Admin.ID, Role: rules.CustomerAdmin},
		})
		reader := storetest.ReadOnly(w.acme.Account)
		places, err := w.Sync.PlacesOf(w.ctx, w.acme.Account)
		require.NoError(t, err)
		_, err = w.Sync.NewSecret(w.ctx, w.acme.Account, "form", "")
		require.NoError(t, err)
		standing, err := w.Sync.StandingOf(w.ctx, w.acme.Account, "")
		require.NoError(t, err)

		acts := map[string]func(context.Context) error{
			"connect": func(ctx context.Context) error {
				_, err := w.Sync.Connect(ctx, w.vendor, w.acme.Account, w.uploads[0])
				return err
			},
			"add a certificate": func(ctx context.Context) error {
				_, err := w.Sync.AddCertificate(ctx, w.vendor, w.acme.Account, w.uploads[0])
				return err
			},
			"remove one": func(ctx context.Context) error {
				_, err := w.Sync.RemoveCertificate(ctx, w.acme.Account, standing.Certificates[0].ID, "")
				return err
			},
			"make a secret": func(ctx context.Context) error {
				_, err := w.Sync.NewSecret(ctx, w.acme.Account, "form", "")
				return err
			},
			"end one": func(ctx context.Context) error {
				return w.Sync.EndSecret(ctx, w.acme.Account, standing.Secrets[0].ID, "")
			},
			"read how it stands": func(ctx context.Context) error {
				_, err := w.Sync.StandingOf(ctx, w.acme.Account, "")
				return err
			},
			"disconnect": func(ctx context.Context) error {
				return w.Sync.Disconnect(ctx, w.acme.Account, "")
			},
			"place a group": func(ctx context.Context) error {
				return w.Sync.PutGroup(ctx, w.acme.Account, sync.Group{
					PlaceGroup: places[0].PlaceGroup, Country: "BR", Platform: rules.PlatformOther,
				}, "")
			},
			"apply": func(ctx context.Context) error {
				_, err := w.Sync.Apply(ctx, w.acme.Account,
					[]sync.Choice{{PlaceID: places[0].ID, Act: sync.Add}}, "")
				return err
			},
		}
		for name, act := range acts {
			require.Equal(t, rules.NotFound, rules.CodeOf(act(stranger)), name)
			require.Equal(t, rules.Forbidden, rules.CodeOf(act(reader)), name)
			require.ErrorIs(t, act(context.Background()), db.ErrNoScope, name)
		}

		// A reader sees the rooms, and a stranger none, whatever they name.
		seen, err := w.Sync.PlacesOf(reader, w.acme.Account)
		require.NoError(t, err)
		require.Len(t, seen, 3)
		seen, err = w.Sync.PlacesOf(stranger, w.acme.Account)
		require.NoError(t, err)
		require.Empty(t, seen)
		_, err = w.Sync.ProposalOf(stranger, w.acme.Account, places[0].ID)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		_, err = w.Sync.Preview(stranger, w.acme.Account)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		_, err = w.Sync.GroupsOf(stranger, w.acme.Account)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		of, err := w.Sync.OfRooms(stranger, w.acme.Room.ID)
		require.NoError(t, err)
		require.Empty(t, of)
		changes, err := w.Sync.ChangesOf(stranger, places[0].ID, time.Time{})
		require.NoError(t, err)
		require.Empty(t, changes)
		changes, err = w.Sync.ChangesOf(w.ctx, places[0].ID, time.Time{})
		require.NoError(t, err)
		require.NotEmpty(t, changes)

		// Theirs is not linked to a room of another account.
		out, err := w.Sync.Apply(w.ctx, w.acme.Account, []sync.Choice{
			{PlaceID: places[0].ID, Act: sync.Link, RoomID: beta.Room.ID},
		}, "")
		require.NoError(t, err)
		require.Equal(t, rules.NotFound, rules.CodeOf(out[0].Err))
	})
}

// Workers that look at once ask once.
func TestC5_ManyWorkersAskOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 3)
		*w.clock = w.clock.Add(time.Minute)
		var workers stdsync.WaitGroup
		for range 8 {
			workers.Go(func() {
				_, err := w.Sync.PollDue(w.Context, w.vendor)
				require.NoError(t, err)
			})
		}
		workers.Wait()
		require.Equal(t, 1, w.asked)
		require.Equal(t, 3, w.Count(t, "SELECT count(*) FROM sync_places"))
	})
}

// The budget of a day is a row: when it is used up nothing is asked until the next.
func TestS29_TheBudgetOfADayIsKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 2500)
		w.minutes(1)
		require.Equal(t, 3, w.asked)
		require.Equal(t, []string{"3"}, w.Strings(t, "SELECT CAST(used AS text) FROM sync_budgets"))
		require.NoError(t, w.Exec(fmt.Sprintf("UPDATE sync_budgets SET used = %d",
			health.RequestsPerDay-health.SpareRequests-1)))
		w.minutes(1)
		require.Equal(t, 4, w.asked, "the last one; a part of an answer is none")
		c := w.connection()
		require.Equal(t, health.Throttled, c.Trouble)
		require.Equal(t, w.clock.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1).Day(),
			c.NextPollAt.UTC().Day())
	})
}

// What is wrong is said in words before anything is stored; the real client asks a simulated Sync.
func TestS29_ConnectingSaysInWordsWhatIsWrong(t *testing.T) {
	env := storetest.SQLite(t)
	acme := env.Covered(t)
	s, err := simulator.Start(simulator.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	cloud, err := client.NewClient(client.Options{
		Regions: map[string]string{"US": s.URL()}, Roots: s.Roots(),
	})
	require.NoError(t, err)
	s.Put(org, simulator.Rooms(2)...)
	upload := func(org string, ends time.Time) sync.Upload {
		certificate, key, err := s.Certificate(org, ends)
		require.NoError(t, err)
		return sync.Upload{Region: "US", Certificate: certificate, Key: key}
	}
	soon := time.Now().AddDate(0, 1, 0)
	good, other := upload(org, soon), upload(org, soon)
	deactivated := upload(org, soon)
	require.NoError(t, s.Deactivate(deactivated.Certificate))

	for name, c := range map[string]struct {
		upload sync.Upload
		code   string
	}{
		"nothing":      {sync.Upload{Region: "US"}, sync.Unreadable},
		"another file": {sync.Upload{Region: "US", Certificate: []byte("x"), Key: good.Key}, sync.Unreadable},
		"the two swapped": {sync.Upload{Region: "US", Certificate: good.Key, Key: good.Certificate},
			sync.Unreadable},
		"the key of another": {sync.Upload{Region: "US", Certificate: good.Certificate, Key: other.Key},
			sync.KeyDiffers},
		"over":            {upload(org, time.Now().Add(-time.Minute)), sync.Expired},
		"no organisation": {upload("", soon), sync.NoOrganisation},
		"another region":  {sync.Upload{Region: "EU", Certificate: good.Certificate, Key: good.Key}, sync.UnknownRegion},
		"deactivated":     {deactivated, sync.NotLetIn},
		"no licence":      {upload("Unlicensed", soon), sync.NotLetIn},
	} {
		_, err := env.Sync.Connect(env.Context, cloud, acme.Account, c.upload)
		require.Equal(t, c.code, rules.CodeOf(err), "%s: %v", name, err)
		require.NotContains(t, err.Error(), org)
	}
	require.Zero(t, env.Count(t, "SELECT count(*) FROM sync_connections"))

	_, err = env.Sync.Connect(env.Context, cloud, acme.Account, good)
	require.NoError(t, err)
	polled, err := env.Sync.PollDue(env.Context, cloud)
	require.NoError(t, err)
	require.Equal(t, 1, polled)
	require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM sync_places"))

	// Sync is gone: nobody is told that a certificate is wrong.
	require.NoError(t, s.Close())
	beta := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
	_, err = env.Sync.Connect(env.Context, cloud, beta.Account, other)
	require.Equal(t, sync.NoAnswer, rules.CodeOf(err))
}
