package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/roomfile"
	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/strictjson"
)

// warrantyColumns are those of a CSV file of earlier warranties.
var warrantyColumns = []rowfile.Column{{Name: "company"}, {Name: "street"}, {Name: "city"}, {Name: "region", Optional: true}, {Name: "postal_code", Optional: true},
	{Name: "country"}, {Name: "serial"}, {Name: "starts_on"}, {Name: "last_day"}}

// warrantyField is where a column's text goes, in the order of warrantyColumns.
func warrantyField(f *rules.EarlierWarrantyForm, column int) *string {
	return []*string{&f.Company, &f.Address.Street, &f.Address.City, &f.Address.Region, &f.Address.PostalCode, &f.Address.Country, &f.Serial, &f.StartsOn, &f.LastDay}[column]
}

type importWarrantiesInput struct {
	DryRun bool   `query:"dry_run" doc:"Check and match only"`
	Reason string `query:"reason" maxLength:"500" doc:"Goes into the audit"`
}

// WarrantyImportView is the report of an import.
type WarrantyImportView struct {
	DryRun bool              `json:"dry_run"`
	Stored bool              `json:"stored" doc:"Whether anything was stored: not in a dry run, nor when a row was refused"`
	Rows   []WarrantyRowView `json:"rows" nullable:"false"`
}

// WarrantyRowView is what became, or in a dry run would become, of one row.
type WarrantyRowView struct {
	Row        int                     `json:"row" doc:"Line of a CSV file, or place in a JSON file, from 1"`
	Outcome    models.WarrantyOutcome  `json:"outcome" enum:"MATCHED,UNMATCHED,UNCHANGED,REFUSED,NOT_STORED"`
	WarrantyID string                  `json:"warranty_id,omitempty"`
	AccountID  string                  `json:"account_id,omitempty"`
	Why        models.WarrantyMismatch `json:"why,omitempty" enum:"NO_ACCOUNT,SEVERAL_ACCOUNTS,SERIAL_ELSEWHERE,THE_SAME_IS_THERE" doc:"Why it matched nothing"`
	Errors     []rules.FieldError      `json:"errors" nullable:"false"`
}

func (h warrantyHandlers) importWarranties(
	ctx context.Context, in *importWarrantiesInput, body rawBody,
) (*one[WarrantyImportView], error) {
	file, places, err := readWarranties(body)
	if err != nil {
		return nil, err
	}
	file.DryRun, file.Reason = in.DryRun, in.Reason
	rows, err := h.store.ImportWarranties(ctx, file)
	if err != nil {
		return nil, err
	}
	v := WarrantyImportView{DryRun: in.DryRun, Stored: !in.DryRun, Rows: make([]WarrantyRowView, len(rows))}
	for i, r := range rows {
		v.Rows[i] = WarrantyRowView{places[i], r.Outcome, r.WarrantyID, r.AccountID, r.Why, append([]rules.FieldError{}, r.Errors...)}
		v.Stored = v.Stored && r.Outcome != models.WarrantyRowRefused
	}
	return &one[WarrantyImportView]{v}, nil
}

// readWarranties reads the rows of a body with the place of each in the file.
func readWarranties(body rawBody) (file models.WarrantyImport, places []int, err error) {
	add := func(place int, f rules.EarlierWarrantyForm, wrong []rules.FieldError) error {
		if len(places) == models.MaxWarrantyRows {
			return rules.Refuse(roomfile.TooManyRows, "The file holds more than 1000 rows.", "Split the file.")
		}
		file.Forms, file.Errors, places = append(file.Forms, f), append(file.Errors, wrong), append(places, place)
		return nil
	}
	if body.media == mediaCSV {
		err = readWarrantyCSV(bytes.NewReader(body.content), add)
	} else {
		err = readWarrantyJSON(bytes.NewReader(body.content), add)
	}
	if err == nil && len(places) == 0 {
		err = rules.Refuse(rowfile.Empty, "The file holds no rows.", "Send at least one.")
	}
	return file, places, err
}

type addWarranty func(place int, f rules.EarlierWarrantyForm, wrong []rules.FieldError) error

func readWarrantyCSV(r io.Reader, add addWarranty) error {
	src, at, err := rowfile.OpenCSV(r, warrantyColumns)
	for err == nil {
		var record []string
		if record, err = src.Read(); err != nil || rowfile.Blank(record) {
			continue
		}
		var f rules.EarlierWarrantyForm
		var wrong []rules.FieldError
		if len(record) != len(at) {
			wrong = append(wrong, rowfile.WrongWidth())
		}
		for i, text := range record[:min(len(record), len(at))] {
			*warrantyField(&f, at[i]) = strings.Clone(strings.TrimSpace(text)) // the reader's record is used again
		}
		line, _ := src.FieldPos(0)
		err = add(line, f, wrong)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return rowfile.CSVError(err)
}

func readWarrantyJSON(r io.Reader, add addWarranty) error {
	place := 0
	for raw, err := range rowfile.Values(r) {
		if err != nil {
			return err
		}
		place++
		var f rules.EarlierWarrantyForm
		wrong := strictjson.Decode(raw, &f)
		if err := add(place, f, wrong); err != nil {
			return err
		}
	}
	return nil
}
