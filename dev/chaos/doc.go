// Package chaos kills the parts of a running Roomcover and checks that nothing
// is lost: real processes on real PostgreSQL, Temporal and SMTP, a simulated Sync,
// a seeded load, seeded faults, and one oracle over what is left (issue: "Killed,
// and nothing lost").
//
// A Stack holds the processes, a Load posts orders and remembers every answer
// in a Ledger, a Plan says what is killed when, and Judge reads the facts, the
// workflows' histories, the mails and the logs, and names every violation.
package chaos
