package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/rules"
)

// Kind says what a request asks for.
type Kind string

// The kinds of a Request.
const (
	Export  Kind = "EXPORT"
	Erasure Kind = "ERASURE"
)

// State says how far a request has come.
type State string

// The states of a Request.
const (
	Asked   State = "ASKED"   // the worker has it in hand
	Ready   State = "READY"   // an export can be fetched
	Decide  State = "DECIDE"  // texts name the erased person: somebody decides
	Done    State = "DONE"    // the person is erased
	Expired State = "EXPIRED" // an export was deleted
)

// ExportKept is how long an export can be fetched.
const ExportKept = 7 * 24 * time.Hour

// exportAgain is how long a person's own export answers for another one.
const exportAgain = 24 * time.Hour

// Request is what somebody asked for about one person's data. Subject is a db.Person,
// encrypted with the service's key; it is emptied when an erasure is done.
type Request struct {
	ID          string
	Kind        Kind
	State       State
	AccountID   *string // whose administrator asks; nil: the person, or an operator
	UserID      *string // nil: nobody who signs in
	Subject     string
	SubjectHash string // recognises the person, see db.Secrets.Fingerprint
	Pseudonym   string
	Reason      string
	RequestedBy string
	Gone        int64  // rows that an erasure has changed so far
	Stage       string // the table that it came to
	CreatedAt   time.Time
	DoneAt      *time.Time
	ExpiresAt   *time.Time // exports: from then on there is none

	Name  string `gorm:"-"` // whom it is about, while that is known; else the pseudonym
	Email string `gorm:"-"` // likewise; else empty
}

// TableName is the table of requests.
func (Request) TableName() string { return "privacy_requests" }

// NewRequest asks about a person, by the id of a user or by an address: administrators of who is
// or was a member, operators of anybody.
type NewRequest struct {
	Kind      Kind
	AccountID string // customers: the account in whose name they ask; empty: about themselves
	UserID    string
	Email     string
	Reason    string // operators
	Confirm   string // erasures: the person's address, once more
}

// Count is how many rows of a table tell of a person.
type Count struct {
	Table string
	Rows  int64
}

// Preview is what a request would be about, before it is made.
type Preview struct {
	Name      string
	Email     string
	Pseudonym string
	Counts    []Count  // what an erasure changes
	Texts     []Count  // what people wrote that names the person, by table.column
	LastAdmin []string // accounts that have no other administrator: an erasure is refused
	LastGlass bool     // the last break-glass administrator of an enforced sign-in: the same
	Elsewhere bool     // others know the person too: the account's administrator may not erase
	Waits     []string // orders, replacements and files under way that name the person
}

// Rows is how many rows an erasure changes.
func (p Preview) Rows() (n int64) {
	for _, c := range p.Counts {
		n += c.Rows
	}
	return n
}

// counts reports whether an erasure changes rows of a table.
func (p Preview) counts(table string) bool {
	return slices.ContainsFunc(p.Counts, func(c Count) bool { return c.Table == table })
}

// subject is whom a request is about, with who may ask.
type subject struct {
	db.Person
	narrow string // an account: its administrator asks
	erased bool   // nothing is left to do
}

// Preview counts what is known of a person. It refuses as Ask does, and changes nothing.
func (s *Privacy) Preview(ctx context.Context, n NewRequest) (Preview, error) {
	var out Preview
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		who, err := subjectOf(tx, n)
		if err != nil {
			return err
		}

		out = Preview{Email: who.Email, Pseudonym: who.Pseudonym}
		if len(who.Names) > 0 {
			out.Name = who.Names[0]
		}
		if who.erased {
			return nil
		}
		if out.Elsewhere, err = knownElsewhere(tx, who); err != nil || out.Elsewhere {
			return err
		}
		for _, e := range Erasures() {
			rows, err := e.Count(tx, who.Person)
			if err != nil {
				return err
			}
			if rows > 0 {
				out.Counts = append(out.Counts, Count{Table: e.Table, Rows: rows})
			}
		}
		if out.Texts, err = textsAbout(tx, who); err != nil {
			return err
		}

		if out.LastAdmin, err = identity.LastAdminOf(tx, who.UserID); err != nil {
			return err
		}
		if out.counts("sso_break_glass") {
			glass, err := identity.LastBreakGlassOf(tx, who.UserID)
			if err != nil {
				return err
			}
			out.LastGlass = len(glass) > 0
		}
		out.Waits, err = waitsFor(tx, who.Person)
		return err
	})
	return out, err
}

