package rules

import "strings"

// CSMForm is an operator's input about a customer success manager, the person to whom
// customers turn (R35e).
type CSMForm struct {
	Name  string
	Email string
	Phone string // as people dial it; may be empty
}

// Normalise trims the texts and folds the address.
func (f CSMForm) Normalise() CSMForm {
	return CSMForm{
		Name:  strings.TrimSpace(f.Name),
		Email: NormaliseEmail(f.Email),
		Phone: strings.TrimSpace(f.Phone),
	}
}

// Validate refuses a normalised form with VALIDATION_FAILED, naming every wrong field.
func (f CSMForm) Validate() error {
	var k Checker
	k.PersonName("/name", f.Name, MaxContactName)
	k.Email("/email", f.Email)

	if k.Optional("/phone", f.Phone, 40) && f.Phone != "" && !dialable(f.Phone) {
		k.Fail("/phone", InvalidPhone, "This is not a telephone number.",
			"Send one such as +55 11 4000-1234, or leave it out.")
	}

	return Invalid(k.Fields)
}

// InvalidPhone is the code of a text that nobody can dial.
const InvalidPhone = "INVALID_PHONE"

// dialable reports whether a text has the digits of a number, and otherwise only what
// people write between them.
func dialable(phone string) bool {
	digits := 0
	for i, r := range phone {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" ()-./", r):
		default:
			return false
		}
	}

	return digits >= 5
}
