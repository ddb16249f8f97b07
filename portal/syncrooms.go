package portal

import (
	"net/http"
	"slices"
	"strings"

	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/web"
)

// What Sync tells of comes over when somebody chooses it: nothing is added, renamed or merged by
// itself (R43a).

const (
	syncRoomsPath  = syncPath + "/rooms"
	syncAllPath    = syncRoomsPath + "/all"
	syncPlacesPath = syncPath + "/places"
)

// Fields of the forms that choose.
const (
	fieldAct  = "act"
	fieldName = "called" // a room, by its whole name
)

// mostAdded bounds the rooms that one form adds.
const mostAdded = 1000

// kindFacet narrows the list to places of one kind.
const kindFacet = "kind"

// placeKinds are the kinds in the order in which a person looks at them. What needs nobody comes
// last, and is shown only where it is asked for.
var placeKinds = []rooms.Kind{
	rooms.KindNew, rooms.KindLike, rooms.KindRenamed, rooms.KindMoved, rooms.KindVanished,
	rooms.KindArchived, rooms.KindSame,
}

var kindColors = map[rooms.Kind]string{
	rooms.KindNew:      "blue",
	rooms.KindLike:     "amber",
	rooms.KindRenamed:  "amber",
	rooms.KindMoved:    "amber",
	rooms.KindVanished: "red",
	rooms.KindArchived: "",
	rooms.KindSame:     "green",
}

func syncRoomsList() web.Listing[*visit] {
	return web.Listing[*visit]{
		Path:  syncRoomsPath,
		Words: "sync.rooms",
		Columns: []web.Column{
			{Name: "room"},
			{Name: "kind"},
			{Name: "about"},
			{Name: "site"},
			{Name: "devices", Number: true},
		},
		Search: true,
		Read:   readSyncRooms,
	}
}

func showSyncRooms(v *visit) (answer, error) {
	return showList(v, syncRoomsList(), v.syncRoomsBar)
}

// syncRoomsBar carries out what is chosen for the places that are ticked.
func (v *visit) syncRoomsBar(lines int) *web.BulkBar {
	q := v.request.URL.Query()
	q.Del(web.ChosenParameter)
	back := web.Address(syncRoomsPath, q)
	q.Set(web.ChosenParameter, "all")
	act := func(act rooms.Act, word, icon string) web.BulkButton {
		return web.BulkButton{
			Action: syncRoomsPath + "?" + fieldAct + "=" + string(act),
			Label:  v.language.Say("sync.act." + word),
			Icon:   icon,
		}
	}
	return &web.BulkBar{
		Acts: []web.BulkButton{
			act(rooms.Add, "add", "plus"),
			act(rooms.Follow, "follow", "pencil"),
		},
		Back:   back,
		All:    web.Address(syncRoomsPath, q),
		Many:   v.language.Count("portal.rooms.all", int64(lines)),
		Chosen: v.say("portal.rooms.chosen", "n", "#"),
	}
}

// readSyncRooms reads a page of what Sync tells, as the address narrows it.
func readSyncRooms(v *visit, q web.ListQuery) (web.ListResult, error) {
	all, err := v.synced.Preview(v.acting(), v.who.account().ID)
	if err != nil {
		return web.ListResult{}, err
	}
	counts := map[rooms.Kind]int64{}
	for _, p := range all {
		counts[p.Kind]++
	}

	var out web.ListResult
	chosen := rooms.Kind(storable(v.query(kindFacet)))
	key := rules.SearchKey(q.Text)
	var last *rooms.Proposal // of the page before
	if behind := slices.IndexFunc(all, func(p rooms.Proposal) bool {
		return p.ID == q.After
	}); behind >= 0 {
		last = &all[behind]
	}
	shown := rooms.First(q.Limit+1, all, func(p *rooms.Proposal) bool {
		return (chosen == "" && p.Kind != rooms.KindSame || p.Kind == chosen) &&
			(last == nil || p.Compare(last) > 0) &&
			(key == "" || strings.Contains(rules.SearchKey(p.Name+" "+p.PlaceGroup), key))
	})
	if len(shown) > q.Limit {
		shown = shown[:q.Limit]
		out.Next = shown[len(shown)-1].ID
	}

	if err := v.synced.FactsOf(v.acting(), v.who.account().ID, shown); err != nil {
		return out, err
	}
	names, err := v.namesOfLikes(shown)
	if err != nil {
		return out, err
	}
	for _, p := range shown {
		out.Lines = append(out.Lines, v.placeLine(p, names))
	}
	out.Summary = v.language.Count("sync.rooms.summary", int64(len(all)))
	out.Facets = []web.Facet{v.kindFacet(counts, int64(len(all)))}
	out.Acts = []web.ListAct{
		{Link: syncGroupsPath, Label: v.say("sync.groups"), Icon: "map-pin"},
	}
	if addable(all) > 0 {
		out.Acts = append(out.Acts, web.ListAct{
			Link:  syncAllPath,
			Label: v.language.Count("sync.rooms.addall", int64(addable(all))),
			Icon:  "plus",
			Main:  true,
		})
	}
	if slices.ContainsFunc(all, func(p rooms.Proposal) bool {
		return !p.Mapped && p.Kind == rooms.KindNew
	}) {
		out.Warning = v.say("sync.rooms.unmapped")
	}
	out.Empty = v.nothingToImport(len(all))
	return out, nil
}