// textsAbout counts the texts that name the person. Those of other accounts name whoever has the
// same name there, which is not for an administrator to know: operators alone are told.
func textsAbout(tx *db.Tx, who subject) (out []Count, err error) {
	if who.narrow != "" {
		return nil, nil
	}
	for _, f := range FreeTexts() {
		texts, err := f.Find(tx, who.Person, "", eraseBatch)
		if err != nil {
			return nil, err
		}
		texts = slices.DeleteFunc(texts, func(t db.FoundText) bool {
			return who.Replace(t.Text) == t.Text
		})
		if len(texts) > 0 {
			out = append(out, Count{Table: f.Place, Rows: int64(len(texts))})
		}
	}
	return out, nil
}

// Ask stores a request; the worker does the rest. A person asks for an export of their own, an
// administrator about a member, and gets of an export what concerns the account; an operator
// about anybody, with a reason that does not name the person. An erasure ends the person's
// access in the same transaction: LAST_ADMIN where an account would have no administrator
// (S18), SSO_NO_BREAK_GLASS where an enforced sign-in would have no other way in (S49),
// STATE_CONFLICT while something under way names the person, VALIDATION_FAILED unless
// the person's address is confirmed. The same request again, while it is under way, is that
// request; so is a person's own export that is younger than a day.
func (s *Privacy) Ask(ctx context.Context, n NewRequest) (Request, error) {
	var out Request
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		who, err := subjectOf(tx, n)
		if err != nil {
			return err
		}
		if who.erased {
			err := tx.Order("id DESC").First(&out, "user_id = ? AND kind = ?",
				who.UserID, Erasure).Error
			return errors.Join(db.Found(err), theirs(out, who))
		}
		if err := checkReason(tx, n, who.Person); err != nil {
			return err
		}
		if n.Kind == Erasure {
			if err := mayErase(tx, n, who); err != nil {
				return err
			}
		}

		text, err := json.Marshal(who.Person)
		if err != nil {
			return err
		}
		out = Request{
			ID:          db.NewID(db.PrefixPrivacy),
			Kind:        n.Kind,
			State:       Asked,
			AccountID:   optional(who.narrow),
			UserID:      optional(who.UserID),
			Subject:     tx.Secrets().Encrypt(purpose, string(text)),
			SubjectHash: hashOf(tx, n.Kind, who),
			Pseudonym:   who.Pseudonym,
			Reason:      strings.TrimSpace(n.Reason),
			RequestedBy: tx.Scope.Actor.ID,
			CreatedAt:   tx.Now(),
		}

		if ready, err := madeLately(tx, out); err != nil || ready.ID != "" {
			out = ready
			return err
		}

		// Of two at once, the second finds the first: one request is open about a person.
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&out)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			hash := out.SubjectHash
			out = Request{}
			err := tx.First(&out, "subject_hash = ? AND kind = ? AND state = ?",
				hash, n.Kind, Asked).Error
			return errors.Join(err, theirs(out, who))
		}
		if n.Kind == Erasure && who.UserID != "" {
			if err := identity.Leave(tx, who.UserID); err != nil {
				return err
			}
		}
		return note(tx, out, "privacy.requested", map[string]any{
			"kind": n.Kind,
			"user": who.UserID,
		})
	})
	return out, err
}

// theirs refuses a request that somebody else has made, an operator for example, to the
// administrator who asks for the same: what was noted with it is not theirs to read.
func theirs(r Request, who subject) error {
	if who.narrow == "" || db.Text(r.AccountID) == who.narrow {
		return nil
	}
	return rules.Refuse(rules.StateConflict, "Somebody has asked for this already.",
		"There is nothing more to do: the person is erased, or is about to be.")
}

// madeLately returns the export that a person asked for about themselves within a day, where it
// can be fetched: it says what another one would. Its ID is empty where there is none.
func madeLately(tx *db.Tx, r Request) (ready Request, err error) {
	if r.Kind != Export || r.AccountID != nil || db.Text(r.UserID) != r.RequestedBy {
		return ready, nil
	}
	err = tx.Order("id DESC").Limit(1).
		Find(&ready, "subject_hash = ? AND kind = ? AND state = ? AND created_at > ?",
			r.SubjectHash, Export, Ready, tx.Now().Add(-exportAgain)).Error
	return ready, err
}

