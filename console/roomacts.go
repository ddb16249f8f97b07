package console

import (
	"errors"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
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
		Hidden: []hidden{{"version", v.formVersion(room.Version)}},
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
		c.Says = append(c.Says, v.say("console.room.terms"))
		c.Hidden = append(c.Hidden, hidden{"terms", "read"})
	}
	c.Fields = append(c.Fields, v.reasonField())
	return v.askRefused(c, refused)
}

// contractField is the choice of a contract that has free licences.
func (v *visit) contractField(room roomInUse) (field, error) {
	f := field{
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
		f.Choices = append(f.Choices, choice{c.ID, label, c.ID == f.Value})
	}
	if len(f.Choices) == 0 {
		f.Help = v.say("console.room.nofree")
	}
	return f, nil
}

// roomField is the choice of another room of the customer: by its id where there are few, else
// by its name.
func (v *visit) roomField(room roomInUse) (field, error) {
	f := field{
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
			f.Choices = append(f.Choices, choice{r.ID, label, r.ID == f.Value})
		}
	}
	return f, nil
}

// roomNamed finds the room that a form names by its id or its whole name.
func (v *visit) roomNamed(accountID, named string) (string, error) {
	if db.KindOf(named) == db.PrefixRoom {
		return named, nil
	}
	found, _, err := v.entitlements.ListRooms(v.scope(), entitlement.RoomFilter{
		AccountID: accountID,
		State:     licensing.RoomActive,
		Search:    named,
		Page:      db.Page{Limit: 200},
	})
	if err != nil {
		return "", err
	}
	var ids []string
	for _, r := range found {
		if rules.SearchKey(r.Name) == rules.SearchKey(named) {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) != 1 {
		return "", rules.Refuse(rules.StateConflict,
			"No single room of the customer has this name.",
			"Write the whole name, or copy the room's id from the address of its page.")
	}
	return ids[0], nil
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
		refused.Code == rules.NotFound {
		return answer{}, err
	}
	return v.askAboutRoom(room, refused)
}

func (v *visit) actOnRoom(room roomInUse) error {
	ctx, reason := v.acting(room.AccountID), v.form("reason")
	switch v.param("action") {
	case "assign":
		terms, err := v.termsRead(room.Country)
		if err != nil {
			return err
		}
		_, err = v.entitlements.AssignMany(ctx, entitlement.AssignManyRequest{
			ContractID:   v.form("contract_id"),
			RoomIDs:      []string{room.ID},
			Acknowledged: map[string]int{room.Country: terms},
			Reason:       reason,
		})
		return err
	case "move":
		return v.moveRoom(room, reason)
	case "release":
		open, _, err := v.entitlements.ListAssignments(v.scope(), entitlement.AssignmentFilter{
			RoomID: room.ID,
			Open:   true,
		})
		if err != nil {
			return err
		}
		if len(open) == 0 {
			return rules.Refuse(rules.StateConflict, "The room has no license.",
				"Look at it again.")
		}
		for _, a := range open {
			if _, err := v.entitlements.Release(ctx, a.ID, reason); err != nil {
				return err
			}
		}
		return nil
	case "archive":
		_, err := v.entitlements.ArchiveRoom(ctx, room.ID, reason)
		return err
	case "restore":
		_, err := v.entitlements.RestoreRoom(ctx, room.ID, reason)
		return err
	}
	return errNoPage
}

// moveRoom moves all that is in the room, licences and devices, to another one.
func (v *visit) moveRoom(room roomInUse, reason string) error {
	to, err := v.roomNamed(room.AccountID, v.form("to"))
	if err != nil {
		return err
	}
	target, err := v.entitlements.GetRoom(v.scope(), to)
	if err != nil {
		return err
	}
	terms, err := v.termsRead(target.Country)
	if err != nil {
		return err
	}
	q := entitlement.MoveRequest{
		FromRoomID:   room.ID,
		ToRoomID:     to,
		Acknowledged: terms,
		Reason:       reason,
	}

	open, _, err := v.entitlements.ListAssignments(v.scope(), entitlement.AssignmentFilter{
		RoomID: room.ID,
		Open:   true,
	})
	if err != nil {
		return err
	}
	for _, a := range open {
		q.LicenceIDs = append(q.LicenceIDs, a.LicenceID)
	}
	devices, _, err := v.entitlements.ListDevices(v.scope(), entitlement.DeviceFilter{
		RoomID: room.ID,
		Page:   db.Page{Limit: 100},
	})
	if err != nil {
		return err
	}
	for _, d := range devices {
		q.DeviceIDs = append(q.DeviceIDs, d.ID)
	}
	_, err = v.entitlements.Move(v.acting(room.AccountID), q)
	return err
}

// termsRead is the version of a country's terms that the form says the customer knows; 0: it
// says nothing of them.
func (v *visit) termsRead(country string) (int, error) {
	if v.form("terms") == "" {
		return 0, nil
	}
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return 0, err
	}
	terms, _ := catalogue.TermsOn(ref.Terms[country], country, rules.DateIn(v.now, time.UTC))
	return terms.Version, nil
}
