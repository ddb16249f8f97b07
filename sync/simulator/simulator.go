package simulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Options configure a Simulator.
type Options struct {
	// Address is where it listens, such as 127.0.0.1:0, which is also what is meant by nothing.
	Address string
	// Authority is what NewAuthority made, so that certificates of a run before are let in; a new
	// one without it.
	Authority []byte
	// Unthrottled leaves out the limit of a request a second, for tests that have no time.
	Unthrottled bool
}

// Simulator is a Sync. It is safe for concurrent use.
type Simulator struct {
	o        Options
	key      *ecdsa.PrivateKey
	root     *x509.Certificate
	listener net.Listener
	server   *http.Server

	mu       sync.Mutex
	begun    time.Time
	orgs     map[string]*organisation
	dead     map[string]bool // fingerprints of certificates that were deactivated
	faults   Faults
	serial   int64
	requests []Request
}

type organisation struct {
	places     []Place
	unlicensed bool
	limiter    *rate.Limiter
}

// Faults are what goes wrong, until it is changed.
type Faults struct {
	Status     int           // every answer has it, such as 500; 0: none
	RetryAfter int           // seconds, of such an answer
	Slow       time.Duration // each answer comes so much later
	Page       string        // instead of places, such as a proxy's page of HTML
	Cut        bool          // the connection ends in the middle of an answer
}

// Request is one that came, for tests.
type Request struct {
	At     time.Time
	Org    string
	Query  string
	Status int
}

// Start makes an authority of its own and listens. Close ends it.
func Start(o Options) (*Simulator, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	s := &Simulator{
		o:      o,
		begun:  time.Now(),
		orgs:   map[string]*organisation{},
		dead:   map[string]bool{},
		serial: time.Now().UnixNano(), // no certificate of another run has it
	}
	if len(o.Authority) == 0 {
		made, err := NewAuthority()
		if err != nil {
			return nil, err
		}
		o.Authority = made
	}
	if err := s.readAuthority(o.Authority); err != nil {
		return nil, err
	}

	certificate, private, err := s.issue(x509.Certificate{
		Subject:     pkix.Name{CommonName: "localhost"},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotAfter:    time.Now().AddDate(1, 0, 0),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil, err
	}
	own, err := tls.X509KeyPair(certificate, private)
	if err != nil {
		return nil, err
	}
	s.listener, err = tls.Listen("tcp", o.Address, &tls.Config{
		Certificates: []tls.Certificate{own},
		// It looks at the certificate itself: an expired one is answered with 403.
		ClientAuth: tls.RequireAnyClientCert,
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
	})
	if err != nil {
		return nil, err
	}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(s.listener) }()
	return s, nil
}

// NewAuthority makes what signs the certificates of a simulator: its key and its certificate.
func NewAuthority() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	root := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "Simulated Sync"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(10, 0, 0),
		IsCA:                  true,
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, root, root, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})...,
	), nil
}

func (s *Simulator) readAuthority(text []byte) (err error) {
	key, rest := pem.Decode(text)
	root, _ := pem.Decode(rest)
	if key == nil || root == nil {
		return errors.New("the authority of the simulated Sync cannot be read")
	}
	if s.key, err = x509.ParseECPrivateKey(key.Bytes); err != nil {
		return err
	}
	s.root, err = x509.ParseCertificate(root.Bytes)
	return err
}

// Close ends it with all connections.
func (s *Simulator) Close() error { return s.server.Close() }

// URL is the address of its API.
func (s *Simulator) URL() string { return "https://" + s.listener.Addr().String() + "/v1" }

// Roots are who is believed about it.
func (s *Simulator) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.root)
	return pool
}

// RootPEM is its authority's certificate, for a file.
func (s *Simulator) RootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.root.Raw})
}

