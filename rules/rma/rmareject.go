package rma

import (
	"slices"

	"roomcover.dev/roomcover/rules"
)

// Codes with which an agent rejects a request for an RMA.
const (
	RejectNoDefect    = "NO_DEFECT"    // what was described is no defect, or it was mended
	RejectNotEligible = "NOT_ELIGIBLE" // such as damage by force
	RejectFraud       = "FRAUD_SUSPECTED"
	RejectNoAnswer    = "NO_ANSWER" // the customer did not help to find the fault
)

// UnknownRejectCode refuses a code that is not of RejectCodes.
const UnknownRejectCode = "UNKNOWN_REJECT_CODE"

// RejectCodes lists the codes.
func RejectCodes() []string {
	return []string{RejectNoDefect, RejectNotEligible, RejectFraud, RejectNoAnswer}
}

// CheckRejection refuses a rejection without a known code or with a broken reason.
func CheckRejection(code, reason string) error {
	if !slices.Contains(RejectCodes(), code) {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/code",
			Code:    UnknownRejectCode,
			Message: "There is no such code.",
			Remedy:  "Send NO_DEFECT, NOT_ELIGIBLE, FRAUD_SUSPECTED or NO_ANSWER.",
		}})
	}

	return rules.CheckReason(reason)
}
