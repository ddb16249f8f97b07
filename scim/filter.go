package scim

import (
	"errors"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/provisioning"
)

// A filter is what directories send: comparisons with eq, joined by and.
type filter []comparison

// comparison is that an attribute, or a part of it, is a value. within narrows an attribute with
// several values to those that match.
type comparison struct {
	path  path
	value any
}

// path names an attribute: schema of an extension, name, the values that are meant, and a part.
type path struct {
	schema string
	name   string
	within filter
	part   string
}

var errFilter = errors.New("scim: the filter cannot be read")

// coreSchemas are those whose attributes stand in the resource itself.
var coreSchemas = []string{userSchema, groupSchema}

// mostFilter is how long a filter, or a path, may be. Brackets in brackets are read again and
// again: a long text of them would keep us busy for minutes.
const mostFilter = 2000

// readFilter reads a filter; an empty text is none.
func readFilter(said string, known []string) (filter, error) {
	if len(said) > mostFilter {
		return nil, errFilter
	}
	var out filter
	for _, one := range splitAnd(said) {
		one = strings.TrimSpace(one)
		if one == "" {
			return nil, errFilter
		}
		at := operatorAt(one)
		if at < 0 {
			return nil, errFilter
		}
		p, err := readPath(strings.TrimSpace(one[:at]), known)
		if err != nil {
			return nil, errFilter
		}
		value, err := literal(strings.TrimSpace(one[at+len(" eq "):]))
		if err != nil {
			return nil, err
		}
		out = append(out, comparison{p, value})
	}
	return out, nil
}

// operatorAt is where " eq " stands outside of quotes and brackets.
func operatorAt(said string) int {
	depth, quoted := 0, false
	for i := 0; i < len(said); i++ {
		switch c := said[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0 && len(said) >= i+4 && strings.EqualFold(said[i:i+4], " eq "):
			return i
		}
	}
	return -1
}

// splitAnd parts a filter at each "and" that stands outside of quotes and brackets.
func splitAnd(said string) (parts []string) {
	depth, quoted, from := 0, false, 0
	for i := 0; i < len(said); i++ {
		switch c := said[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0 && len(said) >= i+5 && strings.EqualFold(said[i:i+5], " and "):
			parts = append(parts, said[from:i])
			from = i + 5
			i += 4
		}
	}
	return append(parts, said[from:])
}

// literal reads the value of a comparison: a text in quotes, a number or a truth value.
func literal(said string) (any, error) {
	if len(said) >= 2 && said[0] == '"' && said[len(said)-1] == '"' {
		return readQuoted(said[1 : len(said)-1])
	}
	if is, ok := flag(said); ok {
		return is, nil
	}
	if n, err := strconv.ParseFloat(said, 64); err == nil {
		return n, nil
	}
	return nil, errFilter
}

func readQuoted(inner string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '"':
			return "", errFilter
		case '\\':
			i++
			if i == len(inner) {
				return "", errFilter
			}
		}
		out.WriteByte(inner[i])
	}
	return out.String(), nil
}

// readPath reads the name of an attribute, such as emails[type eq "work"].value or, of an
// extension, urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department.
func readPath(said string, known []string) (path, error) {
	var p path
	head := said
	if len(said) > mostFilter {
		return p, errFilter
	}
	if open := strings.IndexByte(said, '['); open >= 0 {
		closing := strings.LastIndexByte(said, ']')
		if closing < open {
			return p, errFilter
		}
		var err error
		if p.within, err = readFilter(said[open+1:closing], knownParts); err != nil {
			return p, err
		}
		head = said[:open]
		switch rest := said[closing+1:]; {
		case strings.HasPrefix(rest, "."):
			p.part = spelled(rest[1:], knownParts)
		case rest != "":
			return p, errFilter
		}
	}

	if strings.HasPrefix(strings.ToLower(head), "urn:") {
		at := strings.LastIndexByte(head, ':')
		schema := head[:at]
		if oneOf(schema+":"+head[at+1:], coreSchemas) {
			return p, errFilter
		}
		head = head[at+1:]
		if !oneOf(schema, coreSchemas) {
			p.schema = spelled(schema, []string{enterpriseSchema})
		}
	}
	if p.within == nil {
		name, part, dotted := strings.Cut(head, ".")
		head = name
		if dotted {
			p.part = spelled(part, knownParts)
		}
	}
	if !soundName(head) || (p.part != "" && !soundName(p.part)) {
		return p, errFilter
	}
	p.name = head
	if p.schema == "" {
		p.name = spelled(head, known)
	}
	return p, nil
}

func soundName(name string) bool {
	return name != "" && !strings.ContainsAny(name, " \t\"[]()")
}

// holds reports whether a resource is as the filter says. A text is compared without case.
func (f filter) holds(resource map[string]any) bool {
	for _, c := range f {
		if !c.holds(resource) {
			return false
		}
	}
	return true
}

func (c comparison) holds(resource map[string]any) bool {
	value := resource[c.path.name]
	if c.path.schema != "" {
		extension, _ := resource[c.path.schema].(map[string]any)
		value = partOf(extension, c.path.name)
	}
	for _, e := range elements(value) {
		parts, hasParts := e.(map[string]any)
		if c.path.within != nil && (!hasParts || !c.path.within.holds(parts)) {
			continue
		}
		if hasParts {
			part := c.path.part
			if part == "" {
				part = "value"
			}
			e = partOf(parts, part)
		}
		if same(e, c.value) {
			return true
		}
	}
	return false
}

// partOf is a part of an attribute, by its name without case.
func partOf(parts map[string]any, name string) any {
	if v, ok := parts[name]; ok {
		return v
	}
	for k, v := range parts {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

func same(have, want any) bool {
	if is, ok := flag(want); ok {
		if has, ok := flag(have); ok {
			return is == has
		}
	}
	h, isText := have.(string)
	w, wantsText := want.(string)
	if isText && wantsText {
		return strings.EqualFold(h, w)
	}
	return have == want
}

// narrow is what the database can find of a filter.
func (f filter) narrow() (n provisioning.Narrow) {
	for _, c := range f {
		said, ok := c.value.(string)
		if !ok || c.path.schema != "" {
			continue
		}
		if c.path.name == "emails" && (c.path.part == "" || c.path.part == "value") {
			n.Email = &said
		}
		if c.path.within != nil || c.path.part != "" {
			continue
		}
		switch c.path.name {
		case "id":
			n.ID = &said
		case "userName":
			n.UserName = &said
		case "externalId":
			n.ExternalID = &said
		}
	}
	return n
}

// narrowGroups is what the database can find of a filter of groups.
func (f filter) narrowGroups() (n provisioning.NarrowGroups) {
	for _, c := range f {
		said, ok := c.value.(string)
		if !ok || c.path.schema != "" || c.path.within != nil || c.path.part != "" {
			continue
		}
		switch c.path.name {
		case "id":
			n.ID = &said
		case "displayName":
			n.Name = &said
		case "externalId":
			n.ExternalID = &said
		}
	}
	return n
}
