package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

func movePath(id string) string { return roomPath(id) + "/move" }

// Fields of the form that moves.
const (
	fieldDevice  = "device"
	fieldLicence = "license"
	fieldTo      = "to"
)

// movePage leads through a move: what, to which room, and how both rooms and every device are
// covered before and after, before anything is moved (R28).
type movePage struct {
	Room     entitlement.Room
	Devices  []boxChoice
	Licences []boxChoice
	To       web.Field
	Follow   []string // what will be so; empty: nothing was shown yet
	Loses    []string // what will not be covered any more
	Changes  *web.Table
	Terms    []termsAsk
	Capped   []string
	Digest   string
	Submit   bool
	Problem  string
	Back     string
	Action   string
}

// boxChoice is something with a box.
type boxChoice struct {
	Value, Label, Small string
	Chosen              bool
}

// showMove asks what moves where. Everything is chosen at first.
func showMove(v *visit) (answer, error) {
	room, err := v.ownRoom()
	if err != nil {
		return answer{}, err
	}
	if v.resumes(movePath(room.ID)) {
		return v.moveAnswer(room, false, "")
	}
	return v.moveAnswer(room, true, "")
}

// moveThings shows what follows from a move, or makes it.
func moveThings(v *visit) (answer, error) {
	room, err := v.ownRoom()
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.moveAnswer(room, false, "")
	}

	q, err := v.moveRequest(room)
	if err != nil {
		return answer{}, err
	}
	p, err := v.entitlements.PreviewMove(v.acting(), q)
	if rules.CodeOf(err) == rules.NotFound {
		return answer{}, err
	}
	if err != nil {
		return v.moveAnswer(room, false, "")
	}
	if p.Refused != nil && v.movedAlready(p, q) {
		return v.done(roomPath(q.ToRoomID), "flash.rooms.moved"), nil // the form came twice
	}
	if p.Refused != nil || v.form(fieldShown) != moveDigest(p) {
		return v.moveAnswer(room, false, "portal.assign.wrong.changed")
	}
	if p.Terms != nil && !slices.Contains(v.request.PostForm[fieldTerms], termsValue(*p.Terms)) {
		return v.moveAnswer(room, false, "portal.assign.wrong.terms")
	}

	_, err = v.entitlements.Move(v.acting(), q)
	var refused *rules.Error
	switch code := rules.CodeOf(err); {
	case err == nil:
		return v.done(roomPath(q.ToRoomID), "flash.rooms.moved"), nil
	case !errors.As(err, &refused) || code == rules.Forbidden || code == rules.NotFound:
		return answer{}, err
	}
	if p, err = v.entitlements.PreviewMove(v.acting(), q); err == nil && v.movedAlready(p, q) {
		return v.done(roomPath(q.ToRoomID), "flash.rooms.moved"), nil // it came twice at once
	}
	return v.moveAnswer(room, false, "portal.assign.wrong.changed")
}

// movedAlready reports whether all that was to move is in the other room by now.
func (v *visit) movedAlready(p entitlement.MovePreview, q entitlement.MoveRequest) bool {
	there := 0
	for _, d := range p.Devices {
		if d.Moves && db.Text(d.RoomID) == q.ToRoomID {
			there++
		}
	}
	if there < len(q.DeviceIDs) {
		return false
	}
	inside, err := v.entitlements.LicencesIn(v.acting(), q.ToRoomID)
	return err == nil && !slices.ContainsFunc(q.LicenceIDs, func(id string) bool {
		return !slices.ContainsFunc(inside[q.ToRoomID], func(l entitlement.LicensedStay) bool {
			return l.LicenceID == id
		})
	})
}

// moveRequest is what the form asks for, with the terms that were read. A room is named by its
// id, or by its whole name where too many are there to choose from.
func (v *visit) moveRequest(room entitlement.Room) (entitlement.MoveRequest, error) {
	q := entitlement.MoveRequest{
		FromRoomID: room.ID,
		ToRoomID:   v.form(fieldTo),
		DeviceIDs:  v.request.PostForm[fieldDevice],
		LicenceIDs: v.request.PostForm[fieldLicence],
	}
	if q.ToRoomID != "" && db.KindOf(q.ToRoomID) != db.PrefixRoom {
		found, err := v.roomsNamed(q.ToRoomID)
		if err != nil {
			return q, err
		}
		q.ToRoomID = ""
		if len(found) == 1 {
			q.ToRoomID = found[0].ID
		}
	}
	if q.ToRoomID == "" {
		return q, nil
	}

	to, err := v.entitlements.GetRoom(v.acting(), q.ToRoomID)
	if err != nil {
		return q, err
	}
	q.Acknowledged = v.assignRequest(nil, "").Acknowledged[to.Country]
	return q, nil
}

