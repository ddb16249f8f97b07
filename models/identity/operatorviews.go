package identity

import (
	"context"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// OperatorView is the choice of a list of the console that an operator keeps under a name: the
// query of its address. A shared one is there for all operators.
type OperatorView struct {
	ID         string
	OperatorID string // whose it is
	List       string // path of the list
	Name       string
	Query      string
	Shared     bool
	CreatedAt  time.Time
}

// NamedView is a view with the name of whose it is.
type NamedView struct {
	OperatorView
	OwnerName string
}

// What bounds views.
const (
	LongestViewName = 60
	longestQuery    = 1500
	mostViews       = 100 // of one operator, in all lists
)

// unkept are the parameters of a list that a view does not keep: what was searched for and whom
// it is about are people more often than not, and a place in the list is nobody's choice.
var unkept = []string{"q", "person", "after"}

// KeptQuery is what a view keeps of the query of a list.
func KeptQuery(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	for _, name := range unkept {
		values.Del(name)
	}
	return values.Encode()
}

// MayShareViews reports whether a role may show its views to all operators.
func MayShareViews(role rules.Role) bool {
	return role == rules.OperatorLead || role == rules.OperatorAgent
}

// MayChange reports whether an operator may rename or remove the view: whose it is, and a lead
// one that is shared.
func (w OperatorView) MayChange(operatorID string, role rules.Role) bool {
	return w.OperatorID == operatorID || w.Shared && role == rules.OperatorLead
}

// ViewsOf lists the views of a list that the acting operator sees, by name: the own ones, and
// those that are shared.
func (s *Operators) ViewsOf(ctx context.Context, list string) ([]NamedView, error) {
	var out []NamedView
	err := s.db.Single(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		out = nil
		return tx.Raw(viewsSQL, map[string]any{
			"list": list,
			"who":  tx.Scope.Actor.ID,
		}).Scan(&out).Error
	})
	return out, err
}

// viewsSQL asks twice rather than for one or the other, so that each part has its index.
const viewsSQL = `SELECT v.*, o.name AS owner_name FROM (
		SELECT * FROM operator_views WHERE operator_id = @who AND list = @list
		UNION ALL
		SELECT * FROM operator_views WHERE shared AND list = @list AND operator_id <> @who
	) v JOIN operators o ON o.id = v.operator_id
	ORDER BY lower(v.name), v.id LIMIT 200`

// GetView reads a view that the acting operator sees, NOT_FOUND for another one.
func (s *Operators) GetView(ctx context.Context, id string) (OperatorView, error) {
	var w OperatorView
	err := s.db.Single(ctx, func(tx *db.Tx) error {
		return seenView(tx, id, &w)
	})
	return w, err
}

func seenView(tx *db.Tx, id string, w *OperatorView) error {
	if err := tx.Scope.Service(); err != nil {
		return err
	}
	*w = OperatorView{}
	return db.Found(tx.First(w, "id = ? AND (operator_id = ? OR shared)",
		id, tx.Scope.Actor.ID).Error)
}

// SaveView keeps a choice of a list under a name. One of the operator's that has the name in
// that list already gets this choice instead.
func (s *Operators) SaveView(ctx context.Context, w OperatorView) (OperatorView, error) {
	w.Query = KeptQuery(w.Query)
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		who := tx.Scope.Actor
		name, err := viewName(w.Name)
		switch {
		case err != nil:
			return err
		case w.Shared && !MayShareViews(who.Role):
			return rules.Refuse(rules.Forbidden, "Your role does not share views.",
				"Keep the view for yourself, or ask an agent or a lead.")
		case len(w.Query) > longestQuery:
			return rules.Refuse(rules.StateConflict, "This choice is too long to be kept.",
				"Choose less.")
		}

		var n int64
		err = tx.Model(&OperatorView{}).Where("operator_id = ?", who.ID).Count(&n).Error
		if err != nil {
			return err
		}
		if n >= mostViews {
			return rules.Refuse(rules.StateConflict, "You keep a hundred views already.",
				"Remove one of them first.")
		}

		w.ID = db.NewID(prefixView)
		w.OperatorID = who.ID
		w.Name = name
		w.CreatedAt = db.RealNow()
		var before []OperatorView
		err = tx.ForUpdate().Where("operator_id = ? AND list = ? AND name = ?",
			who.ID, w.List, w.Name).Find(&before).Error
		if err != nil {
			return err
		}
		wasShared := false
		if len(before) > 0 {
			w.ID = before[0].ID
			wasShared = before[0].Shared
		}
		err = tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "operator_id"}, {Name: "list"}, {Name: "name"}},
			DoUpdates: clause.AssignmentColumns([]string{"query", "shared"}),
		}).Create(&w).Error
		switch {
		case err != nil || w.Shared == wasShared:
			return err
		case w.Shared:
			return auditView(tx, "view.shared", w)
		}
		return auditView(tx, "view.withdrawn", w)
	})
	return w, err
}

// auditView records what became of a view for all: what is shared is relied on by others. Its
// name and its choice are not in the audit.
func auditView(tx *db.Tx, verb string, w OperatorView) error {
	return tx.Audit(w.OperatorID, nil, false, db.Entry{
		Verb:     verb,
		ObjectID: w.OperatorID,
		Details:  map[string]any{"view": w.ID, "list": w.List},
	})
}

const prefixView = "vew"

// viewName is a name without blanks around it; one that is empty or too long is refused.
func viewName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > LongestViewName {
		return "", rules.Refuse(rules.StateConflict, "A view has a name of 1 to 60 characters.",
			"Give it another name.")
	}
	return name, nil
}

// RenameView gives a view another name. Again it changes nothing.
func (s *Operators) RenameView(ctx context.Context, id, name string) error {
	return s.changeView(ctx, id, func(tx *db.Tx, w *OperatorView) error {
		name, err := viewName(name)
		if err != nil {
			return err
		}
		var n int64
		err = tx.Model(&OperatorView{}).
			Where("operator_id = ? AND list = ? AND name = ? AND id <> ?",
				w.OperatorID, w.List, name, w.ID).
			Count(&n).Error
		if err != nil {
			return err
		}
		if n > 0 {
			return rules.Refuse(rules.StateConflict, "Another view of this list has that name.",
				"Give it another name.")
		}
		return tx.Model(w).Update("name", name).Error
	})
}

// RemoveView removes a view. One that is gone is NOT_FOUND.
func (s *Operators) RemoveView(ctx context.Context, id string) error {
	return s.changeView(ctx, id, func(tx *db.Tx, w *OperatorView) error {
		if err := tx.Delete(w).Error; err != nil || !w.Shared {
			return err
		}
		return auditView(tx, "view.removed", *w)
	})
}

func (s *Operators) changeView(
	ctx context.Context, id string, fn func(*db.Tx, *OperatorView) error,
) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var w OperatorView
		if err := seenView(tx, id, &w); err != nil {
			return err
		}
		if !w.MayChange(tx.Scope.Actor.ID, tx.Scope.Actor.Role) {
			return rules.Refuse(rules.Forbidden, "This view is somebody else's.",
				"Ask them, or a lead.")
		}
		return fn(tx, &w)
	})
}
