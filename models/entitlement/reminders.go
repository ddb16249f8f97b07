package entitlement

import (
	"maps"
	"slices"
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

// RemindDue queues the one renewal reminder that is due for each contract (S5): to each
// administrator of its account, once per contract and day; where nobody has accepted the
// invitation, to the order's contact and the seller. What is renewed is not reminded of
// (S4): a contract whose licences all are has no reminder, and another one is reminded of
// for the rest.
var RemindDue = SweepStep{
	Name: "remind",
	Does: "remind of contracts",
	Due:  reminding,
	Do:   remindOfContracts,
}

// reminding is the condition of a contract that may have to be reminded of: near
// its end, and not reminded of for the next of the days.
func reminding(ref program.Reference, now time.Time) (where string, args []any) {
	days := ref.Program.RenewalDays
	if len(days) == 0 {
		return "", nil
	}

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

// dueReminder is a contract of which people are reminded now.
type dueReminder struct {
	ServiceContract
	days      int // before its end
	zone      *time.Location
	unrenewed int64
}

func remindOfContracts(
	tx *db.Tx, ref program.Reference, near []ServiceContract,
) (changed int, err error) {
	now := tx.Now()
	unrenewed, err := unrenewedLicences(tx, near)
	if err != nil {
		return 0, err
	}

	var due []dueReminder
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
			return 0, err
		}

		days, is := licensing.DueReminder(*c.EndAt, rules.DateIn(now, loc),
			ref.Program.RenewalDays, loc)
		if !is || (c.RemindedDays >= 0 && days >= c.RemindedDays) {
			continue
		}

		due = append(due, dueReminder{c, days, loc, quantity})
	}

	return len(due), remind(tx, due)
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

// remind queues the reminders, and records for how many days before its end people were
// reminded of each contract.
func remind(tx *db.Tx, due []dueReminder) error {
	if len(due) == 0 {
		return nil
	}

	accounts := make([]string, len(due))
	orders := make([]string, len(due))
	for i, c := range due {
		accounts[i] = c.AccountID
		orders[i] = c.OrderID
	}

	admins, err := identity.AdminsOfAccounts(tx, accounts)
	if err != nil {
		return err
	}
	numbers, err := orderNumbers(tx, orders)
	if err != nil {
		return err
	}

	var mails []notification.Notification
	byDays := map[int][]string{}
	for i := range due {
		c := &due[i]
		shown := map[string]any{
			"service_type": string(c.Type),
			"quantity":     c.unrenewed,
			"days_left":    c.days,
			"end_on":       rules.LastCoveredDay(*c.EndAt, c.zone).String(),
			"contract":     numbers[c.OrderID],
		}

		people := make([]reminded, len(admins[c.AccountID]))
		for i, a := range admins[c.AccountID] {
			people[i] = reminded{Email: a.Email, Locale: a.Locale}
		}
		if len(people) == 0 {
			people, err = standIns(tx, c.ServiceContract, shown)
			if err != nil {
				return err
			}
		}

		mails = append(mails, c.mailsTo(people, shown)...)
		byDays[c.days] = append(byDays[c.days], c.ID)
	}

	if err := notification.QueueEach(tx, mails...); err != nil {
		return err
	}

	for _, days := range slices.Sorted(maps.Keys(byDays)) {
		err := tx.Model(&ServiceContract{}).
			Where("id IN ?", byDays[days]).
			Update("reminded_days", days).Error
		if err != nil {
			return err
		}
	}

	return nil
}

// mailsTo are the reminders to the people.
func (c *dueReminder) mailsTo(
	people []reminded, shown map[string]any,
) (mails []notification.Notification) {
	for _, p := range people {
		params := maps.Clone(shown)
		params["seller"] = p.Seller
		params["unclaimed"] = p.Unclaimed
		mails = append(mails, notification.Notification{
			Template:  "renewal_reminder",
			SubjectID: c.ID,
			Recipient: p.Email,
			Epoch:     "d-" + strconv.Itoa(c.days),
			AccountID: &c.AccountID,
			OrderID:   &c.OrderID,
			Locale:    p.Locale,
			Params:    params,
		})
	}

	return mails
}

// orderNumbers returns the numbers by which people know orders; empty where one has none.
func orderNumbers(tx *db.Tx, ids []string) (map[string]string, error) {
	var rows []struct {
		ID            string
		VendorOrderNo *string
	}
	err := tx.Table("orders").Select("id, vendor_order_no").Where("id IN ?", ids).
		Scan(&rows).Error

	numbers := make(map[string]string, len(rows))
	for _, r := range rows {
		numbers[r.ID] = db.Text(r.VendorOrderNo)
	}
	return numbers, err
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
