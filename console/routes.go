package console

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"roomcover.dev/roomcover/rules"
)

// access says who may use a route: anyone, every operator, or those whose role has a
// capability of RULES 4.
type access string

const (
	anyone   access = ""
	operator access = "OPERATOR"
)

// may is the access of those who have a capability.
func may(c rules.Capability) access { return access(c) }

type handler func(*visit) (answer, error)

type route struct {
	method, path string
	access       access
	do           handler
	// fresh asks for a sign-in of the last ten minutes (S52).
	fresh bool
	// machine is for a program of the issuer's: no browser sends it, and no origin.
	machine bool
}

const get, post = http.MethodGet, http.MethodPost

// routes is every page and form of the console, screen by screen.
func (s *site) routes() []route {
	all := slices.Concat(
		signInRoutes(),
		secondStepRoutes(),
		setUpRoutes(),
		todayRoutes(),
		queueRoutes(),
		taskRoutes(),
		ordersList.routes(),
		processRoutes(),
		numberRoutes(),
		auditRoutes(),
		orderRoutes(),
		amendRoutes(),
		cancelRoutes(),
		refusalRoutes(),
		accountsList.routes(),
		accountRoutes(),
		lookRoutes(),
		partnerRoutes(),
		ownSignInRoutes(),
		mailRoutes(),
		inboxRoutes(),
		shipmentRoutes(),
		replacementRoutes(),
		ticketRoutes(),
		sessionRoutes(),
		spareRoutes(),
		roomsDownRoutes(),
		correctionRoutes(),
		roomRoutes(),
		deviceRoutes(),
		contractRoutes(),
		stockRoutes(),
		settingsRoutes(),
		searchRoutes(),
		tokenRoutes(),
		operatorRoutes(),
		meRoutes(),
		appRoutes(),
		keyRoutes(),
		viewRoutes(),
		undoRoutes(),
	)
	if s.kit {
		all = append(all, kitRoutes()...)
	}
	return all
}

// allows reports whether a role may use the route.
func (r route) allows(role rules.Role) bool {
	switch r.access {
	case anyone:
		return true
	case operator:
		return role.IsOperator()
	}
	return rules.Allows(role, rules.Capability(r.access)).Allowed()
}

// leadsTo reports whether a path is one of the route's: letter by letter, with a name of
// something where the route has one.
func (r route) leadsTo(path string) bool {
	want, got, more := r.path, path, true
	for more {
		part, restWanted, moreWanted := strings.Cut(want, "/")
		given, rest, moreGiven := strings.Cut(got, "/")
		if moreWanted != moreGiven {
			return false
		}
		if part != given && !(strings.HasPrefix(part, ":") && named.MatchString(given)) {
			return false
		}
		want, got, more = restWanted, rest, moreGiven
	}
	return true
}

// named is the form of an id, a number or an action in a path.
var named = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,64}$`)

// isPage reports whether an address, with or without a query, is a page of the console that
// somebody can be sent back to.
func (s *site) isPage(address string) bool {
	path, _, _ := strings.Cut(address, "?")
	if strings.ContainsAny(address, "#\\\r\n") || len(address) > 2000 {
		return false
	}
	if _, err := url.Parse(address); err != nil {
		return false
	}
	return slices.ContainsFunc(s.table, func(r route) bool {
		return r.method == get && r.access != anyone && r.leadsTo(path)
	})
}

// pageOf is the page on which a form stands: its own address, or the one above it.
func (s *site) pageOf(address string) string {
	for strings.HasPrefix(address, Root) {
		if s.isPage(address) {
			return address
		}
		address = address[:strings.LastIndexByte(address, '/')]
	}
	return Root
}
