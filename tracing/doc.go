// Package tracing follows one request through the service with OpenTelemetry: the HTTP request, the
// row of the outbox, the workflow, its steps, each SQL statement, and the mail or the call to a
// carrier that comes of it. It is off until an address to send traces to is set.
//
// What a span says is a shape: a route's template, a table, the name of a step. No address, name,
// text or value of anybody is in one, and the text of an error neither.
package tracing
