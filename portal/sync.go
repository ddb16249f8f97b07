package portal

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"roomcover.dev/roomcover/messages/refusal"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/web"
)

// An administrator connects the account with its Sync here, once: rooms come over, and how they
// are is seen from then on (R34, R43). Nothing requires it: where the service knows no region of
// Sync, the page says so, and no other page mentions it (R34b).

const (
	syncPath         = "/sync"
	certificatesPath = syncPath + "/certificates"
	disconnectPath   = syncPath + "/disconnect"
)

// Fields of the form of a certificate. What they hold is kept nowhere but in the connection.
const (
	fieldCertificate = "certificate"
	fieldPrivateKey  = "private_key"
)

// syncTriesAnHour bounds how often one account has Sync asked by a form.
const syncTriesAnHour = 30

// syncPage is the connection of the account, or the form that makes one.
type syncPage struct {
	Absent    bool // no region of Sync is configured
	Connected bool
	State     web.Badge
	Says      string // how it stands
	Remedy    string // what to do about it; empty: nothing has to be done
	Facts     []web.Fact

	Certificates []certificateView
	Form         *certificateForm // nil: there is no room for another one
	Problem      string           // with what came, where there is no form

	Signed *signedPart
	Secret string // a new one, shown once; empty: none was made
}

// certificateView is what is shown of a certificate. Its key is shown to nobody.
type certificateView struct {
	Title   string // until when it lasts
	Left    string // how many days that is
	Badge   web.Badge
	Remove  string // address; empty: it is the last one
	Refused bool
}

// certificateForm uploads a certificate with its key.
type certificateForm struct {
	Action      string
	Regions     []web.Choice // where the account is not connected
	AskPassword bool
	PassProblem string // message key
	Problem     string // in words
	Remedy      string
}

// syncOffered is the page of the connection where the service knows a region of Sync; empty: the
// menus do not mention it.
func (v *visit) syncOffered() string {
	if v.vendor == nil {
		return ""
	}
	return syncPath
}

// withSync serves a page of an account that is connected; others lead to the connection.
func withSync(do handler) handler {
	return func(v *visit) (answer, error) {
		if v.vendor == nil {
			return redirect(syncPath), nil
		}
		a, err := do(v)
		if rules.CodeOf(err) == rules.NotFound {
			_, none := v.synced.ConnectionOf(v.acting(), v.who.account().ID)
			if rules.CodeOf(none) == rules.NotFound {
				return redirect(syncPath), nil
			}
		}
		return a, err
	}
}

// withVendor serves a page where the service knows a region of Sync.
func withVendor(do handler) handler {
	return func(v *visit) (answer, error) {
		if v.vendor == nil {
			return redirect(syncPath), nil
		}
		return do(v)
	}
}

func showSync(v *visit) (answer, error) { return v.syncPage(certificateForm{}, secretForm{}) }

// syncPage shows how the connection stands; f and s are what is wrong with the form that came, or
// what it made.
func (v *visit) syncPage(f certificateForm, s secretForm) (answer, error) {
	a := answer{page: "sync", title: "sync.title", here: syncPath}
	if f.Problem != "" || f.PassProblem != "" || s.Problem != "" || s.PassProblem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	if v.vendor == nil {
		a.data = syncPage{Absent: true}
		return a, nil
	}

	f.AskPassword = !v.provedLately()
	standing, err := v.synced.StandingOf(v.acting(), v.who.account().ID, "")
	if rules.CodeOf(err) == rules.NotFound {
		f.Action = syncPath
		regions := v.vendor.Regions()
		slices.Sort(regions)
		for _, name := range regions {
			f.Regions = append(f.Regions, web.Choice{
				Value:  name,
				Label:  name,
				Chosen: name == v.form("region"),
			})
		}
		a.data = syncPage{Form: &f}
		return a, nil
	}
	if err != nil {
		return answer{}, err
	}

	p := syncPage{
		Connected: true,
		Facts:     v.connectionFacts(standing),
		Signed:    v.signedPart(standing, s),
		Secret:    s.Secret,
		Problem:   s.Problem,
	}
	p.State, p.Says, p.Remedy = v.connectionWords(standing.Connection)
	for _, c := range standing.Certificates {
		p.Certificates = append(p.Certificates, v.certificateView(c, len(standing.Certificates)))
	}
	if len(standing.Certificates) < 2 {
		f.Action = certificatesPath
		p.Form = &f
	} else {
		p.Problem = cmp.Or(web.Joined(f.Problem, f.Remedy), p.Problem)
	}
	a.data = p
	return a, nil
}

