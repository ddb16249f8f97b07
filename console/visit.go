package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/web"
)

// visit is one request: its session, its operator, its language.
type visit struct {
	*site
	ctx      context.Context // carries the session; no scope
	request  *http.Request
	route    route
	param    func(string) string
	ip       string
	network  string // what throttles count the visitor by
	id       string // of the request, for the audit
	program  catalogue.Program
	language *messages.Language
	who      *identity.Operator // nil: signed out
	now      time.Time          // of the service's calendar
	tongue   string             // language to keep in the browser with this answer; empty: none
	typedBy  string             // who typed the form of a visitor; see comeback.go
	kept     *typedForm         // what was typed into this page's form before a sign-in
	files    []web.Upload       // that came with the form
	heldNow  []string           // the acts that this request holds
	look     *lookCookie        // to keep in the browser with this answer; nil: none

	// Texts of this answer that change as time goes by, see refresh.go.
	clocks    map[string]string // what time it is somewhere, with the zone
	sentences map[string]string // where something stands, with the same apart from the clock
}

// The keys of a session's values.
const (
	keyOperator    = "operator"
	keyFresh       = "fresh" // Unix seconds of the sign-in that proved who it is
	keyFlash       = "flash"
	keyUndo        = "undo"
	keyTransaction = "transaction"
	keyTyped       = "typed"
	keyHalf        = "half"    // a sign-in whose password was right
	keyPasskey     = "passkey" // what a passkey was asked
	keyApp         = "app"     // the sealed key of an app that is being set up
)

const maxBody = 64 << 10 // octets of a form

// serve turns a route into gin's handler: session, origin, operator, answer.
func (s *site) serve(r route) gin.HandlerFunc {
	return func(c *gin.Context) {
		v, err := s.beginVisit(c, r)
		if err != nil {
			s.log.ErrorContext(c.Request.Context(), "console: a request could not begin",
				"path", c.FullPath(), "error", err)
			failPlainly(c, err)
			return
		}

		a, err := v.callHandler()
		if err != nil {
			a = v.refuse(err)
		}
		v.finish(c, a)
	}
}

// beginVisit loads the session and its operator, and chooses the language.
func (s *site) beginVisit(c *gin.Context, r route) (*visit, error) {
	ctx := web.WithBrowser(c.Request.Context(), web.BrowserLabel(c.Request.UserAgent()))
	token := ""
	if cookie, err := c.Request.Cookie(s.sessions.Cookie.Name); err == nil {
		token = cookie.Value
	}
	ctx, err := s.sessions.Load(ctx, token)
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
		route:   r,
		param:   c.Param,
		ip:      c.ClientIP(),
		network: rules.Network(c.ClientIP()),
		id:      c.Writer.Header().Get("X-Request-Id"),
		program: ref.Program,
		now:     s.db.Now(),
	}
	if err := v.readOperator(); err != nil {
		return nil, err
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, v.bodyBound())
	v.language = v.chooseLanguage()
	return v, nil
}

// readOperator reads the session's operator with the rights of this moment: who is disabled or
// has no role any more is signed out with the next request, and so is an emergency sign-in
// whose time is over.
func (v *visit) readOperator() error {
	id := v.value(keyOperator)
	if id == "" {
		return nil
	}
	o, err := v.operators.GetOperator(v.ctx, id)
	if err != nil && rules.CodeOf(err) != rules.NotFound {
		return err
	}
	pastIssuer := v.issuer != nil && o.Source == identity.ByPassword
	ofOtherIssuer := o.Source == identity.ByIssuer &&
		(v.issuer == nil || o.Issuer != v.issuer.issuer.URL)
	if err != nil || !o.Works() || ofOtherIssuer || pastIssuer && !o.Armed() {
		return v.sessions.Destroy(v.ctx)
	}
	v.who = &o
	return nil
}

// callHandler checks that the request may have what the route gives, and calls its handler.
func (v *visit) callHandler() (answer, error) {
	r := v.route
	if err := v.origins.Check(v.request); err != nil && !r.machine {
		return answer{}, errForeignOrigin
	}
	if r.access != anyone && v.who == nil {
		return v.toSignIn(), nil
	}
	if v.who != nil && !r.allows(v.who.Role) {
		return answer{}, errForbidden
	}
	if v.request.Method == post {
		if takesFiles(r.path) && web.HasFiles(v.request) {
			if err := v.readFiles(); err != nil {
				return answer{}, err
			}
		}
		if err := v.request.ParseForm(); err != nil || !storable(v.request.PostForm) {
			return answer{}, errBadForm
		}
	}
	if !storable(v.request.URL.Query()) {
		return answer{}, errNoPage
	}
	if r.fresh {
		if err := v.needFresh(); err != nil {
			return answer{}, err
		}
	}

	if !v.refreshes() {
		v.expectForm()
		v.resume(v.request.URL.Path) // a page that is sent to its own address
	}
	if v.request.Method == post {
		defer v.operations.ForgetCounts()
	}
	return r.do(v)
}