func (v *visit) nothingToImport(told int) web.EmptyState {
	e := web.EmptyState{
		Icon:     "circle-check",
		Title:    v.say("sync.rooms.none"),
		Text:     v.say("sync.rooms.none.text"),
		Link:     roomsPath,
		LinkText: v.say("sync.rooms.open"),
	}
	if told == 0 {
		e.Icon = "clock"
		e.Title = v.say("sync.rooms.waits")
		e.Text = v.say("sync.rooms.waits.text")
		e.Link, e.LinkText = syncPath, v.say("sync.standing")
	}
	return e
}

// addable counts the places that one form can add.
func addable(all []rooms.Proposal) (n int) {
	for _, p := range all {
		if p.Kind == rooms.KindNew && p.Mapped {
			n++
		}
	}
	return n
}

func (v *visit) kindFacet(counts map[rooms.Kind]int64, all int64) web.Facet {
	var options []web.FacetOption
	var values []string
	for _, kind := range placeKinds {
		options = append(options, web.FacetOption{
			Label: v.language.Say("sync.kind." + string(kind)),
			Count: v.language.Number(counts[kind]),
		})
		values = append(values, string(kind))
	}
	f := web.ChoiceFacet(v, syncRoomsPath, kindFacet, v.say("sync.rooms.show"), options, values)
	f.Options[0].Label = v.say("sync.rooms.open.kinds")
	f.Options[0].Count = v.language.Number(all - counts[rooms.KindSame])
	if !f.On {
		f.Value = f.Options[0].Label
	}
	return f
}

// namesOfLikes are the names of the rooms that places look like, in one statement for a page.
func (v *visit) namesOfLikes(shown []rooms.Proposal) (map[string]string, error) {
	var ids []string
	for _, p := range shown {
		for _, like := range p.Likes {
			ids = append(ids, like.RoomID)
		}
	}
	return v.entitlements.RoomNames(v.acting(), ids)
}

func (v *visit) placeLine(p rooms.Proposal, names map[string]string) web.Line {
	return web.Line{ID: p.ID, Link: syncPlacesPath + "/" + p.ID, Cells: map[string]web.Cell{
		"room": {Text: p.Name, Small: p.Facts.Location},
		"kind": {Badge: web.Badge{
			Text:  v.language.Say("sync.kind." + string(p.Kind)),
			Color: kindColors[p.Kind],
		}},
		"about":   {Text: v.placeAbout(p, names)},
		"site":    {Text: v.placeSite(p), Small: p.PlaceGroup},
		"devices": {Text: v.language.Number(int64(len(p.Facts.Devices)))},
	}}
}

// placeAbout says what may be done about a place, and why.
func (v *visit) placeAbout(p rooms.Proposal, names map[string]string) string {
	switch p.Kind {
	case rooms.KindLike:
		like := p.Likes[0]
		return v.say("sync.about.LIKE", "room", names[like.RoomID], "why", v.likeWords(like))
	case rooms.KindRenamed:
		return v.say("sync.about.RENAMED", "room", p.Room.Name)
	case rooms.KindMoved:
		site := p.Room.Site
		if site == "" {
			return v.say("sync.about.MOVED.nowhere", "room", p.Room.Name)
		}
		return v.say("sync.about.MOVED", "room", p.Room.Name, "site", site)
	case rooms.KindVanished:
		return v.say("sync.about.VANISHED",
			"moment", v.language.DateTimeAt(*p.MissingSince, v.zone()))
	case rooms.KindNew:
		if !p.Mapped {
			return v.say("sync.about.unmapped")
		}
	}
	return v.language.Say("sync.about." + string(p.Kind))
}

// likeWords name in what a place and a room are alike.
func (v *visit) likeWords(like health.Likeness) string {
	var words []string
	for _, why := range like.Reasons {
		words = append(words, v.language.Say("sync.like."+string(why)))
	}
	return v.language.List(words)
}

