// Package simulator is a Sync for tests and development: the documented HTTP over mutual TLS, with
// its throttling and its refusals, certificates of its own, rooms that go down and up by a script,
// and whatever may go wrong on the way.
package simulator
