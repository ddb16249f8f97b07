package orderfile

import (
	"errors"
	"io"
	"iter"

	"github.com/go-json-experiment/json/jsontext"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/strictjson"
)

func readJSON(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		src := jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		array := src.PeekKind() == jsontext.KindBeginArray
		if array {
			if _, err := src.ReadToken(); err != nil {
				yield(Row{}, broken(err))
				return
			}
		}
		for n := 1; ; n++ {
			if array && src.PeekKind() == jsontext.KindEndArray {
				if err := end(src); err != nil {
					yield(Row{}, err)
				}
				return
			}
			raw, err := src.ReadValue()
			if !array && errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return
			}
			if err != nil {
				yield(Row{}, broken(err))
				return
			}
			if !yield(order(n, raw), nil) {
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

func order(n int, raw []byte) Row {
	row := Row{No: n}
	if len(raw) > maxOrderBytes {
		row.Err = []rules.FieldError{{Pointer: "", Code: OrderTooLarge, Message: "The order is larger than 1 MiB.", Remedy: "Split the order."}}
		return row
	}
	row.Err = strictjson.Decode(raw, &row.Form)
	return row
}

// broken tells a file with broken syntax from a reader that failed.
func broken(err error) error {
	var syntax *jsontext.SyntacticError
	if err == nil || errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return rules.Refuse(Unreadable, "The file is not well-formed JSON.", "Send an array of orders, or one order after the other.")
	}
	return err
}
