package operations

import (
	"context"
	"strings"

	"roomcover.dev/roomcover/models/db"
)

// What the audit can be narrowed by.
const (
	AuditPerson  = "person"
	AuditAccount = "account"
	AuditThing   = "thing"
)

// namedPeople are where who did something is looked for by what people call them, with the
// columns that hold it.
var namedPeople = []struct {
	table   string
	columns []string
}{
	{"operators", []string{"name", "email"}},
	{"users", []string{"name", "email"}},
	{"api_tokens", []string{"label"}},
}

// AuditSubject returns the id of the person, account or thing that somebody typed as people
// know it: by an id, a number, a name, an address, or a part of those; the exact one before
// the others. Empty: there is none.
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
		if what == AuditAccount {
			found, err := namedLike(tx, "accounts", []string{"legal_name"}, typed)
			id = found
			return err
		}
		for _, p := range namedPeople {
			found, err := namedLike(tx, p.table, p.columns, typed)
			if err != nil || found != "" {
				id = found
				return err
			}
		}
		return nil
	})
	return id, err
}

// unnamed are the actors that have an id and no name.
var unnamed = map[string]bool{"system": true, "visitor": true, "command_line": true}

// namedLike returns the id of the row whose columns hold a text, as a whole rather than as a
// part; empty: none does.
func namedLike(tx *db.Tx, table string, columns []string, typed string) (string, error) {
	typed = strings.ToLower(typed)
	var exact, part []string
	for _, c := range columns {
		exact = append(exact, "LOWER("+c+") = @typed")
		part = append(part, "LOWER("+c+") LIKE @part ESCAPE '!'")
	}

	var ids []string
	err := tx.Raw("SELECT id FROM "+table+" WHERE "+strings.Join(part, " OR ")+
		" ORDER BY CASE WHEN "+strings.Join(exact, " OR ")+" THEN 0 ELSE 1 END, id LIMIT 1",
		map[string]any{"typed": typed, "part": db.Part(typed)}).Scan(&ids).Error
	return strings.Join(ids, ""), err
}

// Nameable reports whether a text is an id of a kind that has names.
func Nameable(text string) bool {
	_, ok := namings[db.KindOf(text)]
	return ok
}
