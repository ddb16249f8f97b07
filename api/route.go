package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"roomcover.dev/roomcover/rules"
)

// route is one operation and who may call it.
type route struct {
	ID, Method, Path, Summary, Description, Tag string

	Scope        string           // what the token must carry
	OrScope      string           // what does as well
	Capability   rules.Capability // what the role must be allowed (RULES 4)
	OperatorOnly bool             // the capability is also a seller's, the route is not
	NoSellers    bool             // for customers and operators
	Everyone     bool             // for sellers, customers and operators; otherwise customers have no access
	Public       bool             // needs no token

	Body       any   // example of the request's type; nil: none
	MaxBody    int64 // bytes; 0: 1 MiB
	Media      []string
	Row        any    // example of the type of a file's row, where no other route has it
	Produces   string // media type of the answer; empty: JSON
	Status     int    // of success; 0: 200
	Errors     []int
	Idempotent bool   // takes Idempotency-Key
	Secret     string // field that a replayed answer must not hold
	Intake     bool   // orders come in here: what is refused is recorded
}

func (r route) describe() string {
	text := r.Description
	if text != "" {
		text += "\n\n"
	}
	if r.Public {
		return strings.TrimSpace(text)
	}
	who := "every role that is allowed " + string(r.Capability)
	if r.NoSellers {
		who = "customers and operators who are allowed " + string(r.Capability)
	}
	if r.OperatorOnly {
		who = "operators who are allowed " + string(r.Capability)
	}
	scope := "`" + r.Scope + "`"
	if r.OrScope != "" {
		scope += " or `" + r.OrScope + "`"
	}
	return text + fmt.Sprintf("Scope %s; for %s.", scope, who)
}

// statuses are the refusals of the route, the common ones included.
func (r route) statuses() []int {
	out := append([]int{http.StatusTooManyRequests}, r.Errors...)
	if !r.Public {
		out = append(out, http.StatusUnauthorized, http.StatusForbidden)
	}
	if r.Body != nil || len(r.Media) > 0 {
		out = append(out, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	if r.Idempotent {
		out = append(out, http.StatusConflict, http.StatusBadRequest)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// allows tells whether a role may call the route at all.
func (r route) allows(role rules.Role) bool {
	var fits bool
	switch {
	case role.IsOperator():
		fits = true
	case customers(role):
		fits = r.NoSellers || r.Everyone
	default:
		fits = !r.OperatorOnly && !r.NoSellers
	}
	return fits && rules.Allows(role, r.Capability).Allowed()
}

// at gives the route for one operation of a group.
func (r route) at(id, path, summary string, errs ...int) route {
	r.ID, r.Path, r.Summary, r.Errors = id, path, summary, errs
	return r
}
