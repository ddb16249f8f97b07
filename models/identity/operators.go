package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Operator is one of the operator's own people, who use the console (S53). Its times are real
// time.
type Operator struct {
	ID            string
	Source        OperatorSource
	Issuer        string // ISSUER: who says who it is
	Subject       string // ISSUER: who it is there
	IssuerSession string // ISSUER: of the last sign-in there, to end it
	Email         string // normalised; PASSWORD: unique among those
	Name          string
	Role          rules.Role // ISSUER: of the last sign-in; empty: may nothing
	Locale        string
	PasswordHash  string // PASSWORD: argon2id; empty: not set up
	TOTPSecret    string `gorm:"column:totp_secret"` // encrypted
	TOTPStep      int64  `gorm:"column:totp_step"`   // the last one that was used
	SetupHash     string // of the link to set up with; empty: none is open
	SetupUntil    *time.Time
	ArmedUntil    *time.Time // the password opens the console in spite of an issuer
	ArmedReason   string
	CreatedAt     time.Time
	SignedInAt    *time.Time
	DisabledAt    *time.Time
}

// OperatorSource says by what an operator signs in.
type OperatorSource string

// The two ways in.
const (
	ByIssuer   OperatorSource = "ISSUER"
	ByPassword OperatorSource = "PASSWORD"
)

// Refusals of a sign-in to the console.
var (
	ErrOperatorWithoutRole = errors.New("identity: the issuer gives this person no role")
	ErrOperatorDisabled    = errors.New("identity: the operator is disabled")
)

// Works reports whether the operator may do anything at all.
func (o Operator) Works() bool { return o.DisabledAt == nil && o.Role.IsOperator() }

// Armed reports whether the password opens the console now, in spite of an issuer.
func (o Operator) Armed() bool {
	return o.ArmedUntil != nil && db.RealNow().Before(*o.ArmedUntil)
}

// SetUp reports whether the operator has a password and a second factor.
func (o Operator) SetUp() bool { return o.PasswordHash != "" }

// Operators reads and changes the operator's own people and their sessions. It is safe for
// concurrent use.
type Operators struct{ db *db.DB }

// NewOperators returns the operators on a database.
func NewOperators(database *db.DB) *Operators { return &Operators{db: database} }

// OperatorRoles are the roles that an operator may have.
func OperatorRoles() []rules.Role {
	return []rules.Role{
		rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM, rules.OperatorManager,
	}
}

// GetOperator reads an operator by id, NOT_FOUND for none.
func (s *Operators) GetOperator(ctx context.Context, id string) (Operator, error) {
	return s.first(ctx, "id = ?", id)
}

// OperatorByEmail finds who signs in by that address and a password, NOT_FOUND for nobody.
func (s *Operators) OperatorByEmail(ctx context.Context, email string) (Operator, error) {
	return s.first(ctx, "source = ? AND email = ?", ByPassword, rules.NormaliseEmail(email))
}

func (s *Operators) first(ctx context.Context, where string, args ...any) (Operator, error) {
	var o Operator
	err := s.db.Single(db.WithSystem(ctx), func(tx *db.Tx) error {
		o = Operator{}
		return db.Found(tx.Where(where, args...).First(&o).Error)
	})
	return o, err
}

// ListOperators lists all of them by name. They are the people of one house: there is no page.
func (s *Operators) ListOperators(ctx context.Context) ([]Operator, error) {
	var out []Operator
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Order("name, id").Limit(1000).Find(&out).Error
	})
	return out, err
}

// change locks an operator and changes it; what stands in the audit names the reason.
func (s *Operators) change(
	ctx context.Context, id, verb, reason string, fn func(*db.Tx, *Operator) (bool, error),
) (Operator, error) {
	var o Operator
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := mayManageOperators(tx.Scope, reason); err != nil {
			return err
		}

		o = Operator{}
		if err := db.Found(tx.ForUpdate().First(&o, "id = ?", id).Error); err != nil {
			return err
		}

		changed, err := fn(tx, &o)
		if err != nil || !changed {
			return err
		}
		if err := tx.Select("*").Save(&o).Error; err != nil {
			return err
		}

		details := map[string]any{"role": o.Role}
		if !o.MakesTokensOfOperators() {
			if err := endTokensOf(tx, o, details); err != nil {
				return err
			}
		}
		return tx.Audit(o.ID, nil, false, db.Entry{
			Verb:     verb,
			ObjectID: o.ID,
			Details:  db.WithReason(reason, details),
		})
	})
	return o, err
}

