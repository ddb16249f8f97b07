package scim

import (
	"encoding/json"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/provisioning"
)

// The attributes that are known by name, as SCIM spells them: names are compared without case.
// Anything else that comes with a whole resource is kept and returned as it is.
var knownUser = []string{
	"userName", "externalId", "name", "displayName", "nickName", "profileUrl", "title", "userType",
	"preferredLanguage", "locale", "timezone", "active", "emails", "phoneNumbers", "ims", "photos",
	"addresses", "entitlements", "roles", "x509Certificates",
}

var knownGroup = []string{"displayName", "externalId", "members"}

// knownParts are the parts of an attribute that has parts.
var knownParts = []string{
	"value", "type", "primary", "display", "$ref", "formatted", "givenName", "familyName",
	"middleName", "honorificPrefix", "honorificSuffix", "streetAddress", "locality", "region",
	"postalCode", "country",
}

// ours are the attributes that the service says, whatever a directory sends. A password is
// nobody's: people sign in by the directory's own sign-in.
var ours = []string{"id", "schemas", "meta", "groups", "password"}

// spelled is a name as SCIM spells it; one that is not known stays as it is.
func spelled(name string, known []string) string {
	for _, k := range known {
		if strings.EqualFold(k, name) {
			return k
		}
	}
	return name
}

func oneOf(name string, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// flag reads a truth value, which Entra ID sends as a text.
func flag(value any) (is, ok bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case string:
		if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
			return strings.EqualFold(v, "true"), true
		}
	}
	return false, false
}

// clean returns a whole resource as it is kept: names as SCIM spells them, without what is ours to
// say and without what is null.
func clean(sent map[string]any, known []string) provisioning.Attributes {
	out := provisioning.Attributes{}
	for name, value := range sent {
		name = spelled(name, known)
		if oneOf(name, ours) || namesPassword(name) || empty(value) {
			continue
		}
		out[name] = cleanValue(name, value)
	}
	return out
}

// cleanValue returns the value of an attribute as it is kept.
func cleanValue(name string, value any) any {
	if name == "active" || name == "primary" {
		if is, ok := flag(value); ok {
			return is
		}
	}
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for part, inner := range v {
			if inner == nil || namesPassword(part) {
				continue
			}
			part = spelled(part, knownParts)
			out[part] = cleanValue(part, inner)
		}
		return out
	case []any:
		out := []any{}
		for _, inner := range v {
			if inner != nil {
				out = append(out, cleanValue("", inner))
			}
		}
		return out
	}
	return value
}

// text is an attribute's text; empty for what is none.
func text(value any) string {
	s, _ := value.(string)
	return s
}

// elements are the values of an attribute that may have several.
func elements(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

// wanted reads out of a resource what the service goes by.
func wanted(attributes provisioning.Attributes, before bool) (provisioning.Wanted, error) {
	w := provisioning.Wanted{
		UserName:   text(attributes["userName"]),
		ExternalID: text(attributes["externalId"]),
		Email:      emailIn(attributes),
		Name:       nameIn(attributes),
		Locale:     localeIn(attributes),
		Active:     before,
		Attributes: attributes,
	}
	if sent, there := attributes["active"]; there {
		is, ok := flag(sent)
		if !ok {
			return w, provisioning.Invalid("active has to be true or false.")
		}
		w.Active = is
	}
	delete(attributes, "active") // the service says it
	return w, nil
}

// emailIn is the address of a person: the primary one, else that at work, else the first, else
// the name with which they sign in.
func emailIn(attributes provisioning.Attributes) string {
	first, work := "", ""
	for _, e := range elements(attributes["emails"]) {
		part, ok := e.(map[string]any)
		if !ok {
			continue
		}
		value := text(part["value"])
		if is, _ := flag(part["primary"]); is && value != "" {
			return value
		}
		if work == "" && strings.EqualFold(text(part["type"]), "work") {
			work = value
		}
		if first == "" {
			first = value
		}
	}
	for _, email := range []string{work, first} {
		if email != "" {
			return email
		}
	}
	return text(attributes["userName"])
}

// nameIn is the name of a person as it is shown.
func nameIn(attributes provisioning.Attributes) string {
	if shown := strings.TrimSpace(text(attributes["displayName"])); shown != "" {
		return shown
	}
	name, _ := attributes["name"].(map[string]any)
	whole := strings.TrimSpace(text(name["givenName"]) + " " + text(name["familyName"]))
	if formatted := strings.TrimSpace(text(name["formatted"])); formatted != "" && whole == "" {
		return formatted
	}
	if whole != "" {
		return whole
	}
	// A directory may send no name at all: what stands before the at sign is one.
	local, _, _ := strings.Cut(text(attributes["userName"]), "@")
	return local
}

// localeIn is the language of a person's mails: Portuguese where the directory says so.
func localeIn(attributes provisioning.Attributes) string {
	for _, name := range []string{"preferredLanguage", "locale"} {
		switch said := strings.ToLower(text(attributes[name])); {
		case strings.HasPrefix(said, "pt"):
			return "pt-BR"
		case strings.HasPrefix(said, "en"):
			return "en"
		}
	}
	return ""
}

// withoutPassword returns a request as it may be kept: its JSON without passwords, however they
// are sent. What cannot be read is not kept, since it may hold one.
func withoutPassword(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return ""
	}
	out, err := json.MarshalIndent(hidePasswords(value), "", "  ")
	if err != nil {
		return ""
	}
	return string(out)
}

// namesPassword reports whether a name, or a path, is that of the password, of whatever schema.
func namesPassword(name string) bool {
	name = strings.ToLower(strings.TrimSpace(name))
	return name == "password" || strings.HasSuffix(name, ":password")
}

func hidePasswords(value any) any {
	switch v := value.(type) {
	case map[string]any:
		named := namesPassword(text(partOf(v, "path")))
		for name, inner := range v {
			switch {
			case namesPassword(name), named && strings.EqualFold(name, "value"):
				v[name] = "***"
			default:
				v[name] = hidePasswords(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = hidePasswords(v[i])
		}
	}
	return value
}
