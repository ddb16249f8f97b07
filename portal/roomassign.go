package portal

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/civil"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

const assignPath = roomsPath + "/assign"

// Fields of the forms that assign and move.
const (
	fieldRoom  = "id"    // a room that is chosen
	fieldShown = "shown" // digest of what was shown to follow
	fieldTerms = "terms" // terms that were read, as "DE 3"
	fieldBack  = "back"
	fieldAll   = "all" // every room that is offered is chosen
)

// mostAtOnce bounds the rooms that one form assigns licences to.
const mostAtOnce = 200

// assignPage leads through the assignment of licences to rooms: which rooms, from which
// contract, and what follows from it, before anything is done.
type assignPage struct {
	Contracts []web.Choice
	Rooms     []roomChoice // to choose from, or chosen with what would become of each
	More      bool         // there are more rooms without a licence than are shown
	All       string       // the verb that chooses all that are offered; empty: fewer than two are
	Back      string
	Follow    []string   // sentences about what follows; empty: nothing was chosen yet
	Terms     []termsAsk // that have to be acknowledged
	Capped    []string   // devices that are covered for less than the contract
	Refused   int64
	Digest    string
	Submit    string // the verb, with how many; empty: there is nothing to do
	Problem   string
	None      web.EmptyState // where no licence is free
}

// roomChoice is a room with a box.
type roomChoice struct {
	ID, Name, Place string
	Chosen          bool
	Reason          string // why it would be refused, or that it has a licence already
	Badge           web.Badge
}

// termsAsk is what a country's terms promise, beside those at home, with a box to say that they
// were read (R78e).
type termsAsk struct {
	Value, Country, Text, Home string
	Read                       bool
}

// showAssign asks which rooms get a licence; rooms that the address names are chosen.
func showAssign(v *visit) (answer, error) {
	if v.resumes(assignPath) {
		return v.assignAnswer(v.request.PostForm[fieldRoom], "")
	}
	return v.assignAnswer(v.request.URL.Query()[fieldRoom], "")
}

// assignRooms shows what follows from the assignment of the chosen rooms, or makes it.
func assignRooms(v *visit) (answer, error) {
	chosen := v.request.PostForm[fieldRoom]
	if v.form(fieldAll) != "" {
		return v.assignAnswer(nil, "")
	}
	if len(chosen) > mostAtOnce {
		return answer{}, errBadForm
	}
	if len(chosen) == 0 {
		return v.assignAnswer(chosen, "portal.assign.wrong.none")
	}
	if !v.confirmed() {
		return v.assignAnswer(chosen, "")
	}

	q := v.assignRequest(chosen, v.form("contract"))
	p, err := v.entitlements.PreviewAssignMany(v.acting(), q)
	if err != nil {
		return v.assignRefused(chosen, err)
	}
	rooms := p.Assigned()
	if everyOneHas(p) {
		return v.done(v.assignBack(), "flash.rooms.assigned"), nil // the same form came twice
	}
	if v.form(fieldShown) != assignDigest(p) {
		if v.assignedMeanwhile(q) {
			return v.done(v.assignBack(), "flash.rooms.assigned"), nil
		}
		return v.assignAnswer(chosen, "portal.assign.wrong.changed")
	}
	if !v.haveRead(p.Terms) {
		return v.assignAnswer(chosen, "portal.assign.wrong.terms")
	}

	q.RoomIDs = rooms
	if _, err = v.entitlements.AssignMany(v.acting(), q); err != nil {
		if v.assignedMeanwhile(q) {
			return v.done(v.assignBack(), "flash.rooms.assigned"), nil
		}
		return v.assignRefused(chosen, err)
	}
	return v.done(v.assignBack(), "flash.rooms.assigned"), nil
}

// assignedMeanwhile reports whether the same form, which came twice at once, has done it by now. A
// preview that reads while the other one commits may have seen half of it.
func (v *visit) assignedMeanwhile(q entitlement.AssignManyRequest) bool {
	now, err := v.entitlements.PreviewAssignMany(v.acting(), q)
	return err == nil && everyOneHas(now)
}

// everyOneHas reports whether nothing is left to assign: each room has what was asked for.
func everyOneHas(p entitlement.AssignPreview) bool {
	return len(p.Assigned()) == 0 && !slices.ContainsFunc(p.Rooms,
		func(r entitlement.RoomPreview) bool { return !r.Has })
}

