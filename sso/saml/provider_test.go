package saml_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/sso/saml"
)

func TestS48_TheMetadataOfAProviderIsRead(t *testing.T) {
	s := newStage(t)
	p := s.read()
	require.Equal(t, theirs+"/metadata", p.EntityID)
	require.Equal(t, theirs+"/sso", p.SignInURL)
	require.Len(t, p.Certificates, 1)
	require.Len(t, p.Certificates[0].Fingerprint, 64)
	require.Equal(t, s.provider.Keys()[0].Certificate.NotAfter, p.Ends())
	require.False(t, p.WantsSignedRequests)
	require.True(t, p.ValidUntil.IsZero())

	metadata, err := s.provider.Metadata()
	require.NoError(t, err)
	for name, form := range map[string]string{
		"with the mark that AD FS begins with": "\uFEFF" + string(metadata),
		"with comments":                        "<!-- of today --><!-- a -->" + string(metadata),
		"with a declaration": `<?xml version="1.0" encoding="utf-8"?>` +
			string(metadata),
		"alone in a list": `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` +
			string(metadata) + `</EntitiesDescriptor>`,
	} {
		same, err := saml.ReadProvider([]byte(form), s.now)
		require.NoError(t, err, name)
		require.Equal(t, p.EntityID, same.EntityID, name)
	}
}

func TestS48_MetadataThatNobodyCouldSignInWithIsRefused(t *testing.T) {
	s := newStage(t)
	raw, err := s.provider.Metadata()
	require.NoError(t, err)
	whole := string(raw)
	list := func(inside string) string {
		return `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` + inside +
			`</EntitiesDescriptor>`
	}
	yesterday := s.now.Add(-24 * time.Hour).Format(time.RFC3339)
	certificate := regexp.MustCompile(`(?s)(<X509Certificate[^>]*>)[^<]*`)

	for name, one := range map[string]struct {
		want     saml.Reason
		metadata string
	}{
		"huge":            {saml.TooLarge, whole + strings.Repeat(" ", saml.MaxMetadata)},
		"nothing":         {saml.Malformed, ""},
		"a page":          {saml.Malformed, "<!DOCTYPE html><html><body>Sign in</body></html>"},
		"cut off":         {saml.Malformed, whole[:len(whole)/2]},
		"a document type": {saml.Malformed, `<!DOCTYPE r [<!ENTITY a "b">]>` + whole},
		"another kind":    {saml.Malformed, `<feed xmlns="http://www.w3.org/2005/Atom"/>`},
		"a service's":     {saml.NoProvider, string(ourMetadata(t))},
		"two of them":     {saml.NoProvider, list(whole + whole)},
		"nobody's":        {saml.NoProvider, list("")},
		"over": {saml.MetadataOver, strings.Replace(whole, "<EntityDescriptor",
			`<EntityDescriptor validUntil="`+yesterday+`"`, 1)},
		"its list is over": {saml.MetadataOver, strings.Replace(list(whole), "<EntitiesDescriptor",
			`<EntitiesDescriptor validUntil="`+yesterday+`"`, 1)},
		"no name": {saml.Malformed, strings.Replace(whole, theirs+"/metadata", "", 1)},
		"plain http": {saml.NoSignInAddress, strings.ReplaceAll(whole,
			"https://idp.example/sso", "http://idp.example/sso")},
		"a script": {saml.Malformed, strings.ReplaceAll(whole,
			"https://idp.example/sso", "javascript:alert(1)")},
		"no redirect": {saml.NoSignInAddress, strings.ReplaceAll(whole, "HTTP-Redirect", "SOAP")},
		"no certificate": {saml.NoCertificate,
			strings.ReplaceAll(whole, `use="signing"`, `use="encryption"`)},
		"a broken certificate": {saml.NoCertificate,
			certificate.ReplaceAllString(whole, "${1}AAAA")},
		"a certificate of no text": {saml.NoCertificate,
			certificate.ReplaceAllString(whole, "${1}-----BEGIN")},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := saml.ReadProvider([]byte(one.metadata), s.now)
			require.Equal(t, string(one.want), string(saml.ReasonOf(err)), "%v", err)
			require.Equal(t, saml.Provider{}, p)
		})
	}

	short, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for _, key := range []crypto.Signer{short, other} {
		unsigned := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: s.now.Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, unsigned, unsigned, key.Public(), key)
		require.NoError(t, err)
		weak := certificate.ReplaceAllString(whole, "${1}"+base64.StdEncoding.EncodeToString(der))
		_, err = saml.ReadProvider([]byte(weak), s.now)
		require.Equal(t, saml.WeakKey, saml.ReasonOf(err))
	}

	_, err = saml.ReadProvider(raw, s.provider.Keys()[0].Certificate.NotAfter)
	require.Equal(t, saml.CertificateOver, saml.ReasonOf(err))
}

func ourMetadata(t *testing.T) []byte {
	t.Helper()
	body, err := saml.Connection{Address: ours}.Metadata()
	require.NoError(t, err)
	return body
}

// A provider for development answers on the machine itself, without https.
func TestAProviderOnTheMachineItselfNeedsNoHTTPS(t *testing.T) {
	s := newStage(t)
	raw, err := s.provider.Metadata()
	require.NoError(t, err)
	for _, host := range []string{"http://localhost:8027", "http://127.0.0.1:8027"} {
		p, err := saml.ReadProvider([]byte(strings.ReplaceAll(string(raw), theirs, host)), s.now)
		require.NoError(t, err)
		require.Equal(t, host+"/sso", p.SignInURL)
	}
}
