package db

import (
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/tracing"
)

// tracedStatements makes a span of each SQL statement: what it does and to which table, and neither
// its text nor its values.
type tracedStatements struct{}

// Name is part of gorm.Plugin.
func (tracedStatements) Name() string { return "tracing" }

// Initialize is part of gorm.Plugin.
func (tracedStatements) Initialize(db *gorm.DB) error {
	const before, after = "tracing:before", "tracing:after"
	c := db.Callback()
	return errors.Join(
		c.Create().Before("*").Register(before, beginStatement("INSERT")),
		c.Create().After("*").Register(after, finishStatement),
		c.Query().Before("*").Register(before, beginStatement("SELECT")),
		c.Query().After("*").Register(after, finishStatement),
		c.Update().Before("*").Register(before, beginStatement("UPDATE")),
		c.Update().After("*").Register(after, finishStatement),
		c.Delete().Before("*").Register(before, beginStatement("DELETE")),
		c.Delete().After("*").Register(after, finishStatement),
		c.Row().Before("*").Register(before, beginStatement("ROWS")),
		c.Row().After("*").Register(after, finishStatement),
		c.Raw().Before("*").Register(before, beginStatement("EXECUTE")),
		c.Raw().After("*").Register(after, finishStatement),
	)
}

const spanOfStatement = "tracing:span"

// beginStatement begins the span of a statement within a trace; outside of one there is nothing to
// tell.
func beginStatement(verb string) func(*gorm.DB) {
	return func(db *gorm.DB) {
		ctx := db.Statement.Context
		if !trace.SpanContextFromContext(ctx).IsValid() {
			return
		}

		name := verb
		if db.Statement.Table != "" {
			name += " " + db.Statement.Table
		}
		_, span := tracing.Span(ctx, trace.SpanKindClient, name,
			attribute.String("db.system.name", db.Name()),
			attribute.String("db.operation.name", verb),
			attribute.String("db.collection.name", db.Statement.Table))
		db.InstanceSet(spanOfStatement, span)
	}
}

func finishStatement(db *gorm.DB) {
	found, ok := db.InstanceGet(spanOfStatement)
	if !ok {
		return
	}
	span := found.(trace.Span)
	span.SetAttributes(attribute.Int64("db.response.returned_rows", db.RowsAffected))
	tracing.End(span, db.Error)
}
