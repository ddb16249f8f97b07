package saml_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	library "github.com/crewjam/saml"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/sso/saml"
	"roomcover.dev/roomcover/sso/saml/testprovider"
)

const (
	ours   = "https://portal.test/sso/saml/con_1"
	theirs = "https://idp.example"
)

var ana = testprovider.Person{Subject: "p-17", Email: "ana@acme.example", Name: "Ana Lima"}

// memory is Replays of one process.
type memory struct {
	mu   sync.Mutex
	used map[string]time.Time
}

func (m *memory) Consume(_ context.Context, id string, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.used[id]; ok {
		return saml.ErrReplayed
	}
	if m.used == nil {
		m.used = map[string]time.Time{}
	}
	m.used[id] = until
	return nil
}

// broken is Replays whose rows cannot be written.
type broken struct{}

var errBroken = errors.New("the database is away")

func (broken) Consume(context.Context, string, time.Time) error { return errBroken }

// stage is a provider and a connection to it, at one instant.
type stage struct {
	t        *testing.T
	now      time.Time
	provider *testprovider.Provider
	saml.Connection
	asked saml.Asked
}

// providers cost a key each: they are made once and set back.
var shared = sync.OnceValues(func() (*testprovider.Provider, error) {
	return testprovider.New(testprovider.Options{
		URL:      theirs,
		Services: "https://portal.test/sso/saml/",
		People:   []testprovider.Person{ana},
	})
})

func newStage(t *testing.T) *stage {
	t.Helper()
	p, err := shared()
	require.NoError(t, err)

	s := &stage{t: t, provider: p, now: time.Now().UTC().Truncate(time.Second)}
	keys := p.Keys()
	s.setBack(keys)
	t.Cleanup(func() { s.setBack(keys) })
	s.Connection = saml.Connection{Address: ours, Provider: s.read(), Replays: &memory{}}
	return s
}

func (s *stage) setBack(keys []testprovider.Key) {
	s.provider.SetKeys(keys...)
	s.provider.SetClock(func() time.Time { return s.now })
	s.provider.SetStyle(testprovider.Persistent)
	s.provider.SetSigns(testprovider.SignAssertion)
	s.provider.SetMethod("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
	s.provider.Alter(nil)
	s.provider.SignedInAt(ana.Subject, s.now)
}

// read is the provider as its metadata has it now.
func (s *stage) read() saml.Provider {
	s.t.Helper()
	metadata, err := s.provider.Metadata()
	require.NoError(s.t, err)
	p, err := saml.ReadProvider(metadata, s.now)
	require.NoError(s.t, err)
	return p
}

// answered is the provider's answer for Ana to a new request.
func (s *stage) answered() string {
	s.t.Helper()
	address, asked, err := s.Request("state-1", false, s.now)
	require.NoError(s.t, err)
	s.asked = asked
	form, err := s.provider.SignIn(address, ana)
	require.NoError(s.t, err)
	require.Equal(s.t, "state-1", form.RelayState)
	require.Equal(s.t, s.AnswersAddress(), form.URL)
	return form.SAMLResponse
}

// Request makes a request and its address.
func (s *stage) Request(
	state string, fresh bool, now time.Time,
) (address string, asked saml.Asked, err error) {
	request, err := s.NewRequest(fresh, now)
	require.NoError(s.t, err)
	address, err = request.Address(state)
	return address, request.Asked, err
}

// altered is an answer that was changed before it was signed.
func (s *stage) altered(fn func(*testprovider.Answer)) string {
	s.provider.Alter(fn)
	return s.answered()
}

func (s *stage) verify(answer string) (saml.Identity, error) {
	return s.Verify(s.t.Context(), answer, s.asked, s.now)
}

func (s *stage) requireRefused(want saml.Reason, answer string) {
	s.t.Helper()
	in, err := s.verify(answer)
	require.Equal(s.t, string(want), string(saml.ReasonOf(err)), "%v", err)
	require.Equal(s.t, saml.Identity{}, in, "nothing of what is refused is handed on")
	require.Equal(s.t, "saml: refused: "+string(want), err.Error(), "nothing of it is in the text")
}

// forged changes an answer after it was signed.
func forged(t *testing.T, answer string, fn func(root *etree.Element)) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(answer)
	require.NoError(t, err)
	document := etree.NewDocument()
	require.NoError(t, document.ReadFromBytes(raw))
	fn(document.Root())
	raw, err = document.WriteToBytes()
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(raw)
}

func edited(t *testing.T, answer string, fn func(xml string) string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(answer)
	require.NoError(t, err)
	changed := fn(string(raw))
	require.NotEqual(t, string(raw), changed)
	return base64.StdEncoding.EncodeToString([]byte(changed))
}

// served answers one request to the provider.
func served(p *testprovider.Provider, address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
	return w
}

func nameID(a *testprovider.Answer) *library.NameID { return a.Assertion.Subject.NameID }