// storable reports whether a database can store and compare a form's texts.
func storable(form url.Values) bool {
	for _, values := range form {
		if slices.ContainsFunc(values, func(text string) bool { return !rules.Storable(text) }) {
			return false
		}
	}
	return true
}

// toSignIn sends who is signed out to sign in, and back to the page of this request.
func (v *visit) toSignIn() answer {
	page := v.pageOf(v.request.URL.Path)
	v.keepForComeback(page)
	if page == v.request.URL.Path && v.request.URL.RawQuery != "" {
		page += "?" + v.request.URL.RawQuery
	}
	if page == Root {
		return redirect(signInPath)
	}
	return redirect(signInPath + "?next=" + url.QueryEscape(page))
}

// scope is the context under which the operator reads: every account (C5).
func (v *visit) scope() context.Context { return v.acting("") }

// acting is the context of what the operator does, as themselves, on behalf of the account;
// empty: of none.
func (v *visit) acting(accountID string) context.Context {
	return db.WithScope(v.ctx, db.Scope{
		System: true,
		Actor:  v.actor(accountID),
	})
}

func (v *visit) actor(accountID string) db.Actor {
	return db.Actor{
		ID:         v.who.ID,
		Role:       v.who.Role,
		OrgID:      account.OperatorOrgID,
		OnBehalfOf: accountID,
		IP:         v.ip,
		RequestID:  v.id,
	}
}

// named is the context of what a visitor does about a sign-in: the audit names the address and
// the request.
func (v *visit) named() context.Context {
	return db.WithScope(v.ctx, db.Scope{
		System: true,
		Actor:  db.Actor{ID: "visitor", Role: "VISITOR", IP: v.ip, RequestID: v.id},
	})
}

// mayDo reports whether the operator's role has a capability.
func (v *visit) mayDo(c rules.Capability) bool {
	return v.who != nil && rules.Allows(v.who.Role, c).Allowed()
}

func (v *visit) value(key string) string { return v.sessions.GetString(v.ctx, key) }

// setValue puts a value into the session. A visitor's session is short.
func (v *visit) setValue(key, value string) {
	if v.value(keyOperator) == "" {
		v.sessions.SetDeadline(v.ctx, time.Now().Add(visitorLifetime).UTC())
	}
	v.sessions.Put(v.ctx, key, value)
}

// takeValue reads a value once.
func (v *visit) takeValue(key string) string {
	value := v.value(key)
	if value != "" {
		v.sessions.Remove(v.ctx, key)
	}
	return value
}

// form is a field of the form. Browsers end the lines of a text with CR and LF; here they end
// with LF.
func (v *visit) form(name string) string {
	return strings.ReplaceAll(v.request.PostForm.Get(name), "\r\n", "\n")
}

func (v *visit) query(name string) string { return v.request.URL.Query().Get(name) }

// throttle counts an attempt in the database, so that a restart forgets nothing.
func (v *visit) throttle(key string, most int, window time.Duration) error {
	return v.people.Throttle(v.ctx, "console/"+key, most, window)
}

// throttleNetwork counts an attempt of the visitor's network, and of the wider network around
// it, which has four times the room.
func (v *visit) throttleNetwork(key string, most int, window time.Duration) error {
	if err := v.throttle(key+"/"+v.network, most, window); err != nil {
		return err
	}
	return v.throttle(key+"-wide/"+rules.WiderNetwork(v.ip), 4*most, window)
}

// startSession signs an operator in under a new session token, against fixation. provedAt is
// when the person proved who they are; zero: not known.
func (v *visit) startSession(o identity.Operator, provedAt time.Time) error {
	typed := v.value(keyTyped)
	before := v.value(keyOperator)
	if err := v.sessions.RenewToken(v.ctx); err != nil {
		return err
	}
	var f typedForm
	ours := json.Unmarshal([]byte(typed), &f) == nil && f.By == o.ID
	if typed != "" && before != o.ID && !ours {
		v.sessions.Remove(v.ctx, keyTyped)
	}
	v.sessions.Put(v.ctx, keyOperator, o.ID)
	v.sessions.Put(v.ctx, keyFresh, strconv.FormatInt(provedAt.Unix(), 10))
	v.who = &o
	return nil
}

// constantTime runs fn and returns after the same time whatever it found, so that the time of
// an answer says nothing about who is an operator.
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
