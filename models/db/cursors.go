package db

import (
	"crypto/hmac"
	"encoding/base64"
)

// cursorSeal is how many bytes of a cursor, or of another signed text, are its signature.
const cursorSeal = 16

// SignCursor returns what a caller gets as the cursor of the next page: the position,
// signed for the place where it was given. The place names the list, what narrows it, and
// who reads it: anywhere else, and changed by anybody, the cursor is none.
func (s Secrets) SignCursor(place, position string) string {
	return s.Sign("cursor\x00"+place, position)
}

// OpenCursor returns the position of a cursor that was given at the place; ok is false
// for anything else.
func (s Secrets) OpenCursor(place, cursor string) (position string, ok bool) {
	return s.OpenSigned("cursor\x00"+place, cursor)
}

// Sign returns a text that somebody else keeps for us, with a signature for one purpose; it
// can be read there, and is worth nothing when it was changed. Empty stays empty.
func (s Secrets) Sign(purpose, text string) string {
	if text == "" {
		return ""
	}
	seal := s.seal(purpose, text)
	return base64.RawURLEncoding.EncodeToString(append(seal, text...))
}

// OpenSigned returns the text that Sign signed for the purpose; ok is false for anything
// else.
func (s Secrets) OpenSigned(purpose, signed string) (text string, ok bool) {
	content, err := base64.RawURLEncoding.Strict().DecodeString(signed)
	if err != nil || len(content) <= cursorSeal {
		return "", false
	}

	text = string(content[cursorSeal:])
	return text, hmac.Equal(content[:cursorSeal], s.seal(purpose, text))
}

func (s Secrets) seal(purpose, text string) []byte {
	return s.mac("signed", purpose+"\x00"+text)[:cursorSeal]
}