// connectionWords say how a connection stands, and what to do about it.
func (v *visit) connectionWords(c rooms.Connection) (b web.Badge, says, remedy string) {
	word := func(state, color string) web.Badge {
		return web.Badge{Text: v.language.Say("sync.state." + state), Color: color}
	}
	trouble := string(c.Trouble)
	switch {
	case c.State == rooms.NeedsCertificate:
		trouble = string(health.Refused)
		b = word("refused", "red")
	case c.Trouble != "":
		b = word("silent", "amber")
	case c.AnsweredAt == nil:
		return word("waits", "blue"), v.say("sync.says.waits"), ""
	default:
		says = v.language.Count("sync.says.answers", int64(c.Places))
		return word("live", "green"), says, ""
	}
	return b, v.language.Say("sync.trouble." + trouble),
		v.language.Say("sync.trouble." + trouble + ".remedy")
}

func (v *visit) connectionFacts(s rooms.Standing) (facts []web.Fact) {
	add := func(name, value string) {
		facts = append(facts, web.Fact{Term: v.language.Say("sync.fact." + name), Value: value})
	}
	at := func(at *time.Time) string {
		if at == nil {
			return v.say("sync.never")
		}
		return v.language.DateTimeAt(*at, v.zone())
	}
	add("organization", s.SyncOrg)
	add("region", s.Region)
	add("answered", at(s.AnsweredAt))
	add("asked", at(s.PolledAt))
	if s.Trouble != "" {
		add("next", at(s.NextPollAt))
	}
	add("budget", v.say("sync.budget",
		"used", v.language.Number(int64(s.UsedToday)),
		"most", v.language.Number(health.RequestsPerDay)))
	return facts
}

func (v *visit) certificateView(c rooms.CertificateStanding, of int) certificateView {
	left := c.EndsAt.Sub(v.synced.Now())
	days := int64(left / (24 * time.Hour))
	view := certificateView{
		Title: v.say("sync.certificate.until",
			"moment", v.language.DateTimeAt(c.EndsAt, v.zone())),
		Left:    v.language.Count("sync.certificate.left", days),
		Refused: c.Refused,
	}
	switch {
	case left <= 0:
		view.Left = v.say("sync.certificate.over")
		view.Badge = web.Badge{Text: v.say("sync.certificate.state.over"), Color: "red"}
	case c.Refused:
		view.Badge = web.Badge{Text: v.say("sync.certificate.state.refused"), Color: "red"}
	case days < int64(health.AlertDays[0]):
		view.Badge = web.Badge{Text: v.say("sync.certificate.state.soon"), Color: "amber"}
	}
	if of > 1 {
		view.Remove = certificatesPath + "/" + c.ID + "/remove"
	}
	return view
}

// uploadedCertificate reads the form of a certificate: as two files, or as their text. The body is
// bounded by maxBody, which is many times what two such files have.
func (v *visit) uploadedCertificate() (u rooms.Upload, err error) {
	if web.HasFiles(v.request) {
		if v.request.PostForm, err = v.filesAsFields(); err != nil {
			return u, errBadForm
		}
	}
	return rooms.Upload{
		Region:      v.form("region"),
		Certificate: []byte(v.form(fieldCertificate)),
		Key:         []byte(v.form(fieldPrivateKey)),
	}, nil
}

// filesAsFields reads a form whose files are short texts.
func (v *visit) filesAsFields() (url.Values, error) {
	parts, err := v.request.MultipartReader()
	if err != nil {
		return nil, err
	}
	fields := url.Values{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			if !storableForm(fields) {
				return nil, errBadForm
			}
			return fields, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		fields.Add(part.FormName(), string(text))
	}
}

// connectSync connects the account, once Sync has let the certificate in.
func connectSync(v *visit) (answer, error) {
	return v.takeCertificate(v.synced.Connect, "flash.sync.connected")
}

// addCertificate adds a second certificate, which takes over from the first without a gap.
func addCertificate(v *visit) (answer, error) {
	return v.takeCertificate(v.synced.AddCertificate, "flash.sync.certificate")
}