// purpose names the encryption of the subjects of requests.
const purpose = "privacy request"

// Encrypted are the columns of whom requests are about.
func Encrypted() []db.Encrypted {
	return []db.Encrypted{{Table: Request{}.TableName(), Column: "subject", Purpose: purpose}}
}

// hashOf recognises a request about the same person. Another account's administrator asks for
// another export.
func hashOf(tx *db.Tx, kind Kind, who subject) string {
	text := who.Email
	if kind == Export {
		text += "|" + who.narrow
	}
	return tx.Secrets().Fingerprint("privacy", text)
}

func optional(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}

// note writes about a request into the audit: of the account, or of the request itself.
func note(tx *db.Tx, r Request, verb string, details map[string]any) error {
	chain := r.ID
	if r.AccountID != nil {
		chain = *r.AccountID
	}
	return tx.Audit(chain, r.AccountID, false, db.Entry{
		Verb:     verb,
		ObjectID: r.ID,
		Details:  details,
	})
}

// checkReason refuses an operator's request without a reason, and any whose reason names the
// person: it stays.
func checkReason(tx *db.Tx, n NewRequest, p db.Person) error {
	check := rules.CheckReason
	if !tx.Scope.Actor.Role.IsOperator() {
		check = rules.CheckOptionalReason
	}
	if err := check(n.Reason); err != nil {
		return err
	}
	if p.Replace(n.Reason) != n.Reason {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/reason",
			Code:    NamesThePerson,
			Message: "The reason names the person, and it is kept.",
			Remedy:  "Say it without the name and the address.",
		}})
	}
	return nil
}

// Codes of single fields of a request.
const (
	NamesThePerson = "NAMES_THE_PERSON"
	NotConfirmed   = "NOT_CONFIRMED"
)

// mayErase refuses an erasure that would do harm now, each time with the way out.
func mayErase(tx *db.Tx, n NewRequest, who subject) error {
	if rules.NormaliseEmail(n.Confirm) != who.Email {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/confirm",
			Code:    NotConfirmed,
			Message: "This is not the person's address.",
			Remedy:  "Type the address of the person who is to be erased.",
		}})
	}

	if who.narrow != "" && who.UserID == tx.Scope.Actor.ID {
		return rules.Refuse(rules.StateConflict,
			"You cannot erase yourself: your access would end before you know the outcome.",
			"Have another administrator of the account ask for it, or write to us.")
	}
	elsewhere, err := knownElsewhere(tx, who)
	if err != nil {
		return err
	}
	if elsewhere {
		return rules.Refuse(rules.StateConflict,
			"You cannot erase this person: it is not for your account alone to decide.",
			"Remove the person from your account, and have the person write to us.")
	}

	waits, err := waitsFor(tx, who.Person)
	if err != nil {
		return err
	}
	if len(waits) > 0 {
		return rules.Refuse(rules.StateConflict,
			"Something under way names this person: "+strings.Join(waits, ", ")+".",
			"Let it come to its end, or cancel it, and ask again.")
	}
	return nil
}

// knownElsewhere reports whether rows that are not of the administrator's account tell of the
// person: a membership, an order or a site of another company, an order that has no account yet,
// or a seller's address. What others keep is not one account's to erase. It says nothing of who
// they are.
func knownElsewhere(tx *db.Tx, who subject) (bool, error) {
	if who.narrow == "" {
		return false, nil
	}
	for _, id := range who.Accounts {
		if id != who.narrow {
			return true, nil
		}
	}

	named, err := order.NamedOutside(tx, who.Person, who.narrow)
	if err != nil || named {
		return named, err
	}
	named, err = session.NamedOutside(tx, who.Person, who.narrow)
	if err != nil || named {
		return named, err
	}
	var sellers int64
	err = tx.Table("orgs").Where("lower(notices_to) = ?", who.Email).Count(&sellers).Error
	return sellers > 0, err
}

// waitsFor names what is under way and would miss the person.
func waitsFor(tx *db.Tx, p db.Person) (out []string, err error) {
	for _, ask := range []func(*db.Tx, db.Person) ([]string, error){
		order.WaitingFor,
		replacement.OnTheWayTo,
		importjob.UnderWayWith,
	} {
		names, err := ask(tx, p)
		if err != nil {
			return nil, err
		}
		out = append(out, names...)
	}
	return out, nil
}

