package program

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
)

// HelpVotes are how often an answer of the help was called useful in a language, and how
// often not. Who voted is kept nowhere.
type HelpVotes struct {
	Anchor  string `gorm:"primaryKey"`
	Locale  string `gorm:"primaryKey"`
	Useful  int64
	Useless int64
}

// TableName is the table of the counts.
func (HelpVotes) TableName() string { return "help_votes" }

// VoteOnHelp counts one vote on the answer that an anchor names. Each call counts; whoever
// calls it bounds how often.
func (s *Programs) VoteOnHelp(ctx context.Context, anchor, locale string, useful bool) error {
	row := HelpVotes{Anchor: anchor, Locale: locale, Useless: 1}
	counted := "useless"
	if useful {
		row.Useful, row.Useless, counted = 1, 0, "useful"
	}

	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "anchor"}, {Name: "locale"}},
			DoUpdates: clause.Assignments(map[string]any{
				counted: gorm.Expr("help_votes." + counted + " + 1"),
			}),
		}).Create(&row).Error
	})
}

// ListHelpVotes returns the counts, first the answers that were called useless most often.
func (s *Programs) ListHelpVotes(ctx context.Context) (all []HelpVotes, err error) {
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Order("useless DESC, useful DESC, anchor, locale").Find(&all).Error
	})
	return all, err
}
