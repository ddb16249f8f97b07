package operations

import (
	"context"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// What the audit can be narrowed by.
const (
	AuditPerson  = "person"
	AuditAccount = "account"
	AuditThing   = "thing"
)

// named is a table of what has names, with the columns that hold them, the first the name.
type named struct {
	table   string
	columns []string
}

// namedPeople are where who did something is looked for by what people call them, with the
// columns that hold it.
var namedPeople = []named{
	{"operators", []string{"name", "email"}},
	{"users", []string{"name", "email"}},
	{"api_tokens", []string{"label"}},
}

// namedAccounts is where a customer is looked for.
var namedAccounts = []named{{"accounts", []string{"legal_name"}}}

// AuditSubject returns the id of the person, account or thing that somebody typed as people
// know it: by an id, a number, a name, an address, or a part of those; the exact one before
// the others. Empty: there is none. What several are called answers VALIDATION_FAILED with their
// names: an audit that is read of somebody else accuses the wrong one.
func (s *Operations) AuditSubject(ctx context.Context, what, typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	switch {
	case typed == "":
		return "", nil
	case what == AuditThing:
		return s.IDOf(ctx, typed)
	case Nameable(typed) || what == AuditPerson && unnamed[typed]:
		return typed, nil
	}

	var id string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		id = ""
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		where := namedPeople
		if what == AuditAccount {
			where = namedAccounts
		}
		var all []candidate
		for _, w := range where {
			found, err := namedLike(tx, w.table, w.columns, typed)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		var err error
		id, err = onlyOne(all, what, typed)
		return err
	})
	return id, err
}

// unnamed are the actors that have an id and no name.
var unnamed = map[string]bool{"system": true, "visitor": true, "command_line": true}

// candidate is a row that a text may mean.
type candidate struct {
	ID    string
	Name  string
	Exact bool
}

// mostCandidates bounds how many are named where it is not clear which one is meant.
const mostCandidates = 5

// namedLike returns the rows whose columns hold a text, those that hold it as a whole first.
func namedLike(tx *db.Tx, table string, columns []string, typed string) ([]candidate, error) {
	typed = strings.ToLower(typed)
	var exact, part []string
	for _, c := range columns {
		exact = append(exact, "LOWER("+c+") = @typed")
		part = append(part, "LOWER("+c+") LIKE @part ESCAPE '!'")
	}

	var found []candidate
	err := tx.Raw("SELECT id, "+strings.Join(columns, " || ' · ' || ")+" AS name, ("+
		strings.Join(exact, " OR ")+") AS exact FROM "+table+
		" WHERE "+strings.Join(part, " OR ")+" ORDER BY 3 DESC, 2, id LIMIT @most",
		map[string]any{
			"typed": typed,
			"part":  db.Part(typed),
			"most":  mostCandidates + 1,
		}).Scan(&found).Error
	return found, err
}

// onlyOne is the one that a text means: the only one that is called so, or else the only one
// of which it is a part. Empty: there is none.
func onlyOne(all []candidate, what, typed string) (string, error) {
	exact := slices.DeleteFunc(slices.Clone(all), func(c candidate) bool { return !c.Exact })
	if len(exact) > 0 {
		all = exact
	}
	switch len(all) {
	case 0:
		return "", nil
	case 1:
		return all[0].ID, nil
	}

	var names []string
	for i, c := range all {
		if i == mostCandidates {
			names = append(names, "…")
			break
		}
		names = append(names, c.Name)
	}
	return "", &SeveralCalled{names, rules.Invalid([]rules.FieldError{{
		Pointer: "/query/" + what,
		Code:    rules.OutOfRange,
		Message: "Several are called that: " + strings.Join(names, "; ") + ".",
		Remedy:  "Give the whole name, the e-mail address or the id.",
	}})}
}

// SeveralCalled is the refusal of a name that several have.
type SeveralCalled struct {
	Names   []string // of the first of them
	refused error
}

// Error is the refusal's text.
func (e *SeveralCalled) Error() string { return e.refused.Error() }

// Unwrap returns the refusal VALIDATION_FAILED.
func (e *SeveralCalled) Unwrap() error { return e.refused }

// Nameable reports whether a text is an id of a kind that has names.
func Nameable(text string) bool {
	_, ok := namings[db.KindOf(text)]
	return ok
}