// placeSite is where the rooms of a place's group are.
func (v *visit) placeSite(p rooms.Proposal) string {
	switch {
	case !p.Mapped:
		return v.say("sync.site.unsaid")
	case p.Site == "":
		return v.say("sync.site.none")
	}
	return p.Site
}

// applyToPlaces carries out what is chosen for the places that are ticked.
func applyToPlaces(v *visit) (answer, error) {
	act := rooms.Act(v.form(fieldAct))
	if act == "" {
		act = rooms.Act(storable(v.query(fieldAct)))
	}
	ids := v.request.PostForm[fieldRoom]
	if act != rooms.Add && act != rooms.Follow || len(ids) > mostAtOnce {
		return answer{}, errBadForm
	}
	var choices []rooms.Choice
	for _, id := range ids {
		choices = append(choices, rooms.Choice{PlaceID: id, Act: act})
	}
	return v.applied(choices)
}

// addEveryNew says how many rooms are added, and adds them.
func addEveryNew(v *visit) (answer, error) {
	all, err := v.synced.Preview(v.acting(), v.who.account().ID)
	if err != nil {
		return answer{}, err
	}
	var adding []*rooms.Proposal
	for i := range all {
		if p := &all[i]; p.Kind == rooms.KindNew && p.Mapped {
			adding = append(adding, p)
		}
	}
	slices.SortFunc(adding, (*rooms.Proposal).Compare)
	var choices []rooms.Choice
	sites := map[string]int64{}
	for _, p := range adding[:min(len(adding), mostAdded)] {
		choices = append(choices, rooms.Choice{PlaceID: p.ID, Act: rooms.Add})
		sites[v.placeSite(*p)]++
	}
	if v.confirmed() {
		return v.applied(choices)
	}
	if len(choices) == 0 {
		return redirect(syncRoomsPath), nil
	}

	c := confirmation{
		Title: v.language.Count("sync.addall.title", int64(len(choices))),
		Says: []string{
			v.say("sync.addall.says"),
			v.say("sync.addall.rest"),
		},
		Action: syncAllPath,
		Submit: v.say("sync.addall.do"),
		Back:   syncRoomsPath,
	}
	for _, site := range sitesByRooms(sites, "") {
		count := v.language.Count("portal.rooms.summary", sites[site])
		c.Names = append(c.Names, web.Joined(site, count))
	}
	return v.ask(c)
}

// appliedPage says what became of what was chosen.
type appliedPage struct {
	Says    []string
	Refused []web.Row
	Skipped []string // devices that stay where they are
	Assign  []string // ids of the rooms that a licence can be assigned to now
	Many    bool     // more of them than one form takes
	Groups  bool     // some were refused because nobody has said where their group is
}

// applied carries out choices, and says what became of each (R43b: rooms that were added can have
// a license at once).
func (v *visit) applied(choices []rooms.Choice) (answer, error) {
	outcomes, err := v.synced.Apply(v.acting(), v.who.account().ID, choices, "")
	if err != nil {
		return answer{}, err
	}

	var added, followed, same int64
	var p appliedPage
	names := map[string]string{}
	if slices.ContainsFunc(outcomes, func(o rooms.Outcome) bool { return o.Err != nil }) {
		all, err := v.synced.PlacesOf(v.acting(), v.who.account().ID)
		if err != nil {
			return answer{}, err
		}
		for _, place := range all {
			names[place.ID] = place.Name
		}
	}
	for _, o := range outcomes {
		p.Skipped = append(p.Skipped, o.Skipped...)
		switch {
		case o.Err != nil:
			row := web.Row{Title: names[o.PlaceID], Sub: v.refusedWords(o.Err)}
			if row.Title != "" {
				row.Link = syncPlacesPath + "/" + o.PlaceID
			} else {
				row.Title = v.say("sync.applied.unknown")
			}
			p.Refused = append(p.Refused, row)
			p.Groups = p.Groups || rules.CodeOf(o.Err) == rooms.GroupUnmapped
		case !o.Changed:
			same++
		case o.Act == rooms.Add:
			added++
			p.Assign = append(p.Assign, o.RoomID)
		default:
			followed++
		}
	}

	for _, part := range []struct {
		word string
		n    int64
	}{{"added", added}, {"followed", followed}, {"same", same}} {
		if part.n > 0 {
			p.Says = append(p.Says, v.language.Count("sync.applied."+part.word, part.n))
		}
	}
	if len(p.Says) == 0 && len(p.Refused) == 0 {
		p.Says = []string{v.say("sync.applied.nothing")}
	}
	if len(p.Assign) > mostAtOnce {
		p.Assign, p.Many = nil, true
	}
	return answer{
		page:  "syncapplied",
		title: "sync.applied.title",
		data:  p,
		here:  syncRoomsPath,
	}, nil
}