// roomsNamed are the rooms whose whole name a form names; where none has it, those of whose name
// it is a part.
func (v *visit) roomsNamed(name string) ([]entitlement.Room, error) {
	whole, err := v.entitlements.RoomsNamed(v.acting(), v.who.account().ID, name)
	if err != nil || len(whole) > 0 {
		return whole, err
	}

	found, _, err := v.entitlements.ListRooms(v.acting(), entitlement.RoomFilter{
		AccountID: v.who.account().ID,
		State:     licensing.RoomActive,
		Search:    name,
		By:        entitlement.RoomsByName,
		Page:      db.Page{Limit: mostAtOnce},
	})
	return found, err
}

// moveAnswer shows the form, with what follows once enough is chosen. all chooses everything
// that is in the room.
func (v *visit) moveAnswer(room entitlement.Room, all bool, problem string) (answer, error) {
	p := movePage{
		Room:   room,
		Back:   roomPath(room.ID),
		Action: movePath(room.ID),
	}
	if err := v.movables(&p, room, all); err != nil {
		return answer{}, err
	}
	if err := v.moveTargets(&p, room); err != nil {
		return answer{}, err
	}

	status := 0
	if !all {
		q, err := v.moveRequest(room)
		if err != nil {
			return answer{}, err
		}
		switch {
		case q.ToRoomID == "":
			p.To.Problem = v.say("portal.move.wrong.to")
		case len(q.DeviceIDs)+len(q.LicenceIDs) == 0:
			p.Problem = v.say("portal.move.wrong.nothing")
		default:
			err = v.previewMove(&p, q)
		}
		var refused *rules.Error
		if errors.As(err, &refused) && refused.Code == rules.ValidationFailed {
			p.Problem = v.say("portal.move.wrong.request")
			err = nil
		}
		if err != nil {
			return answer{}, err
		}
		if p.Problem != "" || p.To.Problem != "" {
			status = http.StatusUnprocessableEntity
		}
	}
	if problem != "" {
		status = http.StatusConflict
		if problem == "portal.assign.wrong.terms" {
			status = http.StatusUnprocessableEntity
		}
		if p.Problem == "" {
			p.Problem = v.language.Say(problem)
		}
	}
	return answer{
		status: status,
		page:   "roommove",
		label:  v.say("portal.move.title", "room", room.Name),
		data:   p,
		here:   movePath(room.ID),
	}, nil
}

// movables fills in what is in the room and can move.
func (v *visit) movables(p *movePage, room entitlement.Room, all bool) error {
	devices, _, err := v.entitlements.ListDevices(v.acting(), entitlement.DeviceFilter{
		RoomID: room.ID,
		State:  licensing.DeviceInRoom,
		Page:   db.Page{Limit: 100},
	})
	if err != nil {
		return err
	}
	licences, err := v.entitlements.LicencesIn(v.acting(), room.ID)
	if err != nil {
		return err
	}
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return err
	}

	for _, d := range devices {
		p.Devices = append(p.Devices, boxChoice{
			Value:  d.ID,
			Label:  nameOn(ref, d.ModelCode, v.db.Clock().Now()),
			Small:  db.Text(d.Serial),
			Chosen: all || slices.Contains(v.request.PostForm[fieldDevice], d.ID),
		})
	}
	for _, l := range licences[room.ID] {
		until := ""
		if l.EndAt != nil {
			until = v.say("portal.assign.until", "day", v.lastDayCell(*l.EndAt).Text)
		}
		p.Licences = append(p.Licences, boxChoice{
			Value:  l.LicenceID,
			Label:  v.serviceName(l.ServiceType),
			Small:  until,
			Chosen: all || slices.Contains(v.request.PostForm[fieldLicence], l.LicenceID),
		})
	}
	return nil
}

// moveTargets is the field for the other room: a choice where they are few, else a name.
func (v *visit) moveTargets(p *movePage, room entitlement.Room) error {
	p.To = web.Field{
		Name:     fieldTo,
		Label:    v.say("portal.move.to"),
		Kind:     "choice",
		Value:    v.form(fieldTo),
		Required: true,
	}
	found, more, err := v.entitlements.ListRooms(v.acting(), entitlement.RoomFilter{
		AccountID: v.who.account().ID,
		State:     licensing.RoomActive,
		By:        entitlement.RoomsByName,
		Page:      db.Page{Limit: mostAtOnce},
	})
	if err != nil {
		return err
	}
	if more != "" {
		p.To.Help = v.say("portal.move.to.help")
		if p.To.Value == "" || db.KindOf(p.To.Value) == db.PrefixRoom {
			found = nil
			if p.To.Value != "" {
				to, err := v.entitlements.GetRoom(v.acting(), p.To.Value)
				if err != nil {
					return err
				}
				found = append(found, to)
			}
		} else if found, err = v.roomsNamed(p.To.Value); err != nil {
			return err
		}
		if len(found) < 2 {
			p.To.Kind = "text"
			if len(found) == 1 {
				p.To.Value = found[0].Name
			}
			return nil
		}
	}

	p.To.Choices = append(p.To.Choices, web.Choice{Label: v.say("portal.move.choose")})
	for _, r := range found {
		if r.ID != room.ID {
			p.To.Choices = append(p.To.Choices, web.Choice{
				Value:  r.ID,
				Label:  web.Joined(r.Name, v.placeOf(r)),
				Chosen: r.ID == p.To.Value,
			})
		}
	}
	return nil
}

