// Package provisioning is what a customer's directory says of its people and groups (S50): who of
// them may come into which account, and who may no more. The directory speaks with a token of the
// customer's parent organisation, and reaches the people of this organisation's accounts alone.
package provisioning

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// Path is where directories find us.
const Path = "/scim/v2"

// Provisioning reads and changes what directories say. It is safe for concurrent use.
type Provisioning struct {
	db *db.DB

	// DomainProved reports whether the organisation has proved the domain of an address. Nil:
	// nobody has proved any.
	DomainProved func(tx *db.Tx, orgID, address string) (bool, error)
}

// New returns the domain on a database.
func New(database *db.DB) *Provisioning { return &Provisioning{db: database} }

// Entities lists the entities of directories: one for each table.
func Entities() []any {
	return []any{
		Token{},
		Person{},
		Group{},
		groupPerson{},
		Grant{},
		Request{},
	}
}

// Directory is who speaks: the organisation comes from the token, and from nowhere else.
type Directory struct {
	OrgID   string
	TokenID string
}

// Why says why something that a directory asks for is refused.
type Why string

// The reasons that a directory understands. What is not there, too many people and a version that
// has passed are refusals of the rules: NOT_FOUND, USER_LIMIT, VERSION_MISMATCH.
const (
	NotUnique Why = "NOT_UNIQUE" // somebody, or a group, has this name already
	NotValid  Why = "NOT_VALID"  // a value is missing or cannot be taken
	NotProved Why = "NOT_PROVED" // the address lies in no domain that the organisation has proved
	TooMany   Why = "TOO_MANY"   // more people or groups than are kept, or than are looked through
)

// Refusal is an answer to a directory. Detail names fields, never anybody's data.
type Refusal struct {
	Why    Why
	Detail string
}

func (r *Refusal) Error() string { return "provisioning: " + r.Detail }

// RefusalOf finds the Refusal in an error; nil: there is none.
func RefusalOf(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// Invalid refuses a value.
func Invalid(detail string) error { return &Refusal{Why: NotValid, Detail: detail} }

// house is an organisation at work in a transaction, with its accounts locked: what directories
// and administrators do to its people comes one after the other.
type house struct {
	*db.Tx
	orgID    string
	accounts []string
	prove    func(address string) (bool, error)
}

// enter reads the organisation's accounts; it locks them where something is to be changed.
func (s *Provisioning) enter(tx *db.Tx, orgID string, change bool) (*house, error) {
	h := &house{Tx: tx, orgID: orgID, prove: s.proofs(tx, orgID)}
	err := tx.Model(&account.Account{}).Where("parent_org_id = ?", orgID).Order("id").
		Pluck("id", &h.accounts).Error
	if err != nil || !change {
		return h, err
	}
	if err := account.LockAll(tx, h.accounts); err != nil {
		return nil, err
	}

	// Accounts may have come or gone while this waited.
	var now []string
	err = tx.Model(&account.Account{}).Where("parent_org_id = ?", orgID).Order("id").
		Pluck("id", &now).Error
	if err != nil {
		return nil, err
	}
	if !slices.Equal(h.accounts, now) {
		return nil, db.ErrParentMoved
	}
	return h, nil
}

// proofs asks once for each domain whether it is proved.
func (s *Provisioning) proofs(tx *db.Tx, orgID string) func(string) (bool, error) {
	known := sync.Map{}
	return func(address string) (bool, error) {
		if s.DomainProved == nil {
			return false, nil
		}
		domain := rules.EmailDomain(address)
		if proved, ok := known.Load(domain); ok {
			return proved.(bool), nil
		}
		proved, err := s.DomainProved(tx, orgID, address)
		if err == nil {
			known.Store(domain, proved)
		}
		return proved, err
	}
}

// look runs fn for an organisation without changing anything.
func (s *Provisioning) look(ctx context.Context, orgID string, fn func(*house) error) error {
	return s.db.Read(ctx, func(tx *db.Tx) error {
		h, err := s.enter(tx, orgID, false)
		if err != nil {
			return err
		}
		return fn(h)
	})
}

// change runs fn for an organisation whose accounts are locked.
func (s *Provisioning) change(ctx context.Context, orgID string, fn func(*house) error) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		h, err := s.enter(tx, orgID, true)
		if err != nil {
			return err
		}
		return fn(h)
	})
}

