package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"cloud.google.com/go/civil"
)

// Checker collects what is wrong with a form, at most one error per field, and as many as
// AddFields allows.
type Checker struct{ Fields []FieldError }

// Fail adds an error.
func (k *Checker) Fail(pointer, code, message, remedy string) {
	k.Fields = AddFields(k.Fields, FieldError{
		Pointer: pointer,
		Code:    code,
		Message: message,
		Remedy:  remedy,
	})
}

// Text checks a mandatory text of at most that many code points and reports whether it
// is sound.
func (k *Checker) Text(pointer, value string, most int) bool {
	if value == "" {
		k.Fail(pointer, Required, "This field is missing or empty.", "Fill it in.")
		return false
	}
	return k.Optional(pointer, value, most)
}

// Optional checks a text that may be empty and reports whether it is sound; most counts
// code points.
func (k *Checker) Optional(pointer, value string, most int) bool {
	unseen, hidden := UnseenRune(value)
	switch {
	case !utf8.ValidString(value) || strings.ContainsRune(value, utf8.RuneError):
		k.Fail(pointer, InvalidUTF8, "The text is damaged: it is not valid UTF-8.",
			"Send the text in UTF-8.")
	case hidden:
		k.Fail(pointer, ControlCharacters,
			"The text contains an invisible character: "+NameOfRune(unseen)+".",
			"Type the text by hand instead of pasting it, on one line.")
	case utf8.RuneCountInString(value) > most:
		k.Fail(pointer, TooLong, fmt.Sprintf("The text has more than %d characters.", most),
			"Shorten it.")
	default:
		return true
	}

	return false
}

// CheckLine returns what is wrong with one line of text that may be empty; most
// counts code points.
func CheckLine(pointer, value string, most int) []FieldError {
	var k Checker
	k.Optional(pointer, value, most)
	return k.Fields
}

// Storable reports whether the database can hold a text and compare with it:
// PostgreSQL refuses the character NUL and damaged UTF-8.
func Storable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// Email checks a mandatory address.
func (k *Checker) Email(pointer, value string) {
	// The longest address has as many code points as octets: it must be ASCII.
	switch {
	case !k.Text(pointer, value, MaxEmailLength) || ValidEmail(value):
	case BeyondASCII(value):
		k.Fail(pointer, InvalidEmail, "This e-mail address has a letter with an accent, or "+
			"another character that addresses cannot have here.",
			"Send the address as the mailbox has it, in the letters a to z.")
	default:
		k.Fail(pointer, InvalidEmail, "This is not one plain e-mail address.",
			"Send one address without a display name, such as name@company.example.")
	}
}

// Date checks a mandatory day, YYYY-MM-DD.
func (k *Checker) Date(pointer, value string) {
	// Ten characters would do; a longer text is not worth parsing.
	if !k.Text(pointer, value, 32) {
		return
	}
	if d, err := civil.ParseDate(value); err != nil || !d.IsValid() || d.Year < 1 {
		k.Fail(pointer, InvalidDate, "This is not a calendar date.", "Send a date as YYYY-MM-DD.")
	}
}

// Country checks a mandatory ISO 3166 code of two letters.
func (k *Checker) Country(pointer, value string) {
	if k.Text(pointer, value, 64) && !ValidCountry(value) {
		k.Fail(pointer, InvalidCountry, "This is not a country code.",
			"Send an ISO 3166 code of two letters, such as BR.")
	}
}

// Between checks a number; both bounds are allowed.
func (k *Checker) Between(pointer string, value, least, most int) {
	if value < least || value > most {
		k.Fail(pointer, OutOfRange, fmt.Sprintf("The number must be from %d to %d.", least, most),
			"Send a number in this range.")
	}
}

// Ascending checks a list of days: each within the bounds and later than the one
// before.
func (k *Checker) Ascending(pointer string, days []int, least, most int) {
	for i, day := range days {
		k.Between(fmt.Sprintf("%s/%d", pointer, i), day, least, max(most, least))
		least = max(least, day+1)
	}
}

// Region checks a normalised region that may be empty.
func (k *Checker) Region(pointer, value string) {
	if value != "" && !regionForm.MatchString(value) {
		k.Fail(pointer, InvalidRegion, "This is not a region's code.",
			"Send the part of an ISO 3166-2 code behind the dash, such as SP, or leave it out.")
	}
}
