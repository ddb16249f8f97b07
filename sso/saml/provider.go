package saml

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/crewjam/saml"

	"roomcover.dev/roomcover/rules"
)

// MaxMetadata is how large the metadata of a provider may be, in bytes. That of Entra ID
// for a whole tenant is the largest known, with less than a tenth of it.
const MaxMetadata = 1 << 20

// shortestKey is how many bits an RSA key has at least.
const shortestKey = 2048

// Provider is what an identity provider says about itself in its metadata.
type Provider struct {
	// EntityID is the provider's name, which it puts as issuer into each answer.
	EntityID string
	// SignInURL is where people sign in, by HTTP-Redirect.
	SignInURL string
	// Certificates are all that the provider may sign with: two while it changes its key.
	Certificates []Certificate
	// ValidUntil is the end that the metadata sets itself; zero: none.
	ValidUntil time.Time
	// WantsSignedRequests is what the metadata says of requests. Ours are not signed, and
	// most providers that say so take them nevertheless.
	WantsSignedRequests bool

	descriptor *saml.EntityDescriptor
}

// Certificate is one of a provider's for signing.
type Certificate struct {
	Fingerprint string // SHA-256, in lower-case hexadecimal digits
	NotBefore   time.Time
	NotAfter    time.Time
}

// Ends is when the last of the certificates ends: from then on nobody can sign in.
func (p Provider) Ends() time.Time {
	var last time.Time
	for _, c := range p.Certificates {
		if c.NotAfter.After(last) {
			last = c.NotAfter
		}
	}
	return last
}

// ReadProvider reads a provider's metadata at an instant. It refuses what nobody could sign
// in with: metadata that is too large, broken or over, of no provider or of several, without
// an address for HTTP-Redirect or without a certificate that is valid now or later.
func ReadProvider(metadata []byte, now time.Time) (Provider, error) {
	if len(metadata) > MaxMetadata {
		return Provider{}, refuse(TooLarge)
	}
	descriptor, err := readDescriptor(metadata)
	if err != nil {
		return Provider{}, err
	}

	p := Provider{
		EntityID:   descriptor.EntityID,
		ValidUntil: descriptor.ValidUntil,
		descriptor: descriptor,
	}
	if p.EntityID == "" || len(p.EntityID) > 1024 {
		return Provider{}, refuse(Malformed)
	}

	role := &descriptor.IDPSSODescriptors[0]
	if role.ValidUntil != nil && (p.ValidUntil.IsZero() || role.ValidUntil.Before(p.ValidUntil)) {
		p.ValidUntil = *role.ValidUntil
	}
	if !p.ValidUntil.IsZero() && !now.Before(p.ValidUntil) {
		return Provider{}, refuse(MetadataOver)
	}
	p.WantsSignedRequests = role.WantAuthnRequestsSigned != nil && *role.WantAuthnRequestsSigned

	for _, service := range role.SingleSignOnServices {
		if service.Binding == saml.HTTPRedirectBinding {
			p.SignInURL = service.Location
			break
		}
	}
	if !safeAddress(p.SignInURL) {
		return Provider{}, refuse(NoSignInAddress)
	}

	p.Certificates, err = certificatesOf(role.KeyDescriptors)
	if err != nil {
		return Provider{}, err
	}
	if !now.Before(p.Ends()) {
		return Provider{}, refuse(CertificateOver)
	}
	return p, nil
}

// readDescriptor finds the one identity provider of a document, alone or in a list.
func readDescriptor(metadata []byte) (*saml.EntityDescriptor, error) {
	metadata = bytes.TrimPrefix(metadata, []byte("\uFEFF")) // AD FS begins with one

	// Comments are common in metadata, and harmless there.
	var root string
	err := eachToken(metadata, true, func(token xml.Token) error {
		if element, ok := token.(xml.StartElement); ok && root == "" {
			root = element.Name.Local
		}
		return nil
	})
	if err != nil {
		return nil, err
	}

	var descriptors []saml.EntityDescriptor
	if root == "EntitiesDescriptor" {
		var list saml.EntitiesDescriptor
		if xml.Unmarshal(metadata, &list) != nil {
			return nil, refuse(Malformed)
		}
		descriptors = list.EntityDescriptors
		for i := range descriptors {
			own := &descriptors[i].ValidUntil
			if end := list.ValidUntil; end != nil && (own.IsZero() || end.Before(*own)) {
				*own = *end
			}
		}
	} else {
		var one saml.EntityDescriptor
		if xml.Unmarshal(metadata, &one) != nil {
			return nil, refuse(Malformed)
		}
		descriptors = append(descriptors, one)
	}

	var found *saml.EntityDescriptor
	for i := range descriptors {
		switch len(descriptors[i].IDPSSODescriptors) {
		case 0:
			continue
		case 1:
			if found == nil {
				found = &descriptors[i]
				continue
			}
		}
		return nil, refuse(NoProvider)
	}
	if found == nil {
		return nil, refuse(NoProvider)
	}
	return found, nil
}

// safeAddress reports whether a browser may be sent to an address: https, or the machine
// itself, where a provider for development answers.
func safeAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || !rules.Storable(address) {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback()))
}

// certificatesOf reads the certificates for signing, each once.
func certificatesOf(keys []saml.KeyDescriptor) (certificates []Certificate, err error) {
	seen := map[string]bool{}
	for _, key := range keys {
		if key.Use != "" && key.Use != "signing" {
			continue
		}
		for _, one := range key.KeyInfo.X509Data.X509Certificates {
			raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(one.Data), ""))
			if err != nil {
				return nil, refuse(NoCertificate)
			}
			parsed, err := x509.ParseCertificate(raw)
			if err != nil {
				return nil, refuse(NoCertificate)
			}

			switch public := parsed.PublicKey.(type) {
			case *rsa.PublicKey:
				if public.N.BitLen() < shortestKey {
					return nil, refuse(WeakKey)
				}
			case *ecdsa.PublicKey:
			default:
				return nil, refuse(WeakKey)
			}

			sum := sha256.Sum256(parsed.Raw)
			fingerprint := hex.EncodeToString(sum[:])
			if seen[fingerprint] {
				continue
			}
			seen[fingerprint] = true
			certificates = append(certificates, Certificate{
				Fingerprint: fingerprint,
				NotBefore:   parsed.NotBefore,
				NotAfter:    parsed.NotAfter,
			})
		}
	}
	if len(certificates) == 0 {
		return nil, refuse(NoCertificate)
	}
	return certificates, nil
}
