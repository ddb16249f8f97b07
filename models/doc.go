// Package models holds the facts: the entities of RULES 1 and the Store that
// reads and changes them.
//
// A public method of the Store opens its own transaction; helpers take the
// transaction. Every method reads the caller's Scope from the context and
// refuses to work without one (C5). A state change, its audit event and its
// outbox event commit together (C6). Refusals are *rules.Error values with a
// code; every other error is the machine's. All instants are UTC.
package models
