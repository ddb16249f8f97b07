package saml_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/sso/saml"
)

func TestS48_MetadataIsFetchedWithinItsBounds(t *testing.T) {
	s := newStage(t)
	answers := http.NewServeMux()
	answers.Handle("/metadata", s.provider)
	answers.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("<a/>", saml.MaxMetadata)))
	})
	server := httptest.NewServer(answers)
	defer server.Close()

	body, err := saml.Fetch(t.Context(), server.Client(), server.URL+"/metadata")
	require.NoError(t, err)
	p, err := saml.ReadProvider(body, s.now)
	require.NoError(t, err)
	require.Equal(t, theirs+"/metadata", p.EntityID)

	for address, want := range map[string]saml.Reason{
		server.URL + "/huge":             saml.TooLarge,
		server.URL + "/missing":          saml.Unreachable,
		"http://127.0.0.1:1/metadata":    saml.Unreachable,
		"http://idp.example/metadata":    saml.Unreachable, // not over https
		"file:///etc/passwd":             saml.Unreachable,
		"https://a:b@idp.example/":       saml.Unreachable,
		"not an address":                 saml.Unreachable,
		"https://idp.example:99999/meta": saml.Unreachable,
	} {
		_, err := saml.Fetch(t.Context(), server.Client(), address)
		require.Equal(t, string(want), string(saml.ReasonOf(err)), address)
	}
}
