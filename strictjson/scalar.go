package strictjson

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"roomcover.dev/roomcover/rules"
)

func (d *decoder) scalar(at string, v reflect.Value) error {
	wanted, kinds := wants(v.Kind())
	kind := d.src.PeekKind()
	if kind != kinds[0] && kind != kinds[1] {
		return d.skip(at, wanted)
	}

	raw, err := d.src.ReadValue()
	if err != nil {
		return err
	}

	switch v.Kind() {
	case reflect.String:
		d.text(at, v, raw)
	case reflect.Bool:
		v.SetBool(kind == jsontext.KindTrue)
	default:
		d.integer(at, v, string(raw))
	}

	return nil
}

func wants(k reflect.Kind) (string, [2]jsontext.Kind) {
	switch k {
	case reflect.String:
		return "a text", [2]jsontext.Kind{jsontext.KindString, jsontext.KindString}
	case reflect.Bool:
		return "true or false", [2]jsontext.Kind{jsontext.KindTrue, jsontext.KindFalse}
	case reflect.Int, reflect.Int64:
		return "a whole number", [2]jsontext.Kind{jsontext.KindNumber, jsontext.KindNumber}
	}

	panic("strictjson: cannot decode into " + k.String())
}

func (d *decoder) text(at string, v reflect.Value, raw []byte) {
	text, ok := unquote(raw)
	if !ok {
		d.fail(at, rules.InvalidUTF8, "The text is damaged: it is not valid UTF-8.",
			"Send the text in UTF-8.")
		return
	}

	if strings.ContainsRune(text, 0) {
		d.fail(at, rules.ControlCharacters,
			"The text holds the character NUL, which cannot be stored.", "Send plain text.")
		return
	}

	v.SetString(text)
}

var instantType = reflect.TypeFor[time.Time]()

// instant takes a point in time with its offset, as RFC 3339 writes it.
func (d *decoder) instant(at string, v reflect.Value) error {
	if d.src.PeekKind() != jsontext.KindString {
		return d.skip(at, "an instant")
	}

	raw, err := d.src.ReadValue()
	if err != nil {
		return err
	}

	text, _ := unquote(raw)
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		d.fail(at, rules.InvalidDate, "This is not an instant.",
			"Send one such as 2026-11-26T23:59:59Z.")
		return nil
	}

	v.Set(reflect.ValueOf(instant))
	return nil
}

// integer takes plain digits only: 1.0 and 1e2 are numbers, but nobody who
// orders licences means them.
func (d *decoder) integer(at string, v reflect.Value, raw string) {
	n, err := strconv.ParseInt(raw, 10, v.Type().Bits())
	if err == nil {
		v.SetInt(n)
		return
	}

	if numError, ok := err.(*strconv.NumError); ok && numError.Err == strconv.ErrRange {
		d.fail(at, rules.OutOfRange, "The number is far out of range.", "Send a smaller number.")
		return
	}

	d.fail(at, WrongType, "This must be a whole number.",
		"Send a whole number, without fraction or exponent.")
}
