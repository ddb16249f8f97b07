package ordering

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules"
)

func anyForm(t *rapid.T) OrderForm {
	text := rapid.OneOf(
		rapid.String(), rapid.SampledFrom([]string{"", "BR", "SELECT-3Y", "2026-11-20", "a@b.example", "\xff", "ǰŉß"}),
	)
	address := func(name string) rules.Address {
		return rules.Address{
			Street:     text.Draw(t, name),
			City:       text.Draw(t, name),
			Region:     text.Draw(t, name),
			PostalCode: text.Draw(t, name),
			Country:    text.Draw(t, name),
		}
	}
	f := OrderForm{
		PONumber:    text.Draw(t, "po"),
		PurchasedOn: text.Draw(t, "on"),
		EndCustomer: rules.Party{
			Company:     text.Draw(t, "company"),
			ContactName: text.Draw(t, "contact"),
			Email:       text.Draw(t, "email"),
			Address:     address("customer"),
		},
		Reseller: rules.OrgParty{
			Company: text.Draw(t, "reseller"),
			Email:   text.Draw(t, "email"),
			Address: address("reseller"),
		},
		Distributor: rules.OrgParty{
			Company: text.Draw(t, "distributor"),
			Email:   text.Draw(t, "email"),
			Address: address("distributor"),
		},
	}
	for range rapid.IntRange(0, 4).Draw(t, "lines") {
		f.Lines = append(f.Lines, OrderLine{
			text.Draw(t, "sku"), rapid.Int64().Draw(t, "quantity"), text.Draw(t, "renews"),
		})
	}
	return f
}

func TestNormalisedTwiceIsOnceAndKeepsTheVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyForm(t)
		n := f.Normalised()
		require.Equal(t, n, n.Normalised())
		require.Equal(t, check(t, f), check(t, n))
		require.Empty(t, f.Differences(n))
	})
}

func TestS65_DifferencesAreEmptyExactlyWhenHashesAreEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, g := anyForm(t), anyForm(t)
		if rapid.Bool().Draw(t, "near") {
			g = f
			g.Lines = append([]OrderLine{}, f.Lines...)
			for i := range g.Lines {
				g.Lines[i].Renews = rapid.SampledFrom([]string{f.Lines[i].Renews, "con_1", ""}).Draw(t, "renewed")
			}
			g.Reseller.Company = rapid.SampledFrom([]string{f.Reseller.Company, "x", " " + f.Reseller.Company}).Draw(
				t, "company",
			)
		}
		if !utf8.ValidString(f.PONumber + f.Reseller.Company + g.Reseller.Company) {
			t.Skip("JSON cannot hold broken UTF-8, and Validate refuses it")
		}
		alike := g
		if PONumberKey(f.PONumber) == PONumberKey(g.PONumber) {
			alike.PONumber = f.PONumber
		}
		require.Equal(t, f.Hash() == alike.Hash(), len(f.Differences(g)) == 0)
	})
}

// secret is a value that no message could hold by chance.
const secret = "qzxjkvw"

func TestR92b_ValuesAreNeverEchoed(t *testing.T) {
	for _, s := range []string{secret, secret + "\x00", secret + "@", secret + "\xff", strings.Repeat(secret, 50)} {
		err := check(t, spoiled(s))
		body, jsonErr := json.Marshal(err)
		require.NoError(t, jsonErr)
		require.NotContains(t, strings.ToLower(string(body)+err.Error()), secret)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := secret + rapid.String().Draw(t, "tail")
		body, jsonErr := json.Marshal(check(t, spoiled(s)))
		require.NoError(t, jsonErr)
		require.NotContains(t, strings.ToLower(string(body)), secret)
	})
}
