// Package rma decides about replacements: what may be asked for, which command may follow,
// and which state follows from the facts.
package rma
