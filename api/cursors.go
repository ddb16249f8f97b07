package api

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// A cursor goes out signed and comes back as the position that a domain reads on from.
// The handlers see positions only: openCursors stands before them, signCursors behind.

// CursorInvalid refuses a cursor that this list did not give to this caller.
const CursorInvalid = "INVALID_CURSOR"

// cursorsKey is where an operation's metadata has the parameters that are cursors.
const cursorsKey = "cursors"

// cursorsOf lists the cursors among the parameters of an input.
func cursorsOf(input reflect.Type) []string {
	var out []string
	for f := range input.Fields() {
		name := f.Tag.Get("query")
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			out = append(out, cursorsOf(f.Type)...)
		case name == "cursor" || strings.HasSuffix(name, "_cursor"):
			out = append(out, name)
		}
	}
	return out
}

// openCursors puts the positions in the place of the request's cursors, and refuses a
// cursor that is damaged, forged, of another list, or of another caller.
func (s *service) openCursors(ctx huma.Context, next func(huma.Context)) {
	names, _ := ctx.Operation().Metadata[cursorsKey].([]string)
	positions := map[string]string{}
	for _, name := range names {
		cursor := ctx.Query(name)
		if cursor == "" {
			continue
		}

		position, ok := s.openCursor(ctx, name, cursor)
		if !ok {
			s.refuse(ctx, invalidCursor(name))
			return
		}
		positions[name] = position
	}

	if len(positions) > 0 {
		ctx = atPosition{request: ctx, positions: positions}
	}
	next(ctx)
}

func (s *service) openCursor(ctx huma.Context, name, cursor string) (string, bool) {
	if kind := routeOf(ctx).IDsAsCursors; kind != "" && isID(kind, cursor) {
		return cursor, true
	}
	return s.domains.DB.Secrets().OpenCursor(placeOf(ctx, name), cursor)
}

// isID reports whether a text is an id of the kind.
func isID(kind, text string) bool {
	rest, ok := strings.CutPrefix(text, kind+"_")
	return ok && len(rest) <= 40 && strings.Trim(rest, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

func invalidCursor(name string) error {
	e := rules.Refuse(CursorInvalid,
		"This is not a valid cursor of this list, "+
			"or it was given for another filter or another token.",
		"Send next_cursor of the page before, with the same filters and token; "+
			"or begin again without a cursor.")
	e.Fields = []rules.FieldError{{
		Pointer: parameterPointer("query." + name),
		Code:    CursorInvalid,
		Message: "This list did not give this cursor.",
		Remedy:  "Send next_cursor of the page before, or none.",
	}}
	return e
}

// request is a huma.Context under another name, since it has a method Context.
type request huma.Context

// atPosition is a request whose cursors are positions.
type atPosition struct {
	request
	positions map[string]string
}

// Query reads a parameter.
func (c atPosition) Query(name string) string {
	if position, ok := c.positions[name]; ok {
		return position
	}
	return c.request.Query(name)
}

// Unwrap returns the request as it came.
func (c atPosition) Unwrap() huma.Context { return c.request }

// placeOf names where a cursor is good: the list and what narrows it, and what the caller
// may see. How many lines a page has may change.
func placeOf(ctx huma.Context, name string) string {
	url := ctx.URL()
	query := url.Query()
	query.Del("limit")
	for parameter := range query {
		if parameter == "cursor" || strings.HasSuffix(parameter, "_cursor") {
			query.Del(parameter)
		}
	}

	place := []string{ctx.Operation().OperationID, name, url.Path, query.Encode()}
	return strings.Join(append(place, reach(ctx.Context())...), "\x00")
}

// reach says what the caller may see.
func reach(ctx context.Context) []string {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return []string{"public"}
	}
	if scope.System {
		return []string{"operator"}
	}

	accounts := slices.Sorted(slices.Values(scope.AccountIDs))
	return append([]string{"tenant", scope.OrgID}, accounts...)
}

// signCursors signs the cursors of an answer: next_cursor of a list, and those of the
// lists within an answer, whose parameters begin with the list's name.
func (s *service) signCursors(ctx huma.Context, _ string, body any) (any, error) {
	names, _ := ctx.Operation().Metadata[cursorsKey].([]string)
	read := reflect.Indirect(reflect.ValueOf(body))
	if len(names) == 0 || read.Kind() != reflect.Struct {
		return body, nil
	}

	signed := reflect.New(read.Type()).Elem()
	signed.Set(read)
	for _, name := range names {
		next := nextCursor(signed, name)
		if !next.IsValid() {
			return body, nil // a refusal
		}
		next.SetString(s.domains.DB.Secrets().SignCursor(placeOf(ctx, name), next.String()))
	}

	return signed.Interface(), nil
}

// nextCursor finds the field of an answer whose value the named parameter takes.
func nextCursor(answer reflect.Value, name string) reflect.Value {
	if of, within := strings.CutSuffix(name, "_cursor"); within {
		answer = answer.FieldByNameFunc(func(f string) bool { return strings.EqualFold(f, of) })
	}
	if !answer.IsValid() {
		return reflect.Value{}
	}
	return answer.FieldByName("NextCursor")
}
