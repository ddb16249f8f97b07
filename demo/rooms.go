package demo

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

const (
	siteName  = "Paulista"
	roomCount = 50
	barModel  = "RALLY-BAR"
	miniModel = "RALLY-BAR-MINI"
)

// modelOf is what stands in the n-th room: mostly the bar.
func modelOf(n int) string {
	if n%3 == 2 {
		return miniModel
	}
	return barModel
}

// coverRooms makes the site that parcels go to, imports fifty rooms with their
// devices and gives each a licence.
func (s *story) coverRooms(ctx context.Context) error {
	site, err := post[struct{ ID string }](ctx, s.customer, "/v1/sites", body{
		"name":          siteName,
		"contact_name":  "Caio Reis",
		"contact_email": "recepcao@demo-" + s.Name + ".example",
		"address": body{
			"street":      "Av. Demo, 1000",
			"city":        "São Paulo",
			"region":      "SP",
			"postal_code": "01310-100",
			"country":     "BR",
		},
	})
	if err != nil {
		return err
	}

	s.site = site.ID
	if err := s.importRooms(ctx); err != nil {
		return err
	}

	rooms, err := get[list[struct{ ID string }]](ctx, s.customer, "/v1/rooms?limit=200")
	if err != nil {
		return err
	}
	if err := s.check(len(rooms.Items) == roomCount, "the account has %d rooms",
		len(rooms.Items)); err != nil {
		return err
	}

	ids := make([]string, len(rooms.Items))
	for i, r := range rooms.Items {
		ids[i] = r.ID
	}

	started, err := post[struct {
		Assignments []any    `json:"assignments"`
		Started     []string `json:"started_contracts"`
	}](ctx, s.customer, "/v1/contracts/"+s.contract+"/assignments", body{"room_ids": ids})
	if err != nil {
		return err
	}
	if err := s.check(len(started.Assignments) == roomCount && len(started.Started) == 1,
		"%d licenses were assigned, %d contracts started",
		len(started.Assignments), len(started.Started)); err != nil {
		return err
	}

	s.say("%d licenses are assigned, and the contract has started", roomCount)
	s.look("contracts/" + s.contract)
	return s.checkCover(ctx)
}

// importRooms uploads the rooms, twice: the second time changes nothing (S35).
func (s *story) importRooms(ctx context.Context) error {
	today, err := s.calendarDay(ctx)
	if err != nil {
		return err
	}

	bought := today.AddDate(0, -2, 0).Format(time.DateOnly)
	var rooms []body
	for n := range roomCount {
		d := device{
			Serial: s.serial("F", n),
			Model:  modelOf(n),
			Room:   fmt.Sprintf("Sala %02d", n+1),
		}

		s.devices = append(s.devices, d)
		rooms = append(rooms, body{
			"name":        d.Room,
			"site":        siteName,
			"country":     "BR",
			"region":      "SP",
			"platform":    "MTR_WINDOWS",
			"criticality": criticality(n),
			"devices": []body{{
				"serial":         d.Serial,
				"model":          d.Model,
				"purchased_on":   bought,
				"purchase_proof": "NF demo",
			}},
		})
	}

	for _, want := range []struct{ stored, unchanged int }{{roomCount, 0}, {0, roomCount}} {
		if err := s.upload(ctx, rooms, want.stored, want.unchanged); err != nil {
			return err
		}
	}

	s.say("%d rooms with a device each are imported; the same file again changed nothing",
		roomCount)
	return nil
}

func criticality(n int) string {
	if n == 0 {
		return "CRITICAL"
	}
	return "NORMAL"
}

func (s *story) upload(ctx context.Context, rooms []body, stored, unchanged int) error {
	type job struct {
		ID        string
		State     string
		Stored    int `json:"rows_stored"`
		Unchanged int `json:"rows_unchanged"`
	}

	var j job
	if err := s.customer.Call(ctx, "POST", "/v1/rooms/import", rooms, &j); err != nil {
		return err
	}

	err := s.await(ctx, "the import of the rooms", func(ctx context.Context) (err error) {
		if j, err = get[job](ctx, s.customer, "/v1/imports/"+j.ID); err != nil {
			return err
		}

		switch j.State {
		case "DONE":
			return nil
		case "REFUSED", "FAILED":
			return fmt.Errorf("the import ended as %s", j.State)
		}
		return notYet("it is %s", j.State)
	})
	if err != nil {
		return err
	}

	return s.check(j.Stored == stored && j.Unchanged == unchanged,
		"the import stored %d rows and left %d", j.Stored, j.Unchanged)
}

// checkCover asks whether the first device is covered.
func (s *story) checkCover(ctx context.Context) error {
	found, err := get[struct {
		Answer struct {
			Covered bool
			Until   time.Time `json:"hardware_until"`
		} `json:"answer"`
	}](ctx, s.customer, "/v1/coverage?for=hardware&serial="+url.QueryEscape(s.devices[0].Serial))
	if err != nil {
		return err
	}

	s.say("device %s is covered until %s", s.devices[0].Serial,
		found.Answer.Until.AddDate(0, 0, -1).In(saoPaulo()).Format(time.DateOnly))
	return s.check(found.Answer.Covered, "device %s is not covered", s.devices[0].Serial)
}
