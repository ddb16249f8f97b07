package portal

import (
	"net/url"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/db"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/signing"
)

// Programs beside a customer's Sync sign their requests for help with a secret that an
// administrator makes here. Two count at once, so that one takes over from the other.

const syncSecretsPath = syncPath + "/secrets"

// signedHelpPath is where such requests are sent, see api/signed.go.
const signedHelpPath = "/v1/integrations/sync/help-requests"

// signedPart is what the page of the connection says of signed requests.
type signedPart struct {
	Address string // where they are sent
	Secrets []secretView
	Form    *secretForm // nil: two secrets count
}

// secretView is what is shown of a secret once it is made.
type secretView struct {
	Since string
	End   string // address
}

// secretForm makes a secret.
type secretForm struct {
	Once        string // names the form: a second press of its button makes no second secret
	AskPassword bool
	PassProblem string // message key
	Problem     string // in words
	Secret      string // the new one, shown once
}

// signedPart shows how requests are signed for a connection, and the form that came.
func (v *visit) signedPart(s rooms.Standing, f secretForm) *signedPart {
	p := &signedPart{
		Address: v.publicURL() + signedHelpPath + "?connection=" + url.QueryEscape(s.ID),
	}
	for _, one := range s.Secrets {
		p.Secrets = append(p.Secrets, secretView{
			Since: v.language.DateTimeAt(one.CreatedAt, v.zone()),
			End:   syncSecretsPath + "/" + one.ID + "/end",
		})
	}
	if len(s.Secrets) < 2 {
		if f.Once == "" {
			f.Once = db.NewID("once")
		}
		f.AskPassword = !v.provedLately()
		p.Form = &f
	}
	return p
}

// makeSyncSecret makes a secret, and shows it in the answer to the form alone. It outlives the
// session, so the person proves the password again; see createToken.
func makeSyncSecret(v *visit) (answer, error) {
	accountID := v.who.account().ID
	f := secretForm{Once: v.form("once")}
	if f.Once == "" {
		return answer{}, errBadForm
	}
	problem, err := v.proveAgain()
	if err != nil {
		return answer{}, err
	}
	if problem != "" {
		f.PassProblem = problem
		return v.syncPage(certificateForm{}, f)
	}
	if err := v.throttle("sync/"+accountID, syncTriesAnHour, time.Hour); err != nil {
		return answer{}, err
	}

	key, err := v.synced.NewSecret(v.acting(), accountID, f.Once, "")
	switch rules.CodeOf(err) {
	case rooms.TooManySecrets:
		return v.syncPage(certificateForm{}, secretForm{Problem: v.refusedWords(err)})
	case rules.StateConflict:
		return v.done(syncPath, "flash.sync.secretbefore"), nil
	}
	if err != nil {
		return answer{}, err
	}
	return v.syncPage(certificateForm{}, secretForm{Secret: signing.StandardSecret(key)})
}

// endSyncSecret asks, and then has a secret count no more.
func endSyncSecret(v *visit) (answer, error) {
	accountID, id := v.who.account().ID, v.param("id")
	if v.confirmed() {
		if err := v.synced.EndSecret(v.acting(), accountID, id, ""); err != nil {
			return answer{}, err
		}
		return v.done(syncPath, "flash.sync.secretended"), nil
	}

	standing, err := v.synced.StandingOf(v.acting(), accountID, "")
	if err != nil {
		return answer{}, err
	}
	at := slices.IndexFunc(standing.Secrets, func(s rooms.SecretStanding) bool {
		return s.ID == id
	})
	if at < 0 {
		return answer{}, errNoPage
	}
	says := []string{v.say("sync.secret.end.says",
		"moment", v.language.DateTimeAt(standing.Secrets[at].CreatedAt, v.zone()))}
	if len(standing.Secrets) > 1 {
		says = append(says, v.say("sync.secret.end.other"))
	} else {
		says = append(says, v.say("sync.secret.end.last"))
	}
	return v.ask(confirmation{
		Title:  v.say("sync.secret.end.title"),
		Says:   says,
		Final:  true,
		Action: syncSecretsPath + "/" + id + "/end",
		Submit: v.say("sync.secret.end.do"),
		Back:   syncPath,
	})
}