// assignRequest is what the form asks for, with the terms that were read.
func (v *visit) assignRequest(rooms []string, contract string) entitlement.AssignManyRequest {
	q := entitlement.AssignManyRequest{
		ContractID:   contract,
		RoomIDs:      slices.Compact(slices.Sorted(slices.Values(rooms))),
		Acknowledged: map[string]int{},
	}
	for _, read := range v.request.PostForm[fieldTerms] {
		country, version, _ := strings.Cut(read, " ")
		if n, err := strconv.Atoi(version); err == nil {
			q.Acknowledged[country] = n
		}
	}
	return q
}

// haveRead reports whether the form says that each of the terms was read, in that version.
func (v *visit) haveRead(terms []catalogue.CountryTerms) bool {
	for _, t := range terms {
		if !slices.Contains(v.request.PostForm[fieldTerms], termsValue(t)) {
			return false
		}
	}
	return true
}

func termsValue(t catalogue.CountryTerms) string {
	return t.Country + " " + strconv.Itoa(t.Version)
}

// assignRefused shows the form again where the domain refuses it, with what is so now.
func (v *visit) assignRefused(chosen []string, err error) (answer, error) {
	var refused *rules.Error
	switch code := rules.CodeOf(err); {
	case !errors.As(err, &refused) || code == rules.Forbidden || code == rules.NotFound:
		return answer{}, err
	case code == licensing.LicenceNotInForce:
		return v.assignAnswer(chosen, "portal.assign.wrong.contract")
	}
	return v.assignAnswer(chosen, "portal.assign.wrong.changed")
}

// assignBack is the list of rooms as it was narrowed, or the one room that was chosen.
func (v *visit) assignBack() string {
	path, _, _ := strings.Cut(v.form(fieldBack), "?")
	if strings.HasPrefix(path, roomsPath) && pageAddress(v.form(fieldBack)) {
		return v.form(fieldBack)
	}
	return roomsPath
}

// assignAnswer shows the form; problem is the key of what is wrong with it, empty for nothing.
func (v *visit) assignAnswer(chosen []string, problem string) (answer, error) {
	p := assignPage{Back: v.assignBack(), Problem: problem}
	if len(chosen) == 1 && v.form(fieldBack) == "" && ourID.MatchString(chosen[0]) {
		p.Back = roomPath(chosen[0])
	}
	contract, err := v.assignContracts(&p)
	if err != nil {
		return answer{}, err
	}

	if len(chosen) == 0 {
		err = v.offerUnlicensed(&p, cmp.Or(contract.Type, catalogue.ServiceSelect))
		if err != nil {
			return answer{}, err
		}
		if v.form(fieldAll) != "" {
			for _, r := range p.Rooms {
				chosen = append(chosen, r.ID)
			}
			p.Rooms, p.All = nil, ""
		}
	}
	switch {
	case len(chosen) == 0:
	case contract.ID == "":
		err = v.nameRooms(&p, chosen)
	default:
		err = v.previewAssign(&p, v.assignRequest(chosen, contract.ID))
	}
	a := answer{page: "roomassign", title: "portal.assign.title", data: p, here: assignPath}
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
		if problem == "portal.assign.wrong.changed" {
			a.status = http.StatusConflict
		}
	}
	return a, err
}

// assignContracts fills in the contracts that have free licences, and returns the chosen one: the
// one that the form names, else the one that ends first.
func (v *visit) assignContracts(p *assignPage) (entitlement.ContractEntry, error) {
	var chosen entitlement.ContractEntry
	found, err := v.entitlements.Assignable(v.acting(), v.who.account().ID)
	if err != nil {
		return chosen, err
	}
	if len(found) == 0 {
		p.None = web.EmptyState{
			Icon:  "badge-check",
			Title: v.say("portal.assign.nofree"),
			Text:  v.say("portal.assign.nofree.text"),
		}
		return chosen, nil
	}
	numbers, err := v.orders.OrderNumbers(v.acting(), v.who.account().ID)
	if err != nil {
		return chosen, err
	}

	chosen = found[0]
	for _, c := range found {
		if c.ID == v.form("contract") {
			chosen = c
		}
	}
	for _, c := range found {
		until := v.say("portal.assign.starts")
		if c.EndAt != nil {
			until = v.say("portal.assign.until", "day", v.lastDayCell(*c.EndAt).Text)
		}
		p.Contracts = append(p.Contracts, web.Choice{
			Value: c.ID,
			Label: web.Joined(v.serviceName(c.Type),
				v.language.Count("portal.assign.free", c.InForce-c.Assigned),
				until, numbers[c.OrderID]),
			Chosen: c.ID == chosen.ID,
		})
	}
	return chosen, nil
}

