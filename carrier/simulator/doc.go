// Package simulator is a carrier that exists in memory and one small file: it
// serves the contract of docs/carrier.md, moves its parcels by a calendar that it
// is given, sends signed webhooks, and fails on request.
//
// What happens to a parcel follows from the seed, its booking key and the faults
// that were set when it was booked, so a run can be repeated. A booking is in the
// file before it is answered: a simulator that is killed loses none.
package simulator
