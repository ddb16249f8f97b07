package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Codes of refusals. They are part of the API and never change their meaning.
const (
	ValidationFailed         = "VALIDATION_FAILED"
	NotFound                 = "NOT_FOUND"
	Forbidden                = "FORBIDDEN"
	Unauthenticated          = "UNAUTHENTICATED"
	StateConflict            = "STATE_CONFLICT"
	ReasonRequired           = "REASON_REQUIRED"
	IdempotencyConflict      = "IDEMPOTENCY_KEY_CONFLICT"
	PONumberConflict         = "PO_NUMBER_CONFLICT"
	CancellationWindowClosed = "CANCELLATION_WINDOW_CLOSED"
	LicencesNotNamed         = "LICENCES_NOT_NAMED"
	InvitationExpired        = "INVITATION_EXPIRED"
	InvitationUsed           = "INVITATION_USED"
	InvitationSuperseded     = "INVITATION_SUPERSEDED"
	InvitationRevoked        = "INVITATION_REVOKED"
	InvitationWrongPerson    = "INVITATION_WRONG_PERSON"
	SignInRequired           = "SIGN_IN_REQUIRED" // a known person accepts an invitation
	LastAdmin                = "LAST_ADMIN"
	UserLimit                = "USER_LIMIT"
	SiteLimit                = "SITE_LIMIT"
	RateLimited              = "RATE_LIMITED"
	ActionNotAvailable       = "ACTION_NOT_AVAILABLE" // no such command or action
	// a decision, or a change, says on which version of what it decides it is based
	VersionMissing  = "PRECONDITION_REQUIRED"
	VersionMismatch = "VERSION_MISMATCH"
)

// Codes of single fields inside a VALIDATION_FAILED error.
const (
	Required          = "REQUIRED"
	NotTaken          = "NOT_TAKEN" // words that the command would keep nowhere
	TooLong           = "TOO_LONG"
	InvalidUTF8       = "INVALID_UTF8"
	ControlCharacters = "CONTROL_CHARACTERS"
	InvalidEmail      = "INVALID_EMAIL"
	InvalidDomain     = "INVALID_DOMAIN"
	InvalidDate       = "INVALID_DATE"
	InvalidCountry    = "INVALID_COUNTRY"
	InvalidLocale     = "INVALID_LOCALE"
	UnknownSKU        = "UNKNOWN_SKU"
	QuantityTooSmall  = "QUANTITY_TOO_SMALL"
	QuantityTooLarge  = "QUANTITY_TOO_LARGE"
	TooManyLines      = "TOO_MANY_LINES"
	MixedServiceTypes = "MIXED_SERVICE_TYPES"
	UnknownLicence    = "UNKNOWN_LICENCE"
	UnknownCSM        = "UNKNOWN_CSM"
	Duplicate         = "DUPLICATE"
	TooManyNamed      = "TOO_MANY_NAMED"
	OutOfRange        = "OUT_OF_RANGE"
)

// Codes of warnings: the order is accepted all the same.
const (
	GroupMailboxSuspected = "GROUP_MAILBOX_SUSPECTED" // R49a
	PurchaseDateReplaced  = "PURCHASE_DATE_REPLACED"  // S6
	NotTheSender          = "NOT_THE_SENDER"          // S59: the form names somebody else
)

// FieldError is one wrong field. Pointer is a JSON pointer (RFC 6901) into the
// submitted document. Message and Remedy never repeat the submitted value.
type FieldError struct {
	Pointer string `json:"pointer" doc:"Where the wrong field is: a JSON pointer (RFC 6901) into what was sent, such as /lines/0/sku"`
	Code    string `json:"code" doc:"Stable code of what is wrong, such as REQUIRED"`
	Message string `json:"message" doc:"What is wrong, as an English sentence; never the value that was sent"`
	Remedy  string `json:"remedy" doc:"What to do about it"`

	more int // how many errors a MORE_ERRORS stands for
}

// Bounds of what is told about one document, and of what is stored of it.
const (
	MaxFieldErrors  = 200      // the last one says how many more there are
	MaxStoredErrors = 64 << 10 // bytes, as JSON
)

// MoreErrors is the code of the entry that stands for the errors beyond the bound.
const MoreErrors = "MORE_ERRORS"

