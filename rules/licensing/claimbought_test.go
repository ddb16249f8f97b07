package licensing

import (
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// Either the number of the order or the code of the service says what was bought; a serial
// number alone does not.
func TestAWarrantyClaimSaysWhatWasBought(t *testing.T) {
	today := civil.Date{Year: 2026, Month: 11, Day: 30}
	bought := civil.Date{Year: 2025, Month: 3, Day: 1}
	claim := func(change func(*WarrantyClaimForm)) error {
		f := WarrantyClaimForm{Serial: "1934LZ0C30", PurchasedOn: bought.String()}
		change(&f)
		return f.Validate(today)
	}
	missing := func(err error) bool {
		for _, f := range fieldsOf(err) {
			if f.Pointer == "/po_number" && f.Code == rules.Required {
				return true
			}
		}
		return false
	}

	require.True(t, missing(claim(func(*WarrantyClaimForm) {})))
	require.False(t, missing(claim(func(f *WarrantyClaimForm) { f.PONumber = "PO-1" })))
	require.False(t, missing(claim(func(f *WarrantyClaimForm) { f.SKU = "EXT-2Y" })))
}

func fieldsOf(err error) []rules.FieldError {
	refusal, ok := err.(*rules.Error)
	if !ok {
		return nil
	}
	return refusal.Fields
}
