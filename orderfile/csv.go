package orderfile

import (
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/strictjson"
)

func readCSV(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		src, err := rowfile.OpenCSV(r, fileColumns)
		if err == nil {
			err = orders(src, func(row Row) bool { return yield(row, nil) })
		}
		if err != nil && !errors.Is(err, io.EOF) {
			yield(Row{}, err)
		}
	}
}

// orders gathers the rows that stand together under one purchase order number. The error
// is nil where the reader wants no more.
func orders(src *rowfile.CSVFile, yield func(Row) bool) error {
	cols := make([]column, len(src.At))
	for i, place := range src.At {
		cols[i] = columns[place]
	}

	var open *Row
	for {
		line, record, err := src.Next()
		if errors.Is(err, io.EOF) && open != nil {
			yield(*open)
		}
		if err != nil {
			return err
		}

		next := parse(line, record, cols)
		if open != nil && next.Form.PONumber != "" && next.Form.PONumber == open.Form.PONumber {
			open.add(next)
			continue
		}

		if open != nil && !yield(*open) {
			return nil
		}
		open = &next
	}
}

// parse reads one row as an order of one line.
func parse(line int, record []string, cols []column) Row {
	row := Row{No: line, Form: ordering.OrderForm{Lines: make([]ordering.OrderLine, 1)}}
	if len(record) != len(cols) {
		row.Err = append(row.Err, rowfile.WrongWidth())
	}

	for i, text := range record[:min(len(record), len(cols))] {
		text = strings.Clone(strings.TrimSpace(text)) // the reader's record is used again
		switch c := cols[i]; {
		case c.place != nil:
			*c.place(&row.Form) = text
		case c.name == skuColumn:
			row.Form.Lines[0].SKU = text
		case c.name == renewsColumn:
			row.Form.Lines[0].Renews = text
		default:
			row.quantity(text)
		}
	}

	return row
}

func (r *Row) fail(pointer, code, message, remedy string) {
	r.Err = rules.AddFields(r.Err, rules.FieldError{
		Pointer: pointer,
		Code:    code,
		Message: message,
		Remedy:  remedy,
	})
}

func (r *Row) quantity(text string) {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case text == "":
		r.fail("/lines/0/quantity",
			rules.Required, "This field is missing or empty.", "Fill it in.")
	case err != nil:
		r.fail("/lines/0/quantity", strictjson.WrongType, "This must be a whole number.",
			"Send a whole number, without fraction or exponent.")
	}

	r.Form.Lines[0].Quantity = n
}

// add joins a further row of the same order: its line is added, and what it
// says about the order must not differ from the first row.
func (r *Row) add(next Row) {
	if len(r.Form.Lines) > ordering.MaxLines {
		return // too many already, which the rules tell
	}

	at := "/lines/" + strconv.Itoa(len(r.Form.Lines))
	r.Form.Lines = append(r.Form.Lines, next.Form.Lines[0])
	for _, f := range next.Err {
		f.Pointer = strings.Replace(f.Pointer, "/lines/0", at, 1)
		if f.Code == WrongColumns {
			f.Pointer = at
		}
		r.Err = rules.AddFields(r.Err, f)
	}

	for _, c := range columns {
		if c.place == nil {
			continue
		}
		if text := *c.place(&next.Form); text != "" && text != *c.place(&r.Form) {
			r.fail(c.pointer, RowsDiffer, "A later row of the same order says something else.",
				"Fill in the order's fields on its first row only, or the same on each.")
		}
	}
}
