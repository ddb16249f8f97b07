package order

import (
	"bytes"
	"encoding/json"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// Erasures is what becomes of orders that tell of a person (S33): the contact and the addresses
// of sellers are named no more. The hashes stay, so that the same order sent again is still the
// order.
func Erasures() []db.Erasure {
	return []db.Erasure{{
		Table: "orders",
		Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
			return tx.Where(p.SaysEmail(tx, "payload"))
		},
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
				if err := scrubForm(form, p); err != nil {
					return err
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

// scrubForm puts the pseudonym wherever else a form names the person.
func scrubForm(form *ordering.OrderForm, p db.Person) error {
	raw, err := json.Marshal(form)
	if err != nil {
		return err
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return err
	}

	if raw, err = json.Marshal(p.Scrub(fields)); err != nil {
		return err
	}
	*form = ordering.OrderForm{}
	return json.Unmarshal(raw, form)
}

// WaitingFor returns the numbers of orders that are not fulfilled yet and whose contact the
// person is: the invitation would go to nobody.
func WaitingFor(tx *db.Tx, p db.Person) (numbers []string, err error) {
	err = tx.Model(&Order{}).
		Where("state IN ?", []rules.OrderState{
			rules.OrderReceived,
			rules.OrderNeedsReview,
			rules.OrderAccepted,
			rules.OrderProvisioning,
		}).
		Where(p.SaysEmail(tx, "payload")).
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
