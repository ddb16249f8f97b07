package cover

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cataloguetest"
	"roomcover.dev/roomcover/rules/testday"
)

func TestR78b_R78e_TermsForAssignment(t *testing.T) {
	list := []catalogue.CountryTerms{
		cataloguetest.TermsFrom("BR", "2026-01-01", 1, true, "NBD", "pt-BR"),
		cataloguetest.TermsFrom("PT", "2026-01-01", 1, true, "NBD", "pt-BR"),
		cataloguetest.TermsFrom("DE", "2026-01-01", 4, true, "3BD", "de"),
		cataloguetest.TermsFrom("DE", "2026-06-01", 5, true, "2BD", "de"),
		cataloguetest.TermsFrom("CU", "2026-01-01", 2, false, "STANDARD"),
	}
	for _, c := range []struct {
		home, room, on string
		acknowledged   int
		code           string
	}{
		{"BR", "BR", "2026-02-01", 0, ""},
		{"BR", "PT", "2026-02-01", 0, ""}, // the same terms
		{"BR", "DE", "2026-02-01", 0, TermsAckRequired},
		{"BR", "DE", "2026-02-01", 4, ""},
		{"BR", "DE", "2026-06-01", 4, TermsAckRequired}, // an old version
		{"BR", "DE", "2026-06-01", 5, ""},
		{"DE", "DE", "2026-02-01", 0, ""},
		{"BR", "CU", "2026-02-01", 2, rules.CountryNotSupported},
		{"BR", "FR", "2026-02-01", 1, rules.CountryNotSupported}, // nothing published
		{"BR", "DE", "2025-12-31", 4, rules.CountryNotSupported},
		{"FR", "DE", "2026-02-01", 0, TermsAckRequired}, // nothing to compare with
		{"CU", "DE", "2026-02-01", 0, TermsAckRequired},
	} {
		terms, err := TermsForAssignment(list, c.home, c.room, testday.Day(t, c.on), c.acknowledged)
		require.Equal(t, c.code, rules.CodeOf(err), "%s to %s on %s", c.home, c.room, c.on)
		require.Equal(t, c.code == "", terms.Country == c.room)
	}
}
