package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// throttle counts attempts in a window of real time, in the database, so that
// a restart forgets nothing.
type throttle struct {
	Key      string `gorm:"primaryKey"`
	Count    int
	ResetsAt time.Time
}

// Throttle counts an attempt under the key and answers RATE_LIMITED beyond max
// attempts in the window, with how long it still lasts. The key, often an address, is
// stored as a fingerprint.
func (s *People) Throttle(ctx context.Context, key string, max int, window time.Duration) error {
	var row throttle
	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		row, err = countAttempt(tx, key, window)
		return err
	})
	if err != nil {
		return err
	}

	if row.Count > max {
		return rules.TooMany("Too many attempts.", "Wait a while and try again.",
			row.ResetsAt.Sub(db.RealNow()))
	}

	return nil
}

// GiveBack takes back one attempt that Throttle counted, as one that was right.
func (s *People) GiveBack(ctx context.Context, key string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Model(&throttle{}).
			Where("key = ? AND count > 0", throttleKey(tx, key)).
			Update("count", gorm.Expr("count - 1")).Error
	})
}

func throttleKey(tx *db.Tx, key string) string {
	return tx.Secrets().Fingerprint("throttle", key)
}

// countAttempt counts one more under a key, and returns the count of its window.
func countAttempt(tx *db.Tx, key string, window time.Duration) (throttle, error) {
	rows, err := countAttempts(tx, []string{key}, window)
	if err != nil {
		return throttle{}, err
	}
	return rows[0], nil
}

// countAttempts is countAttempt for several different keys, in one statement; it returns
// their counts in the order of the keys.
func countAttempts(tx *db.Tx, keys []string, window time.Duration) ([]throttle, error) {
	if len(keys) == 0 {
		return nil, nil
	}

	now := db.RealNow()
	resets := now.Add(window)

	rows := make([]throttle, len(keys))
	for i, key := range keys {
		rows[i] = throttle{Key: throttleKey(tx, key), Count: 1, ResetsAt: resets}
	}

	order := make(map[string]int, len(rows))
	for i, row := range rows {
		order[row.Key] = i
	}

	// The same order in every transaction: two that count the same keys never wait for
	// each other in a circle.
	slices.SortFunc(rows, func(a, b throttle) int { return strings.Compare(a.Key, b.Key) })

	err := tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "key"}},
		DoUpdates: clause.Assignments(map[string]any{
			"count": gorm.Expr(
				"CASE WHEN throttles.resets_at <= ? THEN 1 ELSE throttles.count + 1 END", now,
			),
			"resets_at": gorm.Expr(
				"CASE WHEN throttles.resets_at <= ? THEN ? ELSE throttles.resets_at END",
				now,
				resets,
			),
		}),
	}, clause.Returning{}).Create(&rows).Error
	if err != nil {
		return nil, err
	}

	out := make([]throttle, len(rows))
	for _, row := range rows {
		out[order[row.Key]] = row
	}
	return out, nil
}

// MailboxOf returns the address by which mails to an address are counted: without case and
// subaddress, since those to victim+1@x.example and Victim@x.example come to one person. It is
// for counting alone: who somebody is, the whole address says.
func MailboxOf(email string) string {
	email = rules.NormaliseEmail(email)
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return email
	}
	if plus := strings.IndexByte(email[:at], '+'); plus > 0 {
		return email[:plus] + email[at:]
	}
	return email
}

// countMailboxes counts one mail under a prefix for the mailbox of each address, once for a
// mailbox, and returns for each address the count of its mailbox.
func countMailboxes(tx *db.Tx, prefix string, addresses []string) ([]throttle, error) {
	var keys []string
	at := make([]int, len(addresses))
	for i, email := range addresses {
		key := prefix + MailboxOf(email)
		at[i] = slices.Index(keys, key)
		if at[i] < 0 {
			at[i] = len(keys)
			keys = append(keys, key)
		}
	}

	counts, err := countAttempts(tx, keys, mailWindow)
	if err != nil {
		return nil, err
	}

	rows := make([]throttle, len(addresses))
	for i := range addresses {
		rows[i] = counts[at[i]]
	}
	return rows, nil
}

// The bounds of mails to addresses that somebody typed, each in 24 hours.
const (
	// Invitations: to one address from one account, to one address from all of them, and of
	// one account. No account uses up alone what an address gets.
	invitationsToOne   = 5
	invitationsFromAll = 20
	invitationsOfOne   = 120  // an account of a hundred people, and some sent again
	OrdersForOne       = 250  // of one seller for a person who never answered, one by one
	OrdersInFilesToOne = 2000 // the same in files: what a customer had before comes in one
	cancellationsToOne = 250  // of one seller's orders, to a person who never answered
	questionsOfOne     = 5    // to an account's administrators, by the orders of one seller
	mailsToSiteContact = 60   // of one account to the contact of a site, who is no member
	guestsOfOne        = 100  // whom one account lets see its tickets
	guestsToOne        = 20   // the same person, by one account
	mailWindow         = 24 * time.Hour
)

