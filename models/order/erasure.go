package order

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Erasures is what becomes of orders that tell of a person (S33): the contact and the addresses
// of sellers are named no more. The hashes stay, so that the same order sent again is still the
// order.
func Erasures() []db.Erasure {
	return []db.Erasure{{
		Table: "orders",
		Rows:  namedIn,
		Erase: func(tx *db.Tx, p db.Person, ids []string) error {
			var rows []Order
			if err := tx.ForUpdate().Order("id").Find(&rows, "id IN ?", ids).Error; err != nil {
				return err
			}
			for _, o := range rows {
				form := &o.Payload
				if p.HasEmail(form.EndCustomer.Email) {
					form.EndCustomer.Email = db.Nobody(o.ID)
					form.EndCustomer.ContactName = p.Pseudonym
				}
				for _, seller := range []*rules.OrgParty{&form.Reseller, &form.Distributor} {
					if p.HasEmail(seller.Email) {
						seller.Email = db.Nobody(o.ID)
					}
				}
				err := tx.Model(&Order{}).Where("id = ?", o.ID).
					Select("payload").Updates(&o).Error
				if err != nil {
					return err
				}
			}
			return nil
		},
	}}
}

// namedIn narrows to the orders of which a party has the person's address. Names alone say
// nothing: a company or a country may be spelled alike.
func namedIn(tx *db.Tx, p db.Person) *gorm.DB {
	payload := "payload"
	if tx.Postgres() {
		payload = "CAST(payload AS jsonb)"
	}
	q := tx.Where("1 = 0")
	for _, party := range []string{"end_customer", "reseller", "distributor"} {
		q = q.Or("lower("+payload+" -> '"+party+"' ->> 'email') = ?", p.Email)
	}
	return tx.Where(q)
}

// NamedOutside reports whether an order of another account, or of none yet, has the person's
// address.
func NamedOutside(tx *db.Tx, p db.Person, accountID string) (bool, error) {
	var n int64
	err := namedIn(tx, p).Model(&Order{}).
		Where("account_id IS NULL OR account_id <> ?", accountID).
		Count(&n).Error
	return n > 0, err
}

// WaitingFor returns the numbers of orders that are not fulfilled yet and whose contact the
// person is: the invitation would go to nobody.
func WaitingFor(tx *db.Tx, p db.Person) (numbers []string, err error) {
	err = namedIn(tx, p).Model(&Order{}).
		Where("state IN ?", []rules.OrderState{
			rules.OrderReceived,
			rules.OrderNeedsReview,
			rules.OrderAccepted,
			rules.OrderProvisioning,
		}).
		Order("id").Limit(10).Pluck("po_number", &numbers).Error
	return numbers, err
}

// FreeTexts are the columns of orders that people write.
func FreeTexts() []db.FreeText {
	return []db.FreeText{
		{Place: "order_cancellations.reason", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&OrderCancellation{}).Where("id = ?", id).
				Update("reason", text).Error
		}},
	}
}
