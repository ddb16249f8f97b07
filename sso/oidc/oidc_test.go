package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"
)

const callback = "https://portal.test/sso/oidc/callback"

// idp is a provider that answers what a test wants.
type idp struct {
	url      string
	rsa      *rsa.PrivateKey
	ec       *ecdsa.PrivateKey
	metadata map[string]any
	token    func() string // the token that it gives for any code
	status   int           // of the answer for a code; 0: 200
	refusal  string
	userinfo map[string]any
	secret   string // the last one that was sent
	form     url.Values
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	i := &idp{}
	var err error
	i.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)

	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, i.metadata)
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
			{Key: i.rsa.Public(), KeyID: "rsa", Use: "sig"},
			{Key: i.ec.Public(), KeyID: "ec", Use: "sig"},
		}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		i.form = r.PostForm
		_, i.secret, _ = r.BasicAuth()
		if i.status != 0 {
			answer(w, i.status, map[string]string{"error": i.refusal, "error_description": "ana@acme.example"})
			return
		}
		answer(w, 200, map[string]any{
			"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": i.token(),
		})
	})
	mux.HandleFunc("/userinfo", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, i.userinfo) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	i.metadata = map[string]any{
		"issuer":                 i.url,
		"authorization_endpoint": i.url + "/authorize",
		"token_endpoint":         i.url + "/token",
		"jwks_uri":               i.url + "/keys",
		"userinfo_endpoint":      i.url + "/userinfo",
		"authorization_response_iss_parameter_supported": true,
	}
	return i
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// claims are those of a good token; changes are laid over them, nil takes one away.
func (i *idp) claims(now time.Time, changes map[string]any) map[string]any {
	c := map[string]any{
		"iss": i.url, "sub": "248289", "aud": "roomcover", "nonce": "nonce-1",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"email": "ana@acme.example", "name": "Ana Souza",
	}
	for name, value := range changes {
		c[name] = value
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, id string, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: id},
	}, nil)
	require.NoError(t, err)
	raw, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(t, err)
	return raw
}

func (i *idp) client() Client { return Client{i.url, "roomcover", "s:cret"} }

var attempt = Attempt{State: "state-1", Nonce: "nonce-1", Verifier: strings.Repeat("v", 43)}

func (i *idp) back() url.Values {
	return url.Values{"code": {"c"}, "state": {"state-1"}, "iss": {i.url}}
}