// mayMailInvitation counts an invitation's mail, and refuses it with RATE_LIMITED where
// the address, or the account, had enough of them today. What is refused, and what fails
// for another reason, is not counted.
func mayMailInvitation(tx *db.Tx, accountID, email string) error {
	return tx.BeyondFence(func(tx *db.Tx) error {
		return countInvitation(tx, accountID, email)
	})
}

func countInvitation(tx *db.Tx, accountID, email string) error {
	mailbox := MailboxOf(email)
	counts, err := countAttempts(tx, []string{
		"mail/invitation-to/" + accountID + "/" + mailbox,
		"mail/invitation-to/" + mailbox,
		"mail/invitations-of/" + accountID,
	}, mailWindow)
	if err != nil {
		return err
	}

	ofAccount, toAddress, all := counts[0], counts[1], counts[2]
	switch {
	case ofAccount.Count > invitationsToOne:
		return enoughInvitations(fmt.Sprintf(
			"This address has got %d invitations of this account within 24 hours.",
			invitationsToOne), ofAccount)
	case toAddress.Count > invitationsFromAll:
		return enoughInvitations(fmt.Sprintf(
			"This address has got %d invitations within 24 hours.", invitationsFromAll), toAddress)
	case all.Count > invitationsOfOne:
		return rules.TooMany(
			fmt.Sprintf("This account has sent %d invitations within 24 hours.", invitationsOfOne),
			"Go on later, or ask the service's mailbox.", all.ResetsAt.Sub(db.RealNow()))
	}

	return nil
}

func enoughInvitations(message string, t throttle) error {
	return rules.TooMany(message,
		"Ask the person to look for the latest one, also among unwanted mail; "+
			"send another one later.", t.ResetsAt.Sub(db.RealNow()))
}

// OrderMails are the addresses to which an order makes the service write.
type OrderMails struct {
	SenderID string
	Contact  string   // the end customer's
	Sellers  []string // of sellers, those that are not on record as theirs
	Most     int      // OrdersForOne or OrdersInFilesToOne
}

// MayMailOrder counts an order of a seller for the addresses that it names, and refuses it
// with RATE_LIMITED beyond the bound of a day for any of them. For a member of an account of
// which the seller has an order there is no bound; see IsMemberAtCustomer.
func MayMailOrder(tx *db.Tx, m OrderMails) error {
	var addresses []string
	for _, email := range append([]string{m.Contact}, m.Sellers...) {
		email = rules.NormaliseEmail(email)
		if email != "" && !slices.Contains(addresses, email) {
			addresses = append(addresses, email)
		}
	}

	counts, err := countMailboxes(tx, orderMailPrefix(m.SenderID), addresses)
	if err != nil {
		return err
	}

	for i, row := range counts {
		if row.Count <= m.Most {
			continue
		}

		known, err := IsMemberAtCustomer(tx, m.SenderID, addresses[i])
		if err != nil {
			return err
		}
		if !known {
			return m.tooMany(addresses[i], row)
		}
	}
	return nil
}

// MailedOrders returns how many orders of a seller have named each of the mailboxes within
// the day that runs for it; one that none has named is not among them. See MailboxOf.
func MailedOrders(tx *db.Tx, senderID string, mailboxes []string) (map[string]int, error) {
	mailboxOf := map[string]string{}
	for _, mailbox := range mailboxes {
		mailboxOf[throttleKey(tx, orderMailPrefix(senderID)+mailbox)] = mailbox
	}

	var rows []throttle
	err := tx.Where("key IN ? AND resets_at > ?", db.KeysOf(mailboxOf), db.RealNow()).
		Find(&rows).Error
	counts := make(map[string]int, len(rows))
	for _, row := range rows {
		counts[mailboxOf[row.Key]] = row.Count
	}
	return counts, err
}

func orderMailPrefix(senderID string) string { return "mail/order-contact/" + senderID + "/" }

// MailsOfCancellation are the addresses that a cancellation would make the service write to.
type MailsOfCancellation struct {
	SenderID  string // of the order that was cancelled
	AccountID string
	Addresses []string
}

// HadEnoughCancellations counts a mail to each of the addresses, and returns those that have
// had enough of such mails today. For a member of the order's account there is no bound.
func HadEnoughCancellations(
	tx *db.Tx, m MailsOfCancellation,
) (enough []string, err error) {
	counts, err := countMailboxes(tx, "mail/order-cancelled/"+m.SenderID+"/", m.Addresses)
	if err != nil {
		return nil, err
	}

	for i, row := range counts {
		if row.Count <= cancellationsToOne {
			continue
		}

		member, err := isMember(tx, m.AccountID, m.Addresses[i])
		if err != nil {
			return nil, err
		}
		if !member {
			enough = append(enough, m.Addresses[i])
		}
	}
	return enough, nil
}

