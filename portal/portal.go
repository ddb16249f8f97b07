package portal

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/provisioning"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/sso"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/portal/help"
	outside "roomcover.dev/roomcover/sso/dial"
	"roomcover.dev/roomcover/sso/oidc"
	"roomcover.dev/roomcover/web"
)

// Options configure the portal.
type Options struct {
	Domains *domains.Domains
	// Log takes what went wrong; never names, addresses or secrets.
	Log *slog.Logger
	// PublicURL is the address under which people reach the portal, such as
	// https://portal.example.com.
	PublicURL string
	// Insecure serves plain http: cookies without Secure and __Host-. For dev.
	Insecure bool
	// Records looks up what proves a company's mail domains; nil: the machine's name service.
	Records sso.Records
	// Sync is asked when a customer connects; nil: no region of it is known, and the pages say so.
	Sync rooms.Vendor
}

// site is the portal at work.
type site struct {
	db           *db.DB
	programs     *program.Programs
	accounts     *account.Accounts
	people       *identity.People
	operators    *identity.Operators
	provisioning *provisioning.Provisioning
	entitlements *entitlement.Entitlements
	warranties   *warranty.Warranties
	logistics    *logistics.Logistics
	replacements *replacement.Replacements
	tickets      *ticket.Tickets
	guests       *session.Sessions
	attachments  *attachment.Attachments
	orders       *order.Orders
	imports      *importjob.Jobs
	privacy      *privacy.Privacy
	mailbox      *mailbox.Mailbox
	sso          *sso.SSO
	synced       *rooms.Sync
	vendor       rooms.Vendor // nil: nobody connects
	providers    *oidc.Party
	passkeys     *web.Passkeys // nil: browsers know none of this address
	reach        *http.Client  // what customers type, and nothing inside
	records      sso.Records
	log          *slog.Logger
	secure       bool
	publicURL    string
	sessions     *scs.SessionManager
	origins      *http.CrossOriginProtection
	pages        pages
	help         *help.Book
	// evenTime is how long an answer takes that must not tell by its speed
	// whether an address is known.
	evenTime time.Duration
	freshFor time.Duration
}

// Register mounts the portal's pages on the router. It takes only its own
// paths, see routes; the files that pages share are web.Assets.
func Register(router gin.IRouter, o Options) error {
	s, err := newSite(o)
	if err != nil {
		return err
	}
	s.mount(router)
	return nil
}

func (s *site) mount(router gin.IRouter) {
	for _, r := range routes() {
		h := s.serve(r)
		router.Handle(r.method, r.path, h)
		if r.method == http.MethodGet {
			router.Handle(http.MethodHead, r.path, h)
		}
		if r.delegable() {
			router.Handle(r.method, forPrefix+":account"+r.path, h)
		}
		if r.delegable() && r.method == http.MethodGet {
			router.Handle(http.MethodHead, forPrefix+":account"+r.path, h)
		}
	}
}

// NotFound answers a path that nobody serves with a page; for gin's NoRoute.
func NotFound(o Options) (gin.HandlerFunc, error) { return refusing(o, errNoPage) }

// MethodNotAllowed answers a form's address that was opened as a page; for
// gin's NoMethod.
func MethodNotAllowed(o Options) (gin.HandlerFunc, error) { return refusing(o, errNoMethod) }

// Failed answers a request whose handler panicked; the panic itself is logged
// by who recovered from it.
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
		return nil, errors.New("portal: Domains and a Log are needed")
	}

	public, err := url.Parse(o.PublicURL)
	if err != nil || public.Host == "" {
		return nil, errors.New("portal: PublicURL must be an absolute address")
	}

	p, err := readPages()
	if err != nil {
		return nil, err
	}

	book, err := help.Read(messages.Locales())
	if err != nil {
		return nil, err
	}

	if o.Records == nil {
		o.Records = outside.Names{}
	}
	base := strings.TrimSuffix(o.PublicURL, "/")
	s := &site{
		db:           o.Domains.DB,
		programs:     o.Domains.Programs,
		accounts:     o.Domains.Accounts,
		people:       o.Domains.People,
		operators:    o.Domains.Operators,
		provisioning: o.Domains.Provisioning,
		publicURL:    strings.TrimSuffix(o.PublicURL, "/"),
		entitlements: o.Domains.Entitlements,
		warranties:   o.Domains.Warranties,
		logistics:    o.Domains.Logistics,
		replacements: o.Domains.Replacements,
		tickets:      o.Domains.Tickets,
		guests:       o.Domains.Sessions,
		attachments:  o.Domains.Attachments,
		orders:       o.Domains.Orders,
		imports:      o.Domains.Jobs,
		privacy:      o.Domains.Privacy,
		mailbox:      o.Domains.Mailbox,
		sso:          o.Domains.SSO,
		synced:       o.Domains.Sync,
		vendor:       o.Sync,
		providers:    oidc.New(base+callbackPath, onThisMachine(public)),
		reach:        outside.Client(onThisMachine(public)),
		records:      o.Records,
		log:          o.Log,
		secure:       !o.Insecure,
		pages:        p,
		help:         book,
		evenTime:     300 * time.Millisecond,
		freshFor:     freshFor,
	}

	if keys, ok := web.NewPasskeys(public); ok {
		s.passkeys = keys
	}
	s.sessions = newSessions(o.Domains.People, s.secure)
	s.origins = http.NewCrossOriginProtection()
	// Providers post their answers from their own sites; each is signed, and asked for.
	s.origins.AddInsecureBypassPattern("POST " + samlPath + "{id}/acs")
	return s, s.origins.AddTrustedOrigin(public.Scheme + "://" + public.Host)
}
