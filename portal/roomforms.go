package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

// roomFormPage is the form of a room, with what was typed and what is wrong with it.
type roomFormPage struct {
	Title, Action, Back string
	Version             string
	Fields              []web.Field
	Problem             string
}

// showRoomForm asks what is told of the room from now on.
func showRoomForm(v *visit) (answer, error) {
	room, err := v.activeRoom()
	if err != nil {
		return answer{}, err
	}
	form := formOfRoom(room)
	version := strconv.FormatInt(room.Version, 10)
	if v.resumes(roomPath(room.ID) + "/edit") {
		form = v.typedRoom()
		version = v.form("version")
	}
	return v.roomForm(room, form, version, nil), nil
}

// activeRoom is the room of the address, which must be in use.
func (v *visit) activeRoom() (entitlement.Room, error) {
	room, err := v.ownRoom()
	if err == nil && room.State != licensing.RoomActive {
		err = rules.Refuse(rules.StateConflict, "The room is archived.", "Choose another one.")
	}
	return room, err
}

func formOfRoom(r entitlement.Room) licensing.RoomForm {
	return licensing.RoomForm{
		Name:        r.Name,
		Site:        r.Site,
		Country:     r.Country,
		Region:      r.Region,
		Platform:    r.Platform,
		Criticality: r.Criticality,
		TimeZone:    r.TimeZone,
	}
}

// typedRoom reads the fields of the form.
func (v *visit) typedRoom() licensing.RoomForm {
	return licensing.RoomForm{
		Name:        v.form("name"),
		Site:        v.form("site"),
		Country:     v.form("country"),
		Region:      v.form("region"),
		Platform:    rules.Platform(v.form("platform")),
		Criticality: rules.Criticality(v.form("criticality")),
		TimeZone:    v.form("time_zone"),
	}
}

// changeRoom changes what is told of a room. What another person changed meanwhile is not
// overwritten; where the room says what the form does already, that was wanted.
func changeRoom(v *visit) (answer, error) {
	room, err := v.activeRoom()
	if err != nil {
		return answer{}, err
	}
	form := v.typedRoom()
	if form.Trimmed() == formOfRoom(room) {
		return v.done(roomPath(room.ID), "flash.rooms.changed"), nil
	}
	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil || version < 1 {
		return answer{}, errBadForm
	}

	_, err = v.entitlements.ChangeRoom(v.acting(), room.ID, form, version, "")
	if rules.CodeOf(err) == rules.StateConflict {
		// The same form may have been sent twice at once.
		if now, wrong := v.ownRoom(); wrong == nil && form.Trimmed() == formOfRoom(now) {
			err = nil
		}
	}
	var refused *rules.Error
	switch code := rules.CodeOf(err); {
	case err == nil:
		return v.done(roomPath(room.ID), "flash.rooms.changed"), nil
	case !errors.As(err, &refused) || code == rules.Forbidden || code == rules.NotFound:
		return answer{}, err
	}
	return v.roomForm(room, form, strconv.FormatInt(room.Version, 10), refused), nil
}

// roomForm shows the form, with what is wrong beside its field.
func (v *visit) roomForm(
	room entitlement.Room, f licensing.RoomForm, version string, refused *rules.Error,
) answer {
	p := roomFormPage{
		Action:  roomPath(room.ID) + "/edit",
		Back:    roomPath(room.ID),
		Version: version,
		Fields: []web.Field{
			{Name: "name", Kind: "text", Value: f.Name, Required: true},
			{Name: "site", Kind: "text", Value: f.Site},
			{Name: "country", Kind: "choice", Value: f.Country},
			{Name: "region", Kind: "text", Value: f.Region},
			{Name: "platform", Kind: "choice", Value: string(f.Platform)},
			{Name: "criticality", Kind: "choice", Value: string(f.Criticality)},
			{Name: "time_zone", Kind: "choice", Value: f.TimeZone},
		},
	}
	for i := range p.Fields {
		field := &p.Fields[i]
		field.Label = v.language.Say("portal.room.field." + field.Name)
		if help := "portal.room.field." + field.Name + ".help"; v.language.Has(help) {
			field.Help = v.language.Say(help)
		}
		field.Choices = v.roomChoices(field.Name, field.Value)
	}

	status := 0
	if refused != nil {
		status = http.StatusUnprocessableEntity
		p.Problem = v.say("portal.room.wrong")
		if refused.Code == rules.StateConflict || refused.Code == rules.VersionMismatch {
			status = http.StatusConflict
			p.Problem = v.say("portal.room.wrong.changed")
		}
		for _, wrong := range refused.Fields {
			at := slices.IndexFunc(p.Fields, func(f web.Field) bool {
				return f.Name == strings.TrimPrefix(wrong.Pointer, "/")
			})
			if at >= 0 {
				p.Fields[at].Problem = v.roomProblem(wrong)
			}
		}
	}
	return answer{
		status: status,
		page:   "roomform",
		label:  v.say("portal.room.edit", "room", room.Name),
		data:   p,
		here:   p.Action,
	}
}