func TestS48_ForgedTokensAreRefusedEachWithItsReason(t *testing.T) {
	i := newIDP(t)
	p := New(callback, true)
	now := time.Now()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	good := func(changes map[string]any) func() string {
		return func() string { return sign(t, jose.RS256, i.rsa, "rsa", i.claims(now, changes)) }
	}
	plain := func(header string) string {
		body, err := json.Marshal(i.claims(now, nil))
		require.NoError(t, err)
		encode := base64.RawURLEncoding.EncodeToString
		return encode([]byte(header)) + "." + encode(body) + "."
	}
	public, err := json.Marshal(jose.JSONWebKey{Key: i.rsa.Public()})
	require.NoError(t, err)

	for name, c := range map[string]struct {
		token func() string
		want  Fault
	}{
		"RS256": {good(nil), ""},
		"PS256": {func() string { return sign(t, jose.PS256, i.rsa, "rsa", i.claims(now, nil)) }, ""},
		"ES256": {func() string { return sign(t, jose.ES256, i.ec, "ec", i.claims(now, nil)) }, ""},

		"no token":                {func() string { return "" }, BadSignature},
		"no JWT":                  {func() string { return "a.b.c" }, BadSignature},
		"algorithm none":          {func() string { return plain(`{"alg":"none"}`) }, BadSignature},
		"algorithm None":          {func() string { return plain(`{"alg":"None"}`) }, BadSignature},
		"RS256 without signature": {func() string { return plain(`{"alg":"RS256","kid":"rsa"}`) }, BadSignature},
		"HS256 by the secret": {func() string {
			return sign(t, jose.HS256, []byte(strings.Repeat("s:cret", 6)), "rsa", i.claims(now, nil))
		}, BadSignature},
		"HS256 by the public key":  {func() string { return sign(t, jose.HS256, public, "rsa", i.claims(now, nil)) }, BadSignature},
		"RS512":                    {func() string { return sign(t, jose.RS512, i.rsa, "rsa", i.claims(now, nil)) }, BadSignature},
		"a stranger's key":         {func() string { return sign(t, jose.RS256, other, "rsa", i.claims(now, nil)) }, BadSignature},
		"a stranger's, another id": {func() string { return sign(t, jose.RS256, other, "x", i.claims(now, nil)) }, BadSignature},
		"changed afterwards": {func() string {
			parts := strings.Split(good(nil)(), ".")
			body, err := json.Marshal(i.claims(now, map[string]any{"email": "boss@acme.example"}))
			require.NoError(t, err)
			parts[1] = base64.RawURLEncoding.EncodeToString(body)
			return strings.Join(parts, ".")
		}, BadSignature},

		"another issuer":           {good(map[string]any{"iss": "https://evil.example"}), BadIssuer},
		"an issuer with a slash":   {good(map[string]any{"iss": i.url + "/"}), BadIssuer},
		"no issuer":                {good(map[string]any{"iss": nil}), BadIssuer},
		"another audience":         {good(map[string]any{"aud": "other"}), BadAudience},
		"no audience":              {good(map[string]any{"aud": nil}), BadAudience},
		"two audiences, no azp":    {good(map[string]any{"aud": []string{"roomcover", "other"}}), BadAudience},
		"two audiences, other azp": {good(map[string]any{"aud": []string{"roomcover", "other"}, "azp": "other"}), BadAudience},
		"two audiences, our azp":   {good(map[string]any{"aud": []string{"roomcover", "other"}, "azp": "roomcover"}), ""},
		"one audience, other azp":  {good(map[string]any{"azp": "other"}), BadAudience},
		"one audience, odd azp":    {good(map[string]any{"azp": 7}), BadAudience},
		"another nonce":            {good(map[string]any{"nonce": "nonce-2"}), BadNonce},
		"no nonce":                 {good(map[string]any{"nonce": nil}), BadNonce},
		"no subject":               {good(map[string]any{"sub": nil}), NoSubject},
		"an endless subject":       {good(map[string]any{"sub": strings.Repeat("x", 300)}), NoSubject},
		"a subject of two lines":   {good(map[string]any{"sub": "a\nb"}), NoSubject},
		"no address":               {good(map[string]any{"email": nil}), NoEmail},

		"over":                 {good(map[string]any{"exp": now.Add(-4 * time.Minute).Unix()}), Expired},
		"no end":               {good(map[string]any{"exp": nil}), Expired},
		"made at no time":      {good(map[string]any{"iat": nil}), BadClock},
		"for later":            {good(map[string]any{"nbf": now.Add(10 * time.Minute).Unix()}), BadClock},
		"three minutes ahead":  {good(map[string]any{"iat": now.Add(170 * time.Second).Unix()}), ""},
		"three minutes behind": {good(map[string]any{"iat": now.Add(-3 * time.Minute).Unix(), "exp": now.Add(-2 * time.Minute).Unix()}), ""},
		"ten minutes ahead":    {good(map[string]any{"iat": now.Add(10 * time.Minute).Unix()}), BadClock},
		"ten minutes behind":   {good(map[string]any{"iat": now.Add(-10 * time.Minute).Unix()}), BadClock},
	} {
		i.token = c.token
		claims, err := p.Finish(t.Context(), i.client(), attempt, i.back())
		require.Equal(t, c.want, FaultOf(err), "%s: %v", name, err)
		if c.want == "" {
			require.NoError(t, err, name)
			require.Equal(t, "248289", claims.Subject)
			require.Equal(t, "ana@acme.example", claims.Email)
			require.Equal(t, "Ana Souza", claims.Name)
			require.Nil(t, claims.EmailVerified, "what is missing is not false")
		}
	}
}

