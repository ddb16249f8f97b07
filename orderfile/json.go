package orderfile

import (
	"io"
	"iter"

	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/strictjson"
)

func readJSON(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		n := 0
		for raw, err := range rowfile.Values(r) {
			n++
			if err != nil {
				yield(Row{}, err)
				return
			}
			if !yield(order(n, raw), nil) {
				return
			}
		}
	}
}

func order(n int, raw []byte) Row {
	row := Row{No: n}
	if len(raw) > rowfile.MaxObject {
		row.Err = []rules.FieldError{{Pointer: "", Code: OrderTooLarge, Message: "The order is larger than 1 MiB.", Remedy: "Split the order."}}
		return row
	}
	row.Err = strictjson.Decode(raw, &row.Form)
	return row
}
