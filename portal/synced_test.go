package portal

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	stdsync "sync"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/sync/simulator"
)

// toldRooms is a Sync without a wire: it tells of the rooms that a test puts there, to every
// organization alike.
type toldRooms struct {
	mu     stdsync.Mutex
	places []health.Place
}

func (v *toldRooms) Regions() []string { return []string{"US", "EU"} }

func (v *toldRooms) Try(context.Context, string, string, tls.Certificate) error { return nil }

func (v *toldRooms) Places(
	context.Context, string, string, tls.Certificate, string,
) (health.Page, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return health.Page{Places: slices.Clone(v.places)}, nil
}

// tells has Sync tell of rooms in one group.
func (v *toldRooms) tells(places ...health.Place) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.places = places
}

// told is a room as Sync tells of it.
func told(n int, name, group string) health.Place {
	return health.Place{
		ID:       fmt.Sprintf("place-%d", n),
		Kind:     health.Room,
		Name:     name,
		Group:    group,
		Location: "/Building A/Floor 5/",
		Devices: []health.Device{{
			ID:        fmt.Sprintf("bar-%d", n),
			Kind:      health.Maker,
			Name:      "Rally Bar",
			Serial:    fmt.Sprintf("TOLD%06dB", n),
			Status:    health.DeviceOnline,
			Complaint: health.NoIssues,
		}},
	}
}

// authority makes certificates; it is no Sync here.
var authority = stdsync.OnceValues(func() (*simulator.Simulator, error) {
	return simulator.Start(simulator.Options{})
})

// certificateOf is what an administrator uploads of an organization.
func (w *world) certificateOf(org string) (certificate, key string) {
	w.t.Helper()
	maker, err := authority()
	require.NoError(w.t, err)
	c, k, err := maker.Certificate(org, time.Now().AddDate(0, 0, 90))
	require.NoError(w.t, err)
	return string(c), string(k)
}

// polled has so many minutes pass for Sync, each with an answer.
func (w *world) polled(vendor rooms.Vendor, minutes int) {
	w.t.Helper()
	for range minutes {
		at := w.Sync.Now().Add(70 * time.Second)
		w.Sync.Now = func() time.Time { return at }
		_, err := w.Sync.PollDue(w.Context, vendor)
		require.NoError(w.t, err)
	}
}

// connects connects an account with the world's Sync, which tells of three rooms of a group.
func (w *world) connects(accountID string, told ...health.Place) (certificate, key string) {
	w.t.Helper()
	certificate, key = w.certificateOf("OrgOfAcme0001")
	w.sync.tells(told...)
	_, err := w.Sync.Connect(storetest.Customer(accountID), w.sync, accountID, rooms.Upload{
		Region:      "US",
		Certificate: []byte(certificate),
		Key:         []byte(key),
	})
	require.NoError(w.t, err)
	w.polled(w.sync, 3)
	return certificate, key
}

// roomThatIsDown is the name of a covered room that Sync says is offline, see ticketForms.
const roomThatIsDown = "Sala R55c"

const toldGroup = "/BR/Paulista/"

// placesOf are the ids of the places that Sync tells an account of, by their names there.
func (w *world) placesOf(accountID string) map[string]string {
	w.t.Helper()
	all, err := w.Sync.PlacesOf(storetest.Customer(accountID), accountID)
	require.NoError(w.t, err)
	out := map[string]string{}
	for _, p := range all {
		out[p.Name] = p.ID
	}
	return out
}

