// Package ordering holds an order against the catalogue, and decides about review, renewal
// and cancellation.
package ordering