func TestS48_AnswersThatAreNotTheProvidersAreRefused(t *testing.T) {
	i := newIDP(t)
	i.token = func() string { return sign(t, jose.ES256, i.ec, "ec", i.claims(time.Now(), nil)) }
	p := New(callback, true)
	for name, c := range map[string]struct {
		back map[string]string
		want Fault
	}{
		"good":           {nil, ""},
		"another issuer": {map[string]string{"iss": "https://evil.example"}, BadIssuer},
		"no issuer":      {map[string]string{"iss": ""}, BadIssuer},
		"no code":        {map[string]string{"code": ""}, Refused},
		"refused":        {map[string]string{"error": "server_error"}, Refused},
		"not assigned":   {map[string]string{"error": "access_denied"}, NotAssigned},
		"odd error":      {map[string]string{"error": "<b>ana@acme.example"}, Refused},
	} {
		back := i.back()
		for key, value := range c.back {
			back.Set(key, value)
		}
		_, err := p.Finish(t.Context(), i.client(), attempt, back)
		require.Equal(t, c.want, FaultOf(err), name)
		if err != nil {
			require.NotContains(t, err.Error(), "acme")
		}
	}

	// What the token's address refuses names what is to be mended, and nothing of its text.
	for refusal, want := range map[string]Fault{
		"invalid_client": BadClient, "invalid_grant": BadCode, "anything else": BadCode,
	} {
		i.status, i.refusal = 400, refusal
		_, err := p.Finish(t.Context(), i.client(), attempt, i.back())
		require.Equal(t, want, FaultOf(err), refusal)
		require.NotContains(t, err.Error(), "acme")
	}
	i.status, i.refusal = 503, "temporarily_unavailable"
	_, err := p.Finish(t.Context(), i.client(), attempt, i.back())
	require.Equal(t, Unreachable, FaultOf(err))
}

