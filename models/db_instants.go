package models

import "time"

// sameInstant reports whether two instants are the same, or both unknown.
func sameInstant(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
