package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// What the simulated Sync of development tells of: a room that stays down, one that is always
// well, and the groups that they are in.
const (
	roomThatFails  = "Sala Copacabana"
	roomThatIsWell = "Auditório"
)

var syncGroups = []struct{ name, site, region string }{
	{"/São Paulo/", siteName, "SP"},
	{"/Rio de Janeiro/", "Botafogo", "RJ"},
}

var (
	regionOnPage = regexp.MustCompile(`(?s)name="region".*?<option value="([^"]+)"`)
	placeOnPage  = regexp.MustCompile(`/sync/places/([a-z]+_[0-9a-z]+)`)
	offersHelp   = regexp.MustCompile(`name="once"`)
)

// connectSync connects the customer with its Sync, as its administrator does in the portal, and has
// its rooms come over: one is a room that is known already, the others are new (R43). Where the
// service knows no Sync the story goes on without it (R34b).
func (s *story) connectSync(ctx context.Context) error {
	region, err := s.syncRegion(ctx)
	if err != nil {
		return err
	}
	if region == "" {
		s.say("no Sync runs here: it is left out, and nothing else needs it")
		return nil
	}

	page, err := s.page(ctx, "/sync", url.Values{
		"region":      {region},
		"certificate": {s.SyncCertificate},
		"private_key": {s.SyncKey},
		"password":    {s.password()},
	})
	if err != nil {
		return err
	}
	if err := s.check(!regionOnPage.MatchString(page),
		"the portal still asks for a certificate"); err != nil {
		return err
	}
	s.say("its certificate is uploaded, and Sync, region %s, lets it in", region)

	if err := s.linkRoomThatFails(ctx); err != nil {
		return err
	}
	return s.addRoomsOfSync(ctx)
}

// syncRegion is the region of Sync that the portal offers; empty: it offers none, or the story has
// no certificate for it.
func (s *story) syncRegion(ctx context.Context) (string, error) {
	if s.SyncCertificate == "" || s.SyncKey == "" {
		return "", nil
	}
	page, err := s.page(ctx, "/sync", nil)
	if err != nil {
		return "", err
	}
	region := regionOnPage.FindStringSubmatch(page)
	if region == nil {
		return "", nil
	}
	return html.UnescapeString(region[1]), nil
}

// linkRoomThatFails says which room of the customer one of Sync's is: it has another name there,
// and nothing is merged by itself (R43a).
func (s *story) linkRoomThatFails(ctx context.Context) error {
	var place []string
	err := s.await(ctx, "the rooms of Sync", func(ctx context.Context) error {
		page, err := s.page(ctx, "/sync/rooms?q="+url.QueryEscape(roomThatFails), nil)
		if err != nil {
			return err
		}
		if place = placeOnPage.FindStringSubmatch(page); place == nil {
			return notYet("%s is not among them", roomThatFails)
		}
		return nil
	})
	if err != nil {
		return err
	}

	ours := s.devices[6].Room
	_, err = s.page(ctx, "/sync/places/"+place[1], url.Values{
		"act":    {"LINK"},
		"called": {ours},
	})
	if err != nil {
		return err
	}
	rooms, err := get[list[struct{ ID, Name string }]](ctx, s.customer, "/v1/rooms?limit=200")
	if err != nil {
		return err
	}
	for _, r := range rooms.Items {
		if r.Name == ours {
			s.syncRoom = r.ID
		}
	}
	s.say("%s of Sync is %s, which is here already and has its license", roomThatFails, ours)
	return s.check(s.syncRoom != "", "%s is not among the rooms", ours)
}

// addRoomsOfSync says where the groups of Sync are and adds the rooms that are new, twice: the
// second time changes nothing (R43a).
func (s *story) addRoomsOfSync(ctx context.Context) error {
	for _, g := range syncGroups {
		_, err := s.page(ctx, "/sync/groups/place", url.Values{
			"group":    {g.name},
			"site":     {g.site},
			"country":  {"BR"},
			"region":   {g.region},
			"platform": {"MTR_ANDROID"},
		})
		if err != nil {
			return err
		}
	}

	var counts [2]int
	for i := range counts {
		_, err := s.page(ctx, "/sync/rooms/all", url.Values{"confirmed": {"yes"}})
		if err != nil {
			return err
		}
		rooms, err := get[list[struct{ ID, Name string }]](ctx, s.customer, "/v1/rooms?limit=200")
		if err != nil {
			return err
		}
		counts[i] = len(rooms.Items)
		for _, r := range rooms.Items {
			if r.Name == roomThatIsWell {
				s.syncRoomWell = r.ID
			}
		}
	}
	if err := s.check(counts[0] > roomCount && counts[1] == counts[0] && s.syncRoomWell != "",
		"the account has %d rooms, and then %d", counts[0], counts[1]); err != nil {
		return err
	}
	s.say("%d rooms come over from Sync; the same again changed nothing", counts[0]-roomCount)
	return nil
}

