package saml

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/rules"
)

const (
	protocolSpace  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionSpace = "urn:oasis:names:tc:SAML:2.0:assertion"
	signatureSpace = "http://www.w3.org/2000/09/xmldsig#"
)

// shape is what is seen of an answer before anything in it is believed.
type shape struct {
	at     time.Time // when it says that it was made
	status string    // the last status that it names, of those of the standard
}

// statuses are the codes of the standard by which a provider says why it refuses. Only
// these are repeated to people: what else stands there may be anything.
var statuses = []string{
	"Requester", "Responder", "VersionMismatch", "AuthnFailed", "InvalidAttrNameOrValue",
	"InvalidNameIDPolicy", "NoAuthnContext", "NoAvailableIDP", "NoPassive", "NoSupportedIDP",
	"PartialLogout", "ProxyCountExceeded", "RequestDenied", "RequestUnsupported",
	"RequestVersionDeprecated", "RequestVersionTooHigh", "RequestVersionTooLow",
	"ResourceNotRecognized", "TooManyResponses", "UnknownAttrProfile", "UnknownPrincipal",
	"UnsupportedBinding",
}

// shapeOf refuses an answer that is not built as providers build theirs, before any
// signature is looked at. Whatever wraps a signature needs a second assertion or answer, a
// signature or an id in a second place: none of these gets past here, so that what the
// signature covers and what is read cannot differ.
func shapeOf(answer []byte) (shape, error) {
	var seen shape
	var path []xml.Name
	var assertions int
	signatures := map[string]int{}
	ids := map[string]bool{}

	err := eachToken(answer, false, func(token xml.Token) error {
		switch t := token.(type) {
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.StartElement:
			path = append(path, t.Name)
			if err := checkAttributes(t.Attr, ids); err != nil {
				return err
			}

			switch depth := len(path); {
			case depth == 1:
				if t.Name != (xml.Name{Space: protocolSpace, Local: "Response"}) {
					return refuse(Malformed)
				}
				seen.at, _ = time.Parse(time.RFC3339Nano, attribute(t, "IssueInstant"))

			case strings.HasPrefix(t.Name.Local, "Encrypted"):
				return refuse(Encrypted)

			case t.Name.Local == "Response":
				return refuse(Assertions)

			case t.Name.Local == "Assertion":
				assertions++
				if assertions > 1 || depth != 2 || t.Name.Space != assertionSpace {
					return refuse(Assertions)
				}

			case t.Name.Local == "Signature":
				// Of the answer or of its assertion, and one of each.
				parent := path[depth-2].Local
				signatures[parent]++
				if t.Name.Space != signatureSpace || signatures[parent] > 1 ||
					(depth != 2 && (depth != 3 || parent != "Assertion")) {
					return refuse(Signature)
				}

			case t.Name.Space == signatureSpace &&
				(t.Name.Local == "Object" || t.Name.Local == "Manifest"):
				return refuse(Signature)

			case path[depth-2].Local == "NameID":
				return refuse(Malformed)

			case t.Name == xml.Name{Space: protocolSpace, Local: "StatusCode"}:
				value := attribute(t, "Value")
				name := value[strings.LastIndexByte(value, ':')+1:]
				if slices.Contains(statuses, name) {
					seen.status = name
				}
			}
		}
		return nil
	})
	if err == nil && assertions == 1 && len(signatures) == 0 {
		err = refuse(Signature)
	}
	return seen, err
}

// eachToken calls fn with each token of a document, and refuses one that is not plain XML:
// with a document type, an instruction or another encoding than UTF-8, or with a comment
// where none may be.
func eachToken(document []byte, comments bool, fn func(xml.Token) error) error {
	if !rules.Storable(string(document)) {
		return refuse(Malformed)
	}

	decoder := xml.NewDecoder(bytes.NewReader(document))
	depth, roots := 0, 0
	for first := true; ; first = false {
		token, err := decoder.Token()
		if err == io.EOF && roots == 1 {
			return nil
		}
		if err != nil {
			return refuse(Malformed)
		}

		switch t := token.(type) {
		case xml.Directive:
			return refuse(Malformed)
		case xml.Comment:
			if !comments {
				return refuse(Malformed)
			}
		case xml.ProcInst:
			if !first || t.Target != "xml" {
				return refuse(Malformed)
			}
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return refuse(Malformed)
			}
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			if roots > 1 || depth > 64 {
				return refuse(Malformed)
			}
		case xml.EndElement:
			depth--
		}
		if err := fn(token); err != nil {
			return err
		}
	}
}

// checkAttributes refuses an attribute that stands twice in its element, and an id that
// stands twice in the document, in any spelling: which of them a reader takes is chance.
func checkAttributes(attributes []xml.Attr, ids map[string]bool) error {
	here := map[xml.Name]bool{}
	for _, a := range attributes {
		if here[a.Name] {
			return refuse(Malformed)
		}
		here[a.Name] = true

		if !strings.EqualFold(a.Name.Local, "id") || a.Name.Space == "xmlns" {
			continue
		}
		if ids[a.Value] {
			return refuse(Malformed)
		}
		ids[a.Value] = true
	}
	return nil
}

func attribute(element xml.StartElement, name string) string {
	for _, a := range element.Attr {
		if a.Name == (xml.Name{Local: name}) {
			return a.Value
		}
	}
	return ""
}