// isMember reports whether an address is that of an active member of an account.
func isMember(tx *db.Tx, accountID, email string) (bool, error) {
	var members int64
	err := tx.Table("memberships m").
		Joins("JOIN users u ON u.id = m.user_id").
		Where("m.account_id = ? AND u.email = ?", accountID, email).
		Where("m.state = ?", rules.MembershipActive).
		Count(&members).Error
	return members > 0, err
}

// IsMemberAtCustomer reports whether an address is that of an active member of an account in
// which an order of the sender was fulfilled: the person has answered such a mail before.
// Whether somebody is a user of the service at all is nothing that a sender may learn.
func IsMemberAtCustomer(tx *db.Tx, senderID, email string) (bool, error) {
	var found bool
	err := tx.Raw(`
		SELECT EXISTS (
			SELECT 1
			FROM users u
			JOIN memberships m ON m.user_id = u.id
			JOIN orders o ON o.account_id = m.account_id
			WHERE u.email = @email
				AND m.state = @active
				AND o.submitted_by = @sender
				AND o.state IN @fulfilled)`,
		map[string]any{
			"email":  email,
			"active": rules.MembershipActive,
			"sender": senderID,
			"fulfilled": []rules.OrderState{
				rules.OrderFulfilled, rules.OrderPartiallyCancelled, rules.OrderCancelled,
			},
		}).Scan(&found).Error
	return found, err
}

func (m OrderMails) tooMany(email string, t throttle) error {
	wait := t.ResetsAt.Sub(db.RealNow())
	if email == rules.NormaliseEmail(m.Contact) {
		return rules.TooMany(
			fmt.Sprintf("You have sent %d orders for this end customer's address within "+
				"24 hours, and the person has not answered yet.", m.Most),
			"Wait until the person has accepted the invitation, or send the order tomorrow.",
			wait)
	}

	return rules.TooMany(
		fmt.Sprintf("You have sent %d orders with copies to one address of a reseller or "+
			"distributor within 24 hours, and it is at no mail domain on record of it.", m.Most),
		"Ask the operator to record that organization's mail domain, or send the order tomorrow.",
		wait)
}

// MayMailSite counts a mail to the contact of a site, and reports whether it may be sent:
// anybody's address may have been typed there. A member of the account has no bound. The
// first one too many is noted in the account's audit.
func MayMailSite(tx *db.Tx, accountID, email string) (bool, error) {
	email = rules.NormaliseEmail(email)
	allowed := true
	err := tx.BeyondFence(func(tx *db.Tx) error {
		row, err := countAttempt(tx, "mail/site/"+accountID+"/"+MailboxOf(email), mailWindow)
		if err != nil || row.Count <= mailsToSiteContact {
			return err
		}

		allowed, err = isMember(tx, accountID, email)
		if err != nil || allowed || row.Count > mailsToSiteContact+1 {
			return err
		}

		return account.Audit(tx, accountID, db.Entry{
			Verb:     "account.site_mails_held",
			ObjectID: accountID,
			Details:  map[string]any{"most_a_day": mailsToSiteContact},
		})
	})
	return allowed, err
}

// guestsAnHour is how many people one account lets see its tickets within an hour.
const guestsAnHour = 30

// MayInviteGuest counts somebody whom an account lets see one of its tickets, and refuses it with
// RATE_LIMITED where the account, or the address, had enough of that: each gets a mail, and
// anybody's address may have been typed. What is refused is not counted.
func MayInviteGuest(tx *db.Tx, accountID, email string) error {
	return tx.BeyondFence(func(tx *db.Tx) error {
		hour, err := countAttempt(tx, "mail/guests-an-hour/"+accountID, time.Hour)
		if err != nil {
			return err
		}
		day, err := countAttempts(tx, []string{
			"mail/guests/" + accountID,
			"mail/guest-to/" + accountID + "/" + MailboxOf(email),
		}, mailWindow)
		if err != nil {
			return err
		}

		switch ofAccount, toAddress := day[0], day[1]; {
		case hour.Count > guestsAnHour:
			return tooManyGuests(guestsAnHour, "an hour", hour)
		case ofAccount.Count > guestsOfOne:
			return tooManyGuests(guestsOfOne, "24 hours", ofAccount)
		case toAddress.Count > guestsToOne:
			return rules.TooMany(
				fmt.Sprintf("This address has become a guest of %d tickets within 24 hours.",
					guestsToOne),
				"Add the person later.", toAddress.ResetsAt.Sub(db.RealNow()))
		}
		return nil
	})
}

func tooManyGuests(most int, within string, t throttle) error {
	return rules.TooMany(
		fmt.Sprintf("The account has let %d people see its tickets within %s.", most, within),
		"Add the person later.", t.ResetsAt.Sub(db.RealNow()))
}

// mayAskAdmins counts a question that an order of a seller asks the administrators of an
// account, and reports whether they may be written to about it today.
func mayAskAdmins(tx *db.Tx, accountID, seller string) (bool, error) {
	row, err := countAttempt(tx, "mail/contact-question/"+accountID+"/"+seller, mailWindow)
	return row.Count <= questionsOfOne, err
}
