package operations

import (
	"context"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
)

// Name is what people call something that an id names, and the clock that goes by there.
type Name struct {
	ID       string
	Name     string
	TimeZone string // IANA name; empty: of no place
}

// naming says where the name of a kind of thing is read.
type naming struct {
	from    string // with n for the table of the ids
	name    string
	zone    string // empty: of no place
	account string // the column that a tenant's scope narrows; empty: operators only
}

// namings are the kinds of thing that have a name, by the prefix of their ids. Persons are
// named to operators only.
var namings = map[string]naming{
	db.PrefixAccount: {
		from:    "accounts n",
		name:    "n.legal_name",
		zone:    "n.time_zone",
		account: "n.id",
	},
	db.PrefixOrder: {
		from: "orders n",
		// Without an account the company that the seller named says whose order it is.
		name: `CASE
			WHEN n.account_id IS NULL
				THEN n.po_number || ' · ' || COALESCE(n.payload -> 'end_customer' ->> 'company', '')
			WHEN n.vendor_order_no IS NULL THEN n.po_number
			ELSE n.vendor_order_no || ' (' || n.po_number || ')'
		END`,
		zone:    "n.time_zone",
		account: "n.account_id",
	},
	db.PrefixContract: {
		from:    "service_contracts n JOIN orders o ON o.id = n.order_id",
		name:    "o.po_number",
		zone:    "n.time_zone",
		account: "n.account_id",
	},
	db.PrefixSite: {
		from:    "sites n",
		name:    "n.name",
		zone:    "n.time_zone",
		account: "n.account_id",
	},
	db.PrefixRoom: {
		from:    "rooms n",
		name:    "CASE WHEN n.site = '' THEN n.name ELSE n.name || ', ' || n.site END",
		zone:    "n.time_zone",
		account: "n.account_id",
	},
	db.PrefixDevice: {
		from: "devices n",
		name: `CASE
			WHEN n.serial IS NULL THEN n.model_code
			ELSE n.model_code || ' ' || n.serial
		END`,
		account: "n.account_id",
	},
	db.PrefixRMA: {
		from: "rmas n JOIN sites s ON s.id = n.site_id LEFT JOIN rooms r ON r.id = n.room_id",
		name: `n.model_code ||
			CASE WHEN n.faulty_serial = '' THEN '' ELSE ' ' || n.faulty_serial END ||
			CASE WHEN r.id IS NULL THEN '' ELSE ', ' || r.name END`,
		zone:    "s.time_zone",
		account: "n.account_id",
	},
	db.PrefixSpareUnit: {
		from: `spare_units n
			JOIN orgs p ON p.id = n.parent_org_id
			LEFT JOIN sites s ON s.id = n.site_id`,
		// No words, which pages in every language would show; not chosen yet: whose it is.
		name: `CASE
				WHEN n.model_code = '' THEN ''
				WHEN n.serial = '' THEN n.model_code || ', '
				ELSE n.model_code || ' ' || n.serial || ', '
			END || COALESCE(s.name, p.name)`,
		zone:    "COALESCE(s.time_zone, '')",
		account: "n.account_id",
	},
	db.PrefixTicket: {
		from: "tickets n LEFT JOIN rooms r ON r.id = n.room_id",
		name: `n.number || ', ' || n.summary ||
			CASE WHEN r.id IS NULL THEN '' ELSE ', ' || r.name END`,
		zone:    "n.time_zone",
		account: "n.account_id",
	},
	db.PrefixShipment: {
		from: `shipments n
			LEFT JOIN rmas r ON r.id = n.subject_id
			LEFT JOIN spare_units u ON u.id = n.subject_id
			LEFT JOIN sites s ON s.id = COALESCE(r.site_id, n.site_id)`,
		name: `COALESCE(
				r.model_code || ' ' || r.faulty_serial,
				u.model_code || ' ' || u.serial,
				''
			) ||
			CASE WHEN n.tracking IS NULL THEN '' ELSE ', ' || n.carrier || ' ' || n.tracking END`,
		zone:    "COALESCE(s.time_zone, '')",
		account: "n.account_id",
	},
	db.PrefixInvitation: {
		from: "invitations n JOIN accounts a ON a.id = n.account_id",
		name: "n.contact_name || ' <' || n.email || '>'",
		zone: "a.time_zone",
	},
	db.PrefixQuestion: {
		from: "contact_questions n JOIN accounts a ON a.id = n.account_id",
		name: "n.contact_name || ' <' || n.email || '>'",
		zone: "a.time_zone",
	},
	db.PrefixMembership: {
		from: "memberships n JOIN users u ON u.id = n.user_id",
		name: "u.name || ' <' || u.email || '>'",
	},
	db.PrefixOrg: { // a customer's parent has the clock of its first account
		from: "orgs n",
		name: "n.name",
		zone: `COALESCE((
			SELECT a.time_zone FROM accounts a WHERE a.parent_org_id = n.id ORDER BY a.id LIMIT 1
		), '')`,
	},
	db.PrefixInboxItem: { // what was written is not named: it may be anything
		from: "inbox_items n",
		name: "CASE WHEN n.sender = '' THEN '?' ELSE n.sender END",
	},
	db.PrefixParticipant: {
		from: "ticket_participants n",
		name: "CASE WHEN n.company = '' THEN n.name ELSE n.name || ', ' || n.company END",
	},
	db.PrefixUser:         {from: "users n", name: "n.name"},
	db.PrefixOperator:     {from: "operators n", name: "n.name"},
	db.PrefixCSM:          {from: "csms n", name: "n.name"},
	db.PrefixToken:        {from: "api_tokens n", name: "n.label"},
	db.PrefixDepot:        {from: "depots n", name: "n.name", zone: "n.time_zone"},
	db.PrefixNotification: {from: "notifications n", name: "n.recipient"},
}

// NamesOf returns what people call the things that the ids name, in no order, in one
// statement. What is unknown, of another account, or has no name is left out.
func (s *Operations) NamesOf(ctx context.Context, ids []string) ([]Name, error) {
	var out []Name
	err := s.db.ReadSingle(ctx, func(tx *db.Tx) error {
		var err error
		out, err = namesOf(tx, ids)
		return err
	})
	return out, err
}

// namesOf reads the names of things of any kind, in one statement.
func namesOf(tx *db.Tx, ids []string) ([]Name, error) {
	byKind := map[string][]string{}
	for _, id := range ids {
		byKind[db.KindOf(id)] = append(byKind[db.KindOf(id)], id)
	}

	var parts []any
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		n := namings[kind]
		if n.from == "" || !tx.Scope.System && n.account == "" {
			continue
		}
		parts = append(parts, n.query(tx, byKind[kind]))
	}
	if len(parts) == 0 {
		return nil, nil
	}

	var out []Name
	all := strings.TrimSuffix(strings.Repeat("? UNION ALL ", len(parts)), " UNION ALL ")
	err := tx.Raw(all, parts...).Scan(&out).Error
	return out, err
}

// query reads the names of one kind of thing.
func (n naming) query(tx *db.Tx, ids []string) *gorm.DB {
	zone := n.zone
	if zone == "" {
		zone = "''"
	}
	q := tx.Table(n.from).
		Select("n.id AS id, "+n.name+" AS name, "+zone+" AS time_zone").
		Where("n.id IN ?", ids)
	if n.account != "" {
		q = tx.Scope.Accounts(q, n.account)
	}
	return q
}
