// Package health holds the rules of rooms as a customer's Sync tells of them: what an answer
// says, however much of it is missing; how a room is (S30); when that is believed, and told
// (S29, S57); when to ask again; and which place may be which room (R43a). It does no I/O.
//
// What Sync says is said in real time: the calendar of the service has no part in it.
package health
