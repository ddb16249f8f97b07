// Package spare decides about spares: how many are earned, where they are placed, and what
// follows from a unit's facts.
package spare
