package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/sso/saml"
	"roomcover.dev/roomcover/web"
)

// visit is one request: its session, its person, its language.
type visit struct {
	*site
	ctx      context.Context // carries the session; no scope
	request  *http.Request
	param    func(string) string
	ip       string
	network  string // what throttles count the visitor by
	label    string // of the browser and its system
	browser  string // secret to keep in the browser with this answer; empty: none
	id       string // of the request, for the audit
	program  catalogue.Program
	language *messages.Language
	who      *person               // nil: signed out
	leaves   bool                  // signs out: nothing waits for them in this browser
	kept     *typedForm            // what was typed into this page's form; see comeback.go
	resumed  bool                  // and the page shows it
	unproved bool                  // a form came whose sender has to prove elsewhere who they are
	look     *operatorLook         // of an operator; nil: none, see look.go
	counted  *ticket.Counts        // of the account at hand; nil: not read yet
	sites    []account.AccountSite // of the account at hand; nil: not read yet
	base     string                // of an address for a customer; empty: none, see delegated.go
	oneself  *person               // who acts for a customer, as themselves
	unread   error                 // why the account of the address is not there for them

	sessionProblem string                // what is wrong with a session's form, as a message's key
	ticketGuests   []session.Participant // who sees the ticket at hand beside its account, or did
	files          []web.Upload          // that came with the form
}

// The keys of a session's values.
const (
	keyUser       = "user"
	keyAccount    = "account"
	keyFlash      = "flash"
	keyInvitation = "invitation" // id; noLink when the link was unknown
	keyBrowser    = "browser"    // secret that binds a one-time code to this browser
	keyChallenge  = "challenge"
	keyProven     = "proven"   // the invitation whose mailbox was proven
	keyProvenAt   = "provenAt" // Unix seconds
	keyReset      = "reset"    // challenge id; noLink when the link was unknown
)

// noLink stands for a link that was never issued.
const noLink = "-"

const maxBody = 64 << 10 // octets of a form

// bodyBound is how many octets of a body the page at a path takes: of a form, or, from who may
// send one, of a file.
func (v *visit) bodyBound(path string) int64 {
	if path == importPath && v.who != nil && len(v.who.accounts) > 0 && v.isAdmin() {
		return maxUpload
	}
	if path == samlAnswerPath {
		return saml.MaxAnswer
	}
	if !takesFiles(path) {
		return maxBody
	}
	if _, known := v.lastSeen(); v.who != nil || known {
		return web.MaxFormBody
	}
	return maxBody
}

// serve turns a route into gin's handler: session, origin, person, answer.
func (s *site) serve(r route) gin.HandlerFunc {
	return func(c *gin.Context) {
		v, err := s.beginVisit(c)
		if err != nil {
			s.log.ErrorContext(c.Request.Context(), "portal: a request could not begin",
				"path", c.FullPath(), "error", err)
			failPlainly(c, err)
			return
		}

		done, err := v.changedLanguage(c)
		if done {
			return
		}

		var a answer
		switch {
		case err != nil:
		case v.unread != nil:
			err = v.unread
			v.forNobody()
		case v.looking():
			a, err = v.callInLook(r)
		default:
			a, err = v.callHandler(r)
		}
		if err != nil {
			a = v.refuse(err)
		}

		v.finish(c, a)
	}
}

// beginVisit loads the session and its person, and chooses the language.
func (s *site) beginVisit(c *gin.Context) (*visit, error) {
	label := web.BrowserLabel(c.Request.UserAgent())
	ctx := web.WithBrowser(c.Request.Context(), label)
	token := ""
	if cookie, err := c.Request.Cookie(s.sessions.Cookie.Name); err == nil {
		token = cookie.Value
	}

	look, err := s.readLook(c)
	if err != nil {
		return nil, err
	}
	if look != nil { // a session of the same browser is none of its business
		token = ""
		ctx = db.LookOnly(ctx)
	}

	ctx, err = s.sessions.Load(ctx, token)
	if err != nil {
		return nil, err
	}

	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, err
	}

	v := &visit{
		site:    s,
		ctx:     ctx,
		request: c.Request,
		param:   c.Param,
		ip:      c.ClientIP(),
		network: rules.Network(c.ClientIP()),
		label:   label,
		id:      c.Writer.Header().Get("X-Request-Id"),
		program: ref.Program,
		look:    look,
	}

	v.beginDelegated(c)
	if err := v.readPerson(); err != nil {
		return nil, err
	}
	if v.base != "" {
		err := v.readDelegated()
		if err != nil && rules.CodeOf(err) != rules.NotFound {
			return nil, err
		}
		if v.unread = err; err != nil {
			if err := v.asOneself(); err != nil {
				return nil, err
			}
		}
	}

	own := strings.TrimPrefix(c.FullPath(), forPrefix+":account")
	v.request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, v.bodyBound(own))
	v.language = v.chooseLanguage(c)
	return v, nil
}