// helpInOneClick is a room that Sync says is down: its help is one click away, everything that is
// known goes with the ticket and stays as it was (R55c, R55d), and who clicks again is led to the
// same ticket (R55e).
func (s *story) helpInOneClick(ctx context.Context) error {
	if s.syncRoom == "" {
		s.say("no Sync runs here: it is left out, and nothing else needs it")
		return nil
	}
	room := s.devices[6].Room
	help := "/rooms/" + s.syncRoom + "/help"
	err := s.await(ctx, "Sync's word that "+room+" is down", func(ctx context.Context) error {
		page, err := s.page(ctx, help, nil)
		if err == nil && !offersHelp.MatchString(page) {
			return notYet("help is not offered")
		}
		return err
	})
	if err != nil {
		return err
	}
	s.say("Sync says that %s is down: the button for help is there", room)

	page, err := s.page(ctx, "/rooms/"+s.syncRoomWell+"/help", nil)
	if err != nil {
		return err
	}
	if err := s.check(!offersHelp.MatchString(page),
		"help is offered with %s, which is well", roomThatIsWell); err != nil {
		return err
	}
	s.say("with %s, which is well, there is none", roomThatIsWell)

	number, err := s.clickForHelp(ctx, help, 1)
	if err != nil {
		return err
	}
	if err := s.checkSnapshot(ctx, number, room); err != nil {
		return err
	}
	if err := s.askAgain(ctx, help, number); err != nil {
		return err
	}

	// Mails about rooms are gathered for two minutes, which the story does not wait.
	s.say("%s is told by mail within two minutes which rooms are down", s.email())
	s.look("rooms-down")
	return nil
}

// clickForHelp sends the form of a room's help, and returns the number of the ticket that it leads
// to.
func (s *story) clickForHelp(ctx context.Context, help string, click int) (string, error) {
	page, err := s.page(ctx, help, url.Values{
		"once": {fmt.Sprintf("demo-sync-%s-%d", s.Name, click)},
	})
	if err != nil {
		return "", err
	}
	number := ticketNumber.FindString(page)
	return number, s.check(number != "", "the portal does not show the ticket")
}

// checkSnapshot checks that the ticket holds how the room was, and that nobody has changed it.
func (s *story) checkSnapshot(ctx context.Context, number, room string) error {
	t, err := get[struct {
		supportTicket
		RoomID   string `json:"room_id"`
		Snapshot *struct {
			CapturedAt time.Time `json:"captured_at"`
			SHA256     string    `json:"sha256"`
			Content    string
		}
	}](ctx, s.operator, "/v1/tickets/"+number)
	if err != nil {
		return err
	}
	if err := s.check(t.RoomID == s.syncRoom && t.Severity == 1 && t.Snapshot != nil,
		"%s is not about the room, has severity %d, or lacks its snapshot", number,
		t.Severity); err != nil {
		return err
	}
	s.say("one click, and %s is open with severity %d", number, t.Severity)
	s.look("tickets/" + number)

	var facts struct {
		Room, Place, State string
		Devices            []struct{ Name, Serial, Status string }
	}
	if err := json.Unmarshal([]byte(t.Snapshot.Content), &facts); err != nil {
		return fmt.Errorf("the snapshot cannot be read: %w", err)
	}
	sum := sha256.Sum256([]byte(t.Snapshot.Content))
	if err := s.check(hex.EncodeToString(sum[:]) == t.Snapshot.SHA256,
		"the snapshot is not what its SHA-256 says"); err != nil {
		return err
	}
	if err := s.check(facts.Room == room && facts.Place == roomThatFails &&
		facts.State == "OFFLINE" && len(facts.Devices) == 2,
		"the snapshot is of %s, %s, with %d devices", facts.Room, facts.State,
		len(facts.Devices)); err != nil {
		return err
	}

	var devices []string
	for _, d := range facts.Devices {
		devices = append(devices, d.Name+" "+d.Serial)
	}
	s.say("with it goes how the room was at %s: %s", wall(t.Snapshot.CapturedAt),
		strings.Join(devices, ", "))
	s.say("it never changes: its SHA-256 is %s...", t.Snapshot.SHA256[:12])
	return nil
}

// askAgain asks for help with the same room again, in the portal, and by the API as somebody who
// may only read (R55a): each is led to the ticket that is open.
func (s *story) askAgain(ctx context.Context, help, number string) error {
	again, err := s.clickForHelp(ctx, help, 2)
	if err != nil {
		return err
	}
	reader, err := s.customersToken(ctx, "CUSTOMER_READ_ONLY")
	if err != nil {
		return err
	}
	asked, err := post[supportTicket](ctx, reader, "/v1/integrations/sync/help-requests", body{
		"room_id": s.syncRoom,
	})
	if err != nil {
		return err
	}
	if err := s.check(again == number && asked.Number == number,
		"who asks again gets %s, and %s", again, asked.Number); err != nil {
		return err
	}
	s.say("a second click, and a colleague's program, are led to the same %s", number)
	return nil
}
