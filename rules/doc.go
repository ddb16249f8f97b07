// Package rules holds the decisions of the service as pure functions. They do no input or
// output and read no clock, so that every rule can be tested with a table. This package is
// the ground floor, which imports no other package of the project: refusals, permissions,
// dates and windows, names, addresses and companies, invitations, the states of orders,
// contracts and mails. What belongs to one subject has a room of its own:
//
//	catalogue  what is sold and where: the program, SKUs, device models, countries' terms
//	calendar   business days, the promised day, the day of return
//	cover      what covers a device or a room, by which right, and why not
//	ordering   an order's form, its review, its cancellation
//	licensing  rooms and devices as they are told, assignments, starts of contracts
//	rma        replacements: requests, commands, states from facts, timers
//	spare      spares: how many are earned, their commands and states
//	shipping   parcels and stock
//	processes  every process with its states, what it waits for and who has to act
//
// Conventions: instants are UTC, calendar days are civil.Date in an account's
// time zone, periods are half-open [start, end). Refusals are *Error values with
// a stable code and a remedy; they never repeat what the caller submitted.
package rules
