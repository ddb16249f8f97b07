// Package licensing decides about contracts, licences, rooms and devices: who may assign
// and move, when a contract starts, what a file of rooms may say.
package licensing