// syncPlacePage is one place, with the rooms that it may be.
type syncPlacePage struct {
	Action  string
	Badge   web.Badge
	About   string
	Facts   []web.Fact
	Group   string // address of the form that says where its group is; empty: it is said
	Likes   []likeView
	Add     bool
	Follow  bool
	Unlink  bool
	Links   bool // it may be a room that is named
	Called  string
	Problem string
}

// likeView is a room that a place may be, with why.
type likeView struct{ ID, Name, Why string }

func showSyncPlace(v *visit) (answer, error) {
	return v.syncPlacePage("", "")
}

func (v *visit) syncPlacePage(called, problem string) (answer, error) {
	proposal, err := v.synced.ProposalOf(v.acting(), v.who.account().ID, v.param("id"))
	if err != nil {
		return answer{}, err
	}
	names, err := v.namesOfLikes([]rooms.Proposal{proposal})
	if err != nil {
		return answer{}, err
	}

	free := proposal.RoomID == nil && proposal.Kind != rooms.KindVanished
	p := syncPlacePage{
		Action: syncPlacesPath + "/" + proposal.ID,
		Badge: web.Badge{
			Text:  v.language.Say("sync.kind." + string(proposal.Kind)),
			Color: kindColors[proposal.Kind],
		},
		About:   v.placeAbout(proposal, names),
		Facts:   v.placeFacts(proposal),
		Add:     free && proposal.Mapped,
		Follow:  proposal.Kind == rooms.KindRenamed || proposal.Kind == rooms.KindMoved,
		Unlink:  proposal.RoomID != nil,
		Links:   proposal.RoomID == nil,
		Called:  called,
		Problem: problem,
	}
	if !proposal.Mapped {
		p.Group = groupPath(proposal.PlaceGroup)
	}
	for _, like := range proposal.Likes {
		p.Likes = append(p.Likes, likeView{like.RoomID, names[like.RoomID], v.likeWords(like)})
	}
	a := answer{page: "syncplace", label: proposal.Name, data: p, here: p.Action}
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// placeFacts are what Sync tells of a place.
func (v *visit) placeFacts(p rooms.Proposal) (facts []web.Fact) {
	add := func(name, value, link string) {
		if value != "" {
			facts = append(facts, web.Fact{
				Term:  v.language.Say("sync.place." + name),
				Value: value,
				Link:  link,
			})
		}
	}
	if p.Room != nil {
		add("room", p.Room.Name, roomPath(p.Room.ID))
	}
	add("group", p.PlaceGroup, groupPath(p.PlaceGroup))
	add("site", v.placeSite(p), "")
	add("location", p.Facts.Location, "")
	if p.Facts.Seats > 0 {
		add("seats", v.language.Number(int64(p.Facts.Seats)), "")
	}
	for _, d := range p.Facts.Devices {
		add("device", web.Joined(d.Name, d.Serial), "")
	}
	return facts
}

// chooseForPlace carries out what is chosen for one place.
func chooseForPlace(v *visit) (answer, error) {
	choice := rooms.Choice{
		PlaceID: v.param("id"),
		Act:     rooms.Act(v.form(fieldAct)),
		RoomID:  v.form("room"),
	}
	if choice.Act == "" {
		choice.Act = rooms.Link
	}
	if choice.Act == rooms.Link && choice.RoomID == "" {
		called := strings.TrimSpace(v.form(fieldName))
		named, err := v.entitlements.RoomsNamed(v.acting(), v.who.account().ID, called)
		if err != nil {
			return answer{}, err
		}
		if len(named) != 1 {
			problem := "sync.called.none"
			if len(named) > 1 {
				problem = "sync.called.many"
			}
			return v.syncPlacePage(v.form(fieldName), v.language.Say(problem))
		}
		choice.RoomID = named[0].ID
	}

	outcomes, err := v.synced.Apply(v.acting(), v.who.account().ID, []rooms.Choice{choice}, "")
	if err != nil {
		return answer{}, err
	}
	o := outcomes[0]
	switch {
	case rules.CodeOf(o.Err) == rules.NotFound:
		return answer{}, o.Err
	case o.Err != nil:
		return v.syncPlacePage(v.form(fieldName), v.refusedWords(o.Err))
	}
	flash := map[rooms.Act]string{
		rooms.Add:    "flash.sync.added",
		rooms.Link:   "flash.sync.linked",
		rooms.Unlink: "flash.sync.unlinked",
		rooms.Follow: "flash.sync.followed",
	}[choice.Act]
	if choice.Act == rooms.Add {
		return v.done(roomPath(o.RoomID), flash), nil
	}
	return v.done(syncPlacesPath+"/"+choice.PlaceID, flash), nil
}
