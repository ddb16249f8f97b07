package console

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

// roomActNames are what an operator does with a room on behalf of the customer.
var roomActNames = []string{"assign", "move", "release", "archive", "restore"}

func askRoomAct(v *visit) (answer, error) {
	room, err := v.room()
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.askAboutRoom(room, nil)
}

// askAboutRoom says what an act does with the room, and asks for what it needs and why.
func (v *visit) askAboutRoom(room roomInUse, refused *rules.Error) (answer, error) {
	act := v.param("action")
	if !slices.Contains(roomActNames, act) {
		return answer{}, errNoPage
	}
	c := confirmation{
		Title: v.language.Say("console.room.act."+act) + " · " + room.Name,
		Says: []string{v.say("console.room.for",
			"company", room.acc.LegalName, "room", room.Name, "site", placeOf(room.Room))},
		Hidden: []web.Hidden{{Name: "version", Value: v.formVersion(room.Version)}},
		Action: v.request.URL.Path,
		Submit: v.language.Say("console.room.act." + act),
		Danger: act == "archive",
		Back:   roomPath(room.ID),
	}
	c.Says = append(c.Says, v.language.Say("console.room.says."+act))

	switch act {
	case "assign":
		f, err := v.contractField(room)
		if err != nil {
			return answer{}, err
		}
		c.Fields = append(c.Fields, f)
	case "move":
		f, err := v.roomField(room)
		if err != nil {
			return answer{}, err
		}
		c.Fields = append(c.Fields, f)
	}
	if refused != nil && refused.Code == cover.TermsAckRequired {
		shown, err := v.termsShown(room)
		if err != nil {
			return answer{}, err
		}
		c.Says = append(c.Says, v.say("console.room.terms"))
		c.Hidden = append(c.Hidden, web.Hidden{Name: "terms", Value: shown})
	}
	c.Fields = append(c.Fields, v.reasonField())
	return v.askRefused(c, refused)
}

// contractField is the choice of a contract that has free licences.
func (v *visit) contractField(room roomInUse) (web.Field, error) {
	f := web.Field{
		Name:  "contract_id",
		Label: v.say("console.room.contract"),
		Kind:  "choice",
		Value: v.form("contract_id"),
	}
	found, _, err := v.entitlements.Contracts(v.scope(), entitlement.ContractFilter{
		AccountID: room.AccountID,
		Page:      db.Page{Limit: 200},
	})
	if err != nil {
		return f, err
	}
	for _, c := range found {
		free := c.InForce - c.Assigned
		assignable := c.Type == catalogue.ServiceSelect || c.Type == catalogue.ServiceSyncPlus
		runs := c.State == rules.ContractActive || c.State == rules.ContractPendingStart
		if free <= 0 || !assignable || !runs || c.Source != entitlement.EntryContract {
			continue
		}
		label := v.say("console.room.free",
			"service", v.serviceName(c.Type), "free", v.language.Number(free))
		if c.EndAt != nil {
			label += " · " + v.lastDay(*c.EndAt, c.TimeZone).Text
		}
		f.Offer(c.ID, label, c.ID == f.Value)
	}
	if len(f.Choices) == 0 {
		f.Help = v.say("console.room.nofree")
	}
	return f, nil
}

// roomField is the choice of another room of the customer: by its id where there are few, else
// by its name.
func (v *visit) roomField(room roomInUse) (web.Field, error) {
	f := web.Field{
		Name:     "to",
		Label:    v.say("console.room.to"),
		Kind:     "choice",
		Value:    v.form("to"),
		Required: true,
	}
	found, more, err := v.entitlements.ListRooms(v.scope(), entitlement.RoomFilter{
		AccountID: room.AccountID,
		State:     licensing.RoomActive,
		Sort:      db.SortName,
		Page:      db.Page{Limit: 200},
	})
	if err != nil {
		return f, err
	}
	if more != "" {
		f.Kind = "text"
		f.Help = v.say("console.room.to.help")
		return f, nil
	}
	for _, r := range found {
		if r.ID != room.ID {
			label := r.Name + " · " + placeOf(r)
			f.Offer(r.ID, label, r.ID == f.Value)
		}
	}
	return f, nil
}