// offerUnlicensed lists the rooms without a licence of the service, to choose from.
func (v *visit) offerUnlicensed(p *assignPage, service catalogue.ServiceType) error {
	rooms, next, err := v.entitlements.ListRooms(v.acting(), entitlement.RoomFilter{
		AccountID: v.who.account().ID,
		State:     licensing.RoomActive,
		Without:   service,
		By:        entitlement.RoomsByName,
		Page:      db.Page{Limit: mostAtOnce},
	})
	for _, r := range rooms {
		p.Rooms = append(p.Rooms, roomChoice{ID: r.ID, Name: r.Name, Place: v.placeOf(r)})
	}
	p.More = next != ""
	if n := len(p.Rooms); n > 1 {
		p.All = v.language.Count("portal.assign.all", int64(n))
	}
	return err
}

// nameRooms names the chosen rooms where no contract has a licence for them.
func (v *visit) nameRooms(p *assignPage, chosen []string) error {
	names, err := v.entitlements.RoomNames(v.acting(), chosen)
	for _, id := range chosen {
		if names[id] != "" {
			p.Rooms = append(p.Rooms, roomChoice{ID: id, Name: names[id], Chosen: true})
		}
	}
	return err
}

// previewAssign fills in what follows from the assignment, room by room and as a whole.
func (v *visit) previewAssign(p *assignPage, q entitlement.AssignManyRequest) error {
	found, err := v.entitlements.PreviewAssignMany(v.acting(), q)
	if err != nil {
		return err
	}

	for _, r := range found.Rooms {
		if rules.CodeOf(r.Refused) == rules.NotFound {
			return r.Refused // somebody made up an id, or it is another account's (C5)
		}
		c := roomChoice{ID: r.Room.ID, Name: r.Room.Name, Place: v.placeOf(r.Room), Chosen: true}
		switch {
		case r.Has:
			c.Reason = v.say("portal.assign.has")
		case r.Refused != nil:
			p.Refused++
			c.Badge = web.Badge{Text: v.say("portal.assign.refused"), Color: "red"}
			c.Reason = v.assignReason(r.Refused)
		}
		p.Rooms = append(p.Rooms, c)
	}
	slices.SortFunc(p.Rooms, func(a, b roomChoice) int {
		refused := rank(b.Badge.Text != "") - rank(a.Badge.Text != "")
		if refused != 0 {
			return refused
		}
		return strings.Compare(a.Name, b.Name)
	})

	n := int64(len(found.Assigned()))
	switch {
	case n == 0:
		p.Follow = []string{v.say("portal.assign.nothing")}
		return nil
	case found.Left() < 0:
		p.Follow = []string{v.language.Count("portal.assign.toofew", -found.Left())}
		return nil
	}
	p.Follow = append(p.Follow,
		v.language.Count("portal.assign.left", found.Left()))
	p.Follow = append(p.Follow, v.startSentences(found)...)
	p.Terms = v.termsAsked(found.Terms, found.Home)
	if p.Capped, err = v.cappedDevices(found.Capped, found.Rooms); err != nil {
		return err
	}
	p.Digest = assignDigest(found)
	p.Submit = v.language.Count("portal.assign.do", n)
	return nil
}

// startSentences say that the assignment starts the contracts of the whole order (S1), or that
// the contract has started.
func (v *visit) startSentences(p entitlement.AssignPreview) []string {
	if len(p.Starts) == 0 {
		if p.Contract.EndAt == nil {
			return nil
		}
		return []string{v.say("portal.assign.runs", "day", v.lastDayCell(*p.Contract.EndAt).Text)}
	}

	var out []string
	for _, c := range p.Starts {
		out = append(out, v.language.Count("portal.assign.start", c.Quantity, messages.Args{
			"service": v.serviceName(c.Type),
			"from":    v.dayCell(*c.StartAt).Text,
			"last":    v.lastDayCell(*c.EndAt).Text,
		}))
	}
	return out
}

