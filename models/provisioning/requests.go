package provisioning

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
)

// Request is what a directory asked for and what came of it, for the organisation's
// administrators: Outcome in a word that pages put into a sentence, Address and Body as they were
// sent, without passwords. Its time is real time.
type Request struct {
	ID       string
	OrgID    string
	TokenID  string
	PersonID *string
	Method   string
	Address  string // path and query
	Status   int
	Outcome  string
	Detail   string // of a refusal, as it was answered; it names nobody
	Ignored  string // paths that were not understood, by commas
	Body     string
	At       time.Time
}

// TableName is the table of requests of directories.
func (Request) TableName() string { return "scim_requests" }

// KeptRequests is how many requests of an organisation are kept.
const KeptRequests = 1000

// The bounds of what is kept of a request.
const (
	mostBody    = 16 << 10
	mostAddress = 2000
)

// Record keeps a request, and forgets the oldest beyond KeptRequests.
func (s *Provisioning) Record(ctx context.Context, d Directory, r Request) error {
	r.ID = db.NewID(db.PrefixScimRequest)
	r.OrgID = d.OrgID
	r.TokenID = d.TokenID
	r.At = db.RealNow()
	r.Body = start(r.Body, mostBody)
	r.Address = start(r.Address, mostAddress)
	r.Ignored = start(r.Ignored, mostAddress)

	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		if err := tx.Create(&r).Error; err != nil {
			return err
		}
		return tx.Exec(`DELETE FROM scim_requests WHERE org_id = ? AND id <= (
				SELECT id FROM scim_requests WHERE org_id = ?
				ORDER BY id DESC LIMIT 1 OFFSET ?)`,
			d.OrgID, d.OrgID, KeptRequests).Error
	})
}

// start is the beginning of a text, of whole characters.
func start(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && text[most]&0xC0 == 0x80 {
		most--
	}
	return text[:most]
}

// RequestSeen is a request with whom it was about, groups first: names and addresses as the
// directory sends them. They are read with the request and stored nowhere beside it: who is
// forgotten is named no more (S33).
type RequestSeen struct {
	Request
	About []string
}

// RequestsOf lists the latest requests of an account's organisation, newest first, for an
// administrator of the account who may set the directory up. next is where the list goes on;
// empty: nowhere.
func (s *Provisioning) RequestsOf(
	ctx context.Context, accountID string, page db.Page,
) (out []RequestSeen, next string, err error) {
	ctx, orgID, err := s.ownOrg(ctx, accountID)
	if err != nil {
		return nil, "", err
	}
	err = s.look(ctx, orgID, func(h *house) error {
		if err := h.mayLead(); err != nil { // they name people of the other accounts
			return err
		}
		var found []Request
		if err := page.Apply(h.Where("org_id = ?", orgID)).Find(&found).Error; err != nil {
			return err
		}
		found, next = db.Cut(page, found, func(r Request) string { return r.ID })

		names, err := h.namesIn(found)
		out = nil
		for _, r := range found {
			out = append(out, RequestSeen{Request: r, About: r.about(names)})
		}
		return err
	})
	return out, next, err
}

// directoryID is an id by which a directory knows a group or a person.
var directoryID = regexp.MustCompile(`\b(?:` + strings.Join([]string{
	db.PrefixScimGroup, db.PrefixScimPerson, db.PrefixMembership,
}, "|") + `)_[0-9a-z]{26}\b`)

// mostNamed bounds how many ids of one request are looked up.
const mostNamed = 50

// ids are those that a request is about, groups first: whom it came to, and whom it names.
func (r Request) ids() []string {
	var ids []string
	if r.PersonID != nil {
		ids = append(ids, *r.PersonID)
	}
	ids = append(ids, directoryID.FindAllString(r.Address+" "+r.Body, mostNamed)...)
	isPerson := func(id string) int {
		if db.KindOf(id) == db.PrefixScimGroup {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(ids, func(a, b string) int { return isPerson(a) - isPerson(b) })
	return ids
}

// namesIn reads what the organisation's directory calls the groups and people that requests are
// about. An id of another organisation names nobody.
func (h *house) namesIn(requests []Request) (map[string]string, error) {
	var ids []string
	for _, r := range requests {
		ids = append(ids, r.ids()...)
	}
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)

	var people []Person
	err := h.Select("id", "name", "user_name").
		Find(&people, "org_id = ? AND id IN ?", h.orgID, ids).Error
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		names[p.ID] = named(p.Name, p.UserName)
	}
	var groups []Group
	err = h.Select("id", "name").Find(&groups, "org_id = ? AND id IN ?", h.orgID, ids).Error
	for _, g := range groups {
		names[g.ID] = g.Name
	}
	return names, err
}

