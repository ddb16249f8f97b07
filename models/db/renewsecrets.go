package db

import (
	"context"
)

// Encrypted is a column of texts that Secrets.Encrypt made, for as long as their rows stay.
type Encrypted struct {
	Table   string
	Column  string
	Purpose string
	OfRow   bool // whether the row's id stands behind the purpose
}

func (e Encrypted) purpose(id string) string {
	if e.OfRow {
		return e.Purpose + id
	}
	return e.Purpose
}

// Renewed is what became of the texts of a column.
type Renewed struct {
	Table      string `json:"table"`
	Column     string `json:"column"`
	Read       int    `json:"read"`
	Renewed    int    `json:"renewed"`    // those that a key of before had encrypted
	Unreadable int    `json:"unreadable"` // no key that is known reads them
}

// renewalBatch is how many rows are read in one transaction.
const renewalBatch = 200

// RenewSecrets encrypts with the service's present key what keys of before encrypted in a column.
// A text that no known key reads stays as it is, and is counted. Again it changes nothing; what
// somebody writes meanwhile is kept.
func (d *DB) RenewSecrets(ctx context.Context, column Encrypted) (Renewed, error) {
	out := Renewed{Table: column.Table, Column: column.Column}
	after := ""
	for {
		var batch Renewed
		last := ""
		err := d.Write(WithSystem(ctx), func(tx *Tx) (err error) {
			batch, last, err = renewBatch(tx, column, after)
			return err
		})
		if err != nil {
			return out, err
		}

		out.Read += batch.Read
		out.Renewed += batch.Renewed
		out.Unreadable += batch.Unreadable
		if batch.Read < renewalBatch {
			return out, nil
		}
		after = last
	}
}

// renewBatch renews the rows after an id, and returns the last one's.
func renewBatch(tx *Tx, column Encrypted, after string) (out Renewed, last string, err error) {
	var rows []struct{ ID, Text string }
	err = tx.Table(column.Table).
		Select("id, "+column.Column+" AS text").
		Where(column.Column+" <> '' AND id > ?", after).
		Order("id").
		Limit(renewalBatch).
		Find(&rows).Error

	out.Read = len(rows)
	for _, row := range rows {
		if err != nil {
			return out, last, err
		}
		last = row.ID

		purpose := column.purpose(row.ID)
		if _, present := tx.Secrets().open(purpose, row.Text); present {
			continue
		}
		text, readable := tx.Secrets().Decrypt(purpose, row.Text)
		if !readable {
			out.Unreadable++
			continue
		}

		// The text that was read has to stand there still: a newer one is of the present key.
		res := tx.Table(column.Table).
			Where("id = ? AND "+column.Column+" = ?", row.ID, row.Text).
			Update(column.Column, tx.Secrets().Encrypt(purpose, text))
		out.Renewed += int(res.RowsAffected)
		err = res.Error
	}
	return out, last, err
}
