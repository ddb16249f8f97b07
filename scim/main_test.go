package scim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/scim"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	storetest.Main(m)
}

// town is a company with an account, its administrator Ana and a directory that speaks for it.
type town struct {
	storetest.Env
	t       testing.TB
	log     *bytes.Buffer
	handler http.Handler
	account string
	ana     identity.Membership
	secret  string
}

// newTown is a town in which the domains of addresses that end in acme.example and beta.example are
// proved by whoever asks.
func newTown(t testing.TB, env storetest.Env) *town {
	t.Helper()
	w := &town{Env: env, t: t, log: &bytes.Buffer{}}
	env.Provisioning.DomainProved = func(_ *db.Tx, _, address string) (bool, error) {
		domain := rules.EmailDomain(address)
		return domain == "acme.example" || domain == "beta.example", nil
	}
	router := gin.New()
	require.NoError(t, scim.Register(router, scim.Options{
		Provisioning:  env.Provisioning,
		Log:           slog.New(slog.NewTextHandler(w.log, nil)),
		PublicURL:     "https://portal.example",
		RatePerSecond: 10_000,
		Burst:         10_000,
	}))
	w.handler = router

	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	w.account = *o.AccountID
	_, w.ana = env.Join(t, env.InvitationOf(t, o.ID))
	w.secret = w.token(w.account)
	return w
}

// token makes a token for the organisation of an account.
func (w *town) token(account string) string {
	w.t.Helper()
	_, secret, err := w.Provisioning.CreateToken(storetest.Customer(account), account,
		db.NewID("once"))
	require.NoError(w.t, err)
	return secret
}

// reply is an answer of the door.
type reply struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (w *town) send(method, path, body string, headers ...string) reply {
	return w.sendAs(w.secret, method, path, body, headers...)
}

func (w *town) sendAs(secret, method, path, body string, headers ...string) reply {
	w.t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, "/scim/v2"+strings.ReplaceAll(path, " ", "%20"), content)
	req.Header.Set("Content-Type", "application/scim+json")
	req.Header.Set("Authorization", "Bearer "+secret)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, req)

	r := reply{status: out.Code, header: out.Header(), raw: out.Body.String()}
	if r.raw != "" {
		require.NoError(w.t, json.Unmarshal(out.Body.Bytes(), &r.body), r.raw)
		require.Contains(w.t, out.Header().Get("Content-Type"), "application/scim+json")
	}
	return r
}

func (r reply) id() string { id, _ := r.body["id"].(string); return id }

// hire has the directory create somebody, and returns the id.
func (w *town) hire(name, email string) string {
	w.t.Helper()
	r := w.send("POST", "/Users", `{"userName":"`+email+`","displayName":"`+name+`","active":true}`)
	require.Equal(w.t, 201, r.status, r.raw)
	return r.id()
}

// patch sends operations.
func (w *town) patch(path, operations string) reply {
	w.t.Helper()
	return w.send("PATCH", path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
		"Operations":[`+operations+`]}`)
}

const (
	off = `{"op":"Replace","path":"active","value":"False"}`
	on  = `{"op":"Replace","path":"active","value":"True"}`
)

// gets reports with which role an address gets into the account; empty: it does not.
func (w *town) gets(email string) string {
	w.t.Helper()
	u, err := w.UserByEmail(w.Context, email)
	if err != nil {
		return ""
	}
	_, roles, _, err := w.PersonOf(w.Context, u.ID)
	require.NoError(w.t, err)
	return string(roles[w.account])
}
