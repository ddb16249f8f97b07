// Package shipping decides about parcels and stock: which state follows from the scans,
// and what an entry does to a level.
package shipping
