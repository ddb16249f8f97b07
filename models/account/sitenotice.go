package account

import (
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// siteNotice is what administrators are told of where hardware may go from now on (S25): whoever
// sits at another person's session would have it sent elsewhere, and nobody would see it.
type siteNotice struct {
	siteID string
	epoch  string
	params map[string]any
}

// noticeOfSite describes a site that is new, or, with the address before, one that has moved.
// The contact of the site is nobody's business there.
func noticeOfSite(s AccountSite, before string) siteNotice {
	return siteNotice{
		siteID: s.ID,
		epoch:  strconv.FormatInt(s.Version, 10),
		params: map[string]any{
			"site":   s.Name,
			"before": before,
			"after":  addressLine(s.Address()),
		},
	}
}

// noticeOfSites describes the sites that a file brings, in one mail: a thousand would be read
// by nobody.
func noticeOfSites(sites []AccountSite) siteNotice {
	if len(sites) == 1 {
		return noticeOfSite(sites[0], "")
	}
	return siteNotice{
		siteID: sites[0].ID,
		epoch:  "file",
		params: map[string]any{"count": len(sites)},
	}
}

// addressLine is an address on one line.
func addressLine(a rules.Address) string {
	var parts []string
	for _, part := range []string{a.Street, a.PostalCode, a.City, a.Region, a.Country} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// noticesADay is how many notices of an account's sites are mailed on a day of the account. One
// more says that it is the last one of that day: whoever flips an address to and fro, or adds
// sites by the thousand, fills no mailboxes. The audit has every change.
const noticesADay = 5

// toldToday counts the notices of an account's sites on the account's day; the caller has
// locked the account.
func toldToday(tx *db.Tx, accountID, zone string) (n int, err error) {
	loc := db.ZoneOf(zone)
	today := rules.StartOfDay(rules.DateIn(tx.Now(), loc), loc)
	err = tx.Raw(`
		SELECT COUNT(*) FROM (
			SELECT DISTINCT subject_id, epoch
			FROM notifications
			WHERE subject_id IN (SELECT id FROM sites WHERE account_id = @account)
				AND template = @template AND created_at >= @today) AS told`,
		map[string]any{
			"account":  accountID,
			"template": rules.TemplateSiteNotice,
			"today":    today.UTC(),
		}).Scan(&n).Error
	return n, err
}

// tellAdmins writes the notice to every administrator of the account, who did it included: it
// may have been somebody else at their session. It writes none beyond noticesADay and the last.
func (n siteNotice) tellAdmins(tx *db.Tx, accountID string) error {
	var known struct {
		Admins    *string
		LegalName string
		TimeZone  string
		ActorName *string
	}
	err := tx.Raw(`
		SELECT `+notification.AdminsSQL("a.id")+` AS admins, a.legal_name, a.time_zone,
			(SELECT u.name FROM users u WHERE u.id = @actor) AS actor_name
		FROM accounts a
		WHERE a.id = @account`,
		map[string]any{"actor": tx.Scope.Actor.ID, "account": accountID}).Scan(&known).Error
	if err != nil || known.Admins == nil {
		return err
	}

	told, err := toldToday(tx, accountID, known.TimeZone)
	if err != nil || told > noticesADay {
		return err
	}
	if told == noticesADay {
		n.params["last"] = true
	}

	n.params["company"] = known.LegalName
	n.params["by"] = db.Text(known.ActorName)
	n.params["by_kind"] = "PERSON"
	switch role := tx.Scope.Actor.Role; {
	case role.IsOperator(), role == "SYSTEM":
		n.params["by_kind"] = "OPERATOR"
	case known.ActorName == nil:
		n.params["by_kind"] = "PROGRAM"
	}

	for _, admin := range (notification.Audience{Admins: known.Admins}).People() {
		err := notification.QueueSingle(tx, notification.Notification{
			Template:  rules.TemplateSiteNotice,
			SubjectID: n.siteID,
			Recipient: admin.Email,
			Epoch:     n.epoch,
			AccountID: &accountID,
			Locale:    admin.Locale,
			Params:    n.params,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
