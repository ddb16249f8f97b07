package rma

import "roomcover.dev/roomcover/rules"

// Codes with which an inspection is refused.
const (
	// the faulty unit itself is no wrong one
	SerialIsTheFaultyOne = "SERIAL_IS_THE_FAULTY_ONE"
	// another unit is a wrong one, which somebody has to say
	SerialIsAnotherOne = "SERIAL_IS_ANOTHER_ONE"
	// the unit has a return of its own, which is still open
	UnitOfAnotherReturn = "UNIT_OF_ANOTHER_RETURN"
)

// RefuseUnitOf refuses with UNIT_OF_ANOTHER_RETURN the unit of another return, which is
// named as people call it.
func RefuseUnitOf(name string) error {
	refusal := rules.Refuse(UnitOfAnotherReturn,
		"The unit with this serial number belongs to the return of "+name+", which is open.",
		"Record its inspection there. Where it came in this return's parcel, "+
			"record WRONG_UNIT here afterwards.")
	refusal.Fields = []rules.FieldError{{
		Pointer: "/serial",
		Code:    UnitOfAnotherReturn,
		Message: "The unit belongs to the return of " + name + ".",
		Remedy:  "Record its inspection there.",
	}}
	return refusal
}

// CheckInspection refuses what a depot cannot have found (RULES 2): an outcome that there
// is none of (UNKNOWN_OUTCOME), a WRONG_UNIT with the serial number of the faulty one
// (SERIAL_IS_THE_FAULTY_ONE), any other outcome with another serial number
// (SERIAL_IS_ANOTHER_ONE), since the customer would be told that it sent the wrong unit
// where somebody only misread it, and without one (REQUIRED), since nobody knows then which
// unit was looked at. faulty is empty for an accessory, which has no serial number.
func CheckInspection(faulty, serial string, outcome RMAOutcome) error {
	read := rules.NormaliseSerial(serial)
	switch {
	case !outcome.Valid():
		return refuseField("/outcome", "UNKNOWN_OUTCOME", "There is no such outcome.",
			"Send DEFECT, NO_FAULT_FOUND, DAMAGE or WRONG_UNIT.")
	case faulty == "":
		return nil
	case outcome == OutcomeWrongUnit && read == faulty:
		return refuseField("/outcome", SerialIsTheFaultyOne,
			"This is the serial number of the faulty unit, so it is not a wrong unit.",
			"Send what the inspection found: DEFECT, NO_FAULT_FOUND or DAMAGE; "+
				"or the serial number that stands on the unit.")
	case outcome != OutcomeWrongUnit && read == "":
		return refuseField("/serial", rules.Required,
			"The serial number of the unit that came back is missing.",
			"Send the serial number that stands on the unit; where it has none, "+
				"the outcome is WRONG_UNIT.")
	case outcome != OutcomeWrongUnit && read != faulty:
		return refuseField("/serial", SerialIsAnotherOne,
			"This is not the serial number of the faulty unit.",
			"Read it from the unit again. If it is right, another unit came back: "+
				"send the outcome WRONG_UNIT.")
	}

	return nil
}

func refuseField(pointer, code, message, remedy string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: pointer,
		Code:    code,
		Message: message,
		Remedy:  remedy,
	}})
}
