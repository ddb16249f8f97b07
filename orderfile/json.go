package orderfile

import (
	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/strictjson"
)

func order(n int, raw []byte) Row {
	row := Row{No: n}
	if len(raw) > rowfile.MaxObject {
		row.Err = []rules.FieldError{{
			Pointer: "",
			Code:    OrderTooLarge,
			Message: "The order is larger than 1 MiB.",
			Remedy:  "Split the order.",
		}}
		return row
	}

	row.Err = strictjson.Decode(raw, &row.Form)
	return row
}
