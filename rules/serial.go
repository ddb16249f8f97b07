package rules

import (
	"fmt"
	"strings"
	"unicode"
)

// MinSerialLength and MaxSerialLength bound a normalised serial number.
const (
	MinSerialLength = 3
	MaxSerialLength = 40
)

// Codes of a serial number's errors (R27c).
const (
	SerialTooShort          = "SERIAL_TOO_SHORT"
	SerialInvalidCharacters = "SERIAL_INVALID_CHARACTERS" // such as a slash
	SerialConfusable        = "SERIAL_CONFUSABLE"         // not ASCII: may look like another
	SerialPlaceholder       = "SERIAL_PLACEHOLDER"        // stands for a missing one
)

// placeholders are what firmware, spreadsheets and people write where a serial number is
// missing, normalised: the next customer's device has the same one.
var placeholders = set(`
	DEFAULTSTRING TOBEFILLEDBYO.E.M. TOBEFILLEDBYOEM SYSTEMSERIALNUMBER CHASSISSERIALNUMBER
	BASEBOARDSERIALNUMBER SERIALNUMBER SERIALNO SERIAL NOTSPECIFIED NOTAPPLICABLE NOTAVAILABLE
	NOTFOUND NOTDEFINED NOSERIAL NOSERIALNUMBER NONE NULL NIL NAN N/A #N/A #REF! UNKNOWN
	UNDEFINED INVALID EMPTY BLANK MISSING DEFAULT TBD TBA TRUE FALSE
	NUMERODESERIE SEMSERIAL SEMNUMERO SEMNUMERODESERIE NAOTEM NAOINFORMADO NAOSEAPLICA
	DESCONHECIDO NENHUM NENHUMA INVALIDO
	0123456789 123456789 1234567890 12345678`)

// repeats reports whether a serial is one character over and over, such as 00000000.
func repeats(serial string) bool {
	return len(serial) >= MinSerialLength && len(serial) < MaxSerialLength &&
		strings.Trim(serial, serial[:1]) == ""
}

// NormaliseSerial puts a serial number into the one form in which it is stored and
// compared (R27c, S63): no spaces, no dashes, upper case, and the wide letters and digits
// of East Asian keyboards as plain ones. Only ASCII letters change case, because Unicode
// would turn "ı" and "ſ" into the I and S of another device. Characters that a serial may
// not have stay in it, for ValidSerial to refuse.
func NormaliseSerial(serial string) string {
	return strings.Map(func(r rune) rune {
		if r >= '\uff01' && r <= '\uff5e' {
			r += '!' - '\uff01' // wide
		}

		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Zs, r), unicode.Is(unicode.Pd, r),
			r == '\u2212':
			// minus sign
			return -1
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, serial)
}

// ValidSerial checks a serial number, normalised or as typed. The error is
// VALIDATION_FAILED with the field /serial.
func ValidSerial(serial string) error {
	if problem := SerialProblem("/serial", serial); problem != nil {
		return Invalid([]FieldError{*problem})
	}
	return nil
}

// SerialProblem returns what is wrong with a serial number, as typed, in the field at
// the pointer; nil when nothing is. Its codes are REQUIRED, TOO_LONG, SERIAL_TOO_SHORT,
// SERIAL_INVALID_CHARACTERS, SERIAL_CONFUSABLE and SERIAL_PLACEHOLDER.
func SerialProblem(pointer, serial string) *FieldError {
	s := NormaliseSerial(serial)
	unseen, hidden := UnseenRune(s)
	switch {
	case s == "":
		return &FieldError{
			Pointer: pointer,
			Code:    Required,
			Message: "The serial number is missing.",
			Remedy:  "Type it as it is printed on the device.",
		}
	case hidden && unseen > unicode.MaxASCII:
		return &FieldError{
			Pointer: pointer,
			Code:    SerialConfusable,
			Message: "The serial number contains an invisible character: " +
				NameOfRune(unseen) + ".",
			Remedy: "Type it by hand instead of pasting it.",
		}
	case placeholders[s] || repeats(s):
		return &FieldError{
			Pointer: pointer,
			Code:    SerialPlaceholder,
			Message: "This is a placeholder, for a device whose serial number was never set.",
			Remedy:  "Type the number that is printed on the device or its box.",
		}
	case strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }):
		return &FieldError{
			Pointer: pointer,
			Code:    SerialConfusable,
			Message: "The serial number has a character that only looks like a letter or digit.",
			Remedy:  "Type it by hand, with the letters A to Z and digits only.",
		}
	case strings.ContainsFunc(s, func(r rune) bool { return !isSerialRune(r) }):
		return &FieldError{
			Pointer: pointer,
			Code:    SerialInvalidCharacters,
			Message: "The serial number contains a character that is not a letter or a digit.",
			Remedy:  "Use letters, digits, spaces and dashes only.",
		}
	case len(s) < MinSerialLength:
		return &FieldError{
			Pointer: pointer,
			Code:    SerialTooShort,
			Message: fmt.Sprintf("The serial number has fewer than %d characters.",
				MinSerialLength),
			Remedy: "Type the whole number.",
		}
	case len(s) > MaxSerialLength:
		return &FieldError{
			Pointer: pointer,
			Code:    TooLong,
			Message: fmt.Sprintf("The serial number has more than %d characters.", MaxSerialLength),
			Remedy:  "Send one serial number only.",
		}
	}

	return nil
}

func isSerialRune(r rune) bool { return (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') }