// subjectOf finds whom a request is about, and refuses who may not ask: NOT_FOUND for a
// person whom the caller does not see.
func subjectOf(tx *db.Tx, n NewRequest) (subject, error) {
	if n.Kind != Export && n.Kind != Erasure {
		return subject{}, rules.Invalid([]rules.FieldError{{
			Pointer: "/kind",
			Code:    rules.Required,
			Message: "It is not said what is asked for.",
			Remedy:  "Ask for EXPORT or ERASURE.",
		}})
	}

	who := subject{}
	who.UserID = n.UserID
	who.Email = rules.NormaliseEmail(n.Email)
	actor := tx.Scope.Actor
	switch {
	case tx.Scope.System:
	case n.UserID != "" && n.Email != "", n.UserID == "" && n.AccountID == "":
		return subject{}, db.NotFound()
	case n.UserID == actor.ID && n.AccountID == "" && n.Kind == Export:
	default:
		if !tx.Scope.Sees(n.AccountID) {
			return subject{}, db.NotFound()
		}
		if actor.Role != rules.CustomerAdmin {
			return subject{}, rules.Refuse(rules.Forbidden,
				"Only an administrator of the account may ask this.",
				"Ask an administrator of the account.")
		}
		var m identity.Membership
		err := tx.Where("account_id = ?", n.AccountID).
			Where("user_id = ? OR user_id IN (SELECT id FROM users WHERE email = ?)",
				n.UserID, who.Email).
			First(&m).Error
		if err != nil {
			return subject{}, db.Found(err)
		}
		who.UserID = m.UserID
		who.narrow = n.AccountID
	}

	if err := completePerson(tx, &who.Person); err != nil {
		return subject{}, err
	}
	who.erased = who.UserID != "" && who.Email == db.Nobody(who.UserID)
	hash := tx.Secrets().Fingerprint("pseudonym", who.UserID+"|"+who.Email)
	who.Pseudonym = pseudonymOf(hash)
	return who, nil
}

// pseudonymOf is what stands instead of a name.
func pseudonymOf(hash string) string { return "Person " + strings.ToUpper(hash[:6]) }

// completePerson adds how rows spell the person, and which accounts know of the person.
func completePerson(tx *db.Tx, p *db.Person) error {
	var u identity.User
	q := tx.Where("email = ?", p.Email)
	if p.UserID != "" {
		q = tx.Where("id = ?", p.UserID)
	}
	err := q.First(&u).Error
	switch {
	case err == nil:
		p.UserID, p.Email = u.ID, u.Email
	case !errors.Is(err, gorm.ErrRecordNotFound) || p.UserID != "":
		return db.Found(err)
	}
	if p.Email == "" {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/email",
			Code:    rules.Required,
			Message: "It is not said whom this is about.",
			Remedy:  "Give the person's address, or the id of the user.",
		}})
	}

	var rows []nameIn
	err = tx.Raw(`
		SELECT u.name, COALESCE(m.account_id, '') AS account_id
		FROM users u LEFT JOIN memberships m ON m.user_id = u.id
		WHERE u.email = @email
		UNION SELECT contact_name, account_id FROM invitations WHERE email = @email
		UNION SELECT contact_name, account_id FROM contact_questions WHERE email = @email
		UNION SELECT contact_name, account_id FROM sites WHERE lower(contact_email) = @email`,
		map[string]any{"email": p.Email}).Scan(&rows).Error
	if err != nil {
		return err
	}

	var orders []order.Order
	err = tx.Select("id", "account_id", "payload").Where(p.SaysEmail(tx, "payload")).
		Order("id").Limit(eraseBatch).Find(&orders).Error
	if err != nil {
		return err
	}
	for _, o := range orders {
		if p.HasEmail(o.Payload.EndCustomer.Email) {
			rows = append(rows, nameIn{o.Payload.EndCustomer.ContactName, db.Text(o.AccountID)})
		}
	}
	if err := gatherNames(tx, p, rows); err != nil {
		return err
	}
	if i := slices.Index(p.Names, u.Name); i > 0 { // the person's own spelling first
		p.Names[0], p.Names[i] = p.Names[i], p.Names[0]
	}
	return nil
}

