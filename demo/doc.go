// Package demo plays the whole story of the service against one that runs: an
// order, its acceptance, rooms under cover, a spare on site, an instant swap, a
// replacement on the next business day with its return, one that never returns and
// is billed, a ticket of a Sunday night that becomes a replacement, a
// room that is down in Sync and becomes a ticket by one click, and the cancellation of
// another order. It uses the doors that people use, the API, the portal, the mailbox and
// the carrier, and checks each step. Where no Sync runs it leaves that out.
//
// It is made for a development process whose calendar runs fast: a story of some
// weeks takes a few minutes.
package demo
