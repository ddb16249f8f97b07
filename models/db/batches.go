package db

import (
	"fmt"
	"reflect"
	"sync"

	"gorm.io/gorm/schema"
)

// maxParameters is how many values one statement carries. PostgreSQL takes 65,535 and
// SQLite 32,766.
const maxParameters = 30_000

// createBatch is how many rows a plain Create writes in one statement, so that the widest
// table has fewer values than a statement carries: however many rows there are, they are
// written.
const createBatch = 400

// schemas are the columns of entities that were looked up before.
var schemas sync.Map

// RowsPerStatement returns how many rows of an entity one INSERT may have, for
// CreateInBatches.
func RowsPerStatement[T any](_ []T) int {
	var entity T
	parsed, err := schema.Parse(&entity, &schemas, schema.NamingStrategy{})
	if err != nil {
		panic(fmt.Sprintf("%s is no entity: %v", reflect.TypeFor[T](), err))
	}
	return maxParameters / len(parsed.DBNames)
}
