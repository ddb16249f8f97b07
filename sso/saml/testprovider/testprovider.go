// Package testprovider is a SAML identity provider for development and tests: a person signs
// in by one click. It reads requests with the library's own provider, says who it is as one of
// several real providers would, and can change its key, its clock and each answer.
package testprovider

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"html/template"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
)

//go:embed templates
var files embed.FS

var pages = template.Must(template.ParseFS(files, "templates/*.html"))

// Person is somebody whom the provider knows.
type Person struct{ Subject, Email, Name string }

// Style is whose answers the provider's look like.
type Style int

// The styles: a lasting NameID with the attributes of X.500; an address as NameID and no
// attributes; and Entra ID, with its own claims.
const (
	Persistent Style = iota
	Addresses
	Entra
)

// Signs says what the provider signs.
type Signs int

// What may be signed.
const (
	SignAssertion Signs = iota
	SignAnswer
	SignBoth
	SignNothing
)

// Options say what the provider is to know.
type Options struct {
	URL string // of the provider itself, which is its name too
	// Services is how the names of those begin whose requests it takes.
	Services string
	People   []Person
}

// Key is a private key with its certificate.
type Key struct {
	Private     *rsa.PrivateKey
	Certificate *x509.Certificate
}

// Provider is the identity provider; it is an http.Handler.
type Provider struct {
	Options

	mux http.ServeMux

	mu     sync.Mutex
	keys   []Key // the first signs, all are in the metadata
	clock  func() time.Time
	style  Style
	signs  Signs
	method string
	since  map[string]time.Time // when a person signed in last, by subject
	alter  func(*Answer)
}

// Answer is what the provider is about to say: for forgeries in tests.
type Answer struct {
	Response  *saml.Response
	Assertion *saml.Assertion
	// Key signs it.
	Key Key
}

// New returns a provider with one key.
func New(o Options) (*Provider, error) {
	key, err := NewKey(time.Now().Add(-time.Hour), 365*24*time.Hour)
	if err != nil {
		return nil, err
	}
	p := &Provider{
		Options: o,
		keys:    []Key{key},
		clock:   time.Now,
		method:  dsig.RSASHA256SignatureMethod,
		since:   map[string]time.Time{},
	}
	p.mux.HandleFunc("GET /metadata", p.serveMetadata)
	p.mux.HandleFunc("GET /sso", p.serveSignIn)
	return p, nil
}

// NewKey makes a key whose certificate is valid from an instant on.
func NewKey(from time.Time, valid time.Duration) (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Key{}, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return Key{}, err
	}
	unsigned := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "idp.example"},
		NotBefore:    from,
		NotAfter:     from.Add(valid),
	}
	raw, err := x509.CreateCertificate(rand.Reader, unsigned, unsigned, private.Public(), private)
	if err != nil {
		return Key{}, err
	}
	certificate, err := x509.ParseCertificate(raw)
	return Key{Private: private, Certificate: certificate}, err
}

// ServeHTTP answers.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// EntityID is the provider's name.
func (p *Provider) EntityID() string { return p.URL + "/metadata" }

// MetadataURL is where the provider's metadata stands.
func (p *Provider) MetadataURL() string { return p.URL + "/metadata" }

// SetClock has the provider live at another time from now on.
func (p *Provider) SetClock(clock func() time.Time) { p.set(func() { p.clock = clock }) }

// SetStyle has the provider answer as another one.
func (p *Provider) SetStyle(style Style) { p.set(func() { p.style = style }) }

// SetSigns has the provider sign something else.
func (p *Provider) SetSigns(signs Signs) { p.set(func() { p.signs = signs }) }

// SetMethod has the provider sign by another algorithm.
func (p *Provider) SetMethod(method string) { p.set(func() { p.method = method }) }

// SetKeys gives the provider other keys: the first signs, the metadata names them all.
func (p *Provider) SetKeys(keys ...Key) { p.set(func() { p.keys = keys }) }

// Keys are the provider's keys.
func (p *Provider) Keys() []Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys
}