// roomChoices are what can be chosen in a field of the form; none where it is typed.
func (v *visit) roomChoices(field, chosen string) []web.Choice {
	var out []web.Choice
	switch field {
	case "country":
		for _, c := range v.countryChoices(chosen) {
			out = append(out, web.Choice{Value: c.Value, Label: c.Label, Chosen: c.Selected})
		}
	case "platform":
		for _, p := range rules.Platforms() {
			label := v.language.Say("console.platform." + string(p))
			out = append(out, web.Choice{
				Value: string(p), Label: label, Chosen: string(p) == chosen,
			})
		}
	case "criticality":
		for _, c := range rules.Criticalities() {
			label := v.language.Say("console.criticality." + string(c))
			out = append(out, web.Choice{
				Value: string(c), Label: label, Chosen: string(c) == chosen,
			})
		}
	case "time_zone":
		now := v.db.Clock().Now()
		zones := rules.TimeZones("")
		if chosen != "" && !slices.Contains(zones, chosen) {
			zones = append([]string{chosen}, zones...)
		}
		list := make([]choice, len(zones))
		for i, zone := range zones {
			list[i] = choice{zone, v.zoneLabel(zone, now), zone == chosen}
		}
		sortChoices(list)
		for _, c := range list {
			out = append(out, web.Choice{Value: c.Value, Label: c.Label, Chosen: c.Selected})
		}
	}
	return out
}

// roomProblem says what is wrong with a field of a room.
func (v *visit) roomProblem(f rules.FieldError) string {
	switch {
	case f.Code == rules.Required:
		return v.say("portal.room.wrong.missing")
	case strings.HasSuffix(f.Pointer, "/region"):
		return v.say("portal.room.wrong.region")
	case strings.HasSuffix(f.Pointer, "/name"), strings.HasSuffix(f.Pointer, "/site"):
		return v.say("portal.room.wrong.text")
	}
	return v.say("portal.room.wrong.choice")
}

func releasePath(room, licence string) string {
	return roomPath(room) + "/release?" + fieldLicence + "=" + licence
}

// releaseLicence asks, and then ends the stay of a licence in the room: the licence goes back to
// the balance, and its contract runs on (R28b).
func releaseLicence(v *visit) (answer, error) {
	room, err := v.ownRoom()
	if err != nil {
		return answer{}, err
	}
	id := v.form(fieldLicence)
	if v.request.Method == get {
		id = storable(v.query(fieldLicence))
	}
	inside, err := v.entitlements.LicencesIn(v.acting(), room.ID)
	if err != nil {
		return answer{}, err
	}
	if id == "" && len(inside[room.ID]) == 1 {
		id = inside[room.ID][0].LicenceID
	}
	at := slices.IndexFunc(inside[room.ID], func(l entitlement.LicensedStay) bool {
		return l.LicenceID == id
	})
	if at < 0 {
		return v.releasedBefore(room, id)
	}

	stay := inside[room.ID][at]
	if v.confirmed() {
		_, err := v.entitlements.Release(v.acting(), stay.ID, "")
		if rules.CodeOf(err) == rules.StateConflict {
			err = nil // the same form came twice
		}
		if err != nil {
			return answer{}, err
		}
		return v.done(roomPath(room.ID), "flash.rooms.released"), nil
	}

	names, err := v.coveredDevices(room)
	if err != nil {
		return answer{}, err
	}
	c := confirmation{
		Title: v.say("portal.release.title",
			"service", v.serviceName(stay.ServiceType), "room", room.Name),
		Says:   []string{v.say("portal.release.says", "room", room.Name)},
		Action: roomPath(room.ID) + "/release",
		Fields: []hidden{{fieldLicence, id}},
		Submit: v.say("portal.release.do"),
		Back:   roomPath(room.ID),
	}
	if stay.EndAt != nil {
		last := v.lastDayCell(*stay.EndAt).Text
		c.Says = append(c.Says, v.say("portal.release.runs", "day", last))
	}
	if len(names) > 0 {
		c.Says = append(c.Says, v.say("portal.release.devices"))
		c.Names = names
	}
	return v.ask(c)
}

// releasedBefore answers a release whose licence is not in the room: it was released already, or
// it never was there, and then it does not exist for this room (C5).
func (v *visit) releasedBefore(room entitlement.Room, id string) (answer, error) {
	past, _, err := v.entitlements.ListAssignments(v.acting(), entitlement.AssignmentFilter{
		RoomID: room.ID,
		Page:   db.Page{Limit: mostAtOnce},
	})
	if err != nil {
		return answer{}, err
	}
	if slices.ContainsFunc(past, func(a entitlement.LicenceAssignment) bool {
		return a.LicenceID == id
	}) {
		return v.done(roomPath(room.ID), "flash.rooms.released"), nil
	}
	return answer{}, errNoPage
}

