package saml_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	library "github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/sso/saml"
	"roomcover.dev/roomcover/sso/saml/testprovider"
)

// evil is a copy of an element that names somebody else, without the signature.
func evil(of *etree.Element) *etree.Element {
	copied := of.Copy()
	for _, assertion := range append(copied.FindElements(".//Assertion"), copied) {
		if signature := assertion.SelectElement("Signature"); signature != nil {
			assertion.RemoveChild(signature)
		}
		assertion.CreateAttr("ID", "_evil"+assertion.Tag)
	}
	copied.FindElement(".//NameID").SetText("p-1")
	return copied
}

// wrap puts children of an answer's root into the place of all that were there.
func wrap(root, with *etree.Element) {
	root.Child = nil
	root.Attr = with.Attr
	for _, child := range append([]etree.Token(nil), with.Child...) {
		root.AddChild(child)
	}
}

// The eight shapes of signature wrapping, each with a signature that holds for the element
// that the provider signed.
func TestS48_NoWrappedSignatureIsBelieved(t *testing.T) {
	for name, one := range map[string]struct {
		signs testprovider.Signs
		forge func(root *etree.Element)
	}{
		"1: the true answer inside the signature of the false one": {
			testprovider.SignAnswer, func(root *etree.Element) {
				original, signature := root.Copy(), root.SelectElement("Signature").Copy()
				original.RemoveChild(original.SelectElement("Signature"))
				wrap(root, evil(root))
				signature.AddChild(original)
				root.InsertChildAt(1, signature)
			},
		},
		"2: the true answer beside the signature in the false one": {
			testprovider.SignAnswer, func(root *etree.Element) {
				original, signature := root.Copy(), root.SelectElement("Signature").Copy()
				original.RemoveChild(original.SelectElement("Signature"))
				wrap(root, evil(root))
				root.InsertChildAt(1, original)
				root.InsertChildAt(2, signature)
			},
		},
		"3: a false assertion before the true one": {
			testprovider.SignAssertion, func(root *etree.Element) {
				original := root.SelectElement("Assertion")
				root.InsertChildAt(original.Index(), evil(original))
			},
		},
		"4: the true assertion inside the false one": {
			testprovider.SignAssertion, func(root *etree.Element) {
				original := root.SelectElement("Assertion")
				outer := evil(original)
				root.RemoveChild(original)
				outer.AddChild(original)
				root.AddChild(outer)
			},
		},
		"5: the signature in the false assertion, the true one at the end": {
			testprovider.SignAssertion, func(root *etree.Element) {
				original := root.SelectElement("Assertion")
				signature := original.SelectElement("Signature")
				outer := evil(original)
				original.RemoveChild(signature)
				outer.InsertChildAt(1, signature)
				root.InsertChildAt(original.Index(), outer)
			},
		},
		"6: the true assertion inside the signature of the false one": {
			testprovider.SignAssertion, func(root *etree.Element) {
				original := root.SelectElement("Assertion")
				signature := original.SelectElement("Signature")
				outer := evil(original)
				original.RemoveChild(signature)
				root.RemoveChild(original)
				signature.AddChild(original)
				outer.InsertChildAt(1, signature)
				root.AddChild(outer)
			},
		},
		"7: a false assertion among extensions": {
			testprovider.SignAssertion, func(root *etree.Element) {
				original := root.SelectElement("Assertion")
				extensions := etree.NewElement("samlp:Extensions")
				extensions.AddChild(evil(original))
				root.InsertChildAt(1, extensions)
			},
		},
		"8: the true assertion as an object of the false one's signature": {
			testprovider.SignAssertion, func(root *etree.Element) {
				original := root.SelectElement("Assertion")
				signature := original.SelectElement("Signature")
				outer := evil(original)
				original.RemoveChild(signature)
				root.RemoveChild(original)
				object := signature.CreateElement("ds:Object")
				object.AddChild(original)
				outer.InsertChildAt(1, signature)
				root.AddChild(outer)
			},
		},
		"8a: the object is the answer's": {
			testprovider.SignAnswer, func(root *etree.Element) {
				original, signature := root.Copy(), root.SelectElement("Signature").Copy()
				original.RemoveChild(original.SelectElement("Signature"))
				wrap(root, evil(root))
				signature.CreateElement("ds:Object").AddChild(original)
				root.InsertChildAt(1, signature)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.provider.SetSigns(one.signs)
			answer := forged(t, s.answered(), one.forge)
			_, err := s.verify(answer)
			require.Contains(t, []saml.Reason{saml.Assertions, saml.Signature}, saml.ReasonOf(err))
			require.Error(t, s.LibraryAlone(answer, s.asked, s.now, "p-1"),
				"nor does the library make somebody else of it")

			_, err = s.verify(s.answered())
			require.NoError(t, err, "the true one is believed")
		})
	}
}

