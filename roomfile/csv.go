package roomfile

import (
	"errors"
	"io"
	"iter"
	"strings"

	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules/licensing"
)

// column is one column of a CSV file: where its text goes, and what people call it in
// Portuguese.
type column struct {
	name     string
	also     []string
	row      func(*licensing.RoomRow) *string // nil: of the device
	device   func(*licensing.DeviceForm) *string
	optional bool
}

var columns = []column{
	{name: "room", also: []string{"sala"}, row: func(r *licensing.RoomRow) *string {
		return &r.Room.Name
	}},
	{name: "site", also: []string{"local", "unidade"}, row: func(r *licensing.RoomRow) *string {
		return &r.Room.Site
	}, optional: true},
	{name: "street", also: []string{"logradouro", "endereço"}, row: func(
		r *licensing.RoomRow,
	) *string {
		return &r.Address.Street
	}, optional: true},
	{name: "postal_code", also: []string{"cep"}, row: func(r *licensing.RoomRow) *string {
		return &r.Address.PostalCode
	}, optional: true},
	{name: "city", also: []string{"cidade"}, row: func(r *licensing.RoomRow) *string {
		return &r.Address.City
	}, optional: true},
	{name: "region", also: []string{"estado", "uf"}, row: func(r *licensing.RoomRow) *string {
		return &r.Room.Region
	}, optional: true},
	{name: "country", also: []string{"país"}, row: func(r *licensing.RoomRow) *string {
		return &r.Room.Country
	}},
	{name: "platform", also: []string{"plataforma"}, row: func(r *licensing.RoomRow) *string {
		return (*string)(&r.Room.Platform)
	}},
	{name: "criticality", also: []string{"criticidade"}, row: func(
		r *licensing.RoomRow,
	) *string {
		return (*string)(&r.Room.Criticality)
	}, optional: true},
	{name: "time_zone", also: []string{"fuso_horário"}, row: func(r *licensing.RoomRow) *string {
		return &r.Room.TimeZone
	}, optional: true},
	{name: "serial", also: []string{"número_de_série", "série"}, device: func(
		f *licensing.DeviceForm,
	) *string {
		return &f.Serial
	}, optional: true},
	{name: "model", also: []string{"modelo"}, device: func(f *licensing.DeviceForm) *string {
		return &f.ModelCode
	}, optional: true},
	{name: "purchased_on", also: []string{"comprado_em", "data_da_compra"}, device: func(
		f *licensing.DeviceForm,
	) *string {
		return &f.PurchasedOn
	}, optional: true},
	{name: "purchase_proof", also: []string{"nota_fiscal", "comprovante"}, device: func(
		f *licensing.DeviceForm,
	) *string {
		return &f.PurchaseProof
	}, optional: true},
	{name: "std_warranty_end", also: []string{"fim_da_garantia"}, device: func(
		f *licensing.DeviceForm,
	) *string {
		return &f.StdWarrantyEnd
	}, optional: true},
	{name: "ext_warranty_end", also: []string{"fim_da_garantia_estendida"}, device: func(
		f *licensing.DeviceForm,
	) *string {
		return &f.ExtWarrantyEnd
	}, optional: true},
}

// fileColumns are the same for rowfile, place by place.
var fileColumns = func() []rowfile.Column {
	all := make([]rowfile.Column, len(columns))
	for i, c := range columns {
		all[i] = rowfile.Column{
			Name:     c.name,
			Also:     c.also,
			Optional: c.optional,
			Needed:   !c.optional,
		}
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

// PortugueseColumns are what the columns are called in Portuguese, place by place.
func PortugueseColumns() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.also[0]
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
		if c := columns[at[i]]; c.row != nil {
			*c.row(&row.Form) = text
		} else {
			*c.device(&device) = text
		}
	}

	if device != (licensing.DeviceForm{}) {
		row.Form.Devices = []licensing.DeviceForm{device}
	}

	return row
}
