package models

import (
	"reflect"
	"slices"

	"gorm.io/gorm"
)

// EntityColumns lists the "table.column" of every entity, and which of them
// take NULL because their field is a pointer.
func EntityColumns(s *Store) (columns, nullable []string, err error) {
	for _, entity := range Entities() {
		stmt := &gorm.Statement{DB: s.db}
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
var InTx = (*Store).tx

// ExecArgs runs a statement behind the Store's back.
func ExecArgs(s *Store, query string, args ...any) error { return s.db.Exec(query, args...).Error }

// ForgetReference has the next question about the program read the database.
var ForgetReference = (*Store).forgetReference
