package portal

import (
	"net/http"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/privacy"
)

// privacyPage is what a person may ask about their own data, and what was asked so far.
type privacyPage struct {
	Exports     []exportView
	AskPassword bool // the person proved it too long ago
	PassProblem string
}

type exportView struct {
	ID, Asked, Until string
	Ready, Expired   bool
}

func showPrivacy(v *visit) (answer, error) { return v.privacyPage("") }

func (v *visit) privacyPage(problem string) (answer, error) {
	found, _, err := v.privacy.ListRequests(v.acting(), privacy.Filter{
		Kind: privacy.Export,
		Page: db.Page{Limit: 50},
	})
	if err != nil {
		return answer{}, err
	}

	p := privacyPage{AskPassword: !v.provedLately(), PassProblem: problem}
	zone := location(v.who.account().TimeZone)
	for _, r := range found {
		if r.AccountID != nil {
			continue // an administrator's, about somebody
		}
		view := exportView{
			ID:      r.ID,
			Asked:   v.language.ShortDate(r.CreatedAt.In(zone)),
			Ready:   r.State == privacy.Ready,
			Expired: r.State == privacy.Expired,
		}
		if r.ExpiresAt != nil {
			view.Until = v.language.ShortDate(r.ExpiresAt.In(zone))
		}
		p.Exports = append(p.Exports, view)
	}
	a := answer{page: "privacy", title: "privacy.title", data: p, here: "/account"}
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// askForOwnExport asks for the visitor's own data; again, while it is under way, it is that one.
func askForOwnExport(v *visit) (answer, error) {
	_, err := v.privacy.Ask(v.acting(), privacy.NewRequest{
		Kind:   privacy.Export,
		UserID: v.who.user.ID,
	})
	if err != nil {
		return answer{}, err
	}
	return v.done("/privacy", "flash.exportasked"), nil
}

// fetchOwnExport hands out the file, after the password (S52).
func fetchOwnExport(v *visit) (answer, error) {
	if _, err := v.privacy.GetRequest(v.acting(), v.param("id")); err != nil {
		return answer{}, err
	}
	if problem, err := v.proveAgain(); err != nil || problem != "" {
		a, wrong := v.privacyPage(problem)
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
