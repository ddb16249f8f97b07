package saml_test

import (
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
	"time"

	library "github.com/crewjam/saml"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/sso/saml"
	"roomcover.dev/roomcover/sso/saml/testprovider"
)

func TestS48_AnswersOfTheUsualProvidersAreBelieved(t *testing.T) {
	for name, one := range map[string]struct {
		style   testprovider.Style
		alter   func(*testprovider.Answer)
		subject string
		name    string
	}{
		"a lasting name":     {testprovider.Persistent, nil, ana.Subject, ana.Name},
		"an address as name": {testprovider.Addresses, nil, ana.Email, ""},
		"Entra ID":           {testprovider.Entra, nil, ana.Subject, ana.Name},
		"Entra ID with a name for this session": {
			testprovider.Entra, func(a *testprovider.Answer) {
				nameID(a).Format = string(library.TransientNameIDFormat)
				nameID(a).Value = "_of-today"
			}, ana.Subject, ana.Name,
		},
		"an address in other letters": {
			testprovider.Addresses, func(a *testprovider.Answer) {
				nameID(a).Value = "Ana@ACME.example"
				say(a, "mail", ana.Email)
			}, ana.Email, "",
		},
		"a name of no format": {
			testprovider.Addresses, func(a *testprovider.Answer) {
				nameID(a).Format = string(library.UnspecifiedNameIDFormat)
				nameID(a).Value = "ana"
				say(a, "mail", ana.Email)
			}, "ana", "",
		},
		"first and last name": {
			testprovider.Addresses, func(a *testprovider.Answer) {
				say(a, "firstName", "Ana")
				say(a, "lastName", "Lima")
			}, ana.Email, ana.Name,
		},
	} {
		for _, signs := range []testprovider.Signs{
			testprovider.SignAssertion, testprovider.SignAnswer, testprovider.SignBoth,
		} {
			t.Run(name, func(t *testing.T) {
				s := newStage(t)
				s.provider.SetStyle(one.style)
				s.provider.SetSigns(signs)
				in, err := s.verify(s.altered(one.alter))
				require.NoError(t, err)
				require.Equal(t, theirs+"/metadata", in.Issuer)
				require.Equal(t, one.subject, in.Subject)
				require.Equal(t, ana.Email, in.Email)
				require.Equal(t, one.name, in.Name)
				require.Equal(t, s.now, in.At.UTC())
				require.Equal(t, "session of "+ana.Subject, in.Session)
			})
		}
	}
}

// Each name under which providers send an address is read.
func TestS48_TheAddressIsReadUnderEachOfItsNames(t *testing.T) {
	for _, name := range []string{
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
		"mail",
		"email",
		"urn:oid:0.9.2342.19200300.100.1.3",
	} {
		s := newStage(t)
		in, err := s.verify(s.altered(func(a *testprovider.Answer) {
			a.Assertion.AttributeStatements = nil
			say(a, "urn:other", "other@acme.example")
			say(a, name, ana.Email, "other@acme.example")
		}))
		require.NoError(t, err)
		require.Equal(t, ana.Email, in.Email, name)
		require.Equal(t, []saml.Attribute{
			{Name: "urn:other", Values: []string{"other@acme.example"}},
			{Name: name, Values: []string{ana.Email, "other@acme.example"}},
		}, in.Attributes, "all that was said is there to be shown")
	}
}

// A friendly name names nothing: it may be anything beside the name that counts.
func TestS48_AFriendlyNameIsNoName(t *testing.T) {
	s := newStage(t)
	in, err := s.verify(s.altered(func(a *testprovider.Answer) {
		a.Assertion.AttributeStatements = nil
		say(a, "urn:nickname", "lead@acme.example")
		a.Assertion.AttributeStatements[0].Attributes[0].FriendlyName = "mail"
	}))
	require.NoError(t, err)
	require.Empty(t, in.Email)
}