// mayManageOperators refuses, with FORBIDDEN, whoever does not manage operators, and, with
// REASON_REQUIRED, who gives no reason.
func mayManageOperators(scope db.Scope, reason string) error {
	role := scope.Actor.Role
	if role != "SYSTEM" && !rules.Allows(role, rules.ManageOperators).Allowed() {
		return rules.Refuse(rules.Forbidden, "Only a lead manages operators.", "Ask a lead.")
	}
	if strings.TrimSpace(reason) == "" {
		return rules.ReasonMissing("Changing who may use the console needs a reason.")
	}
	return nil
}

// ChangeOperatorRole gives an operator another role, which holds from the next request on. The
// role of one whom the issuer signs in is the issuer's to give: STATE_CONFLICT. The tokens of
// operators that they made end, unless it is the role of a lead.
func (s *Operators) ChangeOperatorRole(
	ctx context.Context, id string, role rules.Role, reason string,
) (Operator, error) {
	return s.change(ctx, id, "operator.role_changed", reason,
		func(tx *db.Tx, o *Operator) (bool, error) {
			switch {
			case o.Source == ByIssuer:
				return false, rules.Refuse(rules.StateConflict,
					"The role of this operator comes from the issuer.",
					"Change it there; it holds from the next sign-in on. Or disable the operator.")
			case !role.IsOperator():
				return false, rules.Refuse(rules.Forbidden, "No operator has this role.",
					"Choose agent, lead, CSM or manager.")
			case o.Role == role:
				return false, nil
			}
			o.Role = role
			return true, nil
		})
}

// DisableOperator lets an operator in no more: every session ends, and so does each way to
// sign in, and every token of an operator that they made. Nobody disables themselves
// (STATE_CONFLICT). Again it changes nothing.
func (s *Operators) DisableOperator(ctx context.Context, id, reason string) (Operator, error) {
	return s.change(ctx, id, "operator.disabled", reason,
		func(tx *db.Tx, o *Operator) (bool, error) {
			if tx.Scope.Actor.ID == o.ID {
				return false, rules.Refuse(rules.StateConflict,
					"Nobody disables themselves.", "Ask another lead.")
			}
			if o.DisabledAt != nil {
				return false, nil
			}
			now := db.RealNow()
			o.DisabledAt = &now
			o.SetupHash = ""
			o.SetupUntil = nil
			o.ArmedUntil = nil
			return true, endOperatorSessions(tx, o.ID)
		})
}

// EnableOperator lets an operator in again. Again it changes nothing.
func (s *Operators) EnableOperator(ctx context.Context, id, reason string) (Operator, error) {
	return s.change(ctx, id, "operator.enabled", reason,
		func(tx *db.Tx, o *Operator) (bool, error) {
			if o.DisabledAt == nil {
				return false, nil
			}
			o.DisabledAt = nil
			return true, nil
		})
}

// ArmOperator opens the password's way in for hours although there is an issuer (S53): each
// use of it raises a task. It holds until the time is over, or until 0 hours are given.
func (s *Operators) ArmOperator(
	ctx context.Context, id string, hours time.Duration, reason string,
) (Operator, error) {
	verb := "operator.armed"
	if hours == 0 {
		verb = "operator.disarmed"
	}
	return s.change(ctx, id, verb, reason, func(tx *db.Tx, o *Operator) (bool, error) {
		if o.Source != ByPassword || !o.SetUp() || o.DisabledAt != nil {
			return false, rules.Refuse(rules.StateConflict,
				"This operator has no password that could open the console.",
				"Name one who was added by the command line, has set up the sign-in, "+
					"and is not disabled.")
		}
		if hours == 0 {
			was := o.ArmedUntil
			o.ArmedUntil = nil
			return was != nil, endOperatorSessions(tx, o.ID)
		}
		until := db.RealNow().Add(hours)
		o.ArmedUntil = &until
		o.ArmedReason = strings.TrimSpace(reason)
		return true, nil
	})
}

// IssuerSignIn is what an issuer says of somebody who signs in there.
type IssuerSignIn struct {
	Issuer, Subject string
	Session         string // at the issuer; may be empty
	Email, Name     string
	Role            rules.Role // empty: the issuer gives none
}

// SignInByIssuer lets in whom the issuer names, with the role that it gives: the first time
// with a new row. Who has no role (ErrOperatorWithoutRole) or is disabled (ErrOperatorDisabled)
// is refused, and the sessions of before end. The tokens of operators that they made end with
// the role of a lead.
func (s *Operators) SignInByIssuer(ctx context.Context, in IssuerSignIn) (Operator, error) {
	o, err := s.signInByIssuer(ctx, in)
	if errors.Is(err, gorm.ErrDuplicatedKey) { // in two browsers at once, for the first time
		o, err = s.signInByIssuer(ctx, in)
	}
	return o, err
}