// roomNamed finds the room that a form names by its id or its whole name.
func (v *visit) roomNamed(accountID, named string) (string, error) {
	if db.KindOf(named) == db.PrefixRoom {
		return named, nil
	}
	found, err := v.entitlements.RoomsNamed(v.scope(), accountID, named)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", rules.Refuse(rules.StateConflict,
			"No single room of the customer has this name.",
			"Write the whole name, or copy the room's id from the address of its page.")
	}
	return found[0].ID, nil
}

// doRoomAct does what the confirmation asked about, to the version of the room that it showed.
func doRoomAct(v *visit) (answer, error) {
	room, err := v.room()
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askAboutRoom(room, nil)
	}
	if v.form("version") != v.version(room.Version) {
		return answer{}, errChanged
	}

	err = v.actOnRoom(room)
	if err == nil {
		return v.done(roomPath(room.ID), "console.flash.acted"), nil
	}
	var refused *rules.Error
	if !errors.As(err, &refused) || refused.Code == rules.Forbidden ||
		refused.Code == rules.NotFound || refused.Code == rules.VersionMismatch {
		return answer{}, err
	}
	return v.askAboutRoom(room, refused)
}

func (v *visit) actOnRoom(room roomInUse) error {
	ctx, reason := v.acting(room.AccountID), v.form("reason")
	switch v.param("action") {
	case "assign":
		_, err := v.entitlements.AssignMany(ctx, entitlement.AssignManyRequest{
			ContractID:   v.form("contract_id"),
			RoomIDs:      []string{room.ID},
			Acknowledged: map[string]int{room.Country: v.termsRead(room.Country)},
			Reason:       reason,
		})
		return err
	case "move":
		return v.moveRoom(room, reason)
	case "release":
		_, err := v.entitlements.ReleaseRoom(ctx, room.ID, room.Version, reason)
		return err
	case "archive":
		_, err := v.entitlements.ArchiveRoom(ctx, room.ID, reason, room.Version)
		return err
	case "restore":
		_, err := v.entitlements.RestoreRoom(ctx, room.ID, reason, room.Version)
		return err
	}
	return errNoPage
}

// moveRoom moves all that is in the room, licences and devices, to another one.
func (v *visit) moveRoom(room roomInUse, reason string) error {
	target, err := v.roomMovedTo(room)
	if err != nil {
		return err
	}
	_, err = v.entitlements.MoveRoom(v.acting(room.AccountID), entitlement.RoomMove{
		FromRoomID:   room.ID,
		ToRoomID:     target.ID,
		Version:      room.Version,
		Acknowledged: v.termsRead(target.Country),
		Reason:       reason,
	})
	return err
}

// roomMovedTo is the room that the form of a move names.
func (v *visit) roomMovedTo(room roomInUse) (entitlement.Room, error) {
	to, err := v.roomNamed(room.AccountID, v.form("to"))
	if err != nil {
		return entitlement.Room{}, err
	}
	return v.entitlements.GetRoom(v.scope(), to)
}

// termsShown names the terms that whoever sends the form records as known: the country and the
// version that is in force while it is shown.
func (v *visit) termsShown(room roomInUse) (string, error) {
	country := room.Country
	if v.param("action") == "move" {
		target, err := v.roomMovedTo(room)
		if err != nil {
			return "", err
		}
		country = target.Country
	}
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return "", err
	}
	terms, _ := catalogue.TermsOn(ref.Terms[country], country, rules.DateIn(v.now, time.UTC))
	return country + " " + strconv.Itoa(terms.Version), nil
}

// termsRead is the version of a country's terms that the form was shown with; 0: it was shown
// with none, or with those of another country.
func (v *visit) termsRead(country string) int {
	of, version, _ := strings.Cut(v.form("terms"), " ")
	n, err := strconv.Atoi(version)
	if err != nil || of != country {
		return 0
	}
	return n
}
