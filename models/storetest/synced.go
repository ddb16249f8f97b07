package storetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
)

// Synced is the Sync of an account, without a wire: it says what a test has it say.
type Synced struct {
	env     Env
	account string
	ctx     context.Context // of the account's administrator

	mu     stdsync.Mutex
	now    time.Time
	places []health.Place
	// Trouble is what every answer is; empty: an answer.
	Trouble health.Code
}

// PlaceInSync is the place of Sync that is the room of an account that Synced connects.
const PlaceInSync = "place-1"

// Synced connects a covered account to a Sync that tells of its room, which is healthy.
func (e Env) Synced(t testing.TB, c Covered) *Synced {
	t.Helper()
	s := &Synced{
		env:     e,
		account: c.Account,
		now:     time.Now().UTC().Truncate(time.Second),
		places: []health.Place{{
			ID:    PlaceInSync,
			Kind:  health.Room,
			Name:  c.Room.Name + " (Sync)",
			Group: "/BR/",
			Devices: []health.Device{
				{
					ID:        "bar",
					Kind:      health.Maker,
					Name:      "Rally Bar",
					Version:   "1.12.3",
					Serial:    *c.Device.Serial,
					Status:    health.DeviceOnline,
					Complaint: health.NoIssues,
				},
				{
					ID:        "tap",
					Kind:      health.Maker,
					Name:      "Tap IP",
					Version:   "1.9.0",
					Status:    health.DeviceOnline,
					Complaint: health.NoIssues,
				},
			},
		}},
	}
	e.Sync.Now = s.Now
	s.ctx = db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{c.Account},
		Actor:      db.Actor{ID: c.Admin.ID, Role: rules.CustomerAdmin},
	})
	certificate, key := selfSigned(t, "OrgOf"+c.Account)
	_, err := e.Sync.Connect(s.ctx, s, c.Account, sync.Upload{
		Region: "US", Certificate: certificate, Key: key,
	})
	require.NoError(t, err)
	s.Polls(t, 2)

	told, err := e.Sync.PlacesOf(s.ctx, c.Account)
	require.NoError(t, err)
	out, err := e.Sync.Apply(s.ctx, c.Account, []sync.Choice{
		{PlaceID: told[0].ID, Act: sync.Link, RoomID: c.Room.ID},
	}, "")
	require.NoError(t, err)
	require.NoError(t, out[0].Err)
	return s
}

// Now is the instant by which this Sync is asked.
func (s *Synced) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Polls asks so many times, once a minute.
func (s *Synced) Polls(t testing.TB, n int) {
	t.Helper()
	for range n {
		s.mu.Lock()
		s.now = s.now.Add(70 * time.Second)
		s.mu.Unlock()
		_, err := s.env.Sync.PollDue(s.env.Context, s)
		require.NoError(t, err)
	}
}

// Goes has every device of the room be so, until that is believed.
func (s *Synced) Goes(t testing.TB, status health.Status) {
	t.Helper()
	s.Change(func(p *health.Place) {
		for i := range p.Devices {
			p.Devices[i].Status = status
			if status == health.DeviceOffline {
				lost := s.now
				p.Devices[i].LostAt = &lost
			}
		}
	})
	s.Polls(t, 3)
}

// Change changes what is told of the room.
func (s *Synced) Change(change func(*health.Place)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.places[0]
	p.Devices = append([]health.Device{}, p.Devices...)
	change(&p)
	s.places = []health.Place{p}
}

// Regions are those that can be connected.
func (s *Synced) Regions() []string { return []string{"US"} }

// Try lets every certificate in.
func (s *Synced) Try(context.Context, string, string, tls.Certificate) error { return nil }

// Places tells of the room.
func (s *Synced) Places(
	context.Context, string, string, tls.Certificate, string,
) (health.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Trouble != "" {
		return health.Page{}, &health.Trouble{Code: s.Trouble}
	}
	return health.Page{Places: s.places}, nil
}

// selfSigned makes a certificate of an organisation with its key.
func selfSigned(t testing.TB, org string) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{Organization: []string{org}},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(0, 3, 0),
	}
	raw, err := x509.CreateCertificate(rand.Reader, of, of, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}
