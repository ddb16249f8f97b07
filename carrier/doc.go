// Package carrier is the port to the companies that move parcels: book, label, cancel,
// track, and the webhooks that come back.
//
// Client speaks the HTTP contract of docs/carrier.md; package simulator serves the
// same contract. The types here are that contract's bodies. The package imports
// nothing of ours and keeps nothing.
package carrier