func TestS48_WhatIsAskedOfAProvider(t *testing.T) {
	i := newIDP(t)
	p := New(callback, true)
	a := attempt
	a.Hint, a.Fresh = "ana@acme.example", true
	address, err := p.Address(t.Context(), i.client(), a)
	require.NoError(t, err)
	u, err := url.Parse(address)
	require.NoError(t, err)
	for name, want := range map[string]string{
		"response_type": "code", "response_mode": "query", "client_id": "roomcover", "redirect_uri": callback,
		"state": "state-1", "nonce": "nonce-1", "code_challenge_method": "S256", "scope": "openid email profile",
		"login_hint": "ana@acme.example", "prompt": "login", "max_age": "0",
	} {
		require.Equal(t, want, u.Query().Get(name), name)
	}
	require.NotEmpty(t, u.Query().Get("code_challenge"))

	// The secret goes in the header, unless the provider takes it in the form only.
	i.token = func() string { return sign(t, jose.ES256, i.ec, "ec", i.claims(time.Now(), nil)) }
	_, err = p.Finish(t.Context(), i.client(), attempt, i.back())
	require.NoError(t, err)
	require.Equal(t, url.QueryEscape("s:cret"), i.secret)
	require.Equal(t, attempt.Verifier, i.form.Get("code_verifier"))
	require.Equal(t, callback, i.form.Get("redirect_uri"))
	i.metadata["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	_, err = New(callback, true).Finish(t.Context(), i.client(), attempt, i.back())
	require.NoError(t, err)
	require.Equal(t, "s:cret", i.form.Get("client_secret"))

	// A person has to have proved themselves a moment ago where that is asked for.
	for at, want := range map[time.Duration]Fault{0: "", -2 * time.Minute: "", -time.Hour: NotFresh} {
		i.token = func() string {
			return sign(t, jose.ES256, i.ec, "ec",
				i.claims(time.Now(), map[string]any{"auth_time": time.Now().Add(at).Unix()}))
		}
		_, err = p.Finish(t.Context(), i.client(), a, i.back())
		require.Equal(t, want, FaultOf(err), at)
	}
	i.token = func() string { return sign(t, jose.ES256, i.ec, "ec", i.claims(time.Now(), nil)) }
	_, err = p.Finish(t.Context(), i.client(), a, i.back())
	require.Equal(t, NotFresh, FaultOf(err))
}

func TestS48_WhetherAnAddressWasCheckedIsReadFromWhatIsThere(t *testing.T) {
	i := newIDP(t)
	p := New(callback, true)
	yes, no := true, false
	for name, c := range map[string]struct {
		claims map[string]any
		want   *bool
	}{
		"missing":           {nil, nil},
		"null":              {map[string]any{"email_verified": json.RawMessage("null")}, nil},
		"true":              {map[string]any{"email_verified": true}, &yes},
		"false":             {map[string]any{"email_verified": false}, &no},
		"a text":            {map[string]any{"email_verified": "true"}, &yes},
		"a text of false":   {map[string]any{"email_verified": "false"}, &no},
		"odd":               {map[string]any{"email_verified": "perhaps"}, &no},
		"Entra ID's":        {map[string]any{"xms_edov": "1"}, &yes},
		"Entra ID's number": {map[string]any{"xms_edov": 1}, &yes},
		"Entra ID's false":  {map[string]any{"xms_edov": false}, &no},
	} {
		i.token = func() string { return sign(t, jose.ES256, i.ec, "ec", i.claims(time.Now(), c.claims)) }
		claims, err := p.Finish(t.Context(), i.client(), attempt, i.back())
		require.NoError(t, err)
		require.Equal(t, c.want, claims.EmailVerified, name)
	}

	// The address may come from the provider's userinfo, of the same subject alone.
	i.token = func() string {
		return sign(t, jose.ES256, i.ec, "ec", i.claims(time.Now(), map[string]any{"email": nil}))
	}
	i.userinfo = map[string]any{"sub": "248289", "email": "ana@acme.example", "email_verified": false}
	claims, err := p.Finish(t.Context(), i.client(), attempt, i.back())
	require.NoError(t, err)
	require.Equal(t, "ana@acme.example", claims.Email)
	require.Equal(t, &no, claims.EmailVerified)
	i.userinfo["sub"] = "other"
	_, err = p.Finish(t.Context(), i.client(), attempt, i.back())
	require.Equal(t, NoEmail, FaultOf(err))
}

func TestS48_OnlyAnIssuerOfOneCompanyIsTaken(t *testing.T) {
	p := New(callback, false)
	const tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	for issuer, want := range map[string]Fault{
		"https://acme.okta.com":                                       "",
		"https://acme.okta.com/oauth2/default":                        "",
		"https://login.microsoftonline.com/" + tenant + "/v2.0":       "",
		"https://login.microsoftonline.com/common/v2.0":               ManyCompanies,
		"https://login.microsoftonline.com/organizations/v2.0":        ManyCompanies,
		"https://LOGIN.microsoftonline.com/consumers/v2.0":            ManyCompanies,
		"https://login.microsoftonline.com./common/v2.0":              ManyCompanies,
		"https://login.microsoftonline.com/" + personalTenant + "/v2": ManyCompanies,
		"https://login.microsoftonline.com/{tenantid}/v2.0":           ManyCompanies,
		"https://sts.windows.net/common/":                             ManyCompanies,
		"https://accounts.google.com":                                 ManyCompanies,
		"http://acme.okta.com":                                        NotAnAddress,
		"https://127.0.0.1/":                                          NotAnAddress,
		"https://acme.okta.com/?x=1":                                  NotAnAddress,
		"https://acme.okta.com/#x":                                    NotAnAddress,
		"https://a:b@acme.okta.com":                                   NotAnAddress,
		"acme.okta.com":                                               NotAnAddress,
	} {
		require.Equal(t, want, FaultOf(p.CheckIssuer(issuer)), issuer)
	}

	// Entra ID: (tenant, object) says who it is, and another tenant's is refused.
	require.Equal(t, tenant, tenantOf("https://login.microsoftonline.com/"+tenant+"/v2.0"))
	require.Empty(t, tenantOf("https://acme.okta.com/"+tenant))

	// A name that stands for this machine is refused where the connection is made.
	require.Equal(t, Unreachable, FaultOf(p.Ask(t.Context(), "https://localhost:1")))
}

func TestS48_AProviderHasToCallItselfWhatItIsCalled(t *testing.T) {
	i := newIDP(t)
	i.metadata["issuer"] = "https://acme.okta.com"
	require.Equal(t, OtherIssuer, FaultOf(New(callback, true).Ask(t.Context(), i.url)))
	i.metadata["issuer"] = i.url
	i.metadata["authorization_endpoint"] = "javascript:alert(1)"
	require.Equal(t, Unreachable, FaultOf(New(callback, true).Ask(t.Context(), i.url)))
	i.metadata["authorization_endpoint"] = i.url + "/authorize"
	i.metadata["token_endpoint"] = "http://169.254.169.254/token"
	require.Equal(t, Unreachable, FaultOf(New(callback, true).Ask(t.Context(), i.url)))
	i.metadata["token_endpoint"] = i.url + "/token"
	require.NoError(t, New(callback, true).Ask(t.Context(), i.url))
	require.Equal(t, Unreachable, FaultOf(New(callback, true).Ask(t.Context(), i.url+"/elsewhere")))
}
