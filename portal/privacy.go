package portal

import (
	"net/http"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/privacy"
)

const privacyPath = "/privacy"

// privacyPage is what a person may ask about their own data, and what was asked so far; of
// administrators too what the account asked about its people.
type privacyPage struct {
	Exports     []exportView
	Others      []requestView // administrators
	AskPassword bool          // the person proved it too long ago
}

type exportView struct {
	ID, Asked, Until string
	Ready, Expired   bool
	PassProblem      string // message key
}

// requestView is what the account asked about one of its people.
type requestView struct {
	exportView
	Name, Says string
}

// mostRequests bounds the requests that the page lists.
const mostRequests = 50

func showPrivacy(v *visit) (answer, error) { return v.privacyPage("", "") }

// privacyPage shows the page; problem is what was wrong with fetching the file of a request.
func (v *visit) privacyPage(id, problem string) (answer, error) {
	p := privacyPage{AskPassword: !v.provedLately()}
	own, _, err := v.privacy.ListRequests(v.acting(), privacy.Filter{
		Own:  true,
		Kind: privacy.Export,
		Page: db.Page{Limit: mostRequests},
	})
	if err != nil {
		return answer{}, err
	}
	for _, r := range own {
		p.Exports = append(p.Exports, v.exportView(r, id, problem))
	}

	if v.isAdmin() {
		others, _, err := v.privacy.ListRequests(v.acting(), privacy.Filter{
			AccountID: v.who.account().ID,
			Page:      db.Page{Limit: mostRequests},
		})
		if err != nil {
			return answer{}, err
		}
		for _, r := range others {
			p.Others = append(p.Others, requestView{
				exportView: v.exportView(r, id, problem),
				Name:       r.Name,
				Says: v.language.Say(
					"privacy.says." + string(r.Kind) + "." + string(r.State)),
			})
		}
	}

	a := answer{page: "privacy", title: "privacy.title", data: p, here: "/account"}
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

func (v *visit) exportView(r privacy.Request, id, problem string) exportView {
	zone := location(v.who.account().TimeZone)
	view := exportView{
		ID:      r.ID,
		Asked:   v.language.ShortDate(r.CreatedAt.In(zone)),
		Ready:   r.State == privacy.Ready,
		Expired: r.State == privacy.Expired,
	}
	if r.ExpiresAt != nil {
		view.Until = v.language.ShortDate(r.ExpiresAt.In(zone))
	}
	if r.ID == id {
		view.PassProblem = problem
	}
	return view
}

// askForOwnExport asks for the visitor's own data; again, while it is under way, it is that one.
func askForOwnExport(v *visit) (answer, error) {
	if beyond, err := v.knownBeyond(); err != nil || beyond {
		return v.done(privacyPath, "flash.exportelsewhere"), err
	}
	_, err := v.privacy.Ask(v.acting(), privacy.NewRequest{
		Kind:   privacy.Export,
		UserID: v.who.user.ID,
	})
	if err != nil {
		return answer{}, err
	}
	return v.done(privacyPath, "flash.exportasked"), nil
}

// knownBeyond reports whether the visitor came by a company's own sign-in, and other companies know
// them too: that provider proves nothing to those, and one's own export tells of all of them.
func (v *visit) knownBeyond() (bool, error) {
	connection := v.value(keyConnection)
	if connection == "" {
		return false, nil
	}
	return v.people.KnownBeyond(v.ctx, v.who.user.ID, connection)
}

// fetchExport hands out the file, after the password (S52): one's own, or one that the account's
// administrators asked for.
func fetchExport(v *visit) (answer, error) {
	r, err := v.privacy.GetRequest(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if r.AccountID == nil {
		if beyond, err := v.knownBeyond(); err != nil || beyond {
			return v.done(privacyPath, "flash.exportelsewhere"), err
		}
	}
	if problem, err := v.proveAgain(); err != nil || problem != "" {
		a, wrong := v.privacyPage(v.param("id"), problem)
		if err == nil {
			err = wrong
		}
		return a, err
	}

	content, err := v.privacy.FetchExport(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return answer{file: &file{
		mediaType: "application/zip",
		name:      v.param("id") + ".zip",
		content:   content,
	}}, nil
}
