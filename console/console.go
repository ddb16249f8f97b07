package console

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/note"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/web"
)

// Root is the path under which the console stands.
const Root = "/console"

// Options configure the console.
type Options struct {
	Domains *domains.Domains
	// Log takes what went wrong; never names, addresses or secrets.
	Log *slog.Logger
	// PublicURL is the address of the service, such as https://portal.example.com; the
	// console is below it.
	PublicURL string
	// Insecure serves plain http: cookies without Secure and __Host-. For dev.
	Insecure bool
	// Issuer signs operators in; without a URL they sign in by password and second factor.
	Issuer Issuer
	// TimeZone is the IANA name of the clock that the desk works by; empty: UTC.
	TimeZone string
	// TemporalUI is the address of Temporal's web UI, for links to workflows in Namespace; may
	// be empty.
	TemporalUI, Namespace string
	// Kit shows all parts on one page, for who builds a screen. For dev.
	Kit bool
}

// site is the console at work.
type site struct {
	db            *db.DB
	programs      *program.Programs
	accounts      *account.Accounts
	people        *identity.People
	operators     *identity.Operators
	sso           *sso.SSO
	orders        *order.Orders
	entitlements  *entitlement.Entitlements
	warranties    *warranty.Warranties
	logistics     *logistics.Logistics
	replacements  *replacement.Replacements
	tickets       *ticket.Tickets
	meetings      *session.Sessions
	attachments   *attachment.Attachments
	notes         *note.Notes
	notifications *notification.Notifications
	jobs          *importjob.Jobs
	operations    *operations.Operations
	privacy       *privacy.Privacy
	mailbox       *mailbox.Mailbox
	log           *slog.Logger
	secure        bool
	public        string // address of the service, without a slash at its end
	zone          string
	temporal      temporalUI
	kit           bool
	table         []route       // every page and form, built once
	issuer        *relyingParty // nil: there is none
	passkeys      *web.Passkeys // nil: browsers know none of this address
	sessions      *scs.SessionManager
	origins       *http.CrossOriginProtection
	pages         pages
	// evenTime is how long an answer takes that must not tell by its speed whether an
	// address is known.
	evenTime time.Duration
	freshFor time.Duration
	// holds has what leaves the house wait for some seconds, in which it can be taken back.
	holds bool
}

// Register mounts the console's pages on the router; the files that pages share are web.Assets.
func Register(router gin.IRouter, o Options) error {
	s, err := newSite(o)
	if err != nil {
		return err
	}
	s.mount(router)
	return nil
}

func (s *site) mount(router gin.IRouter) {
	for _, r := range s.table {
		h := s.serve(r)
		router.Handle(r.method, r.path, h)
		if r.method == http.MethodGet {
			router.Handle(http.MethodHead, r.path, h)
		}
	}
	router.GET(Root+"/", func(c *gin.Context) { c.Redirect(http.StatusFound, Root) })
}

// Owns reports whether a path is the console's to answer, also where nothing is there.
func Owns(path string) bool { return path == Root || strings.HasPrefix(path, Root+"/") }

// NotFound answers a path of the console that nobody serves.
func NotFound(o Options) (gin.HandlerFunc, error) { return refusing(o, errNoPage) }

// MethodNotAllowed answers a form's address that was opened as a page.
func MethodNotAllowed(o Options) (gin.HandlerFunc, error) { return refusing(o, errNoMethod) }

// Failed answers a request whose handler panicked; the panic itself is logged by who recovered
// from it.
func Failed(o Options) (gin.HandlerFunc, error) { return refusing(o, errPanicked) }

func refusing(o Options, err error) (gin.HandlerFunc, error) {
	s, wrong := newSite(o)
	if wrong != nil {
		return nil, wrong
	}
	return s.serve(route{
		access: anyone,
		do:     func(*visit) (answer, error) { return answer{}, err },
	}), nil
}

func newSite(o Options) (*site, error) {
	if o.Domains == nil || o.Log == nil {
		return nil, errors.New("console: Domains and a Log are needed")
	}
	public, err := url.Parse(o.PublicURL)
	if err != nil || public.Host == "" {
		return nil, errors.New("console: PublicURL must be an absolute address")
	}
	p, err := readPages()
	if err != nil {
		return nil, err
	}

	s := &site{
		db:            o.Domains.DB,
		programs:      o.Domains.Programs,
		accounts:      o.Domains.Accounts,
		people:        o.Domains.People,
		operators:     o.Domains.Operators,
		sso:           o.Domains.SSO,
		orders:        o.Domains.Orders,
		entitlements:  o.Domains.Entitlements,
		warranties:    o.Domains.Warranties,
		logistics:     o.Domains.Logistics,
		replacements:  o.Domains.Replacements,
		tickets:       o.Domains.Tickets,
		meetings:      o.Domains.Sessions,
		attachments:   o.Domains.Attachments,
		notes:         o.Domains.Notes,
		notifications: o.Domains.Notifications,
		jobs:          o.Domains.Jobs,
		operations:    o.Domains.Operations,
		privacy:       o.Domains.Privacy,
		mailbox:       o.Domains.Mailbox,
		log:           o.Log,
		secure:        !o.Insecure,
		public:        strings.TrimRight(o.PublicURL, "/"),
		zone:          o.TimeZone,
		temporal:      temporalUI{o.TemporalUI, o.Namespace},
		kit:           o.Kit,
		sessions:      newSessions(o.Domains.Operators, !o.Insecure),
		origins:       http.NewCrossOriginProtection(),
		pages:         p,
		evenTime:      300 * time.Millisecond,
		freshFor:      freshFor,
		holds:         true,
	}
	if s.zone == "" {
		s.zone = "UTC"
	}
	if p, ok := web.NewPasskeys(public); ok {
		s.passkeys = p
	}
	if o.Issuer.given() {
		s.issuer = newRelyingParty(o.Issuer, strings.TrimRight(o.PublicURL, "/"))
	}
	s.table = s.routes()
	return s, s.origins.AddTrustedOrigin(public.Scheme + "://" + public.Host)
}

// Sessions end 8 hours after the sign-in, whatever is done in them.
const (
	sessionLifetime = 8 * time.Hour
	visitorLifetime = 30 * time.Minute
)

// newSessions keeps the console's sessions apart from the portal's: in a table and a cookie of
// their own. The cookie's path is the whole host, because the prefix __Host-, which keeps a
// neighboring host from setting it, asks for that; the portal does not read it. Lax lets it
// come along on the way back from the issuer.
func newSessions(operators *identity.Operators, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = web.SessionStore{Rows: operators, Person: keyOperator}
	m.HashTokenInStore = true
	m.Lifetime = sessionLifetime
	m.Cookie.Name = web.CookieName("roomcover-console", secure)
	m.Cookie.Secure = secure
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Path = "/"
	return m
}
