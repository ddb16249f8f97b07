package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/sso/oidc"
	"roomcover.dev/roomcover/web"
)

// ownSignInPath is where an administrator sets the company's own sign-in up (S48): domains that
// are proved, the provider, a rehearsal, and the switch.
const ownSignInPath = "/own-sign-in"

// The acts of the page's forms.
const (
	actProve    = "prove"    // the password, before anything is shown
	actDomain   = "domain"   // claim a domain
	actCheck    = "check"    // look for its record
	actProvider = "provider" // store what was typed about the provider
	actSAML     = "saml"     // begin a connection by SAML
	actMetadata = "metadata" // store the metadata of its provider
	actEnable   = "enable"
	actRelax    = "relax"    // let people sign in by password again
	actGlass    = "glass"    // be who comes in when the sign-in does not work
	actEndGlass = "endglass" // be it no more
)

// The bounds of what asks somebody else's machines, for one account.
const (
	checksAnHour    = 60
	providersAnHour = 30
)

type ownSignInPage struct {
	Prove       bool   // the reader has to prove who they are before anything is shown
	Again       string // link to the provider for that; empty: by password
	PassProblem string // message key

	Domains       []domainView
	Domain        string // as typed
	DomainProblem string // message key
	Proved        bool   // one at least

	Connections []connectionView
	Provider    providerForm
	Redirect    string // what the provider has to know
	SAML        samlForm

	Steps []string // of the set-up, message keys; none: it is set up
	Step  int      // which is next
	Next  string   // message key of what to do for it

	Live         bool // a connection lets people in: who comes in without it can be named
	Glass        []glassView
	GlassProblem string // message key
	GlassMend    string // the page where it is mended; empty: none

	ProblemOf string // id of the domain or connection with which something is wrong
	Problem   string // message key
}

type domainView struct {
	ID, Domain, Record string
	Proved             bool
	Missing            bool // its record is not there any more
	ProvedSays         string
	CheckedSays        string
	Problem            string // message key
}

type connectionView struct {
	ID, Issuer, ClientID string
	State                web.Badge
	Says                 string
	Ends                 string // says when its last certificate ends; empty: none does soon
	Link                 string // the direct link; empty: it does not work yet
	Try, Enable          bool   // what can be done
	TryFirst             bool   // and trying it is what comes next
	Enforce, Relax       bool
	Live                 bool   // it lets people in
	Problem              string // message key
	Mend                 string // the page where it is mended; empty: this one
}

// providerForm is what an administrator types about the provider.
type providerForm struct {
	ID               string // of the draft; empty: there is none
	Issuer, ClientID string
	HasSecret        bool
	Problem          string // message key
}

// provesFirst reports whether the reader has to prove who they are first: the way in to an account
// is not changed from a screen that somebody left open (S52).
func (v *visit) provesFirst() bool { return !v.provedLately() }

func showOwnSignIn(v *visit) (answer, error) {
	var p ownSignInPage
	// What was typed when the session was over, or the last proof too old; nobody types into the
	// other forms of the page.
	typed := v.kept != nil && slices.Contains([]string{actDomain, actProvider, actMetadata},
		v.kept.Form.Get("act"))
	if typed && !v.provesFirst() && v.resumes(ownSignInPath) {
		switch v.form("act") {
		case actDomain:
			p.Domain = v.form("domain")
		case actProvider:
			p.Provider.Issuer, p.Provider.ClientID = v.form("issuer"), v.form("client")
		case actMetadata:
			p.SAML.URL, p.SAML.XML = v.form("url"), v.form("xml")
		}
	}
	return v.ownSignInPage(p)
}