// named is how somebody is called: the name, and the address or the name at the directory.
func named(name, userName string) string {
	switch {
	case name == "" || name == userName:
		return userName
	case userName == "":
		return name
	}
	return name + " (" + userName + ")"
}

// about are whom the request was about: by the ids in it, or, of what the service does not know, in
// the request's own words.
func (r Request) about(names map[string]string) (out []string) {
	said := r.says()
	if said != "" && strings.HasSuffix(strings.ToLower(r.Address), "/groups") {
		out = append(out, said) // a group that is made has no id yet
	}
	for _, id := range r.ids() {
		if name := names[id]; name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if len(out) == 0 && said != "" {
		out = []string{said}
	}
	return out
}

// filteredBy finds what a list was asked for.
var filteredBy = regexp.MustCompile(`(?i)[?&]filter=[^"&]*\beq "([^"]+)"`)

// says is how the request itself names a person or a group: in what it wants to be kept, or in what
// it looks for.
func (r Request) says() string {
	if m := filteredBy.FindStringSubmatch(r.Address); m != nil {
		return m[1]
	}
	var sent map[string]any
	if json.Unmarshal([]byte(r.Body), &sent) != nil { // none, or one of which the end was cut off
		return ""
	}
	name, userName := "", ""
	for key, value := range sent {
		text, _ := value.(string)
		switch strings.ToLower(key) {
		case "displayname":
			name = strings.TrimSpace(text)
		case "username":
			userName = strings.TrimSpace(text)
		}
	}
	return named(name, userName)
}

// Erasures is what becomes of what directories said of a person (S33): it is forgotten. What the
// directory says of the same person afterwards is told anew.
func Erasures() []db.Erasure {
	return []db.Erasure{
		{
			Table: "scim_requests",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				// The address is the person's wherever it stands; a name only where the
				// directory knows the person.
				address := db.Person{Email: p.Email}
				return tx.Where(`(person_id IN (?) OR ? OR ? OR (org_id IN (?) AND ?) OR ?)`,
					p.UserRows(tx, "user_id").Model(&Person{}).Select("id"),
					address.Says(tx, "body"),
					address.Says(tx, "address"),
					p.UserRows(tx, "user_id").Model(&Person{}).Select("org_id"),
					p.Says(tx, "body"),
					callsByName(tx, p))
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return tx.Delete(&Request{}, "id IN ?", ids).Error
			},
		},
		{
			Table: "scim_group_people",
			Key:   "group_id || '/' || person_id",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("person_id IN (?)",
					p.UserRows(tx, "user_id").Model(&Person{}).Select("id"))
			},
			Erase: func(tx *db.Tx, _ db.Person, keys []string) error {
				return tx.Delete(&groupPerson{}, "group_id || '/' || person_id IN ?", keys).Error
			},
		},
		{
			Table: "scim_people",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return p.UserRows(tx, "user_id")
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return tx.Delete(&Person{}, "id IN ?", ids).Error
			},
		},
	}
}

// callsByName returns the condition that a request names the person as their directory does, which
// may be neither the address nor a name: in quotation marks, so that another one's longer name is
// another one.
func callsByName(tx *db.Tx, p db.Person) clause.Expr {
	holds := "instr(lower(%s), '\"' || lower(c.user_name) || '\"') > 0"
	if tx.Postgres() {
		holds = "position('\"' || lower(c.user_name) || '\"' IN lower(%s)) > 0"
	}
	return gorm.Expr(`EXISTS (
		SELECT 1 FROM scim_people c
		WHERE c.org_id = scim_requests.org_id AND c.user_name <> '' AND c.id IN (?)
			AND (`+fmt.Sprintf(holds, "scim_requests.body")+` OR `+
		fmt.Sprintf(holds, "scim_requests.address")+`))`,
		p.UserRows(tx, "user_id").Model(&Person{}).Select("id"))
}
