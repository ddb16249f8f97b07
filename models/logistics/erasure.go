package logistics

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
)

// Erasures is what becomes of parcels' papers and messages that tell of a person (S33). A label
// goes whole: it was printed long ago, and a parcel that is under way keeps an erasure waiting.
// A carrier's message loses its text; what was understood of it stays.
func Erasures() []db.Erasure {
	return []db.Erasure{
		{
			Table: "shipment_labels",
			Key:   "shipment_id",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				bySite := tx.Table("shipments AS s").
					Joins("JOIN sites ON sites.id = s.site_id").
					Where("lower(sites.contact_email) = ?", p.Email).
					Select("s.id")
				bySubject := tx.Table("shipments AS s").
					Joins("JOIN rmas ON rmas.id = s.subject_id").
					Where(p.NamedAs("rmas.account_id",
						db.JSONField(tx, "rmas.ship_to", "contact"))).
					Select("s.id")
				return tx.Where("shipment_id IN (?) OR shipment_id IN (?)", bySite, bySubject)
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return tx.Delete(&ShipmentLabel{}, "shipment_id IN ?", ids).Error
			},
		},
		{
			Table: "carrier_events",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("state <> ?", CarrierEventReceived).
					Where(p.SaysBytes(tx, "raw", "account_id"))
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return tx.Model(&CarrierEvent{}).Where("id IN ?", ids).
					Update("raw", []byte{}).Error
			},
		},
	}
}

// FreeTexts are the columns of logistics that people write.
func FreeTexts() []db.FreeText {
	return []db.FreeText{
		{Place: "stock_entries.reason", Write: func(tx *db.Tx, id, text string) error {
			return tx.Table("stock_entries").Where("id = ?", id).Update("reason", text).Error
		}},
	}
}
