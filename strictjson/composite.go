package strictjson

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"roomcover.dev/roomcover/rules"
)

// plainName is what a field's name looks like. Anything else may be a value in
// the wrong place, so the error then points at the object around it.
var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

func child(at, name string) string {
	if !plainName.MatchString(name) {
		return at
	}
	return at + "/" + name
}

// members reads an object and calls each for every key that is not a repeat.
func (d *decoder) members(at string, each func(name string) error) error {
	if d.src.PeekKind() != jsontext.KindBeginObject {
		return d.skip(at, "an object")
	}
	if _, err := d.src.ReadToken(); err != nil {
		return err
	}

	seen := map[string]bool{}
	for d.src.PeekKind() != jsontext.KindEndObject {
		d.at = at
		raw, err := d.src.ReadValue()
		if err != nil {
			return err
		}

		name, ok := unquote(raw)
		switch {
		case !ok:
			d.fail(at, rules.InvalidUTF8, "A field's name is not valid UTF-8.",
				"Send the text in UTF-8.")
			err = d.src.SkipValue()
		case strings.ContainsRune(name, 0):
			d.fail(at, rules.ControlCharacters,
				"A field's name holds the character NUL, which cannot be stored.",
				"Send plain text.")
			err = d.src.SkipValue()
		case seen[name]:
			d.fail(child(at, name), DuplicateKey, "The field stands twice in its object.",
				"Send each field once.")
			err = d.src.SkipValue()
		default:
			seen[name] = true
			err = each(name)
		}
		if err != nil {
			return err
		}
	}

	_, err := d.src.ReadToken()
	return err
}

func (d *decoder) object(at string, v reflect.Value) error {
	places := fieldsOf(v.Type())
	return d.members(at, func(name string) error {
		i, ok := places[name]
		if !ok {
			d.fail(child(at, name), UnknownField, "There is no such field here.",
				"Remove the field, or correct its name.")
			return d.src.SkipValue()
		}
		return d.value(at+"/"+name, v.Field(i))
	})
}

// places keeps fieldsOf for each type: a list has as many objects as its sender likes.
var places sync.Map

func fieldsOf(t reflect.Type) map[string]int {
	if known, ok := places.Load(t); ok {
		return known.(map[string]int)
	}

	byName := namesOf(t)
	places.Store(t, byName)
	return byName
}

func namesOf(t reflect.Type) map[string]int {
	places := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			places[name] = i
		}
	}
	return places
}

func (d *decoder) dictionary(at string, v reflect.Value) error {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}

	return d.members(at, func(name string) error {
		element := reflect.New(v.Type().Elem()).Elem()
		err := d.value(child(at, name), element)
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), element)
		return err
	})
}

func (d *decoder) array(at string, v reflect.Value) error {
	if d.src.PeekKind() != jsontext.KindBeginArray {
		return d.skip(at, "an array")
	}
	if _, err := d.src.ReadToken(); err != nil {
		return err
	}

	v.SetLen(0)
	for i := 0; d.src.PeekKind() != jsontext.KindEndArray; i++ {
		if i >= maxElements {
			if err := d.passOver(at, i); err != nil {
				return err
			}
			continue
		}

		element := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(at+"/"+strconv.Itoa(i), element); err != nil {
			return err
		}
		v.Set(reflect.Append(v, element))
		d.at = at
	}

	_, err := d.src.ReadToken()
	return err
}

// passOver skips the i-th element of a list that is too long.
func (d *decoder) passOver(at string, i int) error {
	if i == maxElements {
		d.fail(at, rules.OutOfRange,
			fmt.Sprintf("The list has more than %d elements.", maxElements),
			"Send fewer at a time.")
	}
	d.at = at
	return d.src.SkipValue()
}

// unquote reads a JSON string and tells whether it is sound UTF-8: neither raw
// bytes nor escapes that stand for no character.
func unquote(raw []byte) (string, bool) {
	if !utf8.Valid(raw) {
		return "", false
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	return string(text), err == nil
}
