package api

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"roomcover.dev/roomcover/rules"
)

// route is one operation and who may call it. What its summary does not say stands
// in operations, in a file named after its ID.
type route struct {
	ID, Method, Path, Summary, Tag string

	Scope        string           // what the token must carry
	OrScope      string           // what does as well
	Capability   rules.Capability // what the role must be allowed (RULES 4)
	OperatorOnly bool             // the capability is also a seller's, the route is not
	NoSellers    bool             // for customers and operators
	// for sellers, customers and operators; otherwise not for customers
	Everyone bool
	Public   bool // needs no token
	Signed   bool // a connection of Sync may sign it in place of a token, see signed.go

	Body       any      // value of the request's type; nil: none
	MaxBody    int64    // bytes; 0: 1 MiB
	Streams    bool     // the handler reads the body, once it knows from whom it is
	Media      []string // of a file; nil: the body is JSON
	Row        any      // value of the type of a file's row, where no other route has it
	Produces   string   // media type of the answer; empty: JSON
	Status     int      // of success; 0: 200
	Errors     []int
	Idempotent bool // takes Idempotency-Key
	// of ids: one that the reader has kept does as a cursor; for a list that is the same
	// for all who may read it
	IDsAsCursors string
	Secret       string // field that a replayed answer must not hold
	Intake       bool   // orders come in here: what is refused is recorded
}

// proseFiles hold, in Markdown, what is to be said about the whole API (overview.md)
// and what an operation's summary does not say (operations, by the operation's ID).
//
//go:embed overview.md operations
var proseFiles embed.FS

// describe is the route's description: its file, and who may call it.
func (r route) describe() (string, error) {
	text, err := readProse("operations/" + r.ID + ".md")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}

	if r.Public {
		return text, nil
	}
	if text != "" {
		text += "\n\n"
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

	return text + fmt.Sprintf("Scope %s; for %s.", scope, who), nil
}

// readProse reads a file of paragraphs. In the file their lines are wrapped; in the
// text each is one line.
func readProse(name string) (string, error) {
	content, err := proseFiles.ReadFile(name)
	if err != nil {
		return "", err
	}

	paragraphs := strings.Split(strings.TrimSpace(string(content)), "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.ReplaceAll(p, "\n", " ")
	}

	return strings.Join(paragraphs, "\n\n"), nil
}

// statuses are the refusals of the route, the common ones included.
func (r route) statuses() []int {
	out := []int{http.StatusTooManyRequests, http.StatusServiceUnavailable}
	out = append(out, r.Errors...)
	if !r.Public {
		out = append(out, http.StatusUnauthorized, http.StatusForbidden)
	}
	if r.Body != nil || len(r.Media) > 0 {
		out = append(out, http.StatusBadRequest, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	if r.Idempotent {
		out = append(out, http.StatusConflict, http.StatusBadRequest)
	}

	slices.Sort(out)
	return slices.Compact(out)
}

// allows reports whether a role may call the route at all.
func (r route) allows(role rules.Role) bool {
	var fits bool
	switch {
	case role.IsOperator():
		fits = true
	case customers(role):
		fits = r.NoSellers || r.Everyone
	case partners(role):
		fits = (r.NoSellers || r.Everyone) && partnersReach[r.ID] != 0
	default:
		fits = !r.OperatorOnly && !r.NoSellers
	}

	return fits && rules.Allows(role, r.Capability).Allowed()
}

// The methods below complete the route of a group for one operation.

func (r route) get(id, path, summary string) route {
	return r.operation(http.MethodGet, id, path, summary)
}

func (r route) post(id, path, summary string) route {
	return r.operation(http.MethodPost, id, path, summary)
}

func (r route) put(id, path, summary string) route {
	return r.operation(http.MethodPut, id, path, summary)
}

func (r route) patch(id, path, summary string) route {
	return r.operation(http.MethodPatch, id, path, summary)
}

func (r route) delete(id, path, summary string) route {
	return r.operation(http.MethodDelete, id, path, summary)
}

func (r route) operation(method, id, path, summary string) route {
	r.Method = method
	r.ID = id
	r.Path = path
	r.Summary = summary
	return r
}

// answers sets the status of success, which is 200 otherwise.
func (r route) answers(status int) route {
	r.Status = status
	return r
}

// refuses names refusals beyond those that every route has.
func (r route) refuses(statuses ...int) route {
	r.Errors = statuses
	return r
}

// idempotent lets callers send Idempotency-Key.
func (r route) idempotent() route {
	r.Idempotent = true
	return r
}

// documents sets the type of a JSON body that the handler decodes by itself.
func (r route) documents(body any) route {
	r.Body = body
	return r
}

// takesFile makes the body a file of rows; row is a value of the type of one, or nil
// where another route documents it.
func (r route) takesFile(limit int64, row any) route {
	r.Media = importMedia
	r.MaxBody = limit
	r.Row = row
	return r
}

// takesMail makes the body a mail, which the handler reads.
func (r route) takesMail(limit int64) route {
	r.Media = mailMedia
	r.MaxBody = limit
	r.Streams = true
	return r
}

// upTo bounds the body, in bytes.
func (r route) upTo(limit int64) route {
	r.MaxBody = limit
	return r
}

// produces sets the media type of the answer, which is JSON otherwise.
func (r route) produces(media string) route {
	r.Produces = media
	return r
}

// orSigned lets a connection of Sync sign the request in place of a token.
func (r route) orSigned() route {
	r.Signed = true
	return r
}

// hides names the field that a replayed answer must not hold.
func (r route) hides(field string) route {
	r.Secret = field
	return r
}

// continuesBehind lets a reader go on behind an id of the kind that it has kept.
func (r route) continuesBehind(kind string) route {
	r.IDsAsCursors = kind
	return r
}

// takesOrders has what is refused here recorded.
func (r route) takesOrders() route {
	r.Intake = true
	return r
}
