package main

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"roomcover.dev/roomcover/console/testissuer"
	"roomcover.dev/roomcover/dev/ports"
	"roomcover.dev/roomcover/sso/saml/testprovider"
)

type providerPorts struct {
	OIDCPort int `name:"oidc-port" help:"Port of an identity provider of customers by OpenID Connect; 0 for none." default:"8027"`
	SyncPort int `name:"sync-port" help:"Port of a simulated Sync, whose rooms go down and up; 0 for none." default:"8029"`
	SAMLPort int `name:"saml-port" help:"Port of an identity provider of customers by SAML; 0 for none." default:"8028"`
}

func (p providerPorts) providersWanted(host string) []ports.Port {
	return []ports.Port{
		{
			Host:    host,
			Number:  p.OIDCPort,
			Option:  "--oidc-port",
			Purpose: "customers' OpenID Connect provider",
		},
		{
			Host:    host,
			Number:  p.SAMLPort,
			Option:  "--saml-port",
			Purpose: "customers' SAML provider",
		},
		{
			Host:    host,
			Number:  p.SyncPort,
			Option:  "--sync-port",
			Purpose: "customers' Sync",
		},
	}
}

// colleagues are the people of the company in examples/order.json, at both of its providers, and
// somebody of another company, who is refused.
var colleagues = []testprovider.Person{
	{Subject: "ana", Email: "ana.souza@acme.example", Name: "Ana Souza"},
	{Subject: "bruno", Email: "bruno.lima@acme.example", Name: "Bruno Lima"},
	{Subject: "carla", Email: "carla.dias@acme.example", Name: "Carla Dias"},
	{Subject: "gil", Email: "gil.moura@globex.example", Name: "Gil Moura"},
}

// companyDomain is the mail domain of the company.
const companyDomain = "acme.example"

// The paths of the portal that the providers lead back to.
const (
	backFromOIDC = "/sso/oidc/callback"
	backFromSAML = "/sso/saml/"
)

// providerService are the identity providers of a customer, which sign in anybody at a click;
// one without a port is nothing.
type providerService struct {
	servers []*http.Server
	issuer  string // address; empty: none
	secret  string // of the issuer's client
	saml    string // address of the metadata; empty: none
}

// startProviders starts them. What a connection knows of them stays in the folder of the data, so
// that it works after a restart.
func startProviders(c common, p providerPorts, publicURL string) (*providerService, error) {
	s := &providerService{}
	if p.OIDCPort != 0 {
		if err := s.startOIDC(c, p, publicURL); err != nil {
			return nil, errors.Join(fmt.Errorf("start the provider of OpenID Connect: %w", err),
				s.stop())
		}
	}
	if p.SAMLPort != 0 {
		if err := s.startSAML(c, p, publicURL); err != nil {
			return nil, errors.Join(fmt.Errorf("start the provider of SAML: %w", err), s.stop())
		}
	}
	return s, nil
}

func (s *providerService) startOIDC(c common, p providerPorts, publicURL string) error {
	secret, err := kept(c.Data, "oidc-secret", func() ([]byte, error) {
		random := make([]byte, 16)
		_, err := rand.Read(random)
		return []byte(hex.EncodeToString(random)), err
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", p.providersWanted(c.Host)[0].Address())
	if err != nil {
		return err
	}

	s.issuer = "http://" + listener.Addr().String()
	s.secret = string(secret)
	people := make([]testissuer.Person, len(colleagues))
	for i, one := range colleagues {
		people[i] = testissuer.Person{Subject: one.Subject, Email: one.Email, Name: one.Name}
	}
	issuer, err := testissuer.New(testissuer.Options{
		URL:          s.issuer,
		ClientID:     "roomcover",
		ClientSecret: s.secret,
		RedirectURI:  publicURL + backFromOIDC,
		People:       people,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	s.serve(listener, issuer)
	return nil
}

func (s *providerService) startSAML(c common, p providerPorts, publicURL string) error {
	key, err := samlKey(c.Data)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", p.providersWanted(c.Host)[1].Address())
	if err != nil {
		return err
	}

	provider, err := testprovider.New(testprovider.Options{
		URL:      "http://" + listener.Addr().String(),
		Services: publicURL + backFromSAML,
		People:   colleagues,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	provider.SetKeys(key)
	s.saml = provider.MetadataURL()
	s.serve(listener, provider)
	return nil
}

func (s *providerService) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(listener) }()
}

func (s *providerService) stop() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}

// samlKey is the provider's key with its certificate.
func samlKey(dir string) (testprovider.Key, error) {
	var key testprovider.Key
	text, err := kept(dir, "saml-key.pem", func() ([]byte, error) {
		made, err := testprovider.NewKey(time.Now().Add(-time.Hour), 365*24*time.Hour)
		if err != nil {
			return nil, err
		}
		private := x509.MarshalPKCS1PrivateKey(made.Private)
		return append(
			pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: private}),
			pem.EncodeToMemory(&pem.Block{
				Type:  "CERTIFICATE",
				Bytes: made.Certificate.Raw,
			})...,
		), nil
	})
	if err != nil {
		return key, err
	}

	private, rest := pem.Decode(text)
	certificate, _ := pem.Decode(rest)
	if private == nil || certificate == nil {
		return key, errors.New("saml-key.pem in " + dir + " cannot be read; remove it")
	}
	if key.Private, err = x509.ParsePKCS1PrivateKey(private.Bytes); err != nil {
		return key, err
	}
	key.Certificate, err = x509.ParseCertificate(certificate.Bytes)
	return key, err
}

// kept reads a file of the data folder, which make fills the first time.
func kept(dir, name string, make func() ([]byte, error)) ([]byte, error) {
	file := filepath.Join(dir, name)
	text, err := os.ReadFile(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if text, err = make(); err != nil {
		return nil, err
	}
	return text, os.WriteFile(file, text, 0o600)
}

// explain says what an administrator types to set a company's own sign-in up.
func (s *providerService) explain(publicURL string) string {
	if len(s.servers) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Own sign-in    %s/own-sign-in, of the company in examples/order.json\n",
		publicURL)
	if s.issuer != "" {
		fmt.Fprintf(&b, "  OpenID       issuer %s, client ID roomcover, secret %s\n",
			s.issuer, s.secret)
	}
	if s.saml != "" {
		fmt.Fprintf(&b, "  SAML         metadata %s\n", s.saml)
	}
	fmt.Fprintf(&b, "  its domain   bin/roomcover-dev txt %s roomcover-verify=...\n",
		companyDomain)
	return b.String()
}