// Certificate returns a certificate of an organisation with its key, as its people upload them.
func (s *Simulator) Certificate(org string, ends time.Time) (certificate, key []byte, err error) {
	return s.issue(x509.Certificate{
		Subject:     pkix.Name{Organization: []string{org}, CommonName: "Sync Cloud API"},
		NotAfter:    ends,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

func (s *Simulator) issue(of x509.Certificate) (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	s.serial++
	of.SerialNumber = big.NewInt(s.serial)
	s.mu.Unlock()
	of.NotBefore = time.Now().AddDate(-1, 0, 0)
	of.KeyUsage = x509.KeyUsageDigitalSignature
	raw, err := x509.CreateCertificate(rand.Reader, &of, s.root, &private.PublicKey, s.key)
	if err != nil {
		return nil, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), nil
}

// Put says which places an organisation has from now on; scripts begin.
func (s *Simulator) Put(org string, places ...Place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.org(org).places = slices.Clone(places)
	s.begun = time.Now()
}

func (s *Simulator) org(id string) *organisation {
	o := s.orgs[id]
	if o == nil {
		o = &organisation{limiter: rate.NewLimiter(1, 10)}
		s.orgs[id] = o
	}
	return o
}

// Change changes a place of an organisation.
func (s *Simulator) Change(org, id string, change func(*Place)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	places := s.org(org).places
	for i := range places {
		if places[i].ID == id {
			change(&places[i])
		}
	}
}

// Remove takes a place away.
func (s *Simulator) Remove(org, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.org(org)
	o.places = slices.DeleteFunc(o.places, func(p Place) bool { return p.ID == id })
}

// License gives an organisation its licence, or takes it away.
func (s *Simulator) License(org string, has bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.org(org).unlicensed = !has
}

// Deactivate lets a certificate in no more.
func (s *Simulator) Deactivate(certificate []byte) error {
	block, _ := pem.Decode(certificate)
	if block == nil {
		return errors.New("simulator: this is no certificate")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead[fingerprint(block.Bytes)] = true
	return nil
}

// Break has something go wrong from now on; Faults{} nothing.
func (s *Simulator) Break(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Requests are those that came.
func (s *Simulator) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func fingerprint(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// ServeHTTP answers as Sync does.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	org, isPlace := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/v1/org/"), "/place")
	status, body := http.StatusNotFound, []byte(`{"message":"Not Found"}`)
	faults := s.now()
	if faults.Slow > 0 {
		select {
		case <-time.After(faults.Slow):
		case <-r.Context().Done():
			return
		}
	}
	if isPlace && r.Method == http.MethodGet && !strings.Contains(org, "/") {
		status, body = s.answer(r, org, faults)
	}

	s.mu.Lock()
	s.requests = append(s.requests, Request{time.Now(), org, r.URL.RawQuery, status})
	s.mu.Unlock()
	if faults.RetryAfter > 0 && status != http.StatusOK {
		w.Header().Set("Retry-After", strconv.Itoa(faults.RetryAfter))
	}
	w.Header().Set("Content-Type", "application/json")
	if faults.Cut {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		return // the server ends a connection that has not said all
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (s *Simulator) now() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

func (s *Simulator) answer(r *http.Request, org string, faults Faults) (int, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, known := s.orgs[org]
	switch {
	case faults.Status != 0:
		return refuse(faults.Status)
	case faults.Page != "":
		return http.StatusOK, []byte(faults.Page)
	case !known || o.unlicensed || !s.admits(r.TLS, org):
		return refuse(http.StatusForbidden)
	case !s.o.Unthrottled && !o.limiter.Allow():
		return refuse(http.StatusTooManyRequests)
	}

	query := r.URL.Query()
	_, given := query["projection"]
	fields, ok := readProjection(query.Get("projection"), given)
	limit, from := 1000, 0
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		ok = ok && err == nil && n >= 1 && n <= 1000
		limit = n
	}
	if text := query.Get("continuation"); text != "" {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		n, wrong := strconv.Atoi(string(raw))
		ok = ok && err == nil && wrong == nil && n > 0
		from = n
	}
	if !ok {
		return refuse(http.StatusBadRequest)
	}

	var there []Place
	for _, p := range o.places {
		now, gone := p.at(time.Since(s.begun))
		desk := p.Type == "Desk"
		licensed := p.License != "" || p.Raw != nil
		if gone ||
			desk && query.Get("desks") == "false" ||
			!desk && query.Get("rooms") == "false" ||
			!licensed && query.Get("unlicensed") != "true" {
			continue
		}
		there = append(there, now)
	}
	from = min(from, len(there))
	to := min(from+limit, len(there))
	places := []any{}
	for _, p := range there[from:to] {
		places = append(places, p.project(fields))
	}
	answer := map[string]any{"places": places}
	if to < len(there) {
		answer["continuation"] = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return refuse(http.StatusInternalServerError)
	}
	return http.StatusOK, body
}

// admits reports whether a connection's certificate is one of the organisation's that counts.
func (s *Simulator) admits(c *tls.ConnectionState, org string) bool {
	if c == nil || len(c.PeerCertificates) == 0 {
		return false
	}
	given := c.PeerCertificates[0]
	return given.CheckSignatureFrom(s.root) == nil &&
		slices.Contains(given.Subject.Organization, org) &&
		time.Now().Before(given.NotAfter) &&
		!s.dead[fingerprint(given.Raw)]
}

func refuse(status int) (int, []byte) {
	message := strings.ReplaceAll(http.StatusText(status), "Bad Request", "BadRequest")
	body, _ := json.Marshal(map[string]any{"statusCode": status, "message": message})
	return status, body
}
