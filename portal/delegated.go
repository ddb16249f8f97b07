package portal

import (
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// Somebody of a service partner acts in a customer's account by a delegation (R41). The account
// stands in the address, as /for/acc_1/rooms, so that two tabs may be about two customers. The
// pages are the customer's own; each request reads from rows who may see them, as what, and
// keeps nothing: the first one after the end finds no such page (R41d).
//
// What is opened so is listed by name below. People, keys, delegations, sign-in, personal data
// and orders are not: they stay with the customer, whatever the delegation says.

const forPrefix = "/for/"

// ofDelegations is what a partner's person finds of a customer: method and path.
var ofDelegations = map[string]bool{
	"GET /":                         true,
	"GET " + contractsPath:          true,
	"GET " + contractsPath + "/:id": true,
	"GET /service-orders":           true,

	"GET " + ticketsPath:                   true,
	"GET " + newTicketPath:                 true,
	"POST " + newTicketPath:                true,
	"GET " + ticketsPath + "/:id":          true,
	"POST " + ticketsPath + "/:id/reply":   true,
	"POST " + ticketsPath + "/:id/session": true,
	"GET " + ticketsPath + "/:id/cancel":   true,
	"POST " + ticketsPath + "/:id/cancel":  true,
	"GET " + filesPath + "/:id":            true,
	"GET " + filesPath + "/:id/picture":    true,

	"GET /replacements":                    true,
	"GET /replacements/request":            true,
	"POST /replacements/request":           true,
	"GET /replacements/request/accessory":  true,
	"POST /replacements/request/accessory": true,
	"GET /replacements/:id":                true,
	"GET /replacements/:id/return-label":   true,
	"GET /replacements/:id/withdraw":       true,
	"POST /replacements/:id/withdraw":      true,
	"POST /replacements/:id/appeal":        true,
	"POST /replacements/:id/use-spare":     true,
	"GET /spares":                          true,
	"GET /spares/:id/return-label":         true,
	"POST /spares/:id/agree":               true,

	"GET /sites":                 true,
	"GET /sites/new":             true,
	"POST /sites/new":            true,
	"GET /sites/:id":             true,
	"POST /sites/:id":            true,
	"GET " + roomsPath:           true,
	"GET " + assignPath:          true,
	"POST " + assignPath:         true,
	"GET /rooms/:id":             true,
	"GET /rooms/:id/help":        true,
	"POST /rooms/:id/help":       true,
	"GET " + helpLinkPath:        true,
	"GET /rooms/:id/edit":        true,
	"POST /rooms/:id/edit":       true,
	"GET /rooms/:id/move":        true,
	"POST /rooms/:id/move":       true,
	"GET /rooms/:id/release":     true,
	"POST /rooms/:id/release":    true,
	"GET /rooms/:id/archive":     true,
	"POST /rooms/:id/archive":    true,
	"GET " + newRoomPath:         true,
	"POST " + newRoomPath:        true,
	"GET " + importPath:          true,
	"POST " + importPath:         true,
	"GET " + templatePath:        true,
	"GET " + importPath + "/:id": true,

	"GET " + devicesPath:                    true,
	"GET " + newDevicePath:                  true,
	"POST " + newDevicePath:                 true,
	"GET " + devicesPath + "/:id":           true,
	"GET " + devicesPath + "/:id/place":     true,
	"POST " + devicesPath + "/:id/place":    true,
	"GET " + devicesPath + "/:id/take-out":  true,
	"POST " + devicesPath + "/:id/take-out": true,
	"GET " + devicesPath + "/:id/purchase":  true,
	"POST " + devicesPath + "/:id/purchase": true,
}

// delegable reports whether a partner's people may have the route at all.
func (r route) delegable() bool { return ofDelegations[r.method+" "+r.path] }

// ofAllSites is what of those is about the account as a whole: who is delegated some of its sites
// alone (S51) does not find it.
var ofAllSites = map[string]bool{
	contractsPath:                 true,
	contractsPath + "/:id":        true,
	"/service-orders":             true,
	"/replacements/:id/use-spare": true,
	"/spares":                     true,
	"/spares/:id/return-label":    true,
	"/spares/:id/agree":           true,
	"/sites/new":                  true,
	importPath:                    true,
	templatePath:                  true,
	importPath + "/:id":           true,
}

// wholeAccount reports whether the route is about more of the account than some of its sites.
func (r route) wholeAccount() bool { return ofAllSites[r.path] }

// delegatedPath reports whether a path is a page or a form of that kind.
func delegatedPath(path string) bool {
	for _, r := range routes() {
		if r.delegable() && r.leadsTo(path) {
			return true
		}
	}
	return false
}

// delegatedPage splits the address of a page for a customer: what stands before the page, and
// the page's own path.
func delegatedPage(path string) (base, own string, ok bool) {
	rest, found := strings.CutPrefix(path, forPrefix)
	id, own, more := strings.Cut(rest, "/")
	if !found || !more || db.KindOf(id) != db.PrefixAccount || !ourID.MatchString(id) {
		return "", "", false
	}
	return forPrefix + id, "/" + own, true
}

// beginDelegated takes the customer's account out of the address of a request; the handlers see
// the path as the customer's own people send it.
func (v *visit) beginDelegated(c *gin.Context) {
	id := c.Param("account")
	if id == "" {
		return
	}
	v.base = forPrefix + id
	own := c.Request.Clone(v.ctx)
	own.URL.Path = strings.TrimPrefix(own.URL.Path, v.base)
	own.URL.RawPath = ""
	v.request = own
}

// readDelegated makes the visit one for the customer of the address. Without an active
// delegation there is no such page; who is signed out signs in first.
func (v *visit) readDelegated() error {
	if v.who == nil {
		return nil
	}
	id := strings.TrimPrefix(v.base, forPrefix)
	if !rules.Storable(id) {
		return errNoPage
	}

	d, err := v.people.DelegatedTo(v.ctx, v.who.user.ID, id)
	if err != nil {
		return err
	}
	// Somebody whose way in does not reach the partner's account, such as another company's own
	// sign-in, reaches none of its customers either.
	if _, reaches := v.who.roles[d.Home]; !reaches {
		return db.NotFound()
	}
	// The provider of who came by the partner's own sign-in asked for its second factor.
	d.SecondFactor = d.SecondFactor || v.value(keyConnection) != ""
	v.oneself, v.who = v.who, &person{
		user:      v.who.user,
		factor:    v.who.factor,
		accounts:  []account.Account{d.Customer},
		delegated: &d,
	}
	return nil
}

// asOneself turns somebody who acts for nobody back into who they are at home.
func (v *visit) asOneself() error {
	if v.oneself != nil {
		v.who, v.oneself = v.oneself, nil
	}
	return v.readAccounts()
}

// forNobody turns the visit into one of the person's own: its page says nothing of the account
// that was asked for, so that one of somebody else reads as one that does not exist.
func (v *visit) forNobody() {
	v.base = ""
	v.request.URL.Path = "/"
	v.request.URL.RawQuery = ""
}

// addressed are the attributes of a page that lead on.
var addressed = regexp.MustCompile(`( (?:href|action|formaction|src)=")(/[^"]*)"`)

// forCustomer puts the customer's account into each address of a page that is about it. What
// people wrote cannot look like an attribute: templates write its quotes otherwise.
func (v *visit) forCustomer(page []byte) []byte {
	return addressed.ReplaceAllFunc(page, func(attribute []byte) []byte {
		m := addressed.FindSubmatch(attribute)
		return []byte(string(m[1]) + v.address(string(m[2])) + `"`)
	})
}

// address is where an address of ours is in this visit.
func (v *visit) address(to string) string {
	path := to
	if i := strings.IndexAny(to, "?#"); i >= 0 {
		path = to[:i]
	}
	if v.base == "" || !delegatedPath(path) {
		return to
	}
	return v.base + to
}

// delegatedView is the banner above each page for a customer.
type delegatedView struct {
	Customer string
	Partner  string
	Until    string
	// NeedsFactor is said to whom the delegation would let administer, but for the second
	// factor (S52).
	NeedsFactor bool
}

func (v *visit) delegatedView() *delegatedView {
	if v.base == "" || v.who == nil || v.who.delegated == nil {
		return nil
	}
	d := v.who.delegated
	acc := v.who.account()
	return &delegatedView{
		Customer:    acc.LegalName,
		Partner:     d.Partner,
		Until:       v.day(rules.LastCoveredDay(*d.EndsAt, db.ZoneOf(acc.TimeZone))),
		NeedsFactor: v.lacksFactor(),
	}
}

// lacksFactor reports whether the person, at a customer, only reads for want of a second factor.
func (v *visit) lacksFactor() bool {
	if v.who == nil || v.who.delegated == nil {
		return false
	}
	d := v.who.delegated
	return d.Delegation.Role == identity.RoleAdmin && d.OwnRole == identity.RoleAdmin &&
		!d.SecondFactor
}
