// Package orderfile reads files of orders, CSV or JSON, one order at a time.
//
// CSV begins with a header of the columns in Columns, in any order, written as
// rowfile.OpenCSV says. Each row is one line of an order; rows of the same po_number that
// stand together form one order, and the fields of the order need to be filled in only on
// the first of them.
//
// JSON is an array of orders, or one order after the other (NDJSON), each as
// POST /v1/orders takes it.
package orderfile

import (
	"errors"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/strictjson"
)

// MaxOrders is how many orders one file may hold.
const MaxOrders = 10_000

// The formats of a file.
const (
	CSV  = rowfile.CSV
	JSON = rowfile.JSON
)

// Codes of a file that cannot be read as a whole, and of rows beside those of
// rules and strictjson.
const (
	Unreadable      = rowfile.Unreadable
	Empty           = rowfile.Empty
	TooManyOrders   = "TOO_MANY_ORDERS"
	UnknownColumn   = rowfile.UnknownColumn
	MissingColumn   = rowfile.MissingColumn
	DuplicateColumn = rowfile.DuplicateColumn
	WrongColumns    = rowfile.WrongColumns
	RowsDiffer      = rowfile.RowsDiffer
	OrderTooLarge   = "ORDER_TOO_LARGE"
)

// Row is one order of a file. No is the line of a CSV file on which it begins,
// or its place in a JSON file, from 1. Err is what the file's structure got
// wrong; see Validate for everything.
type Row struct {
	No   int
	Form ordering.OrderForm
	Err  []rules.FieldError
}

// Validate gives every error of the row: the file's and those of the rules, the
// very same as at the API's door (S35).
func (r Row) Validate(c catalogue.Catalogue, today civil.Date) []rules.FieldError {
	var refusal *rules.Error
	if errors.As(r.Form.Validate(c, today), &refusal) {
		return strictjson.Merge(r.Err, refusal.Fields)
	}
	return r.Err
}

// Read reads a file order by order. An error is a *rules.Error of the whole
// file (FILE_UNREADABLE, FILE_EMPTY, TOO_MANY_ORDERS) or the reader's own; it
// ends the sequence. Memory does not grow with the file, save for the purchase
// order numbers seen.
func Read(r io.Reader, format string) iter.Seq2[Row, error] {
	rows := rowfile.Rows(r, order)
	if format == CSV {
		rows = readCSV(r)
	}
	return bounded(rows)
}

// Check reads a whole file, counts its orders, and refuses one that cannot be
// read to its end.
func Check(r io.Reader, format string) (orders int, err error) {
	for _, err := range Read(r, format) {
		if err != nil {
			return orders, err
		}
		orders++
	}
	return orders, nil
}

// bounded refuses an empty file and one of too many orders, and marks a
// purchase order number that comes again.
func bounded(rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		seen := map[string]bool{}
		n := 0
		for row, err := range rows {
			if err == nil {
				n++
				if n > MaxOrders {
					err = rules.Refuse(TooManyOrders, "The file holds more than 10000 orders.",
						"Split the file.")
				}
			}
			if err != nil {
				yield(Row{}, err)
				return
			}

			po := strings.TrimSpace(row.Form.PONumber)
			if po != "" && seen[po] {
				row.Err = rules.AddFields(row.Err, rules.FieldError{
					Pointer: "/po_number",
					Code:    rules.Duplicate,
					Message: "This purchase order number stands in the file already.",
					Remedy:  "Keep the rows of one order together; give each order its own number.",
				})
			}

			if len(po) <= ordering.MaxPONumber*utf8.UTFMax { // a longer one is refused
				seen[po] = true
			}
			if !yield(row, nil) {
				return
			}
		}

		if n == 0 {
			yield(Row{}, rules.Refuse(Empty, "The file holds no order.",
				"Send a file with at least one order."))
		}
	}
}