// syncForms connects an account, and gives the forms about its Sync.
func (w *world) syncForms(accountID string, forms map[string][]string) {
	w.t.Helper()
	ctx := storetest.Customer(accountID)
	down := told(4, "Mesa 4", toldGroup)
	down.Devices[0].Status = health.DeviceOffline
	one, oneKey := w.connects(accountID, told(1, "Mesa 1", toldGroup),
		told(2, "Mesa 2", toldGroup), told(3, "Mesa 3", toldGroup), down)
	two, twoKey := w.certificateOf("OrgOfAcme0001")
	_, err := w.Sync.AddCertificate(ctx, w.sync, accountID, rooms.Upload{
		Certificate: []byte(two), Key: []byte(twoKey),
	})
	require.NoError(w.t, err)
	require.NoError(w.t, w.Sync.PutGroup(ctx, accountID, rooms.Group{
		PlaceGroup: toldGroup, Site: "Paulista", Country: "BR", Platform: rules.PlatformOther,
	}, ""))
	_, err = w.Sync.NewSecret(ctx, accountID, "before", "")
	require.NoError(w.t, err)
	standing, err := w.Sync.StandingOf(ctx, accountID, "")
	require.NoError(w.t, err)
	places := w.placesOf(accountID)
	ours, err := w.RoomsNamed(ctx, accountID, roomThatIsDown)
	require.NoError(w.t, err)
	for _, room := range ours {
		out, err := w.Sync.Apply(ctx, accountID, []rooms.Choice{
			{PlaceID: places["Mesa 4"], Act: rooms.Link, RoomID: room.ID},
		}, "")
		require.NoError(w.t, err)
		require.NoError(w.t, out[0].Err)
		forms["/rooms/:id/help"] = []string{roomHelpPath(room.ID), "text", "It is dark.", "once", "once_h"}
	}

	// The same certificates again change nothing.
	forms[syncPath] = []string{syncPath, "region", "US", fieldCertificate, one, fieldPrivateKey, oneKey}
	forms[certificatesPath] = []string{certificatesPath, fieldCertificate, two, fieldPrivateKey, twoKey}
	forms[certificatesPath+"/:id/remove"] = []string{
		certificatesPath + "/" + standing.Certificates[0].ID + "/remove", "confirmed", "yes",
	}
	forms[syncSecretsPath] = []string{syncSecretsPath, "once", "once_s"}
	forms[syncSecretsPath+"/:id/end"] = []string{
		syncSecretsPath + "/" + standing.Secrets[0].ID + "/end", "confirmed", "yes",
	}
	forms[syncGroupPath] = []string{
		syncGroupPath, "group", toldGroup, "site", "Paulista", "country", "BR", "region", "SP", "platform", "OTHER",
	}
	forms[syncRoomsPath] = []string{syncRoomsPath, "act", "ADD", "id", places["Mesa 1"]}
	forms[syncPlacesPath+"/:id"] = []string{syncPlacesPath + "/" + places["Mesa 2"], "act", "ADD"}
	forms[syncAllPath] = []string{syncAllPath, "confirmed", "yes"}
	forms[disconnectPath] = []string{disconnectPath, "confirmed", "yes"}
}

const longGroup = "/BR/Centro Empresarial Governador Mário Covas/Avenida Engenheiro Luís Carlos Berrini/"

// fullSync connects a full account: with rooms of the longest names, one that is offline, and one
// that looks like a room that is there.
func (w *world) fullSync(c storetest.Covered) (certificate, secret string, places []string) {
	w.t.Helper()
	ctx := storetest.Customer(c.Account)
	ours, err := w.GetRoom(ctx, c.Room.ID)
	require.NoError(w.t, err)
	same := told(3, ours.Name, longGroup)
	same.Devices[0].Status = health.DeviceOffline
	w.connects(c.Account,
		told(1, longRoom[:90], longGroup), told(2, longRoom[:80]+"!", toldGroup), same)
	require.NoError(w.t, w.Sync.PutGroup(ctx, c.Account, rooms.Group{
		PlaceGroup: longGroup, Site: longPlace, Country: "BR", Platform: rules.PlatformOther,
	}, ""))
	all, err := w.Sync.PlacesOf(ctx, c.Account)
	require.NoError(w.t, err)
	for _, p := range all {
		if p.Place == "place-3" {
			_, err := w.Sync.Apply(ctx, c.Account, []rooms.Choice{
				{PlaceID: p.ID, Act: rooms.Link, RoomID: c.Room.ID},
			}, "")
			require.NoError(w.t, err)
			continue
		}
		places = append(places, p.ID)
	}
	_, err = w.Sync.NewSecret(ctx, c.Account, "before", "")
	require.NoError(w.t, err)
	standing, err := w.Sync.StandingOf(ctx, c.Account, "")
	require.NoError(w.t, err)
	return standing.Certificates[0].ID, standing.Secrets[0].ID, places
}
