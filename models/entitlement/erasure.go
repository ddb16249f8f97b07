package entitlement

import "roomcover.dev/roomcover/models/db"

// FreeTexts are the columns of rooms that people write.
func FreeTexts() []db.FreeText {
	return []db.FreeText{
		{Place: "rooms.name", Write: func(tx *db.Tx, id, text string) error {
			return tx.Table("rooms").Where("id = ?", id).Update("name", text).Error
		}},
	}
}