// previewMove fills in both rooms and every device before and after.
func (v *visit) previewMove(p *movePage, q entitlement.MoveRequest) error {
	found, err := v.entitlements.PreviewMove(v.acting(), q)
	if err != nil {
		return err
	}
	if found.Refused != nil {
		p.Problem = v.say("portal.move.refused", "why", v.assignReason(found.Refused))
		if rules.CodeOf(found.Refused) == licensing.RoomHasLicence && len(q.DeviceIDs) > 0 {
			p.Problem += " " + v.say("portal.move.alone")
		}
		return nil
	}
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return err
	}

	now := v.db.Clock().Now()
	names := map[string]string{
		found.From.Room.ID: found.From.Room.Name,
		found.To.Room.ID:   found.To.Room.Name,
	}
	var lines []web.Line
	for _, change := range []entitlement.RoomChange{found.From, found.To} {
		lines = append(lines, v.changeLine(web.Cell{
			Text:  change.Room.Name,
			Small: v.say("portal.move.room"),
		}, change.Before, change.After, change.Room.Name, change.Room.Name))
		if change.Before.Covered && !change.After.Covered {
			p.Loses = append(p.Loses, change.Room.Name)
		}
	}
	for _, d := range found.Devices {
		name := web.Joined(nameOn(ref, d.ModelCode, now), db.Text(d.Serial))
		before := names[db.Text(d.RoomID)]
		after := before
		if d.Moves {
			after = found.To.Room.Name
		}
		what := web.Cell{Text: nameOn(ref, d.ModelCode, now), Small: db.Text(d.Serial)}
		if !d.Answered {
			lines = append(lines, web.Line{Cells: map[string]web.Cell{
				"what": what, "before": {Text: before}, "after": {Text: after},
			}})
			continue
		}
		lines = append(lines, v.changeLine(what, d.Before, d.After, before, after))
		if d.Before.Covered && !d.After.Covered {
			p.Loses = append(p.Loses, name)
		}
	}
	p.Changes = v.roomTable(lines, "what", "before", "after")

	for _, l := range found.Licences {
		if l.Contract.EndAt != nil {
			p.Follow = append(p.Follow, v.say("portal.move.keeps",
				"service", v.serviceName(l.Type), "day", v.lastDayCell(*l.Contract.EndAt).Text))
		}
	}
	if len(p.Loses) == 0 {
		p.Follow = append(p.Follow, v.say("portal.move.loses.nothing"))
	}
	p.Follow = append(p.Follow, v.say("portal.move.open"))
	if found.Terms != nil {
		p.Terms = v.termsAsked([]catalogue.CountryTerms{*found.Terms}, found.Home)
	}
	if p.Capped, err = v.cappedWords(found.Capped, names); err != nil {
		return err
	}
	p.Digest = moveDigest(found)
	p.Submit = true
	return nil
}

// changeLine is a line of what changes: where it is and how it is covered, before and after.
func (v *visit) changeLine(
	what web.Cell, before, after cover.Answer, was, is string,
) web.Line {
	cell := func(a cover.Answer, where string) web.Cell {
		c := web.Cell{Text: where, Small: v.coverReason(a), Badge: v.coverBadge(a)}
		if a.Until != nil && a.Covered {
			c.Small = v.say("portal.assign.until", "day", v.lastDayCell(*a.Until).Text)
		}
		return c
	}
	return web.Line{Cells: map[string]web.Cell{
		"what":   what,
		"before": cell(before, was),
		"after":  cell(after, is),
	}}
}

// moveDigest is of what a move leads to: whoever confirms it confirms that.
func moveDigest(p entitlement.MovePreview) string {
	h := sha256.New()
	fmt.Fprintln(h, p.From.Room.ID, p.To.Room.ID, p.From.After.Covered, p.To.After.Covered)
	for _, d := range p.Devices {
		fmt.Fprintln(h, d.ID, d.Moves, d.Before.Covered, d.After.Covered)
	}
	for _, l := range p.Licences {
		fmt.Fprintln(h, l.LicenceID)
	}
	if p.Terms != nil {
		fmt.Fprintln(h, termsValue(*p.Terms))
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