// SignedInAt says when a person signed in here: as if it was then.
func (p *Provider) SignedInAt(subject string, at time.Time) {
	p.set(func() { p.since[subject] = at })
}

// Alter has fn change every answer before it is signed, from now on; nil ends it.
func (p *Provider) Alter(fn func(*Answer)) { p.set(func() { p.alter = fn }) }

func (p *Provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// Metadata is what the provider says about itself.
func (p *Provider) Metadata() ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	descriptor := p.library().Metadata()
	descriptor.ValidUntil, descriptor.CacheDuration = time.Time{}, time.Hour
	return xml.MarshalIndent(descriptor, "", "  ")
}

// library is the library's provider with our keys.
func (p *Provider) library() *saml.IdentityProvider {
	name, _ := url.Parse(p.EntityID())
	signIn, _ := url.Parse(p.URL + "/sso")
	idp := &saml.IdentityProvider{
		Key:                     p.keys[0].Private,
		Certificate:             p.keys[0].Certificate,
		MetadataURL:             *name,
		SSOURL:                  *signIn,
		ServiceProviderProvider: services{prefix: p.Services},
		NameIDFormats:           []saml.NameIDFormat{saml.PersistentNameIDFormat},
		Clock:                   dsig.NewFakeClockAt(p.clock()),
	}
	for _, other := range p.keys[1:] {
		idp.ExtraCertificates = append(idp.ExtraCertificates, other.Certificate)
	}
	return idp
}

// services knows every service whose name begins as ours do: answers go below its name.
type services struct{ prefix string }

func (s services) GetServiceProvider(
	_ *http.Request, name string,
) (*saml.EntityDescriptor, error) {
	if !strings.HasPrefix(name, s.prefix) {
		return nil, os.ErrNotExist
	}
	return &saml.EntityDescriptor{
		EntityID: name,
		SPSSODescriptors: []saml.SPSSODescriptor{{
			AssertionConsumerServices: []saml.IndexedEndpoint{{
				Binding:  saml.HTTPPostBinding,
				Location: name + "/acs",
				Index:    1,
			}},
		}},
	}, nil
}

