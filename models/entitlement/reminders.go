package entitlement

import (
	"maps"
	"strconv"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/ordering"
)

// RemindOfDueContracts queues the one renewal reminder that is due for each contract
// of a batch behind the id after (S5): to each administrator of its account, once per
// contract and day; where nobody has accepted the invitation, to the order's contact and
// the seller. What is renewed is not reminded of (S4): a contract whose licences all are
// has no reminder, and another one is reminded of for the rest. It returns how many
// contracts it read and reminded of, and the last id.
func RemindOfDueContracts(
	tx *db.Tx, ref program.Reference, after string,
) (read, changed int, last string, err error) {
	reminders := ref.Program.RenewalDays
	if len(reminders) == 0 {
		return 0, 0, after, nil
	}

	now := tx.Now()
	where, args := reminding(now, reminders)
	near, last, err := dueContracts(tx, after, where, args...)
	if err != nil {
		return 0, 0, "", err
	}

	unrenewed, err := unrenewedLicences(tx, near)
	if err != nil {
		return 0, 0, "", err
	}

	for _, c := range near {
		quantity, licensed := unrenewed[c.ID]
		switch {
		case !licensed:
			quantity = c.Quantity
		case quantity == 0:
			continue
		}

		loc, err := time.LoadLocation(c.TimeZone)
		if err != nil {
			return 0, 0, "", err
		}

		days, due := licensing.DueReminder(*c.EndAt, rules.DateIn(now, loc), reminders, loc)
		if !due || (c.RemindedDays >= 0 && days >= c.RemindedDays) {
			continue
		}

		if err := remind(tx, c, days, loc, quantity); err != nil {
			return 0, 0, "", err
		}

		changed++
	}

	return len(near), changed, last, nil
}

// reminding is the condition of a contract that may have to be reminded of: near
// its end, and not reminded of for the next of the days.
func reminding(now time.Time, days []int) (where string, args []any) {
	in := func(days int) time.Time { return now.AddDate(0, 0, days+1) }
	where = `state IN ('ACTIVE','EXPIRED')
		AND type <> 'JUMPSTART'
		AND end_at > ? AND end_at <= ?
		AND (reminded_days < 0`

	args = []any{now.AddDate(0, 0, -licensing.RenewalCatchUpDays-1), in(days[0])}
	for _, d := range days[1:] {
		where += " OR (reminded_days > ? AND end_at <= ?)"
		args = append(args, d, in(d))
	}

	return where + ")", args
}

// unrenewedLicences counts the licences of contracts that nobody has renewed. A contract
// without licences is not among them.
func unrenewedLicences(tx *db.Tx, contracts []ServiceContract) (map[string]int64, error) {
	if len(contracts) == 0 {
		return nil, nil
	}

	ids := make([]string, len(contracts))
	for i, c := range contracts {
		ids[i] = c.ID
	}

	var rows []struct {
		ContractID string
		Free       int64
	}
	err := tx.Table("licences AS l").
		Select("l.contract_id, sum(CASE WHEN "+freeLicence+" THEN 1 ELSE 0 END) AS free").
		Where("l.contract_id IN ?", ids).
		Group("l.contract_id").
		Scan(&rows).Error

	free := make(map[string]int64, len(rows))
	for _, r := range rows {
		free[r.ContractID] = r.Free
	}
	return free, err
}

// reminded is somebody who gets a renewal reminder, and why, where it is no administrator.
type reminded struct {
	Email, Locale string
	Seller        bool // nobody at the customer's has accepted the invitation
	Unclaimed     bool // the person has not
}

// remind queues the reminder, and records for how many days before its end people were
// reminded.
func remind(
	tx *db.Tx, c ServiceContract, days int, loc *time.Location, unrenewed int64,
) error {
	admins, err := identity.AdminsOfAccount(tx, c.AccountID)
	if err != nil {
		return err
	}

	people := make([]reminded, len(admins))
	for i, a := range admins {
		people[i] = reminded{Email: a.Email, Locale: a.Locale}
	}

	shown := map[string]any{
		"service_type": string(c.Type),
		"quantity":     unrenewed,
		"days_left":    days,
		"end_on":       rules.LastCoveredDay(*c.EndAt, loc).String(),
	}
	if len(admins) == 0 {
		people, err = standIns(tx, c, shown)
	} else {
		shown["contract"], err = orderNumber(tx, c.OrderID)
	}
	if err != nil {
		return err
	}

	for _, p := range people {
		params := maps.Clone(shown)
		params["seller"] = p.Seller
		params["unclaimed"] = p.Unclaimed
		err := notification.QueueSingle(tx, notification.Notification{
			Template:  "renewal_reminder",
			SubjectID: c.ID,
			Recipient: p.Email,
			Epoch:     "d-" + strconv.Itoa(days),
			AccountID: &c.AccountID,
			OrderID:   &c.OrderID,
			Locale:    p.Locale,
			Params:    params,
		})
		if err != nil {
			return err
		}
	}

	return tx.Model(&ServiceContract{}).Where("id = ?", c.ID).Update("reminded_days", days).Error
}

// orderNumber returns the number by which people know an order; empty where it has none.
func orderNumber(tx *db.Tx, orderID string) (string, error) {
	var number *string
	err := tx.Table("orders").
		Select("vendor_order_no").
		Where("id = ?", orderID).
		Scan(&number).Error
	return db.Text(number), err
}

// standIns returns who is reminded of a contract that no administrator looks after: of those
// who are told of its order the seller, and the contact, unless somebody was let in already.
// It adds to the mail whose contract it is.
func standIns(tx *db.Tx, c ServiceContract, shown map[string]any) ([]reminded, error) {
	var order struct {
		VendorOrderNo *string
		Payload       ordering.OrderForm `gorm:"serializer:json"`
		InviteAs      rules.InviteAs
		Members       int64
	}
	err := tx.Table("orders AS o").
		Select(`o.vendor_order_no, o.payload, o.invite_as,
			(SELECT count(*) FROM memberships WHERE account_id = o.account_id) AS members`).
		Where("o.id = ?", c.OrderID).
		Take(&order).Error
	if err != nil {
		return nil, err
	}

	form := order.Payload
	shown["company"] = form.EndCustomer.Company
	shown["contract"] = db.Text(order.VendorOrderNo)

	readers, err := identity.AudienceOfOrder(tx, identity.OrderInAccount{
		AccountID: c.AccountID,
		Form:      form,
		InviteAs:  order.InviteAs,
	})
	if err != nil {
		return nil, err
	}

	var people []reminded
	for _, r := range readers {
		if !r.Reseller && (!r.Contact || order.Members > 0) {
			continue
		}
		people = append(people, reminded{
			Email:     r.Email,
			Locale:    rules.LocaleFor(form.EndCustomer.Address.Country),
			Seller:    r.Reseller,
			Unclaimed: !r.Reseller,
		})
	}
	return people, nil
}