func TestS48_ForgedAnswersAreRefusedWithTheirReason(t *testing.T) {
	for name, one := range map[string]struct {
		want  saml.Reason
		forge func(s *stage) string
	}{
		"unsigned": {saml.Signature, func(s *stage) string {
			s.provider.SetSigns(testprovider.SignNothing)
			return s.answered()
		}},
		"the signature taken out": {saml.Signature, func(s *stage) string {
			return forged(s.t, s.answered(), func(root *etree.Element) {
				assertion := root.SelectElement("Assertion")
				assertion.RemoveChild(assertion.SelectElement("Signature"))
			})
		}},
		"the person changed": {saml.Signature, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return strings.Replace(xml, ana.Subject, "p-1", 1)
			})
		}},
		"the address changed in a signed answer": {saml.Signature, func(s *stage) string {
			s.provider.SetSigns(testprovider.SignBoth)
			return edited(s.t, s.answered(), func(xml string) string {
				return strings.Replace(xml, ana.Email, "lead@acme.example", 1)
			})
		}},
		"a key that nobody named": {saml.UnknownCertificate, func(s *stage) string {
			key, err := testprovider.NewKey(s.now.Add(-time.Hour), 24*time.Hour)
			require.NoError(s.t, err)
			return s.altered(func(a *testprovider.Answer) { a.Key = key })
		}},
		"a key of its own under the certificate of the provider": {
			saml.Signature, func(s *stage) string {
				key, err := testprovider.NewKey(s.now.Add(-time.Hour), 24*time.Hour)
				require.NoError(s.t, err)
				return s.altered(func(a *testprovider.Answer) { a.Key.Private = key.Private })
			},
		},
		"SHA-1": {saml.Signature, func(s *stage) string {
			s.provider.SetMethod(dsig.RSASHA1SignatureMethod)
			return s.answered()
		}},
		"two assertions": {saml.Assertions, func(s *stage) string {
			s.provider.SetSigns(testprovider.SignAssertion)
			return forged(s.t, s.answered(), func(root *etree.Element) {
				second := root.SelectElement("Assertion").Copy()
				second.CreateAttr("ID", "_second")
				root.AddChild(second)
			})
		}},
		"the same assertion twice": {saml.Malformed, func(s *stage) string {
			return forged(s.t, s.answered(), func(root *etree.Element) {
				root.AddChild(root.SelectElement("Assertion").Copy())
			})
		}},
		"no assertion": {saml.Malformed, func(s *stage) string {
			return forged(s.t, s.answered(), func(root *etree.Element) {
				root.RemoveChild(root.SelectElement("Assertion"))
			})
		}},
		"a comment inside the name": {saml.Malformed, func(s *stage) string {
			s.provider.SetStyle(testprovider.Addresses)
			answer := s.altered(func(a *testprovider.Answer) {
				nameID(a).Value = "ana@acme.example.evil.example"
			})
			return edited(s.t, answer, func(xml string) string {
				return strings.Replace(xml, "ana@acme.example.evil", "ana@acme.example<!---->.evil", 1)
			})
		}},
		"an element inside the name": {saml.Malformed, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return strings.Replace(xml, ">"+ana.Subject+"<", ">"+ana.Subject+"<x/><", 1)
			})
		}},
		"another destination": {saml.Destination, func(s *stage) string {
			s.provider.SetSigns(testprovider.SignBoth)
			return s.altered(func(a *testprovider.Answer) {
				a.Response.Destination = "https://other.example/acs"
			})
		}},
		"no destination in a signed answer": {saml.Destination, func(s *stage) string {
			s.provider.SetSigns(testprovider.SignAnswer)
			return s.altered(func(a *testprovider.Answer) { a.Response.Destination = "" })
		}},
		"another recipient": {saml.Destination, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				confirmation(a).Recipient = "https://other.example/acs"
			})
		}},
		"another audience": {saml.Audience, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				a.Assertion.Conditions.AudienceRestrictions[0].Audience.Value = ours + "0"
			})
		}},
		"no audience": {saml.Audience, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				a.Assertion.Conditions.AudienceRestrictions = nil
			})
		}},
		"another issuer": {saml.Issuer, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				a.Assertion.Issuer.Value = "https://other.example/metadata"
			})
		}},
		"another issuer of the answer": {saml.Issuer, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				a.Response.Issuer.Value = "https://other.example/metadata"
			})
		}},
		"an answer to another request": {saml.NotAskedFor, func(s *stage) string {
			answer := s.answered()
			s.answered()
			return answer
		}},
		"an assertion for another request": {saml.NotAskedFor, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) { confirmation(a).InResponseTo = "id-other" })
		}},
		"begun at the provider": {saml.NotAskedFor, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				a.Response.InResponseTo = ""
				confirmation(a).InResponseTo = ""
			})
		}},
		"begun at the provider, without a request of ours": {
			saml.NotAskedFor, func(s *stage) string {
				answer := s.altered(func(a *testprovider.Answer) {
					a.Response.InResponseTo = ""
					confirmation(a).InResponseTo = ""
				})
				s.asked = saml.Asked{}
				return answer
			},
		},
		"no confirmation by the bearer": {saml.Malformed, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				a.Assertion.Subject.SubjectConfirmations[0].Method =
					"urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
			})
		}},
		"over": {saml.Clock, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				a.Assertion.Conditions.NotOnOrAfter = s.now.Add(-saml.Skew)
			})
		}},
		"a confirmation that is over": {saml.Clock, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				confirmation(a).NotOnOrAfter = s.now.Add(-saml.Skew)
			})
		}},
		"a confirmation without an end": {saml.Clock, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				confirmation(a).NotOnOrAfter = time.Time{}
			})
		}},
		"not valid yet": {saml.Clock, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				a.Assertion.Conditions.NotBefore = s.now.Add(saml.Skew + time.Second)
			})
		}},
		"kept for later": {saml.Clock, func(s *stage) string {
			answer := s.altered(func(a *testprovider.Answer) {
				a.Assertion.Conditions.NotOnOrAfter = s.now.Add(24 * time.Hour)
				confirmation(a).NotOnOrAfter = s.now.Add(24 * time.Hour)
			})
			s.now = s.now.Add(5 * time.Minute)
			return answer
		}},
		"no statement of a sign-in": {saml.Malformed, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) { a.Assertion.AuthnStatements = nil })
		}},
		"a session that is over": {saml.SessionOver, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				end := s.now.Add(-saml.Skew)
				a.Assertion.AuthnStatements[0].SessionNotOnOrAfter = &end
			})
		}},
		"signed in tomorrow": {saml.Clock, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				a.Assertion.AuthnStatements[0].AuthnInstant = s.now.Add(24 * time.Hour)
			})
		}},
		"a name for this session alone": {saml.Subject, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				nameID(a).Format = string(library.TransientNameIDFormat)
			})
		}},
		"an empty name": {saml.Subject, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) { nameID(a).Value = " " })
		}},
		"a name that is too long": {saml.Subject, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) {
				nameID(a).Value = strings.Repeat("x", 256)
			})
		}},
		"a name for another service": {saml.Subject, func(s *stage) string {
			return s.altered(func(a *testprovider.Answer) { nameID(a).SPNameQualifier = ours + "0" })
		}},
		"two object identifiers": {saml.Subject, func(s *stage) string {
			s.provider.SetStyle(testprovider.Entra)
			return s.altered(func(a *testprovider.Answer) {
				for i, said := range a.Assertion.AttributeStatements[0].Attributes {
					if strings.HasSuffix(said.Name, "objectidentifier") {
						a.Assertion.AttributeStatements[0].Attributes[i].Values = append(
							said.Values, library.AttributeValue{Type: "xs:string", Value: "p-1"})
					}
				}
			})
		}},
		"another version": {saml.Conditions, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return strings.Replace(xml, ` Version="2.0"`, ` Version="2.1"`, 1)
			})
		}},
		"a condition that nobody knows": {saml.Conditions, func(s *stage) string {
			return s.conditioned()
		}},
		"encrypted": {saml.Encrypted, func(s *stage) string {
			return forged(s.t, s.answered(), func(root *etree.Element) {
				root.RemoveChild(root.SelectElement("Assertion"))
				root.CreateElement("saml:EncryptedAssertion").CreateElement("xenc:EncryptedData").
					CreateAttr("xmlns:xenc", "http://www.w3.org/2001/04/xmlenc#")
			})
		}},
		"a document type": {saml.Malformed, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return `<!DOCTYPE Response [<!ENTITY who "p-1">]>` +
					strings.Replace(xml, ana.Subject, "&who;", 1)
			})
		}},
		"entities that grow": {saml.Malformed, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>` + xml
			})
		}},
		"an entity that nobody declared": {saml.Malformed, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return strings.Replace(xml, ana.Subject, "&who;", 1)
			})
		}},
		"an instruction": {saml.Malformed, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string { return xml + `<?go on?>` })
		}},
		"something after the answer": {saml.Malformed, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string { return xml + xml })
		}},
		"an id that stands twice": {saml.Malformed, func(s *stage) string {
			return forged(s.t, s.answered(), func(root *etree.Element) {
				root.CreateAttr("ID", root.SelectElement("Assertion").SelectAttrValue("ID", ""))
			})
		}},
		"an attribute that stands twice": {saml.Malformed, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return strings.Replace(xml, ` Version="2.0"`, ` Version="2.0" Version="2.0"`, 1)
			})
		}},
		"nested without end": {saml.Malformed, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return strings.Replace(xml, "</samlp:Response>", strings.Repeat("<a>", 1000)+
					strings.Repeat("</a>", 1000)+"</samlp:Response>", 1)
			})
		}},
		"another kind of message": {saml.Malformed, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return strings.ReplaceAll(xml, "samlp:Response", "samlp:LogoutResponse")
			})
		}},
		"no XML": {saml.Malformed, func(s *stage) string {
			s.answered()
			return base64.StdEncoding.EncodeToString([]byte("{}"))
		}},
		"nothing":   {saml.Malformed, func(s *stage) string { s.answered(); return "" }},
		"no base64": {saml.Malformed, func(s *stage) string { s.answered(); return "<xml/>" }},
		"no text": {saml.Malformed, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return strings.Replace(xml, ana.Subject, "\xff", 1)
			})
		}},
		"huge": {saml.TooLarge, func(s *stage) string {
			return edited(s.t, s.answered(), func(xml string) string {
				return xml + strings.Repeat(" ", saml.MaxAnswer)
			})
		}},
		"an answer to the metadata of yesterday": {saml.MetadataOver, func(s *stage) string {
			metadata, err := s.provider.Metadata()
			require.NoError(s.t, err)
			end := s.now.Add(time.Second).Format(time.RFC3339)
			s.Provider, err = saml.ReadProvider([]byte(strings.Replace(string(metadata),
				"<EntityDescriptor", `<EntityDescriptor validUntil="`+end+`"`, 1)), s.now)
			require.NoError(s.t, err)
			answer := s.answered()
			s.now = s.now.Add(time.Second)
			return answer
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			_, err := s.verify(s.answered())
			require.NoError(t, err, "the true one is believed")
			s.requireRefused(one.want, one.forge(s))
		})
	}
}

func confirmation(a *testprovider.Answer) *library.SubjectConfirmationData {
	return a.Assertion.Subject.SubjectConfirmations[0].SubjectConfirmationData
}

// conditioned is an answer that the provider signed, with a condition of its own.
func (s *stage) conditioned() string {
	s.provider.SetSigns(testprovider.SignNothing)
	answer := s.answered()
	s.provider.SetSigns(testprovider.SignAssertion)
	return forged(s.t, answer, func(root *etree.Element) {
		assertion := root.SelectElement("Assertion")
		condition := assertion.SelectElement("Conditions").CreateElement("own:Office")
		condition.CreateAttr("xmlns:own", "urn:own")
		alone := assertion.Copy()
		if alone.SelectAttr("xmlns:saml") == nil {
			alone.CreateAttr("xmlns:saml", "urn:oasis:names:tc:SAML:2.0:assertion")
		}
		if alone.SelectAttr("xmlns:xs") == nil {
			alone.CreateAttr("xmlns:xs", "http://www.w3.org/2001/XMLSchema")
		}
		signature, err := testprovider.Sign(alone, s.provider.Keys()[0],
			dsig.RSASHA256SignatureMethod)
		require.NoError(s.t, err)
		assertion.InsertChildAt(1, signature)
	})
}

// An assertion is believed once, also where its answer comes with another wrapping.
func TestS48_AnAnswerIsBelievedOnce(t *testing.T) {
	s := newStage(t)
	answer := s.answered()
	_, err := s.verify(answer)
	require.NoError(t, err)
	s.requireRefused(saml.Replayed, answer)
	s.requireRefused(saml.Replayed, forged(t, answer, func(root *etree.Element) {
		root.CreateAttr("ID", "_another")
	}))
}

// An answer for one connection says nothing at another, of the same provider or not.
func TestS48_AnAnswerHoldsAtItsConnectionAlone(t *testing.T) {
	s := newStage(t)
	answer := s.answered()
	other := s.Connection
	other.Address = "https://portal.test/sso/saml/con_2"
	_, err := other.Verify(t.Context(), answer, s.asked, s.now)
	require.Equal(t, saml.Destination, saml.ReasonOf(err))

	// Without the destination, which nothing has signed.
	_, err = other.Verify(t.Context(), forged(t, answer, func(root *etree.Element) {
		root.RemoveAttr("Destination")
	}), s.asked, s.now)
	require.Equal(t, saml.Destination, saml.ReasonOf(err))

	_, err = s.verify(answer)
	require.NoError(t, err, "what was refused is not used up")
}

// What cannot be recorded is not believed, and is no fault of the answer.
func TestAnAnswerThatCannotBeRecordedIsNotBelieved(t *testing.T) {
	s := newStage(t)
	s.Replays = broken{}
	in, err := s.verify(s.answered())
	require.ErrorIs(t, err, errBroken)
	require.Empty(t, saml.ReasonOf(err))
	require.Equal(t, saml.Identity{}, in)
}
