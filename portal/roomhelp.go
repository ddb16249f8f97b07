package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// helpLinkPath is where a link leads that Sync's page carries.
const helpLinkPath = "/sync/help"

// roomHelpPage asks for help with a room that Sync says is down: what goes with it, and when the
// first answer is due, before anything is sent.
type roomHelpPage struct {
	Room     string
	Path     string // of this page
	Back     string // of the room
	Says     string // how the room is in Sync
	Refusal  string // why no help is asked for by one click; empty: it is
	Own      string // address of a ticket in one's own words
	Open     *web.Fact
	Promise  *promiseView
	Ready    bool      // the button is there
	Devices  web.Table // that go with it
	Text     string
	Once     string
	Problem  string // message key
	SaidMost int
	Link     string // that Sync's page can carry; empty: not shown
}

// roomHelpPath is the page of help with a room.
func roomHelpPath(id string) string { return roomPath(id) + "/help" }

// roomHelp is the part of a room's page that offers help with it, as Sync tells that it is.
func (v *visit) roomHelp(room entitlement.Room, told rooms.Course) (*web.Section, error) {
	if !v.offers(roomHelpPath(room.ID)) {
		return nil, nil
	}
	look, err := v.tickets.HelpOffered(v.acting(), room.ID, told.Shown)
	if err != nil {
		return nil, err
	}
	look.Facts.AsOf = told.AsOf

	act := web.ListAct{Label: v.say("roomhelp.ask"), Icon: "life-buoy", Main: look.Refusal == ""}
	if look.Refusal == "" || look.Open != nil {
		act.Link = roomHelpPath(room.ID)
	}
	s := &web.Section{
		Title: v.say("roomhelp.head"),
		Says:  []string{v.syncSays(look.Facts)},
		Acts:  []web.ListAct{act},
	}
	switch {
	case look.Open != nil:
		s.Says = append(s.Says, v.say("roomhelp.open", "number", look.Open.Number))
	case look.Refusal != "":
		s.Says = append(s.Says, v.language.Say("roomhelp.refused."+look.Refusal))
	}
	return s, nil
}

// syncSays is how a room is as Sync tells, and as of when.
func (v *visit) syncSays(f ticket.RoomFacts) string {
	if f.AsOf == nil {
		return v.language.Say("roomhelp.says." + string(f.State))
	}
	return v.language.Say("roomhelp.says."+string(f.State)) + " " +
		v.say("roomhelp.asof", "when", v.language.DateTimeAt(*f.AsOf, v.zone()))
}

func showRoomHelp(v *visit) (answer, error) {
	if v.resumes(v.request.URL.Path) {
		return v.roomHelpPage(roomHelpPage{Text: v.form("text"), Once: v.form("once")}, 0)
	}
	return v.roomHelpPage(roomHelpPage{}, 0)
}

// askRoomHelp asks for help; the ticket that is open is the answer to whoever asks again (R55e).
func askRoomHelp(v *visit) (answer, error) {
	p := roomHelpPage{
		Text: strings.TrimSpace(v.form("text")),
		Once: v.form("once"),
	}
	if p.Text != "" {
		if p.Problem = textProblem(p.Text); p.Problem != "" {
			return v.roomHelpPage(p, http.StatusUnprocessableEntity)
		}
	}
	t, made, err := v.tickets.AskForHelp(v.acting(), ticket.Help{
		AccountID: v.who.account().ID,
		RoomID:    v.param("id"),
		Text:      strings.ReplaceAll(p.Text, "\r\n", "\n"),
		Locale:    v.language.Locale(),
		Once:      p.Once,
	})
	switch code := rules.CodeOf(err); {
	case err == nil && made:
		return v.done(ticketPath(t.Number), "flash.ticket.opened"), nil
	case err == nil:
		return v.done(ticketPath(t.Number), "roomhelp.same"), nil
	case slices.Contains(helpRefusals, code):
		return v.roomHelpPage(p, http.StatusConflict)
	case slices.Contains(uncoveredCodes, code):
		return v.roomHelpPage(p, http.StatusForbidden)
	}
	return answer{}, err
}

// helpRefusals are those that the page itself explains.
var helpRefusals = []string{ticket.RoomHealthy, ticket.RoomUnknown, ticket.RoomNotInSync}

func (v *visit) roomHelpPage(p roomHelpPage, status int) (answer, error) {
	room, err := v.ownRoom()
	if err != nil {
		return answer{}, err
	}
	look, err := v.tickets.LookAtHelp(v.acting(), v.who.account().ID, room.ID)
	if err != nil {
		return answer{}, err
	}

	p.Room = room.Name
	p.Path = roomHelpPath(room.ID)
	p.Back = roomPath(room.ID)
	p.Own = web.ListAddress(newTicketPath, "room", room.ID)
	p.SaidMost = mostSaid
	if p.Once == "" {
		p.Once = db.NewID("once")
	}
	if look.Known {
		p.Says = v.syncSays(look.Facts)
		p.Devices = v.reader().RoomDevices(look.Facts)
	}
	switch {
	case look.Open != nil:
		p.Open = &web.Fact{
			Term:  look.Open.Number,
			Value: v.say("roomhelp.open", "number", look.Open.Number),
			Link:  ticketPath(look.Open.Number),
		}
	case look.Refusal != "":
		p.Refusal = v.language.Say("roomhelp.refused." + look.Refusal)
	default:
		promise := v.promiseOf(look.Preview)
		p.Promise = &promise
		p.Ready = look.Covered && !v.looking()
	}
	if look.Link != "" && v.isAdmin() && v.base == "" && !v.looking() {
		p.Link = v.publicURL() + helpLinkPath + "?link=" + url.QueryEscape(look.Link)
	}
	return answer{
		status: status,
		page:   "roomhelp",
		label:  v.say("roomhelp.title", "room", room.Name),
		data:   p,
		here:   p.Path,
	}, nil
}

// followHelpLink leads from a signed link to the page of the room that it names, with its account
// at hand. It asks for nothing: that is the page's button. Who does not see the room finds nothing.
func followHelpLink(v *visit) (answer, error) {
	signed := v.query("link")
	accountID, err := v.tickets.AccountOfHelpLink(signed)
	if err != nil {
		return answer{}, err
	}
	if v.base == "" {
		own := slices.ContainsFunc(v.who.accounts, func(a account.Account) bool {
			return a.ID == accountID
		})
		if !own { // a customer of a service partner's, or nobody's
			return redirect(forPrefix + accountID + helpLinkPath + "?link=" +
				url.QueryEscape(signed)), nil
		}
		if accountID != v.who.account().ID {
			v.setValue(keyAccount, accountID)
			return redirect(helpLinkPath + "?link=" + url.QueryEscape(signed)), nil
		}
	}
	roomID, err := v.tickets.RoomOfHelpLink(v.acting(), signed)
	if err != nil {
		return answer{}, err
	}
	return redirect(roomHelpPath(roomID)), nil
}