// ownOrg returns the organisation of an account whose administrator asks, and the context in
// which the service works for it: what an organisation has lies beyond the fence of one account.
func (s *Provisioning) ownOrg(
	ctx context.Context, accountID string,
) (system context.Context, orgID string, err error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return nil, "", err
	}
	if scope.System || !scope.Sees(accountID) {
		return nil, "", db.NotFound()
	}
	if scope.Actor.Role != rules.CustomerAdmin {
		return nil, "", rules.MayManageUsers(rules.CustomerReadOnly, rules.ActChangeRole)
	}

	scope.System = true
	system = db.WithScope(ctx, scope)
	var acc account.Account
	err = s.db.Read(system, func(tx *db.Tx) error {
		return db.Found(tx.First(&acc, "id = ?", accountID).Error)
	})
	return system, acc.ParentOrgID, err
}

// mayLead refuses, where the organisation has several accounts, an administrator of one of them
// whose own address lies in none of its proved domains: the directory decides about the people of
// all of them.
func (h *house) mayLead() error {
	if len(h.accounts) < 2 {
		return nil
	}
	var u identity.User
	if err := h.Limit(1).Find(&u, "id = ?", h.Scope.Actor.ID).Error; err != nil {
		return err
	}
	proved := false
	if u.Email != "" {
		var err error
		if proved, err = h.prove(u.Email); err != nil {
			return err
		}
	}
	if proved {
		return nil
	}
	return rules.Refuse(rules.Forbidden,
		"The directory of an organization with several accounts is set up by somebody whose own "+
			"address lies in one of its proved domains.",
		"Ask a colleague who has such an address, or write to us.")
}

// leadersOf are the names of the administrators of an account who may set the directory up; those
// of other accounts are not named, since the accounts need not know each other (S60).
func (h *house) leadersOf(accountID string) (names []string, err error) {
	admins, err := identity.AdminsOfAccount(h.Tx, accountID)
	if err != nil {
		return nil, err
	}
	for _, u := range admins {
		proved, err := h.prove(u.Email)
		if err != nil {
			return nil, err
		}
		if proved {
			names = append(names, u.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// audit writes an entry into the chain of the organisation.
func (h *house) audit(verb, objectID string, details map[string]any) error {
	return h.Audit(h.orgID, nil, false, db.Entry{
		Verb:     verb,
		ObjectID: objectID,
		Details:  details,
	})
}

// auditEverywhere writes an entry into the chain of each account: what an administrator of one
// lets the directory do, those of the others may read.
func (h *house) auditEverywhere(verb, objectID string, details map[string]any) error {
	for _, id := range h.accounts {
		err := account.Audit(h.Tx, id, db.Entry{
			Verb:     verb,
			ObjectID: objectID,
			Details:  details,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkPerson refuses what no person of a directory may be called or written to.
func (h *house) checkPerson(w Wanted) error {
	switch {
	case strings.TrimSpace(w.UserName) == "" || len(w.UserName) > mostText:
		return Invalid("userName is missing or too long.")
	case len(w.ExternalID) > mostText:
		return Invalid("externalId is too long.")
	case !rules.ValidEmail(w.Email):
		return Invalid("There is no usable e-mail address in emails or userName.")
	case strings.TrimSpace(w.Name) == "":
		return Invalid("There is no name in displayName or name.")
	case len(rules.CheckPersonName("/displayName", w.Name, mostName)) > 0:
		return Invalid("A person's name has no web or e-mail address in it, and 200 characters " +
			"at most.")
	}

	proved, err := h.prove(w.Email)
	if err != nil {
		return err
	}
	if !proved {
		return &Refusal{
			Why: NotProved,
			Detail: "The e-mail address lies in no domain that your organization has proved. " +
				"Prove the domain in the portal first.",
		}
	}
	return nil
}

// The bounds of what a directory may send.
const (
	mostText = 250
	mostName = 200
)

// insideUnmanaged lists the people of the accounts whom the directory does not manage yet and
// whose address lies in a proved domain, each with the oldest membership: its id is what the
// directory knows the person by, now and after.
func (h *house) insideUnmanaged(where string, args ...any) ([]identity.Member, error) {
	found, err := identity.InsideWith(h.Tx, h.accounts,
		`NOT EXISTS (SELECT 1 FROM scim_people p WHERE p.org_id = ? AND p.user_id = u.id)
			AND `+where, append([]any{h.orgID}, args...)...)
	if err != nil {
		return nil, err
	}

	var out []identity.Member
	seen := map[string]bool{}
	for _, m := range found {
		if seen[m.UserID] {
			continue
		}
		seen[m.UserID] = true
		proved, err := h.prove(m.Email)
		if err != nil {
			return nil, err
		}
		if proved {
			out = append(out, m)
		}
	}
	return out, nil
}
