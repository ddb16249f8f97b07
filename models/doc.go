// Package models leads to the rooms of the domains; it has no code of its own.
//
// Every fact is a row, and every row belongs to one domain, which alone writes it. From the
// ground up:
//
//	db            the database: transactions, scope, audit, outbox, operators' tasks, pages
//	program       the program and its catalogue, models, countries' terms, calendars, promises
//	notification  mails to send, their claims, whom to tell
//	importjob     jobs and rows of imported files
//	account       organisations, accounts, sites, parents, customer success managers
//	identity      users, memberships, invitations, sessions, tokens, partners' delegations
//	sso           companies' own sign-in, their proved domains
//	provisioning  people and groups of companies' directories
//	entitlement   contracts, licences, rooms, devices, placements, assignments, cover
//	warranty      extended warranties, claims, earlier ones
//	logistics     depots, stock, shipments, scans, carriers' events, papers
//	replacement   RMAs, spare units, the ledger of spares
//	order         intake, review, fulfilment, cancellation
//	privacy       exports and erasures of persons, incidents
//	operations    what is under way, the agenda, the actions of tasks, the daily sweep
//	domains       opens the database and puts the domains together
//
// A domain imports only those above it in this list. A method with a context opens a
// transaction; an exported function that takes a *db.Tx is the way from one domain into
// another. Every method reads the caller's Scope from the context and refuses to work
// without one (C5). A state change, its audit event and its outbox event commit together
// (C6). Refusals are *rules.Error values with a code; every other error is the machine's.
// All instants are UTC.
package models
