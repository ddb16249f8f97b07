// Package rules holds the decisions of the service as pure functions: dates and
// windows, the order form and its checks, matching of companies and addresses,
// invitations, cancellation, permissions and state machines. It does no input or
// output, reads no clock and imports no other package of the project, so that
// every rule can be tested with a table.
//
// Conventions: instants are UTC, calendar days are civil.Date in an account's
// time zone, periods are half-open [start, end). Refusals are *Error values with
// a stable code; they never repeat what the caller submitted.
package rules
