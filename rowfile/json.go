package rowfile

import (
	"errors"
	"io"
	"iter"

	"github.com/go-json-experiment/json/jsontext"

	"roomcover.dev/roomcover/rules"
)

// maxValue is how large a value of a JSON file may be at most: one over MaxObject is
// refused by itself, one over this with its file.
const maxValue = 8 * MaxObject

// Values reads the values of a JSON array, or one value after the other
// (NDJSON), without keeping them: each is valid until the next. An error is
// FILE_UNREADABLE or the reader's own; it ends the sequence.
func Values(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		text, err := openText(r)
		if err != nil {
			yield(nil, err)
			return
		}

		in := &budget{in: text}
		in.next(maxValue)
		src := jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true),
			jsontext.AllowInvalidUTF8(true))
		array := src.PeekKind() == jsontext.KindBeginArray
		if array {
			if _, err := src.ReadToken(); err != nil {
				yield(nil, broken(err))
				return
			}
		}

		for {
			in.next(maxValue)
			if array && src.PeekKind() == jsontext.KindEndArray {
				if err := end(src); err != nil {
					yield(nil, err)
				}
				return
			}

			raw, err := src.ReadValue()
			if !array && errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return
			}
			if err != nil {
				yield(nil, broken(err))
				return
			}

			if !yield(raw, nil) {
				return
			}
		}
	}
}

// Rows reads the values of a JSON file as rows, numbered from 1; see Values. row
// makes one of each, and must not keep the bytes.
func Rows[Row any](r io.Reader, row func(no int, raw []byte) Row) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		no := 0
		for raw, err := range Values(r) {
			no++
			if err != nil {
				var none Row
				yield(none, err)
				return
			}

			if !yield(row(no, raw), nil) {
				return
			}
		}
	}
}

// end reads the closing bracket and whatever must not follow it.
func end(src *jsontext.Decoder) error {
	if _, err := src.ReadToken(); err != nil {
		return broken(err)
	}
	if _, err := src.ReadToken(); !errors.Is(err, io.EOF) {
		return broken(nil)
	}
	return nil
}

// broken tells a file with broken syntax from a reader that failed.
func broken(err error) error {
	if errors.Is(err, errTooLong) {
		return rules.Refuse(Unreadable, "One object of the file is larger than 8 MiB.",
			"Send smaller ones; look for a quote or bracket that is not closed.")
	}

	var syntax *jsontext.SyntacticError
	if err == nil || errors.As(err, &syntax) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) {
		return rules.Refuse(Unreadable, "The file is not well-formed JSON.",
			"Send an array, or one object after the other.")
	}
	return err
}
