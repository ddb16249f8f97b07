package account

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
)

// Erasures is what becomes of sites and organisations that tell of a person (S33): nobody is
// named, the place stays.
func Erasures() []db.Erasure {
	return []db.Erasure{
		{
			Table: "sites",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("lower(contact_email) = ?", p.Email)
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return tx.Table("sites").Where("id IN ?", ids).Updates(map[string]any{
					"contact_name":  "",
					"contact_email": "",
				}).Error
			},
		},
		{
			Table: "orgs",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("lower(notices_to) = ?", p.Email)
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return tx.Table("orgs").Where("id IN ?", ids).Update("notices_to", "").Error
			},
		},
	}
}

// FreeTexts are the columns of accounts that people write.
func FreeTexts() []db.FreeText {
	return []db.FreeText{
		{Place: "sites.name", Write: func(tx *db.Tx, id, text string) error {
			return tx.Table("sites").Where("id = ?", id).Update("name", text).Error
		}},
	}
}