func say(a *testprovider.Answer, name string, values ...string) {
	said := library.Attribute{Name: name}
	for _, value := range values {
		said.Values = append(said.Values, library.AttributeValue{Type: "xs:string", Value: value})
	}
	if len(a.Assertion.AttributeStatements) == 0 {
		a.Assertion.AttributeStatements = make([]library.AttributeStatement, 1)
	}
	to := &a.Assertion.AttributeStatements[0]
	to.Attributes = append(to.Attributes, said)
}

// Clocks may differ by three minutes either way; by ten they may not, and the refusal says
// how far they do.
func TestS48_ClocksMayDifferByThreeMinutes(t *testing.T) {
	for name, one := range map[string]struct {
		ahead time.Duration
		taken bool
	}{
		"three minutes behind": {-3 * time.Minute, true},
		"the same":             {0, true},
		"three minutes ahead":  {3 * time.Minute, true},
		"ten minutes behind":   {-10 * time.Minute, false},
		"ten minutes ahead":    {10 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.provider.SetSigns(testprovider.SignBoth)

			// The provider looks at the request before it answers, by its own clock; what
			// counts here is what we make of the answer.
			address, asked, err := s.Request("state-1", false, s.now.Add(one.ahead))
			require.NoError(t, err)
			asked.At, s.asked = s.now, asked
			s.provider.SetClock(func() time.Time { return s.now.Add(one.ahead) })
			s.provider.SignedInAt(ana.Subject, s.now.Add(one.ahead))
			form, err := s.provider.SignIn(address, ana)
			require.NoError(t, err)

			in, err := s.verify(form.SAMLResponse)
			if one.taken {
				require.NoError(t, err)
				require.Equal(t, ana.Subject, in.Subject)
				return
			}
			var refused *saml.Refusal
			require.ErrorAs(t, err, &refused)
			require.Equal(t, saml.Clock, refused.Reason)
			require.Equal(t, one.ahead, refused.Ahead, "the page can say how far")
		})
	}
}

// During a change of keys the metadata names both, and either may sign; afterwards the old
// one signs nothing any more.
func TestS48_AProviderMayChangeItsKey(t *testing.T) {
	s := newStage(t)
	old := s.provider.Keys()[0]
	next, err := testprovider.NewKey(s.now.Add(-time.Hour), 365*24*time.Hour)
	require.NoError(t, err)

	s.provider.SetKeys(old, next)
	s.Provider = s.read()
	require.Len(t, s.Provider.Certificates, 2)
	_, err = s.verify(s.answered())
	require.NoError(t, err)
	s.provider.SetKeys(next, old)
	_, err = s.verify(s.answered())
	require.NoError(t, err)

	s.provider.SetKeys(next)
	s.Provider = s.read()
	_, err = s.verify(s.answered())
	require.NoError(t, err)
	s.provider.SetKeys(old)
	s.requireRefused(saml.UnknownCertificate, s.answered())
}

func TestS48_ACertificateThatHasEndedSignsNobodyIn(t *testing.T) {
	s := newStage(t)
	ending, err := testprovider.NewKey(s.now.Add(-time.Hour), 2*time.Hour)
	require.NoError(t, err)
	later, err := testprovider.NewKey(s.now.Add(-time.Hour), 9*time.Hour)
	require.NoError(t, err)
	s.provider.SetKeys(ending, later)
	s.Provider = s.read()
	require.Equal(t, later.Certificate.NotAfter, s.Provider.Ends())

	_, err = s.verify(s.answered())
	require.NoError(t, err)
	s.now = s.now.Add(2 * time.Hour)
	s.provider.SignedInAt(ana.Subject, s.now)
	s.requireRefused(saml.CertificateOver, s.answered())
}

