package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxReason is how many characters a reason may have. Reasons are kept in the audit,
// and some are shown in mails.
const MaxReason = 1000

// ReasonMissing returns the refusal REASON_REQUIRED of something that needs a reason;
// message says what that is.
func ReasonMissing(message string) *Error {
	e := Refuse(ReasonRequired, message, "Send the field reason.")
	e.Fields = []FieldError{{
		Pointer: "/reason",
		Code:    Required,
		Message: message,
		Remedy:  e.Remedy,
	}}

	return e
}

// CheckReason refuses a reason that is missing (REASON_REQUIRED), too long or
// not plain text. Line breaks are allowed.
func CheckReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return ReasonMissing("A reason is missing.")
	}
	return CheckOptionalReason(reason)
}

// CheckOptionalReason is CheckReason where a reason may be left out.
func CheckOptionalReason(reason string) error {
	field := FieldError{Pointer: "/reason"}
	switch {
	case !utf8.ValidString(reason):
		field.Code = InvalidUTF8
		field.Message = "The reason is not valid UTF-8."
		field.Remedy = "Send it as UTF-8."
	case utf8.RuneCountInString(reason) > MaxReason:
		field.Code = TooLong
		field.Message = "The reason is too long."
		field.Remedy = "Send at most 1000 characters."
	case strings.ContainsFunc(reason, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n'
	}):
		field.Code = ControlCharacters
		field.Message = "The reason has control characters."
		field.Remedy = "Send plain text; line breaks may stay."
	default:
		return nil
	}

	return Invalid([]FieldError{field})
}
