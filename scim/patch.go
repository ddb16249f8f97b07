package scim

import (
	"reflect"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/provisioning"
)

// patch is a PATCH as directories send it: operations in any case, paths or none.
type patch struct {
	operations []operation
	known      []string // names of attributes
	ignored    []string // paths that were not understood
}

type operation struct {
	op    string // add, replace, remove
	path  string
	value any
}

// readPatch reads the body of a PATCH.
func readPatch(body map[string]any, known []string) (*patch, error) {
	out := &patch{known: known}
	for _, one := range elements(partOf(body, "Operations")) {
		parts, ok := one.(map[string]any)
		if !ok {
			return nil, provisioning.Invalid("Operations has to be a list of objects.")
		}
		o := operation{
			op:    strings.ToLower(text(partOf(parts, "op"))),
			path:  strings.TrimSpace(text(partOf(parts, "path"))),
			value: partOf(parts, "value"),
		}
		if o.op != "add" && o.op != "replace" && o.op != "remove" {
			return nil, provisioning.Invalid("op has to be add, replace or remove.")
		}
		out.operations = append(out.operations, o)
	}
	if len(out.operations) == 0 {
		return nil, provisioning.Invalid("Operations is missing.")
	}
	return out, nil
}

// apply changes a resource. What is ours to say is passed over; a path that is not understood is
// passed over too, and named in ignored: an error would stop a directory for good.
func (p *patch) apply(resource map[string]any) error {
	p.ignored = nil
	for _, o := range p.operations {
		if o.path != "" {
			if err := p.applyAt(resource, o.op, o.path, o.value); err != nil {
				return err
			}
			continue
		}

		// Without a path the value is an object, whose names may be paths themselves.
		parts, ok := o.value.(map[string]any)
		if !ok {
			return provisioning.Invalid("An operation without a path needs an object as its value.")
		}
		for _, name := range keysOf(parts) {
			if err := p.applyAt(resource, o.op, name, parts[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

func keysOf(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (p *patch) applyAt(resource map[string]any, op, said string, value any) error {
	if oneOf(said, ours) {
		return nil
	}
	// The whole of an extension.
	if extension, ok := value.(map[string]any); ok && isExtension(said) && op != "remove" {
		for _, name := range keysOf(extension) {
			if err := p.applyAt(resource, op, said+":"+name, extension[name]); err != nil {
				return err
			}
		}
		return nil
	}
	if isExtension(said) && op == "remove" {
		delete(resource, spelled(said, []string{enterpriseSchema}))
		return nil
	}

	at, err := readPath(said, p.known)
	if err != nil || (at.schema == "" && !oneOf(at.name, p.known)) {
		p.ignored = append(p.ignored, said)
		return nil
	}
	if at.schema == "" && oneOf(at.name, ours) {
		return nil
	}

	home := resource
	if at.schema != "" {
		extension, ok := resource[at.schema].(map[string]any)
		if !ok {
			extension = map[string]any{}
		}
		home = copyOf(extension)
		resource[at.schema] = home
		for name := range home {
			if strings.EqualFold(name, at.name) {
				at.name = name
			}
		}
	}

	value = cleanValue(lastName(at), value)
	switch {
	case op == "remove":
		home[at.name] = at.removed(home[at.name], value)
	case at.within != nil:
		home[at.name] = at.setWithin(home[at.name], value)
	case at.part != "":
		home[at.name] = at.setPart(home[at.name], value)
	case op == "add" && many(at.name):
		home[at.name] = added(home[at.name], value)
	case many(at.name):
		home[at.name] = slices.Clone(elements(value))
	default:
		home[at.name] = merged(home[at.name], value)
	}
	if empty(home[at.name]) {
		delete(home, at.name)
	}
	if at.schema != "" && len(home) == 0 {
		delete(resource, at.schema)
	}
	return nil
}

// isExtension reports whether a name is that of a schema, rather than of an attribute in it.
func isExtension(said string) bool {
	lower := strings.ToLower(said)
	return strings.HasPrefix(lower, "urn:") &&
		(strings.HasSuffix(lower, ":user") || strings.HasSuffix(lower, ":group")) &&
		!oneOf(said, coreSchemas)
}

func lastName(p path) string {
	if p.part != "" {
		return p.part
	}
	return p.name
}

// many reports whether an attribute has several values.
func many(name string) bool {
	return oneOf(name, []string{
		"members", "emails", "phoneNumbers", "ims", "photos", "addresses", "entitlements", "roles",
		"x509Certificates",
	})
}

func copyOf(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// merged is an attribute with one value after a change: parts that are not named stay.
func merged(have, value any) any {
	parts, ok := value.(map[string]any)
	before, had := have.(map[string]any)
	if !ok || !had {
		return value
	}
	out := copyOf(before)
	for name, v := range parts {
		out[name] = v
	}
	return out
}

// setPart sets a part of an attribute; of one with several values, in the first.
func (p path) setPart(have, value any) any {
	if list, ok := have.([]any); ok || many(p.name) {
		if len(list) == 0 {
			return []any{map[string]any{p.part: value}}
		}
		out := slices.Clone(list)
		parts, _ := out[0].(map[string]any)
		parts = copyOf(parts)
		parts[p.part] = value
		out[0] = parts
		return out
	}
	parts, _ := have.(map[string]any)
	parts = copyOf(parts)
	parts[p.part] = value
	return parts
}

// setWithin sets those values of an attribute that the filter names, or a part of them; where
// there are none, one is added: that is what directories mean by it.
func (p path) setWithin(have, value any) any {
	out, found := []any{}, false
	for _, e := range elements(have) {
		parts, ok := e.(map[string]any)
		if !ok || !p.within.holds(parts) {
			out = append(out, e)
			continue
		}
		found = true
		out = append(out, p.valueWith(parts, value))
	}
	if !found {
		fresh := map[string]any{}
		for _, c := range p.within {
			fresh[c.path.name] = c.value
		}
		out = append(out, p.valueWith(fresh, value))
	}
	return out
}

func (p path) valueWith(parts map[string]any, value any) any {
	parts = copyOf(parts)
	if p.part != "" {
		parts[p.part] = value
		return parts
	}
	if said, ok := value.(map[string]any); ok {
		for name, v := range said {
			parts[name] = v
		}
		return parts
	}
	parts["value"] = value
	return parts
}

// added is an attribute with several values after some were added: one that is there already,
// known by its value, takes over the parts that are sent.
func added(have, value any) any {
	out := slices.Clone(elements(have))
	for _, fresh := range elements(value) {
		at := slices.IndexFunc(out, func(e any) bool { return sameElement(e, fresh) })
		if at < 0 {
			out = append(out, fresh)
			continue
		}
		out[at] = merged(out[at], fresh)
	}
	return out
}

func sameElement(a, b any) bool {
	x, ok := a.(map[string]any)
	y, both := b.(map[string]any)
	if !ok || !both {
		return reflect.DeepEqual(a, b)
	}
	return same(x["value"], y["value"]) && x["value"] != nil &&
		(x["type"] == nil || y["type"] == nil || same(x["type"], y["type"]))
}

// removed is what is left of an attribute. A value beside the path names what goes: Entra ID
// removes a group's members so, and the group must not be emptied by it.
func (p path) removed(have, value any) any {
	named := elements(value)
	switch {
	case p.within != nil:
		out := []any{}
		for _, e := range elements(have) {
			parts, ok := e.(map[string]any)
			switch {
			case !ok || !p.within.holds(parts):
				out = append(out, e)
			case p.part != "":
				left := copyOf(parts)
				delete(left, p.part)
				out = append(out, left)
			}
		}
		return out
	case p.part != "":
		parts, ok := have.(map[string]any)
		if !ok {
			return have
		}
		left := copyOf(parts)
		delete(left, p.part)
		return left
	case many(p.name) && value != nil:
		return slices.DeleteFunc(slices.Clone(elements(have)), func(e any) bool {
			return slices.ContainsFunc(named, func(n any) bool {
				if said, ok := n.(string); ok {
					n = map[string]any{"value": said}
				}
				return sameElement(e, n)
			})
		})
	}
	return nil
}