// For a step up the provider is asked to let people prove themselves anew, and held to it.
func TestS52_AFreshSignInIsAskedForAndChecked(t *testing.T) {
	s := newStage(t)
	s.provider.SignedInAt(ana.Subject, s.now.Add(-time.Hour))
	in, err := s.verify(s.answered())
	require.NoError(t, err)
	require.Equal(t, s.now.Add(-time.Hour), in.At.UTC(), "an old session is good enough at first")

	address, asked, err := s.Request("state-2", true, s.now)
	require.NoError(t, err)
	s.asked = asked
	form, err := s.provider.SignIn(address, ana)
	require.NoError(t, err)
	in, err = s.verify(form.SAMLResponse)
	require.NoError(t, err)
	require.Equal(t, s.now, in.At.UTC())

	// A provider that does not care is found out.
	s.provider.Alter(func(a *testprovider.Answer) {
		a.Assertion.AuthnStatements[0].AuthnInstant = s.now.Add(-time.Hour)
	})
	address, s.asked, err = s.Request("state-3", true, s.now)
	require.NoError(t, err)
	form, err = s.provider.SignIn(address, ana)
	require.NoError(t, err)
	s.requireRefused(saml.NotFresh, form.SAMLResponse)
}

// What the provider refuses itself is said with its own word, of those of the standard.
func TestS48_TheProvidersOwnRefusalIsPassedOn(t *testing.T) {
	for code, want := range map[string]string{
		"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed": "AuthnFailed",
		"urn:own:ana@acme.example":                       "Responder",
	} {
		s := newStage(t)
		s.provider.SetSigns(testprovider.SignAnswer)
		_, err := s.verify(s.altered(func(a *testprovider.Answer) {
			a.Assertion = nil
			a.Response.Status = library.Status{StatusCode: library.StatusCode{
				Value:      library.StatusResponder,
				StatusCode: &library.StatusCode{Value: code},
			}}
		}))
		var refused *saml.Refusal
		require.ErrorAs(t, err, &refused)
		require.Equal(t, saml.RefusedThere, refused.Reason)
		require.Equal(t, want, refused.Status)
	}
}

func TestS48_TheRequestSaysWhatWeWant(t *testing.T) {
	s := newStage(t)
	address, asked, err := s.Request("state-1", false, s.now)
	require.NoError(t, err)
	to, err := url.Parse(address)
	require.NoError(t, err)
	require.Equal(t, theirs+"/sso", "https://"+to.Host+to.Path)
	require.Equal(t, "state-1", to.Query().Get("RelayState"))
	require.NotEmpty(t, asked.RequestID)

	_, again, err := s.Request("state-1", false, s.now)
	require.NoError(t, err)
	require.NotEqual(t, asked.RequestID, again.RequestID)

	_, _, err = s.Request(strings.Repeat("s", 81), false, s.now)
	require.Error(t, err, "the standard allows 80 bytes of state")
}

func TestS48_OurMetadataSaysWhereAnswersGo(t *testing.T) {
	body, err := saml.Connection{Address: ours}.Metadata()
	require.NoError(t, err, "also before the provider is known")
	var said library.EntityDescriptor
	require.NoError(t, xml.Unmarshal(body, &said))
	require.Equal(t, ours, said.EntityID)
	role := said.SPSSODescriptors[0]
	require.Len(t, role.AssertionConsumerServices, 1)
	require.Equal(t, ours+"/acs", role.AssertionConsumerServices[0].Location)
	require.Equal(t, library.HTTPPostBinding, role.AssertionConsumerServices[0].Binding)
	require.True(t, *role.WantAssertionsSigned)
	require.Empty(t, role.KeyDescriptors)
	require.Empty(t, role.SingleLogoutServices)
}

// The pages of the provider for development: a choice, and then an answer that posts itself.
func TestTheProviderForDevelopmentSignsInAtAClick(t *testing.T) {
	s := newStage(t)
	address, _, err := s.Request("state-1", false, s.now)
	require.NoError(t, err)
	choice := served(s.provider, address)
	require.Contains(t, choice.Body.String(), ana.Name)
	answer := served(s.provider, address+"&as="+ana.Subject)
	require.Contains(t, answer.Body.String(), `action="`+ours+`/acs"`)
	require.Equal(t, 400, served(s.provider, theirs+"/sso?as="+ana.Subject).Code)
	require.Contains(t, served(s.provider, theirs+"/metadata").Body.String(), "IDPSSODescriptor")
}