// AddFields adds errors to a list. The list holds MaxFieldErrors of them at most, and one
// more that counts the rest: whoever sent a broken file wants to know how broken it is,
// not every place of it.
func AddFields(fields []FieldError, further ...FieldError) []FieldError {
	for _, f := range further {
		count := max(f.more, 1)
		switch {
		case f.Code != MoreErrors && len(fields) < MaxFieldErrors:
			fields = append(fields, f)
			continue
		case len(fields) == 0 || fields[len(fields)-1].Code != MoreErrors:
			fields = append(fields, FieldError{})
		default:
			count += fields[len(fields)-1].more
		}
		fields[len(fields)-1] = moreErrors(count)
	}

	return fields
}

func moreErrors(n int) FieldError {
	return FieldError{
		Code:    MoreErrors,
		Message: fmt.Sprintf("And %d more errors.", n),
		Remedy:  "Correct those that are listed and send it again.",
		more:    n,
	}
}

// StoredFields returns as many errors as may be stored of one refusal, with the number of
// those that are left out: their JSON has MaxStoredErrors bytes at most.
func StoredFields(fields []FieldError) []FieldError {
	fields = AddFields(nil, fields...)

	size := len("[]")
	for i, f := range fields {
		size += len(",") + jsonSize(f)
		if size > MaxStoredErrors-jsonSize(moreErrors(math.MaxInt)) {
			return AddFields(slices.Clone(fields[:i]), moreErrors(countOf(fields[i:])))
		}
	}

	return fields
}

// countOf returns for how many errors the entries stand.
func countOf(fields []FieldError) (n int) {
	for _, f := range fields {
		n += max(f.more, 1)
	}
	return n
}

func jsonSize(f FieldError) int {
	encoded, err := json.Marshal(f)
	if err != nil {
		return MaxStoredErrors
	}
	return len(encoded)
}

// Error is a refusal with a stable code, what happened, what to do about it and,
// where fields are to blame, every field that is wrong.
type Error struct {
	Code    string       `json:"code"`
	Message string       `json:"message"`
	Remedy  string       `json:"remedy"`
	Fields  []FieldError `json:"fields,omitempty"`
	// RetryAfter is how long to wait before the same has a chance; 0: not known.
	RetryAfter time.Duration `json:"-"`
}

// Error returns code and message; neither holds personal data, so it may be logged.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Refuse makes a refusal that does not concern single fields.
func Refuse(code, message, remedy string) *Error {
	return &Error{Code: code, Message: message, Remedy: remedy}
}

// TooMany makes a RATE_LIMITED refusal that names the bound and says when to go on.
func TooMany(message, remedy string, wait time.Duration) *Error {
	e := Refuse(RateLimited, message, remedy)
	e.RetryAfter = max(wait, time.Second)
	return e
}

// RetryAfterOf returns how long the first *Error in err's chain says to wait, 0 for any
// other error.
func RetryAfterOf(err error) time.Duration {
	var refusal *Error
	if errors.As(err, &refusal) && refusal != nil {
		return refusal.RetryAfter
	}
	return 0
}

// Invalid makes a VALIDATION_FAILED error of the fields, as many as AddFields allows, and a
// plain nil when there are none, so that "return Invalid(fields)" is always right. The
// value is an *Error; the result type is error because a nil *Error inside an error would
// not compare equal to nil.
func Invalid(fields []FieldError) error {
	if len(fields) == 0 {
		return nil
	}

	return &Error{
		Code:    ValidationFailed,
		Message: "The request is not complete or not correct.",
		Remedy:  "Correct every field listed and send the request again.",
		Fields:  AddFields(nil, fields...),
	}
}

// CodeOf returns the code of the first *Error in err's chain, or "" for any other
// error and for nil.
func CodeOf(err error) string {
	var refusal *Error
	if errors.As(err, &refusal) && refusal != nil {
		return refusal.Code
	}
	return ""
}

// Codes with which cover is refused. They are part of the API.
const (
	NotCovered          = "NOT_COVERED"           // R39c, S3
	WarrantyCap         = "WARRANTY_CAP"          // R125b
	ModelNotSupported   = "MODEL_NOT_SUPPORTED"   // R59b
	NotHardware         = "NOT_HARDWARE"          // R75
	CountryNotSupported = "COUNTRY_NOT_SUPPORTED" // R78b
	ProofRequired       = "PROOF_REQUIRED"        // R125b, S32: held until the proof is read
	Unplaced            = "UNPLACED"              // R35b
)
