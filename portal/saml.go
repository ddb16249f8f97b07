package portal

import (
	"net/url"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/sso/oidc"
	"roomcover.dev/roomcover/sso/saml"
)

// A company's own sign-in by SAML (S48). The provider's page posts its answer from another site,
// so that the browser sends no cookie with it: the answer is checked, kept beside what was asked,
// and taken by the page to which the browser is led next, where the cookie says whose it is.

const (
	samlPath       = "/sso/saml/"
	samlAnswerPath = samlPath + ":id/acs"
	finishPath     = "/sso/finish"
)

// The bounds of the answers that are looked at for one connection: from one network, so that
// nobody uses up what the company's own people need, and from all together, as each costs work.
const (
	samlAnswersAMinute    = 60
	samlAnswersOfAllOfIts = 1200
)

// partyOf is a connection as its provider knows it. Without metadata that counts it answers what
// is wrong with it.
func (v *visit) partyOf(c sso.Connection) (saml.Connection, error) {
	provider, err := v.sso.ProviderOf(c)
	return saml.Connection{
		Address:  v.publicURL() + samlPath + c.ID,
		Provider: provider,
		Replays:  v.sso.ReplaysOf(c.ID),
	}, err
}

// publicURL is where people reach the portal.
func (v *visit) publicURL() string {
	return strings.TrimSuffix(v.providers.Redirect(), callbackPath)
}

// toSAMLProvider remembers what has to come back, and leads to the provider.
func (v *visit) toSAMLProvider(c sso.Connection, p sso.Pending) (answer, error) {
	party, err := v.partyOf(c)
	if err != nil {
		return v.ownSignInProblem(c, err)
	}
	request, err := party.NewRequest(p.Purpose == sso.Again, time.Now())
	if err != nil {
		return answer{}, err
	}

	p.RequestID = request.RequestID
	state, err := v.sso.Begin(v.ctx, p, v.browserForOwnSignIn())
	if err != nil {
		return answer{}, err
	}
	to, err := request.Address(state)
	if err != nil {
		return answer{}, err
	}
	return redirect(to), nil
}

// showSAMLMetadata is what a provider reads about us, for one connection, also for one that signs
// nobody in yet.
func showSAMLMetadata(v *visit) (answer, error) {
	c, err := v.sso.SAMLByID(v.ctx, v.param("id"))
	if err != nil {
		return answer{}, errNoPage
	}
	body, err := saml.Connection{Address: v.publicURL() + samlPath + c.ID}.Metadata()
	return answer{file: &file{
		mediaType: "application/samlmetadata+xml",
		name:      "metadata.xml",
		content:   body,
	}}, err
}

// takeSAMLAnswer checks a provider's answer and keeps it for its browser. It may be posted from
// any site, and changes nothing but what was asked by the state that comes with it.
func takeSAMLAnswer(v *visit) (answer, error) {
	if err := v.throttleNetwork("sso-back", ownSignInsIP, ownSignInsWindow); err != nil {
		return answer{}, err
	}
	state := v.form("RelayState")
	p, err := v.sso.Asked(v.ctx, state)
	if err != nil || p.ConnectionID != v.param("id") {
		return v.unasked(err)
	}
	each := "sso-acs/" + p.ConnectionID + "/" + v.network
	if err := v.throttle(each, samlAnswersAMinute, time.Minute); err != nil {
		return answer{}, err
	}
	err = v.throttle("sso-acs/"+p.ConnectionID, samlAnswersOfAllOfIts, time.Minute)
	if err != nil {
		return answer{}, err
	}

	find := v.sso.LiveByID
	if p.Purpose == sso.ToRehearse {
		find = v.sso.SAMLByID
	}
	c, err := find(v.ctx, p.ConnectionID)
	if err != nil {
		return v.ownSignInProblem(c, err)
	}
	party, err := v.partyOf(c)
	if err != nil {
		return v.ownSignInProblem(c, err)
	}
	in, err := party.Verify(v.ctx, v.form("SAMLResponse"), saml.Asked{
		RequestID: p.RequestID,
		At:        p.AskedAt(),
		Fresh:     p.Purpose == sso.Again,
	}, time.Now())
	if err != nil {
		return v.ownSignInProblem(c, err)
	}

	if err := v.sso.Answered(v.ctx, p, claimsOf(in)); err != nil {
		return v.ownSignInProblem(c, err)
	}
	return redirect(finishPath + "?state=" + url.QueryEscape(state)), nil
}