// nameIn is a name that a row of an account gives to the person.
type nameIn struct{ Name, AccountID string }

// gatherNames sorts the names by the accounts that use them. A company's own name, put where a
// contact's belongs, names nobody.
func gatherNames(tx *db.Tx, p *db.Person, rows []nameIn) error {
	accounts := map[string]bool{}
	for _, r := range rows {
		accounts[r.AccountID] = true
	}
	delete(accounts, "")
	p.Accounts = db.KeysOf(accounts)

	var companies []struct{ ID, LegalName string }
	err := tx.Table("accounts").Select("id, legal_name").
		Where("id IN ?", p.Accounts).Scan(&companies).Error
	if err != nil {
		return err
	}
	company := map[string]string{}
	for _, c := range companies {
		company[c.ID] = rules.SearchKey(c.LegalName)
	}

	names := map[string]bool{}
	p.NamesIn = map[string][]string{}
	for _, r := range rows {
		key := rules.SearchKey(r.Name)
		if key == "" || key == company[r.AccountID] ||
			slices.Contains(p.NamesIn[r.AccountID], r.Name) {
			continue
		}
		names[r.Name] = true
		p.NamesIn[r.AccountID] = append(p.NamesIn[r.AccountID], r.Name)
	}
	p.Names = db.KeysOf(names)
	return nil
}

// person reads whom a stored request is about.
func (r Request) person(tx *db.Tx) (p db.Person, err error) {
	text, ok := tx.Secrets().Decrypt(purpose, r.Subject)
	if !ok {
		return p, errors.New("the subject of the request " + r.ID + " cannot be read")
	}
	err = json.Unmarshal([]byte(text), &p)
	p.Pseudonym = r.Pseudonym
	if p.UserID == "" {
		p.UserID = db.Text(r.UserID) // joined since
	}
	return p, err
}

// Filter narrows a list of requests; empty fields do not narrow.
type Filter struct {
	Own       bool // those about the caller, by the caller
	AccountID string
	Kind      Kind
	State     State
	Page      db.Page
}

// ListRequests lists the requests that the caller may see, newest first: operators all, an
// administrator those in the account's name, everybody those about themselves.
func (s *Privacy) ListRequests(ctx context.Context, f Filter) ([]Request, string, error) {
	var out []Request
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		q := visible(tx)
		if f.Own {
			q = q.Where("user_id = ? AND account_id IS NULL", tx.Scope.Actor.ID)
		}
		if f.AccountID != "" {
			q = q.Where("account_id = ?", f.AccountID)
		}
		if f.Kind != "" {
			q = q.Where("kind = ?", f.Kind)
		}
		if f.State != "" {
			q = q.Where("state = ?", f.State)
		}
		if err := f.Page.Apply(q).Find(&out).Error; err != nil {
			return err
		}
		for i := range out {
			if err := out[i].named(tx); err != nil {
				return err
			}
		}
		return nil
	})
	out, next := db.Cut(f.Page, out, func(r Request) string { return r.ID })
	return out, next, err
}

// visible narrows to the requests that the caller may see.
func visible(tx *db.Tx) *gorm.DB {
	if tx.Scope.System {
		return tx.Where("1 = 1")
	}
	actor := tx.Scope.Actor
	own := tx.Where("user_id = ? AND account_id IS NULL AND kind = ?", actor.ID, Export)
	if actor.Role == rules.CustomerAdmin {
		own = own.Or("account_id IN ?", tx.Scope.AccountIDs)
	}
	return tx.Where(own)
}

// GetRequest reads one request; NOT_FOUND for one that the caller may not see.
func (s *Privacy) GetRequest(ctx context.Context, id string) (Request, error) {
	var r Request
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		if err := visible(tx).First(&r, "id = ?", id).Error; err != nil {
			return db.Found(err)
		}
		return r.named(tx)
	})
	return r, err
}

// named says whom the request is about.
func (r *Request) named(tx *db.Tx) error {
	r.Name = r.Pseudonym
	if r.Subject == "" {
		return nil
	}
	p, err := r.person(tx)
	if err != nil {
		return err
	}
	r.Email = p.Email
	if len(p.Names) > 0 {
		r.Name = p.Names[0]
	}
	return nil
}