// assignReasons are the refusals of an assignment that have words of their own.
var assignReasons = []string{
	licensing.RoomIsArchived, licensing.RoomHasLicence, rules.CountryNotSupported,
	cover.TermsAckRequired, rules.StateConflict,
}

// assignReason says why a room would be refused a licence.
func (v *visit) assignReason(err error) string {
	code := rules.CodeOf(err)
	if !slices.Contains(assignReasons, code) {
		code = rules.StateConflict
	}
	return v.language.Say("portal.assign.why." + code)
}

// termsAsked are the terms to be read, with what they promise beside those at home.
func (v *visit) termsAsked(terms []catalogue.CountryTerms, home catalogue.CountryTerms) []termsAsk {
	var out []termsAsk
	for _, t := range terms {
		out = append(out, termsAsk{
			Value:   termsValue(t),
			Country: v.countryName(t.Country),
			Text:    v.termsWords(t),
			Home: v.say("portal.terms.home",
				"country", v.countryName(v.who.account().Country), "terms", v.termsWords(home)),
			Read: slices.Contains(v.request.PostForm[fieldTerms], termsValue(t)),
		})
	}
	return out
}

// termsWords say what a country's terms promise: how soon a replacement comes, and in which
// languages support answers.
func (v *visit) termsWords(t catalogue.CountryTerms) string {
	if !t.Available {
		return v.say("portal.terms.unavailable")
	}
	return v.say("portal.terms.says",
		"speed", v.speedWords(string(t.RMASpeed)), "languages", v.spokenLanguages(t.Languages))
}

// speedWords say how soon a replacement arrives; empty where it is not known.
func (v *visit) speedWords(speed string) string {
	switch speed {
	case "":
		return ""
	case "NBD":
		return v.say("portal.terms.speed.next")
	case "STANDARD":
		return v.say("portal.terms.speed.none")
	}
	days, err := strconv.ParseInt(strings.TrimSuffix(speed, "BD"), 10, 64)
	if err != nil {
		return speed
	}
	return v.language.Count("portal.terms.speed.days", days)
}

// spokenLanguages are the names of languages in the reader's language.
func (v *visit) spokenLanguages(tags []string) string {
	namer := display.Languages(language.Make(v.language.Locale()))
	var names []string
	for _, tag := range tags {
		parsed, err := language.Parse(tag)
		if err != nil {
			continue
		}
		base, _ := parsed.Base()
		if name := namer.Name(base); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return v.language.List(names)
}

// cappedDevices say which devices are covered for less than the contract, and until when
// (R125d).
func (v *visit) cappedDevices(
	capped []entitlement.CappedDevice, rooms []entitlement.RoomPreview,
) ([]string, error) {
	names := map[string]string{}
	for _, r := range rooms {
		names[r.Room.ID] = r.Room.Name
	}
	return v.cappedWords(capped, names)
}

// hardwareDay is the last day that the hardware is covered, or the first that it is not where it
// is too old already.
func hardwareDay(w licensing.CapWarning) civil.Date {
	if w.Code == licensing.WarnHardwareOverCap {
		return *w.EndsOn
	}
	return w.EndsOn.AddDays(-1)
}

func (v *visit) cappedWords(
	capped []entitlement.CappedDevice, rooms map[string]string,
) ([]string, error) {
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range capped {
		name := nameOn(ref, c.ModelCode, v.db.Clock().Now())
		day := ""
		if c.Warning.EndsOn != nil {
			day = v.day(hardwareDay(c.Warning))
		}
		out = append(out, v.language.Say("portal.assign.capped."+c.Warning.Code, messages.Args{
			"device": web.Joined(name, db.Text(c.Serial), rooms[db.Text(c.RoomID)]),
			"day":    day,
		}))
	}
	return out, nil
}

// assignDigest is of what an assignment leads to: whoever confirms it confirms that.
func assignDigest(p entitlement.AssignPreview) string {
	h := sha256.New()
	fmt.Fprintln(h, p.Contract.ID, p.Left(), p.Assigned())
	for _, c := range p.Starts {
		fmt.Fprintln(h, c.ID, c.StartAt.UTC(), c.EndAt.UTC())
	}
	for _, t := range p.Terms {
		fmt.Fprintln(h, termsValue(t))
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