// callHandler checks that the request may have what the route gives, and calls its handler.
func (v *visit) callHandler(r route) (answer, error) {
	if err := v.origins.Check(v.request); err != nil {
		return answer{}, errForeignOrigin
	}
	if r.access >= signedIn && v.who == nil {
		return v.toSignIn(), nil
	}

	if r.access >= member && len(v.who.accounts) == 0 {
		return answer{
			status: http.StatusForbidden,
			page:   "noaccount",
			title:  "noaccount.title",
		}, nil
	}

	if v.base != "" && (!r.delegable() || v.who.delegated.Held().Limited() && r.wholeAccount()) {
		return answer{}, errNoPage
	}
	if r.access == admin && !v.isAdmin() || r.asksForSupport() && !v.opensTickets() {
		return answer{}, errReadOnly
	}

	if v.request.Method == post {
		if r.path == importPath { // before its file is read
			err := v.throttle("upload/"+v.who.user.ID, mostUploads, time.Hour)
			if rules.CodeOf(err) == rules.RateLimited {
				return v.tooMany(err, "imports"), nil
			}
			if err != nil {
				return answer{}, err
			}
		}
		if takesFiles(r.path) && web.HasFiles(v.request) {
			if err := v.readFiles(); err != nil {
				return answer{}, err
			}
		}
		if err := v.request.ParseForm(); err != nil || !storableForm(v.request.PostForm) {
			return answer{}, errBadForm
		}
	}

	if !rules.Storable(v.param("id")) || !storableQuery(v.request.URL.Query()) {
		return answer{}, errNoPage
	}

	v.expectForm()
	a, err := r.do(v)
	v.settleForm(a, err)
	return a, err
}

// storableQuery reports whether a database can store and compare all that an address asks for.
func storableQuery(query url.Values) bool {
	for name, values := range query {
		if !rules.Storable(name) || slices.ContainsFunc(values, func(text string) bool {
			return !rules.Storable(text)
		}) {
			return false
		}
	}
	return true
}

// storableForm reports whether a database can store and compare a form's texts. Names and
// passwords are judged by their own pages, which say what is wrong.
func storableForm(form url.Values) bool {
	for field, values := range form {
		for _, text := range values {
			if field == "name" || field == "password" {
				continue
			}
			if !rules.Storable(text) {
				return false
			}
		}
	}

	return true
}

// person is the signed-in user with the accounts they belong to.
type person struct {
	user     identity.User
	accounts []account.Account
	roles    map[string]identity.MemberRole // by account
	at       int                            // the account at hand
	partners map[string]string              // whose people an account has, by account
	factor   bool                           // has a second factor beside the password

	delegated *identity.Delegated // by which they act in a customer's account; nil: they do not
}

func (p *person) account() account.Account { return p.accounts[p.at] }

func (p *person) role() rules.Role {
	if p.delegated != nil {
		return p.delegated.Role()
	}
	if p.roles[p.account().ID] == identity.RoleAdmin {
		return rules.CustomerAdmin
	}
	return rules.CustomerReadOnly
}

// readPerson reads the session's user; one that is gone counts as signed out.
func (v *visit) readPerson() error {
	if v.looking() && !v.look.over {
		return v.readLookedAt()
	}

	id := v.value(keyUser)
	if id == "" {
		return nil
	}

	p, err := v.people.PersonBy(v.ctx, id, v.value(keyConnection))
	if rules.CodeOf(err) == rules.NotFound {
		return v.sessions.Destroy(v.ctx)
	}
	if err != nil {
		return err
	}

	v.who = &person{
		user:     p.User,
		roles:    p.Roles,
		partners: p.Partners,
		factor:   p.SecondFactor,
	}
	if v.base != "" { // a page for a customer asks nothing of the person's own
		return nil
	}
	return v.readAccounts()
}

// readAccounts reads the accounts that the person belongs to.
func (v *visit) readAccounts() (err error) {
	if v.who == nil || len(v.who.roles) == 0 || len(v.who.accounts) > 0 {
		return nil
	}

	v.who.accounts, _, err = v.accounts.ListAccounts(v.scope(""), account.AccountFilter{
		Page: db.Page{Limit: 200},
	})
	if err != nil {
		return err
	}

	for i, a := range v.who.accounts {
		if a.ID == v.value(keyAccount) {
			v.who.at = i
		}
	}

	return nil
}

