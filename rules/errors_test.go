package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErrorCarriesItsCode(t *testing.T) {
	err := error(Refuse(PONumberConflict, "Known.", "Use another."))
	require.Equal(t, "PO_NUMBER_CONFLICT", CodeOf(err))
	require.Equal(t, "PO_NUMBER_CONFLICT", CodeOf(fmt.Errorf("submitting: %w", err)))
	require.Equal(t, "PO_NUMBER_CONFLICT: Known.", err.Error())
	require.Empty(t, CodeOf(errors.New("other")))
	require.Empty(t, CodeOf(nil))
	require.Empty(t, CodeOf((*Error)(nil)), "a nil *Error inside an error")
}

func TestInvalidOfNothingIsPlainNil(t *testing.T) {
	require.True(t, Invalid(nil) == nil)
	require.True(t, Invalid([]FieldError{}) == nil)
}

func TestR92b_ErrorsOnTheWire(t *testing.T) {
	err := Invalid([]FieldError{{Pointer: "/po_number", Code: Required, Message: "Missing.", Remedy: "Fill it in."}})
	require.Equal(t, ValidationFailed, CodeOf(err))
	body, jsonErr := json.Marshal(err)
	require.NoError(t, jsonErr)
	require.Contains(t, string(body),
		`"fields":[{"pointer":"/po_number","code":"REQUIRED","message":"Missing.","remedy":"Fill it in."}]`)
	body, jsonErr = json.Marshal(Refuse(NotFound, "m", "r"))
	require.NoError(t, jsonErr)
	require.JSONEq(t, `{"code":"NOT_FOUND","message":"m","remedy":"r"}`, string(body))
}

func TestS18_LastAdmin(t *testing.T) {
	require.NoError(t, MayLoseAdmin(2))
	require.Equal(t, LastAdmin, CodeOf(MayLoseAdmin(1)))
	require.Equal(t, LastAdmin, CodeOf(MayLoseAdmin(0)))
}

func TestDatesBeginWithTheYear1(t *testing.T) {
	var k Checker
	k.Date("/on", "0001-01-01")
	require.Empty(t, k.Fields)
	k.Date("/on", "0000-12-31")
	require.Len(t, k.Fields, 1)
	require.Equal(t, InvalidDate, k.Fields[0].Code)
}

// One bound for what is told about a document, and one for what is stored of it.
func TestErrorsAreBoundedInOnePlace(t *testing.T) {
	var fields []FieldError
	for range 2_500_000 {
		fields = AddFields(fields, FieldError{Pointer: "/header/1", Code: "UNKNOWN_COLUMN"})
	}
	require.Len(t, fields, MaxFieldErrors+1)
	last := fields[MaxFieldErrors]
	require.Equal(t, MoreErrors, last.Code)
	require.Equal(t, "And 2499800 more errors.", last.Message)

	both := AddFields(AddFields(nil, fields...), fields...)
	require.Len(t, both, MaxFieldErrors+1)
	require.Equal(t, "And 4999800 more errors.", both[MaxFieldErrors].Message)

	refusal := Invalid(make([]FieldError, 1000)).(*Error)
	require.Len(t, refusal.Fields, MaxFieldErrors+1)
	var k Checker
	for range 1000 {
		k.Text("/x", "", 10)
	}
	require.Len(t, k.Fields, MaxFieldErrors+1)
	require.Len(t, AddFields(nil, make([]FieldError, MaxFieldErrors)...), MaxFieldErrors)
}

func TestAStoredRefusalHasABound(t *testing.T) {
	long := make([]FieldError, 500)
	for i := range long {
		long[i] = FieldError{Pointer: "/lines/0", Code: Required, Message: strings.Repeat("é", 1000)}
	}
	stored := StoredFields(long)
	encoded, err := json.Marshal(stored)
	require.NoError(t, err)
	require.LessOrEqual(t, len(encoded), MaxStoredErrors)
	require.Greater(t, len(stored), 20)
	require.Equal(t, MoreErrors, stored[len(stored)-1].Code)
	require.Equal(t, fmt.Sprintf("And %d more errors.", 500-len(stored)+1), stored[len(stored)-1].Message)

	// To the byte: what fits is stored whole, and one byte more is not.
	bound := MaxStoredErrors - jsonSize(moreErrors(math.MaxInt)) - len("[],")
	fits := FieldError{Code: Required}
	fits.Message = strings.Repeat("x", bound-jsonSize(fits))
	require.Equal(t, []FieldError{fits}, StoredFields([]FieldError{fits}))
	fits.Message += "x"
	require.Equal(t, []FieldError{moreErrors(1)}, StoredFields([]FieldError{fits}))

	few := []FieldError{{Pointer: "/x", Code: Required}}
	require.Equal(t, few, StoredFields(few))
	require.Empty(t, StoredFields(nil))
}