// unasked answers a sign-in that nobody began here, such as at a tile of the provider's own pages:
// with the link by which it begins here.
func (v *visit) unasked(err error) (answer, error) {
	if err != nil && rules.CodeOf(err) != sso.UnknownState {
		return answer{}, err
	}
	c, found := v.sso.LiveByID(v.ctx, v.param("id"))
	if found != nil && rules.CodeOf(found) != sso.NotLive {
		return answer{}, found
	}
	return v.ownSignInProblem(c, rules.Refuse(sso.UnknownState,
		"This sign-in is over, or began in another browser.", "Begin again."))
}

// claimsOf is who came back as all providers' answers are read.
func claimsOf(in saml.Identity) oidc.Claims {
	claims := oidc.Claims{
		Issuer:  in.Issuer,
		Subject: in.Subject,
		Email:   in.Email,
		Name:    in.Name,
		At:      in.At,
	}
	for _, said := range in.Attributes {
		claims.All = append(claims.All, oidc.Received{
			Name:  said.Name,
			Value: strings.Join(said.Values, ", "),
		})
	}
	return claims
}

// saidBySAML is who a SAML provider said has signed in, once its answer was checked.
func (v *visit) saidBySAML(p sso.Pending) (oidc.Claims, error) {
	var claims oidc.Claims
	if !v.sso.AnswerOf(p, &claims) {
		return oidc.Claims{}, rules.Refuse(sso.UnknownState,
			"This sign-in is over, or began in another browser.", "Begin again.")
	}
	if claims.Email == "" {
		return claims, &oidc.Error{Fault: oidc.NoEmail, Why: "no attribute names an address"}
	}
	return claims, nil
}

// samlForm is what an administrator types about a SAML provider, and what the provider has to
// know of us.
type samlForm struct {
	ID                     string // of the draft; empty: there is none
	Name, Answers, OurData string // our values
	URL, XML               string // as typed
	Problem                string // message key
}

// samlFormOf is the form for a draft.
func (v *visit) samlFormOf(c sso.Connection) samlForm {
	party := saml.Connection{Address: v.publicURL() + samlPath + c.ID}
	return samlForm{
		ID:      c.ID,
		Name:    party.Address,
		Answers: party.AnswersAddress(),
		OurData: party.MetadataAddress(),
		URL:     c.MetadataURL,
	}
}

// beginSAML begins a draft by SAML: its values have to be known before those of the provider are.
func (v *visit) beginSAML() (answer, error) {
	_, err := v.sso.Draft(v.acting(), v.who.account().ID, sso.SAML)
	if err != nil {
		return answer{}, err
	}
	return redirect(ownSignInPath + "#saml"), nil
}

// storeSAML stores the metadata of a provider: from its address, or as it was pasted.
func (v *visit) storeSAML() (answer, error) {
	acc := v.who.account().ID
	typed := samlForm{
		URL: strings.TrimSpace(v.form("url")),
		XML: strings.TrimSpace(v.form("xml")),
	}
	refuse := func(reason saml.Reason) (answer, error) {
		typed.Problem = "saml.wrong." + string(reason)
		return v.ownSignInPage(ownSignInPage{SAML: typed})
	}
	if typed.URL == "" && typed.XML == "" || len(typed.URL) > mostIssuer {
		return refuse(saml.Unreachable)
	}
	if err := v.throttle("sso-provider/"+acc, providersAnHour, time.Hour); err != nil {
		return answer{}, err
	}

	m := sso.Metadata{URL: typed.URL, XML: []byte(typed.XML)}
	if typed.URL != "" {
		var err error
		if m.XML, err = saml.Fetch(v.ctx, v.reach, typed.URL); err != nil {
			if reason := saml.ReasonOf(err); reason != "" {
				return refuse(reason)
			}
			return answer{}, err
		}
	}

	c, err := v.sso.Draft(v.acting(), acc, sso.SAML)
	if err != nil {
		return answer{}, err
	}
	_, err = v.sso.ConfigureSAML(v.acting(), acc, c.ID, m)
	if reason := saml.ReasonOf(err); reason != "" {
		return refuse(reason)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(ownSignInPath, "flash.providersaved"), nil
}
