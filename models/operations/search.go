package operations

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// Hit is something that was found.
type Hit struct {
	Name
	AccountID   string // whose it is; empty: nobody's
	AccountName string
	Exact       bool // what was typed is its number, serial, address or name, not a part of it
}

// hitsOfKind bounds what a search shows of one kind of thing, exact and similar each.
const hitsOfKind = 6

// shortestPart is how many letters a part of a name needs: the indexes are of three letters.
const shortestPart = 3

// finder finds one kind of thing. Its conditions are on n, a row of its table, with what was
// typed in the spellings of sought.
type finder struct {
	kind    string // prefix of its ids
	table   string // with n for the table of the ids
	account string // expression of the account; empty: of none
	exact   []string
	similar string // empty: only exact
	order   string // of those that are similar; empty: as they are found
}

// finders are the kinds of thing that a search finds, in the order in which it shows them.
var finders = []finder{
	{
		kind:    db.PrefixRMA,
		table:   "rmas n",
		account: "n.account_id",
		exact: []string{
			"n.number = @rma",
			"n.faulty_serial = @serial",
			"n.replacement_serial = @serial",
		},
	},
	{
		kind:    db.PrefixTicket,
		table:   "tickets n",
		account: "n.account_id",
		exact:   []string{"n.number = @ticket"},
	},
	{
		kind:    db.PrefixOrder,
		table:   "orders n",
		account: "n.account_id",
		exact:   []string{"n.vendor_order_no = @order", "n.po_key = @po"},
		similar: "n.po_key LIKE @poprefix ESCAPE '!'",
		order:   "n.po_key, n.id DESC",
	},
	{
		kind:    db.PrefixAccount,
		table:   "accounts n",
		account: "n.id",
		exact:   []string{"n.company_key = @company"},
		similar: "n.company_key LIKE @companypart ESCAPE '!'",
		order: `CASE WHEN n.company_key LIKE @companyprefix ESCAPE '!' THEN 0 ELSE 1 END,
			n.company_key, n.id`,
	},
	{
		kind:    db.PrefixMembership,
		table:   "users u JOIN memberships n ON n.user_id = u.id AND n.state <> 'REMOVED'",
		account: "n.account_id",
		exact:   []string{"u.email = @email"},
	},
	{
		kind:    db.PrefixInvitation,
		table:   "invitations n",
		account: "n.account_id",
		exact:   []string{"n.email = @email AND n.state <> 'ACCEPTED'"},
	},
	{
		kind:    db.PrefixDevice,
		table:   "devices n",
		account: "n.account_id",
		exact:   []string{"n.serial = @serial"},
		similar: "n.serial LIKE @serialpart ESCAPE '!'",
	},
	{
		kind:    db.PrefixShipment,
		table:   "shipments n",
		account: "n.account_id",
		exact:   []string{"n.tracking = @tracking"},
	},
	{
		kind:    db.PrefixSpareUnit,
		table:   "spare_units n",
		account: "n.account_id",
		exact:   []string{"n.number = @spare", "n.serial = @serial"},
	},
	{
		kind:    db.PrefixRoom,
		table:   "rooms n",
		account: "n.account_id",
		exact:   []string{"n.name = @plain"},
		similar: "n.search_key LIKE @namepart ESCAPE '!'",
	},
	{
		kind:    db.PrefixOrg,
		table:   "orgs n",
		exact:   []string{"n.company_key = @company"},
		similar: "n.company_key LIKE @companypart ESCAPE '!'",
		order:   "n.company_key, n.id",
	},
}

// sought is what somebody typed, in the spelling of each thing that it may be. What it cannot
// be is left out, and with it the conditions that ask for it.
func sought(typed string) map[string]any {
	typed = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, typed))
	s := map[string]any{}
	put := func(name, value string) {
		if value != "" {
			s[name] = value
		}
	}

	for name, kind := range map[string]string{
		"rma":    db.NumberOfRMA,
		"spare":  db.NumberOfSpare,
		"ticket": db.NumberOfTicket,
	} {
		if number, ok := db.ReadNumber(kind, typed); ok {
			s[name] = number
		}
	}
	serial := rules.NormaliseSerial(typed)
	company := rules.CompanyKey(typed)
	name := rules.SearchKey(typed)
	po := ordering.PONumberKey(typed)
	put("order", strings.ToUpper(strings.Join(strings.Fields(typed), "-")))
	put("serial", serial)
	put("company", company)
	put("plain", rules.NormaliseText(typed))
	put("po", po)
	put("tracking", strings.ToUpper(strings.ReplaceAll(typed, " ", "")))
	if strings.Contains(typed, "@") {
		put("email", rules.NormaliseEmail(typed))
		return s
	}

	if len([]rune(name)) < shortestPart {
		return s
	}
	put("poprefix", strings.TrimPrefix(db.Part(po), "%"))
	put("namepart", db.Part(name))
	if len([]rune(company)) >= shortestPart {
		put("companypart", db.Part(company))
		put("companyprefix", strings.TrimPrefix(db.Part(company), "%"))
	}
	if len([]rune(serial)) >= shortestPart {
		put("serialpart", db.Part(serial))
	}
	return s
}