// scope is the context under which the domains show what the person may see,
// and no more (C5).
func (v *visit) scope(role rules.Role) context.Context {
	if v.who.delegated != nil {
		return v.acting()
	}
	s := db.Scope{Actor: db.Actor{
		ID:        v.who.user.ID,
		Role:      role,
		IP:        v.ip,
		RequestID: v.id,
	}}

	for id := range v.who.roles {
		s.AccountIDs = append(s.AccountIDs, id)
	}
	return db.WithScope(v.ctx, s)
}

// scoped is the context of a member's own request.
func (v *visit) scoped() context.Context { return v.scope(v.who.role()) }

// acting is the context of a change: the account at hand alone, because the
// person may have another role in another account.
func (v *visit) acting() context.Context {
	if d := v.who.delegated; d != nil {
		return db.WithScope(v.ctx, d.Scope(d.Actor(v.who.user.ID, v.ip, v.id)))
	}
	return db.WithScope(v.ctx, db.Scope{
		AccountIDs: []string{v.who.account().ID},
		Actor: db.Actor{
			ID:        v.who.user.ID,
			Role:      v.who.role(),
			IP:        v.ip,
			RequestID: v.id,
		},
	})
}

// isAdmin reports whether the person administers the account at hand, as its own or, for what
// may be delegated, as its partner's.
func (v *visit) isAdmin() bool {
	return v.who.role() == rules.CustomerAdmin || v.who.role() == rules.PartnerAdmin
}

func (v *visit) value(key string) string { return v.sessions.GetString(v.ctx, key) }

// setValue puts a value into the session. A visitor's session is short.
func (v *visit) setValue(key, value string) {
	if v.who == nil && v.value(keyUser) == "" {
		v.sessions.SetDeadline(v.ctx, time.Now().Add(visitorLifetime).UTC())
	}
	v.sessions.Put(v.ctx, key, value)
}

func (v *visit) removeValues(keys ...string) {
	for _, k := range keys {
		if v.sessions.Exists(v.ctx, k) {
			v.sessions.Remove(v.ctx, k)
		}
	}
}

func (v *visit) form(name string) string { return v.request.PostForm.Get(name) }

// throttle counts an attempt in the database, so that a restart forgets
// nothing.
func (v *visit) throttle(key string, most int, window time.Duration) error {
	return v.people.Throttle(v.ctx, "portal/"+key, most, window)
}

// throttleNetwork counts an attempt of the visitor's network, and of the wider network
// around it, which has four times the room: whoever owns many lines has no more.
func (v *visit) throttleNetwork(key string, most int, window time.Duration) error {
	if err := v.throttle(key+"/"+v.network, most, window); err != nil {
		return err
	}
	return v.throttle(key+"-wide/"+rules.WiderNetwork(v.ip), 4*most, window)
}

// named is the context of what a visitor does about a sign-in: the audit names the
// address and the request.
func (v *visit) named() context.Context {
	return db.WithScope(v.ctx, db.Scope{
		System: true,
		Actor:  db.Actor{ID: "visitor", Role: "VISITOR", IP: v.ip, RequestID: v.id},
	})
}

// startSession signs a user in under a new session token, against fixation. What was
// proven before signing in ends; an invitation that waits stays.
func (v *visit) startSession(u identity.User, way string) error {
	if err := v.sessions.RenewToken(v.ctx); err != nil {
		return err
	}
	v.removeValues(keyChallenge, keyBrowser, keyProven, keyProvenAt, keyReset, keyAccount,
		keyConnection, keyHint, keyHalf, keyPasskey, keyApp, keyFactor)
	v.sessions.Put(v.ctx, keyUser, u.ID)
	v.sessions.Put(v.ctx, keyWay, way)
	v.passwordProved()

	known := v.place().Browser
	return v.people.SignedIn(v.named(), u.ID, v.placeFromNowOn(), known)
}

// constantTime runs fn and returns after the same time whatever it found, so that the time
// of an answer says nothing about who has an account.
func (v *visit) constantTime(fn func() error) error {
	timer := time.NewTimer(v.evenTime)
	defer timer.Stop()
	err := fn()

	select {
	case <-timer.C:
	case <-v.ctx.Done():
		err = errors.Join(err, v.ctx.Err())
	}

	return err
}
