package roomfile

import (
	"errors"
	"io"
	"iter"
	"strings"

	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules/licensing"
)

// column is one column of a CSV file: where its text goes.
type column struct {
	name     string
	room     func(*licensing.RoomForm) *string // nil: of the device
	device   func(*licensing.DeviceForm) *string
	optional bool
}

var columns = []column{
	{"room", func(f *licensing.RoomForm) *string { return &f.Name }, nil, false},
	{"site", func(f *licensing.RoomForm) *string { return &f.Site }, nil, true},
	{"country", func(f *licensing.RoomForm) *string { return &f.Country }, nil, false},
	{"region", func(f *licensing.RoomForm) *string { return &f.Region }, nil, true},
	{"platform", func(f *licensing.RoomForm) *string { return (*string)(&f.Platform) }, nil, false},
	{"criticality", func(f *licensing.RoomForm) *string {
		return (*string)(&f.Criticality)
	}, nil, true},
	{"time_zone", func(f *licensing.RoomForm) *string { return &f.TimeZone }, nil, true},
	{"serial", nil, func(f *licensing.DeviceForm) *string { return &f.Serial }, true},
	{"model", nil, func(f *licensing.DeviceForm) *string { return &f.ModelCode }, true},
	{"purchased_on", nil, func(f *licensing.DeviceForm) *string { return &f.PurchasedOn }, true},
	{"purchase_proof", nil, func(f *licensing.DeviceForm) *string {
		return &f.PurchaseProof
	}, true},
	{"std_warranty_end", nil, func(f *licensing.DeviceForm) *string {
		return &f.StdWarrantyEnd
	}, true},
	{"ext_warranty_end", nil, func(f *licensing.DeviceForm) *string {
		return &f.ExtWarrantyEnd
	}, true},
}

// fileColumns are the same for rowfile, place by place.
var fileColumns = func() []rowfile.Column {
	all := make([]rowfile.Column, len(columns))
	for i, c := range columns {
		all[i] = rowfile.Column{Name: c.name, Optional: c.optional, Needed: !c.optional}
	}
	return all
}()

// Columns names the columns of a CSV file. Those of room, country and platform
// must be there.
func Columns() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

func readCSV(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		src, err := rowfile.OpenCSV(r, fileColumns)
		for err == nil {
			var line int
			var record []string
			line, record, err = src.Next()
			if err == nil && !yield(parse(line, record, src.At), nil) {
				return
			}
		}

		if !errors.Is(err, io.EOF) {
			yield(Row{}, err)
		}
	}
}

// parse reads one row: a room, and a device where a column of one is filled in.
func parse(line int, record []string, at []int) Row {
	row := Row{No: line}
	if len(record) != len(at) {
		row.Err = append(row.Err, rowfile.WrongWidth())
	}

	var device licensing.DeviceForm
	for i, text := range record[:min(len(record), len(at))] {
		text = strings.Clone(strings.TrimSpace(text)) // the reader's record is used again
		if c := columns[at[i]]; c.room != nil {
			*c.room(&row.Form.Room) = text
		} else {
			*c.device(&device) = text
		}
	}

	if device != (licensing.DeviceForm{}) {
		row.Form.Devices = []licensing.DeviceForm{device}
	}

	return row
}