func (p *Provider) serveMetadata(w http.ResponseWriter, _ *http.Request) {
	body, err := p.Metadata()
	if err != nil {
		http.Error(w, "There is no metadata.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	_, _ = w.Write(body)
}

// serveSignIn shows who may sign in, and then answers for whom "as" names.
func (p *Provider) serveSignIn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")

	for _, person := range p.People {
		if person.Subject != r.URL.Query().Get("as") {
			continue
		}
		form, err := p.SignIn(r.URL.String(), person)
		if err != nil {
			http.Error(w, "The request is not one of a service's.", http.StatusBadRequest)
			return
		}
		_ = pages.ExecuteTemplate(w, "answer.html", form)
		return
	}

	type line struct{ Name, Email, Link string }
	var lines []line
	for _, person := range p.People {
		q := r.URL.Query()
		q.Set("as", person.Subject)
		lines = append(lines, line{
			Name:  person.Name,
			Email: person.Email,
			Link:  "/sso?" + q.Encode(),
		})
	}
	_ = pages.ExecuteTemplate(w, "choose.html", lines)
}

// SignIn answers a request, by the address to which the browser was sent, for a person.
func (p *Provider) SignIn(address string, person Person) (saml.IdpAuthnRequestForm, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var form saml.IdpAuthnRequestForm

	request, err := saml.NewIdpAuthnRequest(p.library(),
		httptest.NewRequest(http.MethodGet, address, nil))
	if err != nil {
		return form, err
	}
	if err := request.Validate(); err != nil {
		return form, err
	}

	now := p.clock()
	at, known := p.since[person.Subject]
	if !known || (request.Request.ForceAuthn != nil && *request.Request.ForceAuthn) {
		at = now
	}
	err = saml.DefaultAssertionMaker{}.MakeAssertion(request, &saml.Session{
		CreateTime:   at,
		Index:        "session of " + person.Subject,
		NameID:       person.Subject,
		NameIDFormat: string(saml.PersistentNameIDFormat),
	})
	if err != nil {
		return form, err
	}
	request.Assertion.AuthnStatements[0].SubjectLocality = nil
	p.describe(request.Assertion, person)

	answer := &Answer{
		Response: &saml.Response{
			Destination:  request.ACSEndpoint.Location,
			ID:           "_" + rand.Text(),
			InResponseTo: request.Request.ID,
			IssueInstant: now,
			Version:      "2.0",
			Issuer:       &saml.Issuer{Value: p.EntityID()},
			Status:       saml.Status{StatusCode: saml.StatusCode{Value: saml.StatusSuccess}},
		},
		Assertion: request.Assertion,
		Key:       p.keys[0],
	}
	if p.alter != nil {
		p.alter(answer)
	}
	body, err := p.write(answer)
	if err != nil {
		return form, err
	}
	return saml.IdpAuthnRequestForm{
		URL:          request.ACSEndpoint.Location,
		SAMLResponse: base64.StdEncoding.EncodeToString(body),
		RelayState:   request.RelayState,
	}, nil
}

// describe puts into an assertion who somebody is, as the style has it.
func (p *Provider) describe(a *saml.Assertion, person Person) {
	var attributes []saml.Attribute
	add := func(name, value string) {
		attributes = append(attributes, saml.Attribute{
			Name:       name,
			NameFormat: "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
			Values:     []saml.AttributeValue{{Type: "xs:string", Value: value}},
		})
	}

	switch p.style {
	case Persistent:
		add("urn:oid:0.9.2342.19200300.100.1.3", person.Email)
		add("urn:oid:2.16.840.1.113730.3.1.241", person.Name)
	case Addresses:
		a.Subject.NameID = &saml.NameID{
			Format: string(saml.EmailAddressNameIDFormat),
			Value:  person.Email,
		}
	case Entra:
		a.Subject.NameID = &saml.NameID{
			Format: string(saml.EmailAddressNameIDFormat),
			Value:  person.Email,
		}
		const microsoft = "http://schemas.microsoft.com/identity/claims/"
		add(microsoft+"tenantid", "7a3f6f0e-0000-4000-8000-000000000001")
		add(microsoft+"objectidentifier", person.Subject)
		add(microsoft+"displayname", person.Name)
		const claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
		add(claims+"emailaddress", person.Email)
		add(claims+"name", person.Email)
	}

	a.AttributeStatements = nil
	if len(attributes) > 0 {
		a.AttributeStatements = []saml.AttributeStatement{{Attributes: attributes}}
	}
}

// write signs an answer and returns its XML.
func (p *Provider) write(answer *Answer) ([]byte, error) {
	if p.signs == SignAssertion || p.signs == SignBoth {
		signature, err := Sign(answer.Assertion.Element(), answer.Key, p.method)
		if err != nil {
			return nil, err
		}
		answer.Assertion.Signature = signature
	}
	answer.Response.Assertion = answer.Assertion

	if p.signs == SignAnswer || p.signs == SignBoth {
		signature, err := Sign(answer.Response.Element(), answer.Key, p.method)
		if err != nil {
			return nil, err
		}
		answer.Response.Signature = signature
	}

	document := etree.NewDocument()
	document.SetRoot(answer.Response.Element())
	return document.WriteToBytes()
}

// Sign returns the signature of an element.
func Sign(element *etree.Element, key Key, method string) (*etree.Element, error) {
	context, err := dsig.NewSigningContext(key.Private, [][]byte{key.Certificate.Raw})
	if err != nil {
		return nil, err
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := context.SetSignatureMethod(method); err != nil {
		return nil, err
	}
	signed, err := context.SignEnveloped(element)
	if err != nil {
		return nil, err
	}
	last := signed.ChildElements()
	if len(last) == 0 || last[len(last)-1].Tag != "Signature" {
		return nil, errors.New("testprovider: nothing was signed")
	}
	return last[len(last)-1], nil
}
