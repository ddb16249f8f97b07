// Package testissuer is an OpenID Connect provider for development and tests: a person signs
// in by one click, or none where the request says who it is. It keeps to the parts of the
// protocol that the console asks for, and refuses what does not: the code flow with PKCE and
// a client's secret.
package testissuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

//go:embed templates
var files embed.FS

var choose = template.Must(template.ParseFS(files, "templates/choose.html"))

// Person is somebody whom the issuer knows.
type Person struct {
	Subject, Email, Name string
	Roles                []string
}

// Options say what the issuer is to know.
type Options struct {
	URL                    string // of the issuer itself, which it puts into every token
	ClientID, ClientSecret string
	RedirectURI            string
	People                 []Person
}

// Issuer is the provider; it is an http.Handler.
type Issuer struct {
	Options

	mux    http.ServeMux
	signer jose.Signer
	key    *ecdsa.PrivateKey

	mu    sync.Mutex
	codes map[string]grant
	alter func(claims map[string]any)
	since map[string]time.Time // when a person signed in last, by subject
}

// grant is what a code stands for.
type grant struct {
	person    Person
	nonce     string
	challenge string
	at        time.Time
	signedIn  time.Time
}

const keyID = "1"

// challengeMethod is the only one for PKCE: SHA-256.
const challengeMethod = "S" + "256"

// codeValid is how long a code may be exchanged.
const codeValid = time.Minute

// New returns an issuer with a key of its own.
func New(o Options) (*Issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.ES256,
		Key:       jose.JSONWebKey{Key: key, KeyID: keyID},
	}, nil)
	if err != nil {
		return nil, err
	}

	i := &Issuer{
		Options: o,
		signer:  signer,
		key:     key,
		codes:   map[string]grant{},
		since:   map[string]time.Time{},
	}
	i.mux.HandleFunc("GET /.well-known/openid-configuration", i.discover)
	i.mux.HandleFunc("GET /keys", i.keys)
	i.mux.HandleFunc("GET /authorize", i.authorize)
	i.mux.HandleFunc("POST /token", i.token)
	return i, nil
}

// ServeHTTP answers.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) { i.mux.ServeHTTP(w, r) }

// Alter has fn change the claims of every token from now on: for forgeries in tests.
func (i *Issuer) Alter(fn func(claims map[string]any)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.alter = fn
}

// SetRoles gives a person other roles from now on.
func (i *Issuer) SetRoles(subject string, roles ...string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := range i.People {
		if i.People[n].Subject == subject {
			i.People[n].Roles = roles
		}
	}
}

// SignedInAt says when a person signed in here: as if it was then, in tests of sign-ins that
// are not fresh.
func (i *Issuer) SignedInAt(subject string, at time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.since[subject] = at
}

func (i *Issuer) discover(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                         i.URL,
		"authorization_endpoint":                         i.URL + "/authorize",
		"token_endpoint":                                 i.URL + "/token",
		"jwks_uri":                                       i.URL + "/keys",
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"ES256"},
		"code_challenge_methods_supported":               []string{challengeMethod},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{
		Key:       i.key.Public(),
		KeyID:     keyID,
		Algorithm: string(jose.ES256),
		Use:       "sig",
	}}})
}

// authorize shows who may sign in, or goes back at once with whom login_hint names. A request
// that is not the client's own goes nowhere.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != i.ClientID || q.Get("redirect_uri") != i.RedirectURI ||
		q.Get("response_type") != "code" || q.Get("code_challenge_method") != challengeMethod ||
		q.Get("code_challenge") == "" || q.Get("state") == "" || q.Get("nonce") == "" {
		http.Error(w, "The request is not one of the client's.", http.StatusBadRequest)
		return
	}

	i.mu.Lock()
	defer i.mu.Unlock()
	for _, p := range i.People {
		if hint := q.Get("login_hint"); hint != "" && hint == p.Email {
			i.sendBack(w, r, p)
			return
		}
	}

	type line struct{ Name, Roles, Link string }
	var lines []line
	for _, p := range i.People {
		q.Set("login_hint", p.Email)
		lines = append(lines, line{
			Name:  p.Name,
			Roles: strings.Join(p.Roles, ", "),
			Link:  "/authorize?" + q.Encode(),
		})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = choose.Execute(w, lines)
}

func (i *Issuer) sendBack(w http.ResponseWriter, r *http.Request, p Person) {
	q := r.URL.Query()
	code := rand.Text()
	now := time.Now()
	signedIn, known := i.since[p.Subject]
	if !known || q.Get("prompt") == "login" || q.Get("max_age") == "0" {
		signedIn = now
	}
	i.codes[code] = grant{
		person:    p,
		nonce:     q.Get("nonce"),
		challenge: q.Get("code_challenge"),
		at:        now,
		signedIn:  signedIn,
	}

	back := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {i.URL}}
	http.Redirect(w, r, i.RedirectURI+"?"+back.Encode(), http.StatusSeeOther)
}

// token exchanges a code, once, for a token about its person.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok || id != url.QueryEscape(i.ClientID) ||
		subtle.ConstantTimeCompare([]byte(secret), []byte(url.QueryEscape(i.ClientSecret))) != 1 {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}

	i.mu.Lock()
	defer i.mu.Unlock()
	code := r.PostFormValue("code")
	g, found := i.codes[code]
	delete(i.codes, code)
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !found || time.Since(g.at) > codeValid || r.PostFormValue("redirect_uri") != i.RedirectURI ||
		base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}

	claims := map[string]any{
		"iss":            i.URL,
		"sub":            g.person.Subject,
		"aud":            i.ClientID,
		"exp":            time.Now().Add(5 * time.Minute).Unix(),
		"iat":            time.Now().Unix(),
		"auth_time":      g.signedIn.Unix(),
		"nonce":          g.nonce,
		"sid":            "session of " + g.person.Subject,
		"email":          g.person.Email,
		"email_verified": true,
		"name":           g.person.Name,
		"roles":          g.person.Roles,
	}
	if i.alter != nil {
		i.alter(claims)
	}
	signed, err := jwt.Signed(i.signer).Claims(claims).Serialize()
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": rand.Text(),
		"token_type":   "Bearer",
		"expires_in":   300,
		"id_token":     signed,
	})
}

// LogoutToken is what the issuer sends by the back channel when a person signed out there.
// It names the person, the session there, or both.
func (i *Issuer) LogoutToken(subject, session string) (string, error) {
	claims := map[string]any{
		"iss": i.URL,
		"aud": i.ClientID,
		"iat": time.Now().Unix(),
		"exp": time.Now().Add(2 * time.Minute).Unix(),
		"jti": rand.Text(),
		"events": map[string]any{
			"http://schemas.openid.net/event/backchannel-logout": map[string]any{},
		},
	}
	if subject != "" {
		claims["sub"] = subject
	}
	if session != "" {
		claims["sid"] = session
	}
	return jwt.Signed(i.signer).Claims(claims).Serialize()
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
