package models

import (
	"context"
	"reflect"
	"slices"

	"gorm.io/gorm"
)

// EntityColumns lists the "table.column" of every entity, and which of them
// take NULL because their field is a pointer.
func EntityColumns(s *Store) (columns, nullable []string, err error) {
	for _, entity := range Entities() {
		stmt := &gorm.Statement{DB: s.db.gorm}
		if err := stmt.Parse(entity); err != nil {
			return nil, nil, err
		}
		for _, f := range stmt.Schema.Fields {
			if f.DBName == "" {
				continue
			}
			name := stmt.Schema.Table + "." + f.DBName
			columns = append(columns, name)
			if f.FieldType.Kind() == reflect.Pointer {
				nullable = append(nullable, name)
			}
		}
	}
	slices.Sort(columns)
	slices.Sort(nullable)
	return columns, nullable, nil
}

// InTx runs a statement in a transaction under the context's scope, with no
// WHERE of ours.
func InTx(s *Store, ctx context.Context, fn func(tx *gorm.DB, scope Scope) error) error {
	return s.db.Write(ctx, func(tx *Tx) error { return fn(tx.DB, tx.Scope) })
}

// ExecArgs runs a statement behind the Store's back.
func ExecArgs(s *Store, query string, args ...any) error { return s.db.gorm.Exec(query, args...).Error }

// ForgetReference has the next question about the program read the database.
var ForgetReference = (*Store).forgetReference