// coveredDevices name the devices in a room whose hardware is covered now.
func (v *visit) coveredDevices(room entitlement.Room) ([]string, error) {
	devices, _, err := v.entitlements.ListDevices(v.acting(), entitlement.DeviceFilter{
		RoomID: room.ID,
		Page:   db.Page{Limit: historyMost},
	})
	if err != nil {
		return nil, err
	}
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range devices {
		names = append(names, web.Joined(
			nameOn(ref, d.ModelCode, v.db.Clock().Now()), db.Text(d.Serial)))
	}
	return names, nil
}

// archiveRoom asks, and then archives the room: its licences go back to the balance, and its
// devices are in no room. A room with an open replacement is not archived (S28).
func archiveRoom(v *visit) (answer, error) {
	room, err := v.ownRoom()
	if err != nil {
		return answer{}, err
	}
	if room.State == licensing.RoomArchived {
		return v.done(roomPath(room.ID), "flash.rooms.archived"), nil // the form came twice
	}
	open, err := v.replacements.OpenInRooms(v.acting(), room.ID)
	if err != nil {
		return answer{}, err
	}
	if len(open[room.ID]) > 0 {
		return v.cannotArchive(room, open[room.ID][0].Name()), nil
	}
	tickets, err := v.tickets.NewestOpenIn(v.acting(), room.ID)
	if err != nil {
		return answer{}, err
	}
	if len(tickets[room.ID]) > 0 {
		return v.ticketKeepsOpen(room, tickets[room.ID][0].Number), nil
	}

	if v.confirmed() {
		version, err := strconv.ParseInt(v.form("version"), 10, 64)
		if err != nil || version < 1 {
			return answer{}, errBadForm
		}
		_, err = v.entitlements.ArchiveRoom(v.acting(), room.ID, "", version)
		switch rules.CodeOf(err) {
		case licensing.RoomBusy, rules.VersionMismatch:
			if room, err = v.ownRoom(); err != nil {
				return answer{}, err
			}
			if room.State == licensing.RoomArchived { // the form came twice at once
				return v.done(roomPath(room.ID), "flash.rooms.archived"), nil
			}
			return v.askArchive(room)
		}
		if err != nil {
			return answer{}, err
		}
		return v.done(roomPath(room.ID), "flash.rooms.archived"), nil
	}
	return v.askArchive(room)
}

// askArchive says what archiving does to the room, its licences and its devices.
func (v *visit) askArchive(room entitlement.Room) (answer, error) {
	licences, err := v.entitlements.LicencesIn(v.acting(), room.ID)
	if err != nil {
		return answer{}, err
	}
	names, err := v.coveredDevices(room)
	if err != nil {
		return answer{}, err
	}
	c := confirmation{
		Title:  v.say("portal.archive.title", "room", room.Name),
		Says:   []string{v.say("portal.archive.says", "mailbox", v.program.Mailbox)},
		Action: roomPath(room.ID) + "/archive",
		Fields: []hidden{{"version", strconv.FormatInt(room.Version, 10)}},
		Submit: v.say("portal.archive.do"),
		Back:   roomPath(room.ID),
	}
	if inside := licences[room.ID]; len(inside) > 0 {
		services := v.licenceNames(inside)
		c.Says = append(c.Says, v.say("portal.archive.licenses", "services", services))
	}
	if len(names) > 0 {
		c.Says = append(c.Says, v.say("portal.archive.devices"))
		c.Names = names
	}
	return v.ask(c)
}

// cannotArchive says which open replacement stands in the way (S28).
func (v *visit) cannotArchive(room entitlement.Room, number string) answer {
	return answer{
		status: http.StatusConflict,
		page:   "roombusy",
		label:  v.say("portal.archive.busy.title", "room", room.Name),
		data: roomBusyPage{
			Says: v.say("portal.archive.busy", "number", number),
			Link: replacementsPath + "/" + number,
			Open: v.say("portal.archive.busy.open"),
			Back: roomPath(room.ID),
		},
		here: roomPath(room.ID) + "/archive",
	}
}

// ticketKeepsOpen says which open ticket stands in the way (S28).
func (v *visit) ticketKeepsOpen(room entitlement.Room, number string) answer {
	a := v.cannotArchive(room, number)
	a.data = roomBusyPage{
		Says: v.say("portal.archive.busy.ticket", "number", number),
		Link: ticketPath(number),
		Open: v.say("portal.archive.busy.ticket.open"),
		Back: roomPath(room.ID),
	}
	return a
}

// roomBusyPage says why a room cannot be archived now.
type roomBusyPage struct{ Says, Link, Open, Back string }
