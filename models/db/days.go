package db

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"gorm.io/gorm/schema"
)

// daySerializer stores fields with the tag `serializer:day`. Such a field holds a day as the
// text YYYY-MM-DD, empty where it is not known. PostgreSQL stores it as a date and SQLite as
// a text; both store NULL for empty.
type daySerializer struct{}

// gorm reads the tags of an entity also where no database is open yet.
func init() { schema.RegisterSerializer("day", daySerializer{}) }

// Scan reads a stored day into a field of text.
func (daySerializer) Scan(
	ctx context.Context, field *schema.Field, dst reflect.Value, stored any,
) error {
	var text string
	switch day := stored.(type) {
	case nil:
	case time.Time:
		text = day.Format(time.DateOnly)
	case string:
		text = day
	case []byte:
		text = string(day)
	default:
		return fmt.Errorf("%s: a day is stored as %T", field.Name, stored)
	}

	field.ReflectValueOf(ctx, dst).SetString(text)
	return nil
}

// Value returns what is stored of a field of text.
func (daySerializer) Value(
	_ context.Context, _ *schema.Field, _ reflect.Value, day any,
) (any, error) {
	return DayOrNull(day.(string)), nil
}

// DayOrNull is a day, YYYY-MM-DD, as a parameter of SQL: NULL where there is none.
func DayOrNull(day string) any {
	if day == "" {
		return nil
	}
	return day
}
