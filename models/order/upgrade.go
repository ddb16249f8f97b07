package order

import (
	"context"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// SeedKeys gives the orders of an earlier release the keys by which numbers and customers
// are compared (S65), and those of resellers the distributor that they name where it is on
// record (RULES 4). Where a sender had two orders under spellings of one number, or one
// number in the names of two resellers, the first keeps the key and the others get one of
// their own: all of them stay. Again it changes nothing.
func (s *Orders) SeedKeys(ctx context.Context) error {
	for last := ""; ; {
		var some []Order
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			err := tx.Where("po_key = '' AND id > ?", last).Order("id").Limit(500).Find(&some).Error
			if err != nil || len(some) == 0 {
				return err
			}

			distributors, err := account.KnownNames(tx, account.OrgDistributor)
			if err != nil {
				return err
			}

			for _, o := range some {
				if err := keyOrder(tx, o, distributors); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(some) == 0 {
			return err
		}
		last = some[len(some)-1].ID
	}
}

// keyOrder gives one order its keys.
func keyOrder(tx *db.Tx, o Order, distributors []rules.KnownName) error {
	key := ordering.PONumberKey(o.PONumber)
	var taken int64
	err := tx.Model(&Order{}).
		Where("submitted_by = ? AND po_key = ?", o.SubmittedBy, key).
		Count(&taken).Error
	if err != nil {
		return err
	}
	if taken > 0 {
		key += "#" + o.ID
	}

	changed := map[string]any{
		"po_key":        key,
		"customer_hash": customerHash(o.Payload.EndCustomer),
	}

	named := o.Payload.Distributor
	id, _ := rules.WhoIsNamed(named.Company, named.Address.Country, distributors)
	if o.DistributorID == nil && id != "" {
		changed["distributor_id"] = id
	}

	return tx.Model(&Order{}).Where("id = ? AND po_key = ''", o.ID).Updates(changed).Error
}

// SeedSearchKeys gives orders of an earlier release what they are searched by. Again it changes
// nothing.
func (s *Orders) SeedSearchKeys(ctx context.Context) error {
	for last := ""; ; {
		var some []Order
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			some = nil
			err := tx.Select("id", "payload").
				Where("search_key = '' AND id > ?", last).
				Order("id").Limit(500).Find(&some).Error
			if err != nil {
				return err
			}

			for _, o := range some {
				err := tx.Model(&Order{}).
					Where("id = ? AND search_key = ''", o.ID).
					Update("search_key", searchKey(o.Payload)).Error
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(some) == 0 {
			return err
		}
		last = some[len(some)-1].ID
	}
}

// SeedNextReviews gives orders that came to review under an earlier release the instant at
// which their review reminds or ends next. So it does where a worker of that release, which
// keeps none, reminded since the one that stands there. Again it changes nothing.
func (s *Orders) SeedNextReviews(ctx context.Context) error {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return err
	}

	for last := ""; ; {
		var some []Order
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			some = nil
			err := tx.ForUpdate().
				Select("id", "state_since", "review_until", "time_zone", "next_at").
				Where("state = ? AND id > ?", rules.OrderNeedsReview, last).
				Where("next_at IS NULL OR next_at <= ? AND EXISTS (?)", tx.Now(),
					notification.RemindedSinceNext(tx, rules.TemplateOrderReviewReminder,
						"orders")).
				Order("id").Limit(500).Find(&some).Error
			if err != nil {
				return err
			}

			for _, o := range some {
				if err := o.seedNext(tx, ref); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(some) == 0 {
			return err
		}
		last = some[len(some)-1].ID
	}
}

// seedNext gives one order in review, locked, its instant: the first after its last reminder,
// where a worker of an earlier release made one, else the first that is still to come.
func (o *Order) seedNext(tx *db.Tx, ref program.Reference) error {
	from := tx.Now()
	if o.NextAt != nil {
		var err error
		from, err = notification.LastMadeAt(tx, rules.TemplateOrderReviewReminder, o.ID)
		if err != nil {
			return err
		}
	}

	next, err := o.nextAhead(ref, from)
	if err != nil {
		return err
	}
	err = tx.Model(&Order{}).Where("id = ?", o.ID).Update("next_at", next).Error
	if err != nil || o.NextAt == nil {
		return err
	}
	return tx.Settle(db.TaskProcessStuck, o.ID, "it goes on")
}

// nextAhead is the first instant after now at which an order's review reminds, or its end.
func (o *Order) nextAhead(ref program.Reference, now time.Time) (*time.Time, error) {
	reminders, err := reviewReminders(ref, o.StateSince, o.TimeZone)
	if err != nil || o.ReviewUntil == nil {
		return o.ReviewUntil, err
	}

	i := slices.IndexFunc(reminders, func(at time.Time) bool { return at.After(now) })
	if i < 0 || !reminders[i].Before(*o.ReviewUntil) {
		return o.ReviewUntil, nil
	}
	return &reminders[i], nil
}
