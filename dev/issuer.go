package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"roomcover.dev/roomcover/console"
	"roomcover.dev/roomcover/console/testissuer"
	"roomcover.dev/roomcover/dev/ports"
	"roomcover.dev/roomcover/rules"
)

type issuerPorts struct {
	IssuerPort int `help:"Port of the issuer that signs operators in to the console; 0 for none." default:"8026"`
}

func (p issuerPorts) issuerWanted(host string) ports.Port {
	return ports.Port{
		Host:    host,
		Number:  p.IssuerPort,
		Option:  "--issuer-port",
		Purpose: "the issuer for the console",
	}
}

// staff are the operators whom the issuer knows, one for each role.
var staff = []testissuer.Person{
	{Subject: "lead", Email: "lena@desk.example", Name: "Lena Costa", Roles: []string{"lead"}},
	{Subject: "agent", Email: "ari@desk.example", Name: "Ari Prado", Roles: []string{"agent"}},
	{Subject: "csm", Email: "clara@desk.example", Name: "Clara Reis", Roles: []string{"csm"}},
	{
		Subject: "manager", Email: "mauro@desk.example", Name: "Mauro Lima",
		Roles: []string{"manager"},
	},
}

// issuerService is an issuer that signs in anybody at a click; without a port it is nothing.
type issuerService struct {
	http     *http.Server
	settings console.Issuer
}

// startIssuer starts it. Nobody else uses its client, so that the secret lives as long as it.
func startIssuer(c common, p issuerPorts, publicURL string) (*issuerService, error) {
	if p.IssuerPort == 0 {
		return &issuerService{}, nil
	}

	listener, err := net.Listen("tcp", p.issuerWanted(c.Host).Address())
	if err != nil {
		return nil, fmt.Errorf("start the issuer: %w", err)
	}
	settings := console.Issuer{
		URL:          "http://" + listener.Addr().String(),
		ClientID:     "roomcover",
		ClientSecret: rand.Text(),
		RoleClaim:    "roles",
		Roles: map[string]rules.Role{
			"lead":    rules.OperatorLead,
			"agent":   rules.OperatorAgent,
			"csm":     rules.OperatorCSM,
			"manager": rules.OperatorManager,
		},
	}
	issuer, err := testissuer.New(testissuer.Options{
		URL:          settings.URL,
		ClientID:     settings.ClientID,
		ClientSecret: settings.ClientSecret,
		RedirectURI:  publicURL + console.CallbackPath,
		People:       staff,
	})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}

	s := &issuerService{settings: settings}
	s.http = &http.Server{Handler: issuer, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

func (s *issuerService) stop() error {
	if s.http == nil {
		return nil
	}
	return s.http.Close()
}

// explain says how each of the staff signs in: by one click.
func (s *issuerService) explain(publicURL string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Console        %s%s\n", publicURL, console.Root)
	if s.http == nil {
		return b.String()
	}
	for _, p := range staff {
		fmt.Fprintf(&b, "  as %-10s %s%s?as=%s\n", article(p.Roles[0]),
			publicURL, console.StartPath, url.QueryEscape(p.Email))
	}
	return b.String()
}

func article(role string) string {
	if role == "agent" {
		return "an agent"
	}
	if role == "csm" {
		return "a CSM"
	}
	return "a " + role
}
