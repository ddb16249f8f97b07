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

// maxErrors bounds an answer: a document with more errors than this is told the
// first ones.
const maxErrors = 200

// Decode reads one JSON value into dst, a pointer to a struct, slice or map of
// strings, integers, booleans and further such types. It returns every
// structural error; whatever is sound has been decoded all the same, so that
// its meaning can be checked too.
func Decode(data []byte, dst any) []rules.FieldError {
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
	fields []rules.FieldError
}

func (d *decoder) fail(pointer, code, message, remedy string) {
	if len(d.fields) < maxErrors {
		d.fields = append(d.fields, rules.FieldError{
			Pointer: pointer,
			Code:    code,
			Message: message,
			Remedy:  remedy,
		})
	}
}

func (d *decoder) syntax() {
	d.fields = append(d.fields, rules.FieldError{
		Pointer: d.at,
		Code:    Malformed,
		Message: "The text is not one JSON value; it breaks here.",
		Remedy:  "Send exactly one well-formed JSON value.",
	})
}

// value reads the next value into v. Its error is a syntax error, which ends
// the walk; everything else is collected.
func (d *decoder) value(at string, v reflect.Value) error {
	d.at = at
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
