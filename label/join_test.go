package label

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Several documents are printed as one: every page of each, in its own size.
func TestDocumentsAreJoinedPageByPage(t *testing.T) {
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	one, err := Label{Locale: "en", Carrier: "sim", Tracking: "BR1", Date: at}.PDF()
	require.NoError(t, err)
	slip := Slip{Locale: "pt-BR", Reference: "RMA-7F3K2", Date: at}
	for range 40 {
		slip.Items = append(slip.Items, Item{Model: "RALLY-BAR", Description: "Rally Bar", Quantity: 1})
	}
	two, err := slip.PDF()
	require.NoError(t, err)

	joined, err := Join(at, Document{"one", one}, Document{"two", two})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(joined), "%PDF"))
	require.Equal(t, strings.Count(string(one), "/Type /Page\n")+strings.Count(string(two), "/Type /Page\n"),
		strings.Count(string(joined), "/Type /Page\n"))
	require.Contains(t, string(joined), "/MediaBox [0 0 297.64 419.53]", "a label stays as small as it is")
}

// What cannot be read is named, so that it is printed by itself.
func TestADocumentThatCannotBeReadIsNamed(t *testing.T) {
	for _, content := range []string{"", "%PDF", "no PDF at all", "%PDF-1.7\n%%EOF"} {
		_, err := Join(time.Now(), Document{"RMA-7F3K2", []byte(content)})
		var unreadable NotJoined
		require.True(t, errors.As(err, &unreadable), content)
		require.Equal(t, "RMA-7F3K2", unreadable.Name)
	}
}