// ownSignInPage shows the page; p holds what was typed, and what is wrong with it.
func (v *visit) ownSignInPage(p ownSignInPage) (answer, error) {
	a := answer{page: "ownsignin", title: "ownsignin.title", here: ownSignInPath}
	if v.provesFirst() {
		p.Prove = true
		p.Again = v.provesBy(ownSignInPath)
		a.data = p
		if p.PassProblem != "" {
			a.status = http.StatusUnprocessableEntity
		}
		return a, nil
	}

	settings, err := v.sso.SettingsOf(v.acting(), v.who.account().ID)
	if rules.CodeOf(err) == sso.Elsewhere {
		return v.ownSignInProblem(sso.Connection{}, err)
	}
	if err != nil {
		return answer{}, err
	}

	zone := v.who.account().TimeZone
	p.Redirect = v.providers.Redirect()
	p.Proved = settings.Proved()
	wrong := p.DomainProblem != "" || p.Provider.Problem != "" || p.SAML.Problem != "" ||
		p.Problem != "" || p.GlassProblem != ""
	problemOf := func(id string) string {
		if id == p.ProblemOf {
			return p.Problem
		}
		return ""
	}
	for _, d := range settings.Domains {
		view := domainView{
			ID:      d.ID,
			Domain:  d.Domain,
			Record:  d.Record(),
			Proved:  d.Proved(),
			Problem: problemOf(d.ID),
		}
		if d.Proved() {
			view.ProvedSays = v.say("ownsignin.proved."+string(d.ProvedBy),
				"when", v.moment(*d.ProvedAt, zone))
			view.Missing = d.MissingAt != nil
			switch {
			case view.Missing && d.Counts(db.RealNow()):
				view.CheckedSays = v.say("ownsignin.missing", "when", v.moment(d.Until(), zone))
			case view.Missing:
				view.CheckedSays = v.say("ownsignin.lapsed", "when", v.moment(d.Until(), zone))
			}
		} else if d.CheckedAt != nil {
			view.CheckedSays = v.say("ownsignin.checked", "when", v.moment(*d.CheckedAt, zone))
		}
		p.Domains = append(p.Domains, view)
	}
	for _, c := range settings.Connections {
		if c.Kind == sso.OIDC || c.Complete() {
			p.Connections = append(p.Connections,
				v.connectionView(c, p.Proved, problemOf(c.ID), zone))
		}
		if c.State == sso.Draft && c.Kind == sso.SAML {
			typed := p.SAML
			p.SAML = v.samlFormOf(c)
			if typed.Problem+typed.URL+typed.XML != "" {
				p.SAML.URL, p.SAML.XML, p.SAML.Problem = typed.URL, typed.XML, typed.Problem
			}
		}
		if c.State == sso.Draft && c.Kind == sso.OIDC && p.Provider.Problem == "" &&
			p.Provider.Issuer == "" {
			p.Provider = providerForm{
				ID:        c.ID,
				Issuer:    c.Issuer,
				ClientID:  c.ClientID,
				HasSecret: c.Secret != "",
			}
		}
	}

	for _, c := range settings.Connections {
		p.Live = p.Live || c.State.Live()
	}
	if !p.Live {
		p.Steps = ownSignInSteps
		p.Step, p.Next = nextOfOwnSignIn(settings)
	}
	if p.Glass, err = v.glassViews(zone); err != nil {
		return answer{}, err
	}
	a.data = p
	if wrong {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// ownSignInSteps are the steps from nothing to a connection that lets people in.
var ownSignInSteps = []string{
	"ownsignin.step.domain", "ownsignin.step.provider", "ownsignin.step.try", "ownsignin.step.on",
}

// nextOfOwnSignIn is which of the steps comes next, and what is to be done for it.
func nextOfOwnSignIn(s sso.Settings) (step int, next string) {
	complete, tried := false, false
	for _, c := range s.Connections {
		complete = complete || c.Complete()
		tried = tried || c.Complete() && c.Rehearsed()
	}
	switch {
	case len(s.Domains) == 0:
		return 0, "ownsignin.next.claim"
	case !s.Proved():
		return 0, "ownsignin.next.record"
	case !complete:
		return 1, "ownsignin.next.provider"
	case !tried:
		return 2, "ownsignin.next.try"
	}
	return 3, "ownsignin.next.on"
}

// connectionColors are the badges of a connection's states.
var connectionColors = map[sso.State]string{
	sso.Draft:    "amber",
	sso.Enabled:  "green",
	sso.Enforced: "green",
}

func (v *visit) connectionView(
	c sso.Connection, proved bool, problem, zone string,
) connectionView {
	view := connectionView{
		ID:       c.ID,
		Issuer:   c.Issuer,
		ClientID: c.ClientID,
		Live:     c.State.Live(),
		State: web.Badge{
			Text:  v.say("ownsignin.state." + string(c.State)),
			Color: connectionColors[c.State],
		},
		Problem: problem,
	}
	if problem == "ownsignin.cannot."+sso.Outsiders {
		view.Mend = "/colleagues"
	}
	if now := db.RealNow(); c.CertificateEnds(now) {
		text := "ownsignin.certificate.ends"
		if !now.Before(*c.CertificatesUntil) {
			text = "ownsignin.certificate.over"
		}
		view.Ends = v.say(text, "when", v.moment(*c.CertificatesUntil, zone))
	}
	switch {
	case c.State.Live():
		view.Enforce = c.State == sso.Enabled
		view.Relax = c.State == sso.Enforced
		view.Link = strings.TrimSuffix(v.providers.Redirect(), callbackPath) + "/sso/" + c.Slug
		view.Says = v.say("ownsignin.says.live")
		if view.Relax {
			view.Says = v.say("ownsignin.says.enforced")
		}
		view.Try = true
	case !c.Complete():
		view.Says = v.say("ownsignin.says.incomplete")
	case !c.Rehearsed():
		view.Says = v.say("ownsignin.says.untried")
		view.Try = true
		view.TryFirst = true
	case !proved:
		view.Says = v.say("ownsignin.says.nodomain")
		view.Try = true
	default:
		view.Says = v.say("ownsignin.says.ready", "when", v.moment(*c.RehearsedAt, zone))
		view.Try = true
		view.Enable = true
	}
	return view
}

// changeOwnSignIn does what a form of the page asks for.
func changeOwnSignIn(v *visit) (answer, error) {
	if v.form("act") == actProve {
		problem, err := v.proveAgain()
		if err != nil || problem != "" {
			a, wrong := v.ownSignInPage(ownSignInPage{PassProblem: problem})
			return a, errors.Join(err, wrong)
		}
		return redirect(ownSignInPath), nil
	}
	if v.provesFirst() {
		v.keepForProof(ownSignInPath)
		return v.ownSignInPage(ownSignInPage{PassProblem: "proof.over"})
	}

	switch v.form("act") {
	case actDomain:
		return v.claimDomain()
	case actCheck:
		return v.checkDomain()
	case actProvider:
		return v.storeProvider()
	case actSAML:
		return v.beginSAML()
	case actMetadata:
		return v.storeSAML()
	case actEnable:
		return v.enableConnection()
	case actRelax:
		_, err := v.sso.Relax(v.acting(), v.who.account().ID, v.form("connection"))
		if err != nil {
			return answer{}, err
		}
		return v.done(ownSignInPath, "flash.ownrelaxed"), nil
	case actGlass:
		return v.proveBreakGlass()
	case actEndGlass:
		return v.endBreakGlass()
	}
	return answer{}, errBadForm
}

func (v *visit) claimDomain() (answer, error) {
	_, err := v.sso.AddDomain(v.acting(), v.who.account().ID, v.form("domain"))
	if rules.CodeOf(err) == rules.ValidationFailed {
		return v.ownSignInPage(ownSignInPage{
			Domain:        strings.TrimSpace(v.form("domain")),
			DomainProblem: "ownsignin.domain.wrong",
		})
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(ownSignInPath, "flash.domainadded"), nil
}

// checkDomain looks for the record now.
func (v *visit) checkDomain() (answer, error) {
	acc := v.who.account().ID
	if err := v.throttle("sso-check/"+acc, checksAnHour, time.Hour); err != nil {
		return answer{}, err
	}
	_, err := v.sso.CheckDomain(v.acting(), acc, v.form("domain"), v.records)
	switch code := rules.CodeOf(err); {
	case err == nil:
		return v.done(ownSignInPath, "flash.domainproved"), nil
	case code == sso.RecordMissing:
		return v.ownSignInWith(v.form("domain"), "ownsignin.record.missing")
	case code == sso.DomainTaken:
		return v.ownSignInWith(v.form("domain"), "ownsignin.domain.taken")
	case code == "" && !db.Unavailable(err):
		return v.ownSignInWith(v.form("domain"), "ownsignin.record.unknown")
	}
	return answer{}, err
}

// ownSignInWith shows the page with what is wrong with one of its domains or connections.
func (v *visit) ownSignInWith(id, problem string) (answer, error) {
	return v.ownSignInPage(ownSignInPage{ProblemOf: id, Problem: problem})
}

// The longest that is taken of what somebody types about a provider.
const (
	mostIssuer = 500
	mostClient = 255
	mostSecret = 500
)

// storeProvider stores what was typed about the provider, once the provider has said that it is
// the one. Another draft is begun beside a connection that lets people in.
func (v *visit) storeProvider() (answer, error) {
	acc := v.who.account().ID
	f := providerForm{
		Issuer:   strings.TrimSpace(v.form("issuer")),
		ClientID: strings.TrimSpace(v.form("client")),
	}
	secret := strings.TrimSpace(v.form("secret"))
	refuse := func(problem string) (answer, error) {
		f.Problem = problem
		return v.ownSignInPage(ownSignInPage{Provider: f})
	}

	switch {
	case f.Issuer == "" || len(f.Issuer) > mostIssuer:
		return refuse("ownsignin.wrong." + string(oidc.NotAnAddress))
	case f.ClientID == "" || len(rules.CheckLine("/client", f.ClientID, mostClient)) > 0:
		return refuse("ownsignin.wrong.client")
	case len(secret) > mostSecret || len(rules.CheckLine("/secret", secret, mostSecret)) > 0:
		return refuse("ownsignin.wrong.secret")
	}
	if err := v.throttle("sso-provider/"+acc, providersAnHour, time.Hour); err != nil {
		return answer{}, err
	}
	if err := v.providers.Ask(v.ctx, f.Issuer); err != nil {
		if f := oidc.FaultOf(err); f != "" {
			return refuse("ownsignin.wrong." + string(f))
		}
		return answer{}, err
	}

	c, err := v.sso.Draft(v.acting(), acc, sso.OIDC)
	if err != nil {
		return answer{}, err
	}
	if secret == "" && (c.Secret == "" || c.Issuer != f.Issuer) {
		return refuse("ownsignin.wrong.secret")
	}
	_, err = v.sso.Configure(v.acting(), acc, c.ID, sso.Provider{
		Issuer:   f.Issuer,
		ClientID: f.ClientID,
		Secret:   secret,
	})
	if err != nil {
		return answer{}, err
	}
	return v.done(ownSignInPath, "flash.providersaved"), nil
}

func (v *visit) enableConnection() (answer, error) {
	_, err := v.sso.Enable(v.acting(), v.who.account().ID, v.form("connection"))
	switch code := rules.CodeOf(err); code {
	case sso.Incomplete, sso.DomainUnproved, sso.Unrehearsed, rules.StateConflict:
		return v.ownSignInWith(v.form("connection"), "ownsignin.cannot."+code)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(ownSignInPath, "flash.ownenabled"), nil
}

// tryConnection leads to the provider for a rehearsal: whoever comes back is shown, and nobody is
// signed in.
func tryConnection(v *visit) (answer, error) {
	if v.provesFirst() {
		return redirect(ownSignInPath), nil
	}
	c, err := v.sso.Get(v.acting(), v.who.account().ID, v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if !c.Complete() {
		return redirect(ownSignInPath), nil
	}
	return v.toProvider(c, sso.Pending{
		ConnectionID: c.ID,
		Purpose:      sso.ToRehearse,
		UserID:       v.who.user.ID,
	}, v.who.user.Email)
}

// rehearsal is what a rehearsal has brought.
type rehearsal struct {
	Works  bool
	Says   string
	Next   string // what to do now; empty: nothing
	Fault  string // code; empty: none
	Text   string // message key of what is to be mended
	Enable string // id of the connection that can be switched on now; empty: none
	Claims []oidc.Received
	Used   []oidc.Received // what is read of them, by its name for people
}

// rehearsed shows who came back in a rehearsal, what the provider said of them, and what a sign-in
// would come to.
func (v *visit) rehearsed(p sso.Pending, back url.Values) (answer, error) {
	if v.who == nil || v.who.user.ID != p.UserID || len(v.who.accounts) == 0 || !v.isAdmin() {
		return v.ownSignInProblem(sso.Connection{}, errOtherPerson)
	}
	acc := v.who.account().ID
	c, err := v.sso.Get(v.acting(), acc, p.ConnectionID)
	if err != nil {
		return answer{}, err
	}

	a := answer{page: "ssotry", title: "ownsignin.try.title", here: ownSignInPath}
	found := func(context.Context, string) (sso.Connection, error) { return c, nil }
	_, claims, err := v.comeBackFrom(found, p, back)
	if strings.HasPrefix(rules.CodeOf(err), "SSO_") {
		return v.ownSignInProblem(c, err)
	}
	if f := oidc.FaultOf(err); f != "" {
		v.log.InfoContext(v.ctx, "portal: a rehearsal failed", "connection", c.ID, "code", f,
			"request", v.id, "why", faultWords(err))
		a.data = rehearsal{
			Fault:  string(f),
			Text:   faultToMend(string(f)),
			Claims: v.claimsInWords(claims.All),
		}
		return a, nil
	}
	if err != nil {
		return answer{}, err
	}

	outcome, err := v.sso.Preview(v.ctx, c, verified(claims))
	if err != nil {
		return answer{}, err
	}
	r := rehearsal{
		Claims: v.claimsInWords(claims.All),
		Used: []oidc.Received{
			{Name: v.say("ownsignin.used.subject"), Value: claims.Subject},
			{Name: v.say("ownsignin.used.email"), Value: claims.Email},
			{Name: v.say("ownsignin.used.name"), Value: claims.Name},
		},
	}
	switch code := rules.CodeOf(outcome.Refused); {
	case code != "":
		r.Fault = code
		r.Text = faultToMend(code)
	case outcome.User.ID != "":
		r.Works = true
		r.Says = v.say("ownsignin.would.signin", "name", outcome.User.Name)
	case outcome.Invited:
		r.Works = true
		r.Says = v.say("ownsignin.would.accept")
	default:
		r.Works = true
		r.Says = v.say("ownsignin.would.nobody")
	}
	if r.Works {
		if err := v.sso.Rehearsed(v.acting(), acc, c.ID, c); err != nil {
			return answer{}, err
		}
	}
	if r.Works && c.State == sso.Draft {
		r.Next = v.say("ownsignin.try.next")
		r.Enable = c.ID
	}
	a.data = r
	return a, nil
}

// mendedHere are the faults of which a rehearsal says how to mend them. Everybody else is told to
// ask an administrator, who would be the reader here.
var mendedHere = []string{
	string(oidc.BadClient), string(oidc.BadClock), string(oidc.BadCode), string(oidc.OtherIssuer),
	string(oidc.NotAssigned), string(oidc.NoEmail), string(oidc.Refused), sso.DomainUnproved,
	string(oidc.BadAudience), string(oidc.Unreachable),
}

// faultToMend is the message of a fault for who mends it.
func faultToMend(code string) string {
	if slices.Contains(mendedHere, code) {
		return "ownsignin.fault." + code
	}
	return "sso.fault." + code
}

// claimsInWords adds the moment to each claim that counts seconds since 1970.
func (v *visit) claimsInWords(all []oidc.Received) []oidc.Received {
	out := slices.Clone(all)
	for i, claim := range out {
		switch claim.Name {
		case "auth_time", "exp", "iat", "nbf", "updated_at":
			seconds, err := strconv.ParseInt(claim.Value, 10, 64)
			if err == nil && seconds > 0 && seconds < 1<<34 {
				out[i].Value += " (" + v.moment(time.Unix(seconds, 0), v.zone()) + ")"
			}
		}
	}
	return out
}

// removeFromOwnSignIn gives a domain up or switches a connection off, after saying what follows.
func removeFromOwnSignIn(v *visit) (answer, error) {
	if v.provesFirst() {
		return v.ownSignInPage(ownSignInPage{})
	}
	id := v.param("id")
	acc := v.who.account().ID
	settings, err := v.sso.SettingsOf(v.acting(), acc)
	if err != nil {
		return answer{}, err
	}

	for _, d := range settings.Domains {
		if d.ID != id {
			continue
		}
		if !v.confirmed() {
			return v.ask(confirmation{
				Title:  v.say("ownsignin.domain.ask", "domain", d.Domain),
				Says:   []string{v.say("ownsignin.domain.says", "domain", d.Domain)},
				Action: ownSignInPath + "/" + id + "/remove",
				Submit: v.say("ownsignin.domain.remove"),
				Back:   ownSignInPath,
			})
		}
		err := v.sso.RemoveDomain(v.acting(), acc, id)
		if rules.CodeOf(err) == rules.StateConflict {
			return v.ownSignInWith(id, "ownsignin.cannot.STATE_CONFLICT")
		}
		if gone(err) != nil {
			return answer{}, err
		}
		return v.done(ownSignInPath, "flash.domainremoved"), nil
	}

	for _, c := range settings.Connections {
		if c.ID != id {
			continue
		}
		ask := confirmation{
			Title:  v.say("ownsignin.off.ask"),
			Says:   []string{v.say("ownsignin.off.says")},
			Final:  true,
			Action: ownSignInPath + "/" + id + "/remove",
			Submit: v.say("ownsignin.off"),
			Back:   ownSignInPath,
		}
		done := "flash.ownoff"
		if !c.State.Live() {
			ask.Title = v.say("ownsignin.discard.ask")
			ask.Says = []string{v.say("ownsignin.discard.says")}
			ask.Submit = v.say("ownsignin.discard")
			done = "flash.owndiscarded"
		}
		if !v.confirmed() {
			return v.ask(ask)
		}
		if err := v.sso.TurnOff(v.acting(), acc, id); gone(err) != nil {
			return answer{}, err
		}
		return v.done(ownSignInPath, done), nil
	}
	if v.confirmed() { // a second click: it is gone, as was wanted
		return redirect(ownSignInPath), nil
	}
	return answer{}, errNoPage
}

// gone is an error other than that what is removed is not there any more.
func gone(err error) error {
	if rules.CodeOf(err) == rules.NotFound {
		return nil
	}
	return err
}
