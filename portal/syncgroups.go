package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// Sync knows rooms by groups, such as /BR/São Paulo/; an administrator says once at which site the
// rooms of each are.

const (
	syncGroupsPath = syncPath + "/groups"
	syncGroupPath  = syncGroupsPath + "/place"
	fieldGroup     = "group"
)

// groupPath is the form of a group, which has no id of ours: its name stands in the address.
func groupPath(name string) string {
	return syncGroupPath + "?" + url.Values{fieldGroup: {name}}.Encode()
}

func syncGroupsList() web.Listing[*visit] {
	return web.Listing[*visit]{
		Path:  syncGroupsPath,
		Words: "sync.groups",
		Columns: []web.Column{
			{Name: "group"},
			{Name: "site"},
			{Name: "country"},
			{Name: "platform"},
		},
		Read: readSyncGroups,
	}
}

func showSyncGroups(v *visit) (answer, error) { return showList(v, syncGroupsList(), nil) }

func readSyncGroups(v *visit, q web.ListQuery) (web.ListResult, error) {
	all, err := v.synced.GroupsOf(v.acting(), v.who.account().ID)
	if err != nil {
		return web.ListResult{}, err
	}
	var open int64
	for _, g := range all {
		if g.Country == "" {
			open++
		}
	}

	out := web.ListResult{
		Summary: v.language.Count("sync.groups.summary", int64(len(all))),
		Acts: []web.ListAct{
			{Link: syncRoomsPath, Label: v.say("sync.rooms"), Icon: "door-open"},
		},
		Empty: web.EmptyState{
			Icon:     "clock",
			Title:    v.say("sync.rooms.waits"),
			Text:     v.say("sync.rooms.waits.text"),
			Link:     syncPath,
			LinkText: v.say("sync.standing"),
		},
	}
	if open > 0 {
		out.Warning = v.language.Count("sync.groups.unsaid", open)
	}
	if q.After != "" {
		at := slices.IndexFunc(all, func(g rooms.Group) bool { return g.PlaceGroup == q.After })
		all = all[at+1:]
	}
	if len(all) > q.Limit {
		all = all[:q.Limit]
		out.Next = all[len(all)-1].PlaceGroup
	}
	for _, g := range all {
		l := web.Line{Link: groupPath(g.PlaceGroup), Cells: map[string]web.Cell{
			"group": {Text: v.groupName(g.PlaceGroup)},
			"site":  {Badge: web.Badge{Text: v.say("sync.site.unsaid"), Color: "amber"}},
		}}
		if g.Country != "" {
			site := rooms.Proposal{Mapped: true, Site: g.Site}
			l.Cells["site"] = web.Cell{Text: v.placeSite(site)}
			l.Cells["country"] = web.Cell{Text: v.countryName(g.Country), Small: g.Region}
			l.Cells["platform"] = web.Cell{
				Text: v.language.Say("console.platform." + string(g.Platform)),
			}
		}
		out.Lines = append(out.Lines, l)
	}
	return out, nil
}

// groupName is what a page calls a group; rooms may be in none.
func (v *visit) groupName(name string) string {
	if name == "" {
		return v.say("sync.groups.none")
	}
	return name
}

// groupForm is the form of a group, with what was typed and what is wrong with it.
type groupForm struct {
	Group   string // as Sync names it
	Name    string // as the page does
	Site    web.Field
	Sites   []string // those that the account has
	Fields  []web.Field
	Problem string
}

// typedGroup reads the form.
func (v *visit) typedGroup() rooms.Group {
	return rooms.Group{
		PlaceGroup: v.form(fieldGroup),
		Site:       v.form("site"),
		Country:    v.form("country"),
		Region:     v.form("region"),
		Platform:   rules.Platform(v.form("platform")),
	}
}

func showSyncGroup(v *visit) (answer, error) {
	if v.resumes(syncGroupPath) {
		return v.groupForm(v.typedGroup(), nil)
	}
	if !v.request.URL.Query().Has(fieldGroup) {
		return redirect(syncGroupsPath), nil
	}
	all, err := v.synced.GroupsOf(v.acting(), v.who.account().ID)
	if err != nil {
		return answer{}, err
	}
	at := slices.IndexFunc(all, func(g rooms.Group) bool {
		return g.PlaceGroup == v.query(fieldGroup)
	})
	if at < 0 {
		return answer{}, errNoPage
	}
	g := all[at]
	if g.Country == "" {
		g.Country = v.who.account().Country
		g.Platform = rules.PlatformOther
	}
	return v.groupForm(g, nil)
}

// groupForm shows the form, with what is wrong beside its field.
func (v *visit) groupForm(g rooms.Group, refused *rules.Error) (answer, error) {
	sites, err := v.everySite()
	if err != nil {
		return answer{}, err
	}
	p := groupForm{
		Group: g.PlaceGroup,
		Name:  v.groupName(g.PlaceGroup),
		Site: web.Field{
			Name:  "site",
			Label: v.say("portal.room.field.site"),
			Help:  v.say("sync.group.site.help"),
			Value: g.Site,
		},
		Fields: []web.Field{
			{Name: "country", Kind: "choice", Value: g.Country},
			{Name: "region", Kind: "text", Value: g.Region},
			{Name: "platform", Kind: "choice", Value: string(g.Platform)},
		},
	}
	for _, s := range sites {
		p.Sites = append(p.Sites, s.Name)
	}
	for i := range p.Fields {
		field := &p.Fields[i]
		field.Label = v.language.Say("portal.room.field." + field.Name)
		field.Choices = v.roomChoices(field.Name, field.Value)
	}

	a := answer{page: "syncgroup", title: "sync.group.title", here: syncGroupPath}
	if refused != nil {
		a.status = http.StatusUnprocessableEntity
		p.Problem = v.say("sync.group.wrong")
		for _, wrong := range refused.Fields {
			name := strings.TrimPrefix(wrong.Pointer, "/")
			if name == "site" {
				p.Site.Problem = v.roomProblem(wrong)
			}
			at := slices.IndexFunc(p.Fields, func(f web.Field) bool { return f.Name == name })
			if at >= 0 {
				p.Fields[at].Problem = v.roomProblem(wrong)
			}
		}
	}
	a.data = p
	return a, nil
}

// placeGroup says where the rooms of a group are that are added from now on.
func placeGroup(v *visit) (answer, error) {
	g := v.typedGroup()
	err := v.synced.PutGroup(v.acting(), v.who.account().ID, g, "")
	var refused *rules.Error
	if errors.As(err, &refused) && refused.Code == rules.ValidationFailed {
		return v.groupForm(g, refused)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(syncGroupsPath, "flash.sync.group"), nil
}