// Search finds what operators look for by what they know of it: numbers of orders and
// replacements, serials and trackings in any spelling, addresses, companies and rooms. What is
// found exactly comes first.
func (s *Operations) Search(ctx context.Context, typed string) ([]Hit, error) {
	spelled := sought(typed)
	var hits []Hit
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		hits = nil
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		exact, err := findAll(tx, spelled, true)
		if err != nil {
			return err
		}
		if err := tx.PlanByIndexes(); err != nil {
			return err
		}
		similar, err := findAll(tx, spelled, false)
		if err != nil {
			return err
		}

		known := map[string]bool{}
		for _, h := range exact {
			known[h.ID] = true
		}
		hits = append(exact, slices.DeleteFunc(similar, func(h Hit) bool { return known[h.ID] })...)
		return nameAccounts(tx, hits)
	})
	return hits, err
}

// findAll finds every kind of thing in one statement, exactly or by a part.
func findAll(tx *db.Tx, spelled map[string]any, exact bool) ([]Hit, error) {
	var parts []string
	places := map[string]int{}
	for place, f := range finders {
		places[f.kind] = place
		conditions := f.exact
		if !exact {
			conditions = []string{f.similar}
		}
		for _, condition := range conditions {
			if condition != "" && answerable(condition, spelled) {
				parts = append(parts, f.query(condition, exact))
			}
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}

	var hits []Hit
	if err := tx.Raw(strings.Join(parts, " UNION ALL "), spelled).Scan(&hits).Error; err != nil {
		return nil, err
	}
	var distinct []Hit
	known := map[string]bool{}
	for _, h := range hits {
		if !known[h.ID] {
			known[h.ID] = true
			h.Exact = exact
			distinct = append(distinct, h)
		}
	}
	slices.SortStableFunc(distinct, func(a, b Hit) int {
		return cmp.Compare(places[db.KindOf(a.ID)], places[db.KindOf(b.ID)])
	})
	return distinct, nil
}

// answerable reports whether what was typed can be what the condition asks for.
func answerable(condition string, spelled map[string]any) bool {
	_, name, _ := strings.Cut(condition, "@")
	end := strings.IndexFunc(name, func(r rune) bool { return r < 'a' || r > 'z' })
	if end >= 0 {
		name = name[:end]
	}
	return spelled[name] != nil
}

// query reads those that meet a condition, with their names.
func (f finder) query(condition string, exact bool) string {
	order := f.order
	if exact {
		order = "n.id DESC"
	}
	ids := "SELECT n.id FROM " + f.table + " WHERE " + condition
	if order != "" {
		ids += " ORDER BY " + order
	}
	ids += " LIMIT " + strconv.Itoa(hitsOfKind)

	naming := namings[f.kind]
	zone, account := naming.zone, f.account
	if zone == "" {
		zone = "''"
	}
	if account == "" {
		account = "''"
	}
	return "SELECT n.id AS id, " + naming.name + " AS name, " + zone + " AS time_zone, " +
		"COALESCE(" + account + ", '') AS account_id FROM " + naming.from +
		" WHERE n.id IN (SELECT id FROM (" + ids + ") AS found)"
}

// nameAccounts tells whose things were found.
func nameAccounts(tx *db.Tx, hits []Hit) error {
	var ids []string
	for _, h := range hits {
		if h.AccountID != "" && !slices.Contains(ids, h.AccountID) {
			ids = append(ids, h.AccountID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := namesOf(tx, ids)
	if err != nil {
		return err
	}
	for i := range hits {
		for _, n := range found {
			if n.ID == hits[i].AccountID {
				hits[i].AccountName = n.Name
				if hits[i].TimeZone == "" {
					hits[i].TimeZone = n.TimeZone
				}
			}
		}
	}
	return nil
}
