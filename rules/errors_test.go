package rules

import (
	"encoding/json"
	"errors"
	"fmt"
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
	err := Invalid([]FieldError{{"/po_number", Required, "Missing.", "Fill it in."}})
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