// certificateCommand is what is done with a certificate.
type certificateCommand func(
	context.Context, rooms.Vendor, string, rooms.Upload,
) (rooms.Connection, error)

// takeCertificate hands what was uploaded to a command, once the person has proved who they are:
// a certificate outlives the session.
func (v *visit) takeCertificate(command certificateCommand, done string) (answer, error) {
	if v.vendor == nil {
		return redirect(syncPath), nil
	}
	u, err := v.uploadedCertificate()
	if err != nil {
		return answer{}, err
	}
	problem, err := v.proveAgain()
	if err != nil {
		return answer{}, err
	}
	if problem != "" {
		return v.syncPage(certificateForm{PassProblem: problem}, secretForm{})
	}
	accountID := v.who.account().ID
	if err := v.throttle("sync/"+accountID, syncTriesAnHour, time.Hour); err != nil {
		return answer{}, err
	}

	_, err = command(v.acting(), v.vendor, accountID, u)
	var refused *rules.Error
	switch code := rules.CodeOf(err); {
	case err == nil:
		return v.done(syncPath, done), nil
	case !errors.As(err, &refused) || code == rules.Forbidden || code == rules.NotFound:
		return answer{}, err
	}
	said, toDo, ok := refusal.Words(v.language, refused.Message, refused.Remedy)
	if !ok {
		return answer{}, err
	}
	return v.syncPage(certificateForm{Problem: said, Remedy: toDo}, secretForm{})
}

// removeCertificate asks, and then forgets a certificate with its key.
func removeCertificate(v *visit) (answer, error) {
	accountID, id := v.who.account().ID, v.param("id")
	if v.confirmed() {
		if _, err := v.synced.RemoveCertificate(v.acting(), accountID, id, ""); err != nil {
			return answer{}, err
		}
		return v.done(syncPath, "flash.sync.removed"), nil
	}

	standing, err := v.synced.StandingOf(v.acting(), accountID, "")
	if err != nil {
		return answer{}, err
	}
	at := slices.IndexFunc(standing.Certificates, func(c rooms.CertificateStanding) bool {
		return c.ID == id
	})
	if at < 0 {
		return answer{}, errNoPage
	}
	c := standing.Certificates[at]
	return v.ask(confirmation{
		Title: v.say("sync.remove.title"),
		Says: []string{
			v.say("sync.remove.says", "moment", v.language.DateTimeAt(c.EndsAt, v.zone())),
			v.say("sync.remove.other"),
		},
		Final:  true,
		Action: certificatesPath + "/" + id + "/remove",
		Submit: v.say("sync.remove.do"),
		Back:   syncPath,
	})
}

// disconnectSync says what follows, and then ends the connection.
func disconnectSync(v *visit) (answer, error) {
	accountID := v.who.account().ID
	if v.confirmed() {
		err := v.synced.Disconnect(v.acting(), accountID, "")
		if err != nil && rules.CodeOf(err) != rules.NotFound { // the form came twice
			return answer{}, err
		}
		return v.done(syncPath, "flash.sync.disconnected"), nil
	}

	c, err := v.synced.ConnectionOf(v.acting(), accountID)
	if err != nil {
		return answer{}, err
	}
	found, err := v.synced.HealthOf(v.acting(), accountID)
	if err != nil {
		return answer{}, err
	}
	var known int64
	for _, n := range found.Counts {
		known += n
	}
	return v.ask(confirmation{
		Title: v.say("sync.disconnect.title"),
		Says: []string{
			v.say("sync.disconnect.keys"),
			v.say("sync.disconnect.secrets"),
			v.language.Count("sync.disconnect.forgets", int64(c.Places)),
			v.language.Count("sync.disconnect.rooms", known),
			v.say("sync.disconnect.again"),
		},
		Final:  true,
		Action: disconnectPath,
		Submit: v.say("sync.disconnect.do"),
		Back:   syncPath,
	})
}

// refusedWords is what a refusal says, in the reader's language.
func (v *visit) refusedWords(err error) string {
	var refused *rules.Error
	if !errors.As(err, &refused) {
		return v.say("problem.internal.text")
	}
	said, toDo, ok := refusal.Words(v.language, refused.Message, refused.Remedy)
	if !ok {
		return v.say("problem.conflict.text")
	}
	return said + " " + toDo
}
