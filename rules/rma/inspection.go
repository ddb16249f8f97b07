package rma

import "roomcover.dev/roomcover/rules"

// SerialIsTheFaultyOne is the code that refuses to call the faulty unit a wrong one.
const SerialIsTheFaultyOne = "SERIAL_IS_THE_FAULTY_ONE"

// CheckInspection refuses what a depot cannot have found (RULES 2): an outcome that there
// is none of (UNKNOWN_OUTCOME), a WRONG_UNIT with the serial number of the faulty one
// (SERIAL_IS_THE_FAULTY_ONE), and any other outcome without a serial number (REQUIRED),
// since nobody knows then which unit was looked at. faulty is empty for an accessory,
// which has no serial number.
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
			"This is the serial number of the faulty unit, so it is no wrong unit.",
			"Send what the inspection found: DEFECT, NO_FAULT_FOUND or DAMAGE; "+
				"or the serial number that stands on the unit.")
	case outcome != OutcomeWrongUnit && read == "":
		return refuseField("/serial", rules.Required,
			"The serial number of the unit that came back is missing.",
			"Send the serial number that stands on the unit; where it has none, "+
				"the outcome is WRONG_UNIT.")
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
