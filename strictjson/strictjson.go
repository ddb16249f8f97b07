// Package strictjson decodes JSON the one way this service accepts it: every
// structural error is told at once with its JSON pointer (RFC 6901), and no
// submitted value is ever repeated.
//
// Refused are duplicate keys, unknown fields, null, other types than the
// document asks for, invalid UTF-8 (also as escapes of lone surrogates),
// syntax errors and anything after the first value.
package strictjson

import (
	"bytes"
	"errors"
	"io"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"

	"roomcover.dev/roomcover/rules"
)

// Codes of structural errors, beside rules.InvalidUTF8 and rules.OutOfRange.
const (
	Malformed    = "MALFORMED_JSON"
	UnknownField = "UNKNOWN_FIELD"
	DuplicateKey = "DUPLICATE_KEY"
	WrongType    = "WRONG_TYPE"
)

// maxDepth is how deep a value may lie in the fields of the document that is asked for. No
// request is deeper.
const maxDepth = 100

// maxElements is how many elements of one list are read; the rest is passed over, and said
// to be too much. No list that the service takes is longer.
const maxElements = 100_000

// Decode reads one JSON value into dst, a pointer to a struct, slice or map of
// strings, integers, booleans and further such types. It returns every
// structural error; whatever is sound has been decoded all the same, so that
// its meaning can be checked too. A byte order mark before the value is passed over.
func Decode(data []byte, dst any) []rules.FieldError {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return []rules.FieldError{{
			Code:    Malformed,
			Message: "The text is in UTF-16.",
			Remedy:  "Send it in UTF-8.",
		}}
	}

	d := &decoder{src: jsontext.NewDecoder(bytes.NewReader(data),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	err := d.value("", reflect.ValueOf(dst).Elem())
	if err == nil {
		if _, err = d.src.ReadToken(); errors.Is(err, io.EOF) {
			return d.fields
		}
		d.at = "" // it is the whole that has something after it
	}

	d.syntax()
	return d.fields
}

type decoder struct {
	src    *jsontext.Decoder
	at     string // where the walk is, for syntax errors
	depth  int
	fields []rules.FieldError
}

func (d *decoder) fail(pointer, code, message, remedy string) {
	d.fields = rules.AddFields(d.fields, rules.FieldError{
		Pointer: pointer,
		Code:    code,
		Message: message,
		Remedy:  remedy,
	})
}

// syntax adds that the text breaks. It is told in any case: where there are too many errors
// already, it comes first.
func (d *decoder) syntax() {
	broken := rules.FieldError{
		Pointer: d.at,
		Code:    Malformed,
		Message: "The text is not one JSON value; it breaks here.",
		Remedy:  "Send exactly one well-formed JSON value.",
	}

	if len(d.fields) < rules.MaxFieldErrors {
		d.fields = append(d.fields, broken)
		return
	}
	d.fields = rules.AddFields([]rules.FieldError{broken}, d.fields...)
}

// value reads the next value into v. Its error is a syntax error, which ends
// the walk; everything else is collected.
func (d *decoder) value(at string, v reflect.Value) error {
	d.at = at
	d.depth++
	defer func() { d.depth-- }()
	if d.depth > maxDepth {
		d.fail(at, rules.OutOfRange, "The value lies too deep.", "Send a flatter document.")
		return d.src.SkipValue()
	}

	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return d.value(at, v.Elem())
	case reflect.Struct:
		if v.Type() == instantType {
			return d.instant(at, v)
		}
		return d.object(at, v)
	case reflect.Map:
		return d.dictionary(at, v)
	case reflect.Slice:
		return d.array(at, v)
	}

	return d.scalar(at, v)
}

// skip passes over a value of a type that was not asked for.
func (d *decoder) skip(at, wanted string) error {
	if d.src.PeekKind() != jsontext.KindInvalid {
		d.fail(at, WrongType, "This must be "+wanted+".", "Send "+wanted+".")
	}
	return d.src.SkipValue()
}
