// Package sync is the client of customers' Sync: it asks for places and devices over mutual TLS,
// and for nothing else. Package simulator serves the same HTTP.
//
// Nothing requires it: it decides, stores and answers nothing, and what does never imports it. The
// one address of each region is configured; nothing goes to an address that a customer typed.
package sync