func (s *Operators) signInByIssuer(ctx context.Context, in IssuerSignIn) (Operator, error) {
	var o Operator
	var refused error
	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		o, refused = Operator{}, nil
		err := tx.ForUpdate().First(&o, "source = ? AND issuer = ? AND subject = ?",
			ByIssuer, in.Issuer, in.Subject).Error
		unknown := errors.Is(err, gorm.ErrRecordNotFound)
		if err != nil && !unknown {
			return err
		}

		if unknown {
			if refused = withoutRole(in.Role); refused != nil {
				return nil // nobody of ours: nothing is kept of who it is
			}
			o = Operator{
				ID:        db.NewID(db.PrefixOperator),
				Source:    ByIssuer,
				Issuer:    in.Issuer,
				Subject:   in.Subject,
				CreatedAt: db.RealNow(),
			}
		}

		now := db.RealNow()
		was := o.Role
		o.Email = rules.NormaliseEmail(in.Email)
		o.Name = in.Name
		o.Role = in.Role
		o.IssuerSession = in.Session
		verb := "operator.signed_in"
		switch {
		case o.DisabledAt != nil:
			refused = ErrOperatorDisabled
		case !in.Role.IsOperator():
			refused = withoutRole(in.Role)
		default:
			o.SignedInAt = &now
		}
		if refused != nil {
			verb = "operator.sign_in_refused"
			if err := endOperatorSessions(tx, o.ID); err != nil {
				return err
			}
		}

		as := tx.ActingAs(o.ID, o.Role)
		details := map[string]any{"by": ByIssuer, "role": o.Role, "role_before": was}
		if unknown {
			err = tx.Create(&o).Error
		} else {
			err = tx.Select("*").Save(&o).Error
		}
		if err == nil && !unknown && !o.MakesTokensOfOperators() {
			err = endTokensOf(as, o, details)
		}
		if err != nil {
			return err
		}
		return as.Audit(o.ID, nil, unknown,
			db.Entry{Verb: verb, ObjectID: o.ID, Details: details})
	})
	if err != nil {
		return o, err
	}
	return o, refused
}

func withoutRole(role rules.Role) error {
	if role.IsOperator() {
		return nil
	}
	return ErrOperatorWithoutRole
}

// SignedInByPassword records a sign-in by password and second factor. One that an issuer was
// passed by for (breakGlass) raises a task. Who is let in no more, or is armed no more, answers
// OPERATOR_DISABLED.
func (s *Operators) SignedInByPassword(ctx context.Context, id string, breakGlass bool) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		var o Operator
		if err := db.Found(tx.ForUpdate().First(&o, "id = ?", id).Error); err != nil {
			return err
		}
		if !o.Works() || breakGlass && !o.Armed() {
			return ErrOperatorDisabled // since the password was looked at
		}

		now := db.RealNow()
		err := tx.Model(&Operator{}).Where("id = ?", id).Update("signed_in_at", now).Error
		if err != nil {
			return err
		}

		if breakGlass {
			err := tx.Raise(db.OperatorTask{
				Kind:      db.TaskBreakGlass,
				SubjectID: o.ID,
				DedupeKey: string(db.TaskBreakGlass) + "/" + db.NewID(db.PrefixOperator),
				What: "Look at what was done in this emergency sign-in, and disarm it when " +
					"the issuer works again.",
				Why: "An operator signed in past the issuer; it is armed until " +
					o.ArmedUntil.UTC().Format("2006-01-02 15:04") +
					" UTC. The audit has the reason.",
			})
			if err != nil {
				return err
			}
		}

		return tx.ActingAs(o.ID, o.Role).Audit(o.ID, nil, false, db.Entry{
			Verb:     "operator.signed_in",
			ObjectID: o.ID,
			Details:  map[string]any{"by": ByPassword, "role": o.Role, "break_glass": breakGlass},
		})
	})
}

// OperatorSignInFailed records a wrong password or code for an operator in the audit, up to a
// bound per day; for nobody it does nothing.
func (s *Operators) OperatorSignInFailed(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		row, err := countAttempt(tx, "audit/operator-sign-in-failed/"+id, 24*time.Hour)
		if err != nil || row.Count > auditedFailures {
			return err
		}
		return tx.ActingAs("visitor", "VISITOR").Audit(id, nil, false,
			db.Entry{Verb: "operator.sign_in_failed", ObjectID: id, Details: nil})
	})
}

// OperatorSignedOut records that an operator signed out.
func (s *Operators) OperatorSignedOut(ctx context.Context, id string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.ActingAs(id, "").Audit(id, nil, false,
			db.Entry{Verb: "operator.signed_out", ObjectID: id, Details: nil})
	})
}

// ChooseOperatorLanguage stores the language in which the console speaks to an operator.
func (s *Operators) ChooseOperatorLanguage(ctx context.Context, id, locale string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Model(&Operator{}).Where("id = ?", id).Update("locale", locale).Error
	})
}
