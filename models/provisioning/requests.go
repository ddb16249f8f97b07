package provisioning

import (
	"context"
	"time"

	"gorm.io/gorm"

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

// RequestsOf lists the latest requests of an account's organisation, newest first, for an
// administrator of the account who may set the directory up. next is where the list goes on;
// empty: nowhere.
func (s *Provisioning) RequestsOf(
	ctx context.Context, accountID string, page db.Page,
) (out []Request, next string, err error) {
	ctx, orgID, err := s.ownOrg(ctx, accountID)
	if err != nil {
		return nil, "", err
	}
	err = s.look(ctx, orgID, func(h *house) error {
		if err := h.mayLead(); err != nil { // they name people of the other accounts
			return err
		}
		return page.Apply(h.Where("org_id = ?", orgID)).Find(&out).Error
	})
	out, next = db.Cut(page, out, func(r Request) string { return r.ID })
	return out, next, err
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
				return tx.Where(`(person_id IN (?) OR ? OR ? OR (org_id IN (?) AND ?))`,
					p.UserRows(tx, "user_id").Model(&Person{}).Select("id"),
					address.Says(tx, "body"),
					address.Says(tx, "address"),
					p.UserRows(tx, "user_id").Model(&Person{}).Select("org_id"),
					p.Says(tx, "body"))
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
