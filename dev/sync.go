package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	cloud "roomcover.dev/roomcover/sync"
	"roomcover.dev/roomcover/sync/simulator"
)

// syncService is a Sync of two companies whose rooms go down and up: the one in
// examples/order.json, and the customer that is there from the beginning. One without a port is
// nothing.
type syncService struct {
	simulator   *simulator.Simulator
	client      *cloud.Client
	certificate string // file that an administrator uploads
	key         string // the same
	settled     struct{ certificate, key string }
}

// The companies' organisations at Sync, and the region that their administrators choose.
const (
	syncOrg        = "acme"
	syncOrgSettled = "demo"
	syncRegion     = "Simulated"
)

// startSync starts it. Its authority stays in the folder of the data, so that the certificate that
// was uploaded works after a restart.
func startSync(c common, p providerPorts) (*syncService, error) {
	s := &syncService{}
	if p.SyncPort == 0 {
		return s, nil
	}

	authority, err := kept(c.Data, "sync-authority.pem", simulator.NewAuthority)
	if err != nil {
		return nil, err
	}
	s.simulator, err = simulator.Start(simulator.Options{
		Address:   p.providersWanted(c.Host)[2].Address(),
		Authority: authority,
	})
	if err != nil {
		return nil, fmt.Errorf("start the simulated Sync: %w", err)
	}
	s.simulator.Put(syncOrg, companyRooms(1)...)
	s.simulator.Put(syncOrgSettled, companyRooms(101)...)

	nextYear := time.Now().AddDate(1, 0, 0)
	certificate, key, err := s.simulator.Certificate(syncOrgSettled, nextYear)
	if err != nil {
		return nil, err
	}
	s.settled.certificate, s.settled.key = string(certificate), string(key)
	if certificate, key, err = s.simulator.Certificate(syncOrg, nextYear); err != nil {
		return nil, err
	}
	s.certificate = filepath.Join(c.Data, "sync-certificate.pem")
	s.key = filepath.Join(c.Data, "sync-key.pem")
	for file, text := range map[string][]byte{s.certificate: certificate, s.key: key} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return nil, err
		}
	}

	s.client, err = cloud.NewClient(cloud.Options{
		Regions: map[string]string{syncRegion: s.simulator.URL()},
		Roots:   s.simulator.Roots(),
	})
	return s, err
}

// companyRooms are rooms at two sites, whose serial numbers begin with a number: one of them is
// down for ten minutes of twenty, one warns now and then, one stays down, and one is gone after
// half an hour.
func companyRooms(from int) []simulator.Place {
	var places []simulator.Place
	for i, room := range []struct{ name, group, script string }{
		{"Sala Ipanema", "/São Paulo/", strings.Repeat("hhhhhhhhhhoooooooooo", 200)},
		{"Sala Leblon", "/São Paulo/", strings.Repeat("hhhhhnnnnn", 400)},
		{"Sala Copacabana", "/São Paulo/", "hho"},
		{"Auditório", "/São Paulo/", ""},
		{"Sala Lagoa", "/Rio de Janeiro/", ""},
		{"Sala Botafogo", "/Rio de Janeiro/", strings.Repeat("h", 30) + "-"},
	} {
		place := simulator.Room(from+i, room.name, room.group)
		place.Script = room.script
		place.Every = time.Minute
		places = append(places, place)
	}
	return places
}

// explain says how it is connected.
func (s *syncService) explain(url string) string {
	if s.simulator == nil {
		return ""
	}
	return fmt.Sprintf("Sync           %s/sync, region %s, of the company in examples/order.json\n"+
		"  certificate  %s\n  key          %s\n", url, syncRegion, s.certificate, s.key)
}

func (s *syncService) stop() error {
	if s.simulator == nil {
		return nil
	}
	return s.simulator.Close()
}
