package db

import (
	"crypto/hmac"
	"encoding/base64"
)

// cursorSeal is how many bytes of a cursor are its signature.
const cursorSeal = 16

// SignCursor returns what a caller gets as the cursor of the next page: the position,
// signed for the place where it was given. The place names the list, what narrows it, and
// who reads it: anywhere else, and changed by anybody, the cursor is none.
func (s Secrets) SignCursor(place, position string) string {
	if position == "" {
		return ""
	}
	seal := s.cursorSeal(place, position)
	return base64.RawURLEncoding.EncodeToString(append(seal, position...))
}

// OpenCursor returns the position of a cursor that was given at the place; ok is false
// for anything else.
func (s Secrets) OpenCursor(place, cursor string) (position string, ok bool) {
	content, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(content) <= cursorSeal {
		return "", false
	}

	position = string(content[cursorSeal:])
	return position, hmac.Equal(content[:cursorSeal], s.cursorSeal(place, position))
}

func (s Secrets) cursorSeal(place, position string) []byte {
	return s.mac("cursor", place+"\x00"+position)[:cursorSeal]
}
