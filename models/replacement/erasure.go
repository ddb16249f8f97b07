package replacement

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
)

// Erasures is what becomes of replacements that tell of a person (S33): who takes the parcel
// is named no more, where it went stays.
func Erasures() []db.Erasure {
	return []db.Erasure{{
		Table: "rmas",
		Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
			return tx.Where(takenBy(tx, p))
		},
		Erase: func(tx *db.Tx, p db.Person, ids []string) error {
			var rows []RMA
			if err := tx.ForUpdate().Order("id").Find(&rows, "id IN ?", ids).Error; err != nil {
				return err
			}
			for _, r := range rows {
				if r.ShipTo == nil {
					continue
				}
				to := *r.ShipTo
				to.Contact = p.Pseudonym
				r.ShipTo = &to
				err := tx.Model(&RMA{}).Where("id = ?", r.ID).Select("ship_to").Updates(&r).Error
				if err != nil {
					return err
				}
			}
			return nil
		},
	}}
}

// takenBy is the condition that the person takes the parcel, by a name that the same account
// gives to the person's address.
func takenBy(tx *db.Tx, p db.Person) clause.Expr {
	return p.NamedAs("rmas.account_id", db.JSONField(tx, "rmas.ship_to", "contact"))
}

// OnTheWayTo returns the numbers of replacements that are not over and that name the person as
// who takes the parcel.
func OnTheWayTo(tx *db.Tx, p db.Person) (numbers []string, err error) {
	err = tx.Model(&RMA{}).
		Where("rmas.closed_at IS NULL").
		Where(takenBy(tx, p)).
		Order("id").
		Limit(10).
		Pluck("number", &numbers).Error
	return numbers, err
}

// FreeTexts are the columns of replacements that people write. Who takes a parcel of another
// account may be somebody else of the same name.
func FreeTexts() []db.FreeText {
	return []db.FreeText{
		{Place: "rmas.ship_to", Field: "contact", Write: func(tx *db.Tx, id, text string) error {
			var r RMA
			if err := tx.ForUpdate().First(&r, "id = ?", id).Error; err != nil {
				return db.Found(err)
			}
			if r.ShipTo == nil {
				return nil
			}
			to := *r.ShipTo
			to.Contact = text
			r.ShipTo = &to
			return tx.Model(&RMA{}).Where("id = ?", id).Select("ship_to").Updates(&r).Error
		}},
		{Place: "rmas.fault", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&RMA{}).Where("id = ?", id).Update("fault", text).Error
		}},
		{Place: "rmas.serial_proof", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&RMA{}).Where("id = ?", id).Update("serial_proof", text).Error
		}},
		{Place: "rmas.no_return_proof", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&RMA{}).Where("id = ?", id).Update("no_return_proof", text).Error
		}},
	}
}
