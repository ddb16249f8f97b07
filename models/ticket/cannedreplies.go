package ticket

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// CannedReply is a text that the desk uses again and again, in both languages. Variables in
// braces, such as {room}, are filled in for the ticket at hand.
type CannedReply struct {
	ID         string
	Name       string // one line, unique
	English    string
	Portuguese string
	Active     bool // false: it is not offered any more
	CreatedAt  time.Time
	Version    int64
}

// TableName is the table of canned replies.
func (CannedReply) TableName() string { return "canned_replies" }

// ReplyValues are what the variables of a canned reply stand for.
type ReplyValues struct {
	Customer string // the account's company
	Person   string // whose ticket it is; empty: a program's
	Room     string
	Number   string // of the ticket
	Agent    string // who answers
	Program  string
}

// replyVariables are the variables that a canned reply may have.
var replyVariables = []string{"agent", "customer", "number", "person", "program", "room"}

// ReplyVariables lists the variables that a canned reply may have, in braces.
func ReplyVariables() []string {
	out := make([]string, len(replyVariables))
	for i, name := range replyVariables {
		out[i] = "{" + name + "}"
	}
	return out
}

func (v ReplyValues) of(name string) string {
	switch name {
	case "agent":
		return v.Agent
	case "customer":
		return v.Customer
	case "number":
		return v.Number
	case "person":
		return v.Person
	case "program":
		return v.Program
	case "room":
		return v.Room
	}
	return ""
}

var braces = regexp.MustCompile(`\{([^{}]*)\}`)

// Fill returns the reply in a language, with the values in place of its variables. Values are not
// looked at for variables again.
func (r CannedReply) Fill(locale string, values ReplyValues) string {
	text := r.English
	if strings.HasPrefix(locale, "pt") {
		text = r.Portuguese
	}
	return braces.ReplaceAllStringFunc(text, func(variable string) string {
		return values.of(strings.Trim(variable, "{}"))
	})
}

// The greatest lengths of a canned reply, in characters.
const (
	maxReplyName = 80
	maxReplyText = 2000
)

// UnknownVariable is the code of a variable that there is not.
const UnknownVariable = "UNKNOWN_VARIABLE"

// Check refuses a name or texts that are missing or too long, and a variable that there is not.
func (r CannedReply) Check() error {
	var k rules.Checker
	k.Text("/name", r.Name, maxReplyName)
	for pointer, text := range map[string]string{
		"/english":    r.English,
		"/portuguese": r.Portuguese,
	} {
		plain := strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(text)
		k.Text(pointer, plain, maxReplyText)
		if !knownVariables(text) {
			k.Fail(pointer, UnknownVariable, "A variable in braces is not known.",
				"Use "+strings.Join(ReplyVariables(), ", ")+" alone, and no other braces.")
		}
	}
	slices.SortFunc(k.Fields, func(a, b rules.FieldError) int {
		return strings.Compare(a.Pointer, b.Pointer)
	})
	return rules.Invalid(k.Fields)
}

// knownVariables reports whether all that stands in braces is a variable.
func knownVariables(text string) bool {
	for _, match := range braces.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(replyVariables, match[1]) {
			return false
		}
	}
	return !strings.ContainsAny(braces.ReplaceAllString(text, ""), "{}")
}

// normalised is the reply as it is stored.
func (r CannedReply) normalised() CannedReply {
	r.Name = strings.Join(strings.Fields(r.Name), " ")
	r.English = strings.TrimSpace(strings.ReplaceAll(r.English, "\r\n", "\n"))
	r.Portuguese = strings.TrimSpace(strings.ReplaceAll(r.Portuguese, "\r\n", "\n"))
	return r
}

// CannedReplies lists the replies by name, for operators; offered alone, or all of them.
func (s *Tickets) CannedReplies(ctx context.Context, offered bool) ([]CannedReply, error) {
	var out []CannedReply
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		q := tx.DB
		if offered {
			q = q.Where("active")
		}
		return q.Order("name, id").Find(&out).Error
	})
	return out, err
}

// GetCannedReply returns one reply, for operators.
func (s *Tickets) GetCannedReply(ctx context.Context, id string) (CannedReply, error) {
	var r CannedReply
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return db.Found(tx.First(&r, "id = ?", id).Error)
	})
	return r, err
}

// AddCannedReply adds a reply. It refuses what Check refuses, a missing reason, and a name that
// another one has (VALIDATION_FAILED with DUPLICATE).
func (s *Tickets) AddCannedReply(
	ctx context.Context, r CannedReply, reason string,
) (CannedReply, error) {
	r = r.normalised()
	if err := checkReply(ctx, r, reason); err != nil {
		return CannedReply{}, err
	}
	r.ID = db.NewID(db.PrefixCannedReply)
	r.Active = true
	r.CreatedAt = s.db.Now()
	r.Version = 1

	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := takenName(tx.Create(&r).Error); err != nil {
			return err
		}
		return tx.Audit(r.ID, nil, true, db.Entry{
			Verb:     "reply.created",
			ObjectID: r.ID,
			Details:  db.WithReason(reason, map[string]any{}),
		})
	})
	return r, err
}

// ChangeCannedReply replaces a reply's name, texts and whether it is offered. Besides what
// AddCannedReply refuses, it refuses another version than the one that was looked at.
func (s *Tickets) ChangeCannedReply(
	ctx context.Context, r CannedReply, reason string,
) (CannedReply, error) {
	r = r.normalised()
	if err := checkReply(ctx, r, reason); err != nil {
		return CannedReply{}, err
	}

	var now CannedReply
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		now = CannedReply{}
		if err := db.Found(tx.ForUpdate().First(&now, "id = ?", r.ID).Error); err != nil {
			return err
		}
		if err := db.Versioned(now.Version, r.Version); err != nil {
			return err
		}
		before := now.Active
		now.Name, now.English, now.Portuguese = r.Name, r.English, r.Portuguese
		now.Active = r.Active
		now.Version++
		err := takenName(tx.Model(&CannedReply{}).
			Where("id = ?", now.ID).
			Select("name", "english", "portuguese", "active", "version").
			Updates(&now).Error)
		if err != nil {
			return err
		}
		return tx.Audit(now.ID, nil, false, db.Entry{
			Verb:     "reply.changed",
			ObjectID: now.ID,
			Details: db.WithReason(reason, map[string]any{
				"active_before": before,
				"active_after":  now.Active,
			}),
		})
	})
	return now, err
}

// checkReply refuses who is no operator, what Check refuses, and a missing reason.
func checkReply(ctx context.Context, r CannedReply, reason string) error {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return err
	}
	if err := scope.Service(); err != nil {
		return err
	}
	if err := rules.CheckReason(reason); err != nil {
		return err
	}
	return r.Check()
}

func takenName(err error) error {
	if !errors.Is(err, gorm.ErrDuplicatedKey) {
		return err
	}
	return rules.Invalid([]rules.FieldError{{
		Pointer: "/name",
		Code:    rules.Duplicate,
		Message: "Another reply has this name.",
		Remedy:  "Change that one, or choose another name.",
	}})
}
