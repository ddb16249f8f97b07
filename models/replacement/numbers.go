package replacement

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
)

func newRMANumber() string { return db.NewNumber(db.NumberOfRMA, 1) }

func newSpareNumber() string { return db.NewNumber(db.NumberOfSpare, 1) }

// namedRMA returns the condition that finds the RMA that somebody names, by its id or by
// its number as people type it.
func namedRMA(table, name string) clause.Expression {
	return named(db.NumberOfRMA, table, name)
}

// namedSpare is namedRMA of a spare unit.
func namedSpare(table, name string) clause.Expression {
	return named(db.NumberOfSpare, table, name)
}

func named(kind, table, name string) clause.Expression {
	if number, ok := db.ReadNumber(kind, name); ok {
		return clause.Eq{Column: clause.Column{Table: table, Name: "number"}, Value: number}
	}
	return clause.Eq{Column: clause.Column{Table: table, Name: "id"}, Value: name}
}

// RMANames returns what people call those of the RMAs that are in scope, by their ids.
func (s *Replacements) RMANames(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}

	err := s.db.Read(ctx, func(tx *db.Tx) error {
		var rmas []RMA
		err := tx.Scope.Accounts(tx.DB, "account_id").
			Select("id", "number").
			Where("id IN ?", ids).
			Find(&rmas).Error
		for _, r := range rmas {
			names[r.ID] = r.Name()
		}
		return err
	})
	return names, err
}

// SeedNumbers gives a number to each RMA and spare unit that an earlier release wrote
// without one. It may run again at any time.
func (s *Replacements) SeedNumbers(ctx context.Context) error {
	if err := s.seedNumbers(ctx, &RMA{}, newRMANumber); err != nil {
		return err
	}
	return s.seedNumbers(ctx, &SpareUnit{}, newSpareNumber)
}

// seedNumbers gives each row its number in a transaction of its own: one that draws a
// number that is taken runs again.
func (s *Replacements) seedNumbers(ctx context.Context, entity any, draw func() string) error {
	var ids []string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return unnumbered(tx, entity).Order("id").Pluck("id", &ids).Error
	})
	if err != nil {
		return err
	}

	for _, id := range ids {
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			return unnumbered(tx, entity).Where("id = ?", id).Update("number", draw()).Error
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func unnumbered(tx *db.Tx, entity any) *gorm.DB { return tx.Model(entity).Where("number = ''") }
