package portal

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/provisioning"
	"roomcover.dev/roomcover/rules"
)

const (
	directoryPath         = "/directory"
	directoryRequestsPath = directoryPath + "/requests"
)

type directoryToken struct {
	ID, Prefix, Since, Used string
	Maker                   string
	MakerLeft               bool
}

type directoryGrant struct{ ID, Who string }

type directoryGroup struct{ ID, Name string }

// directoryPage is how the organisation's directory is set up (S50). Secret is shown once, in the
// answer to the form that made it, and is stored nowhere.
type directoryPage struct {
	Address     string
	Tokens      []directoryToken
	Full        bool // two tokens work
	Grants      []directoryGrant
	Groups      []directoryGroup // that grant nothing yet
	Everybody   bool             // may still be let in
	People      int
	Once        string
	Secret      string
	PassProblem string
	AskPassword bool
	Requests    string
	Elsewhere   bool   // the reader may not set it up
	Leaders     string // who of the account may; empty: nobody
}

// showDirectory shows how the directory is set up.
func showDirectory(v *visit) (answer, error) {
	return v.directoryPage(directoryPage{Once: db.NewID("once")})
}

func (v *visit) directoryPage(p directoryPage) (answer, error) {
	acc := v.who.account()
	settings, err := v.provisioning.SettingsOf(v.acting(), acc.ID)
	if err != nil {
		return answer{}, err
	}

	p.Address = v.publicURL() + provisioning.Path
	p.Requests = directoryRequestsPath
	p.AskPassword = !v.provedLately()
	p.People = settings.People
	p.Full = len(settings.Tokens) > 1
	p.Elsewhere = !settings.MayLead
	p.Leaders = strings.Join(settings.Leaders, ", ")
	for _, t := range settings.Tokens {
		row := directoryToken{
			ID:     t.ID,
			Prefix: t.Prefix,
			Since:  v.moment(t.CreatedAt, acc.TimeZone),

			Maker:     t.Maker,
			MakerLeft: t.MakerLeft,
		}
		if t.LastUsedAt != nil {
			row.Used = v.moment(*t.LastUsedAt, acc.TimeZone)
		}
		p.Tokens = append(p.Tokens, row)
	}

	granted := map[string]bool{}
	for _, g := range settings.Grants {
		granted[db.Text(g.GroupID)] = true
		p.Grants = append(p.Grants, directoryGrant{ID: g.ID, Who: v.grantName(g)})
	}
	p.Everybody = !granted[""]
	for _, g := range settings.Groups {
		if !granted[g.ID] {
			p.Groups = append(p.Groups, directoryGroup{ID: g.ID, Name: g.Name})
		}
	}

	a := answer{
		page:  "directory",
		title: "directory.title",
		data:  p,
		here:  directoryPath,
	}
	if p.PassProblem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// grantName is whom a grant lets in.
func (v *visit) grantName(g provisioning.NamedGrant) string {
	if g.GroupID == nil {
		return v.say("directory.everybody")
	}
	return g.Group
}

// createDirectoryToken makes a token with which the directory speaks for the organisation. It
// outlives the session, so the person proves the password again; see createToken.
func createDirectoryToken(v *visit) (answer, error) {
	p := directoryPage{Once: v.form("once")}
	if problem, err := v.proveAgain(); err != nil || problem != "" {
		p.PassProblem = problem
		a, wrong := v.directoryPage(p)
		return a, errors.Join(err, wrong)
	}
	if err := v.throttle("directory/"+v.who.account().ID, 20, 24*time.Hour); err != nil {
		return answer{}, err
	}

	_, secret, err := v.provisioning.CreateToken(v.acting(), v.who.account().ID, p.Once)
	if rules.CodeOf(err) == rules.StateConflict {
		return v.done(directoryPath, "flash.directoryfull"), nil
	}
	if err != nil {
		return answer{}, err
	}
	return v.directoryPage(directoryPage{Secret: secret, Once: db.NewID("once")})
}

// revokeDirectoryToken ends a token at once, after saying what stops.
func revokeDirectoryToken(v *visit) (answer, error) {
	if a, ok := v.needFresh(v.request.URL.Path); !ok {
		return a, nil
	}
	acc := v.who.account()
	if v.confirmed() {
		if err := v.provisioning.RevokeToken(v.acting(), acc.ID, v.param("id")); err != nil {
			return answer{}, err
		}
		return v.done(directoryPath, "flash.directoryended"), nil
	}

	settings, err := v.provisioning.SettingsOf(v.acting(), acc.ID)
	if err != nil {
		return answer{}, err
	}
	for _, t := range settings.Tokens {
		if t.ID != v.param("id") {
			continue
		}
		return v.ask(confirmation{
			Title:  v.say("directory.revoke.ask", "prefix", t.Prefix),
			Says:   []string{v.say("directory.revoke.says")},
			Final:  true,
			Action: directoryPath + "/tokens/" + t.ID + "/revoke",
			Submit: v.say("directory.revoke"),
			Keep:   v.say("directory.revoke.keep"),
			Back:   directoryPath,
		})
	}
	return answer{}, errNoPage
}

// letGroupIn lets the people of a group into the account, as readers; it can be taken back.
func letGroupIn(v *visit) (answer, error) {
	if a, ok := v.needFresh(directoryPath); !ok {
		return a, nil
	}
	group := v.form("group")
	if group == "everybody" {
		group = ""
	} else if !namesOurs(group) {
		return answer{}, errBadForm
	}
	if err := v.provisioning.AddGrant(v.acting(), v.who.account().ID, group); err != nil {
		return answer{}, err
	}
	return v.done(directoryPath, "flash.directorygroup"), nil
}

// keepGroupOut ends what a group grants, after saying who loses access.
func keepGroupOut(v *visit) (answer, error) {
	if a, ok := v.needFresh(v.request.URL.Path); !ok {
		return a, nil
	}
	acc := v.who.account()
	if v.confirmed() {
		if err := v.provisioning.RemoveGrant(v.acting(), acc.ID, v.param("id")); err != nil {
			return answer{}, err
		}
		return v.done(directoryPath, "flash.directorygroupended"), nil
	}

	settings, err := v.provisioning.SettingsOf(v.acting(), acc.ID)
	if err != nil {
		return answer{}, err
	}
	for _, g := range settings.Grants {
		if g.ID != v.param("id") {
			continue
		}
		return v.ask(confirmation{
			Title:  v.say("directory.remove.ask", "group", v.grantName(g)),
			Says:   []string{v.say("directory.remove.says")},
			Action: directoryPath + "/groups/" + g.ID + "/remove",
			Submit: v.say("directory.remove"),
			Keep:   v.say("directory.remove.keep"),
			Back:   directoryPath,
		})
	}
	return answer{}, errNoPage
}

type directoryRequest struct {
	When, Says, Detail, Ignored, Line, Body string
	About                                   string // whom it was about; empty: nobody is known
	Wrong                                   bool
}

// directoryRequests are what the directory asked for, newest first.
type directoryRequests struct {
	Rows  []directoryRequest
	Older string
}

// showDirectoryRequests shows what the directory asked for, in words and as it was sent.
func showDirectoryRequests(v *visit) (answer, error) {
	acc := v.who.account()
	after, err := v.openCursor("directory")
	if err != nil {
		return answer{}, err
	}
	found, next, err := v.provisioning.RequestsOf(v.acting(), acc.ID,
		db.Page{After: after, Limit: 50})
	if err != nil {
		return answer{}, err
	}

	var p directoryRequests
	if next != "" {
		p.Older = directoryRequestsPath + "?" + cursorParameter + "=" +
			v.SignCursor("directory", next)
	}
	for _, r := range found {
		p.Rows = append(p.Rows, directoryRequest{
			When:    v.moment(r.At, acc.TimeZone),
			Says:    v.language.Say("directory.outcome." + r.Outcome),
			About:   v.aboutWhom(r.About),
			Detail:  r.Detail,
			Ignored: r.Ignored,
			Line:    r.Method + " " + r.Address + " " + strconv.Itoa(r.Status),
			Body:    r.Body,
			Wrong:   r.Status >= http.StatusBadRequest,
		})
	}
	return answer{
		page:  "directoryrequests",
		title: "directory.requests",
		data:  p,
		here:  directoryRequestsPath,
	}, nil
}

// aboutShown is how many people and groups are named beside one request.
const aboutShown = 3

// aboutWhom names whom a request was about.
func (v *visit) aboutWhom(names []string) string {
	if more := len(names) - aboutShown; more > 0 {
		return v.say("directory.about.more", "n", v.language.Number(int64(more)),
			"names", strings.Join(names[:aboutShown], " · "))
	}
	return strings.Join(names, " · ")
}
