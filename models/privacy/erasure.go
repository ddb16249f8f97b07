package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// eraseBatch is how many rows an erasure changes in one transaction.
const eraseBatch = 500

// Erased is what one run of the requests did.
type Erased struct {
	Finished int
	Waiting  int // requests that something under way keeps waiting
}

// RunRequests does what was asked for, request by request, each in transactions of at most 500
// rows. A kill between any two loses nothing: rows say what is left to do. One request that
// fails keeps no other from its turn. It is the worker's.
func (s *Privacy) RunRequests(ctx context.Context) (Erased, error) {
	var out Erased
	var ids []string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Model(&Request{}).Where("state = ?", Asked).Order("id").
			Limit(eraseBatch).Pluck("id", &ids).Error
	})
	if err != nil {
		return out, err
	}

	var failures []error
	for _, id := range ids {
		done, err := s.RunRequest(ctx, id)
		switch {
		case err != nil:
			failures = append(failures, fmt.Errorf("privacy request %s: %w", id, err))
		case done:
			out.Finished++
		default:
			out.Waiting++
		}
	}
	return out, errors.Join(failures...)
}

// RunRequest does one request to its end, and reports whether it came there: false while
// something under way names the person. One that is over stays as it is.
func (s *Privacy) RunRequest(ctx context.Context, id string) (done bool, err error) {
	for {
		more := false
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			var r Request
			if err := tx.ForUpdate().First(&r, "id = ?", id).Error; err != nil {
				return db.Found(err)
			}
			if r.State != Asked {
				done = true
				return nil
			}

			p, err := r.person(tx)
			if err != nil {
				return err
			}
			if r.Kind == Export {
				done = true
				return storeExport(tx, r, p)
			}

			more, done, err = s.eraseSome(tx, &r, p)
			return err
		})
		if err != nil || !more {
			return done, err
		}
	}
}

// eraseSome does the next batch of an erasure, or ends it where no row is left.
func (s *Privacy) eraseSome(tx *db.Tx, r *Request, p db.Person) (more, done bool, err error) {
	ours, err := stillOurs(tx, *r, p)
	if err != nil || !ours {
		return false, false, err
	}
	out, err := leaveAgain(tx, r, &p)
	if err != nil || !out {
		return false, false, err
	}
	waits, err := waitsFor(tx, p)
	if err != nil || len(waits) > 0 {
		return false, false, err
	}

	for _, e := range Erasures() {
		n, err := e.EraseBatch(tx, p, eraseBatch)
		if err != nil {
			return false, false, fmt.Errorf("erase %s: %w", e.Table, err)
		}
		if n == 0 {
			continue
		}
		r.Gone += int64(n)
		r.Stage = e.Table
		return true, false, tx.Model(&Request{}).Where("id = ?", r.ID).
			Select("gone", "stage").Updates(r).Error
	}

	if err := forgetOthers(tx, p); err != nil {
		return false, false, err
	}
	found, more, err := noteFindings(tx, *r, p)
	if err != nil || more {
		return more, false, err
	}
	if found > 0 {
		return false, true, askToDecide(tx, r)
	}
	return false, true, finishErasure(tx, r)
}

// stillOurs reports whether nobody else has come to know the person since an administrator asked:
// else the erasure waits for an operator. Once it has begun, it goes to its end.
func stillOurs(tx *db.Tx, r Request, p db.Person) (bool, error) {
	if r.AccountID == nil || r.Gone > 0 {
		return true, nil
	}
	now := subject{
		Person: db.Person{UserID: p.UserID, Email: p.Email},
		narrow: *r.AccountID,
	}
	if err := completePerson(tx, &now.Person); err != nil {
		return false, err
	}
	elsewhere, err := knownElsewhere(tx, now)
	return !elsewhere, err
}

// leaveAgain takes the person out who has joined since the erasure was asked for, and reports
// whether the person is out: the last administrator of an account stays until there is another,
// and so does the last break-glass administrator of an enforced sign-in.
func leaveAgain(tx *db.Tx, r *Request, p *db.Person) (out bool, err error) {
	if p.UserID == "" {
		var ids []string
		err := tx.Table("users").Where("email = ?", p.Email).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			return err == nil, err
		}
		p.UserID = ids[0]
		r.UserID = &p.UserID
		err = tx.Model(&Request{}).Where("id = ?", r.ID).Update("user_id", p.UserID).Error
		if err != nil {
			return false, err
		}
	}

	accounts, err := identity.LastAdminOf(tx, p.UserID)
	if err != nil || len(accounts) > 0 {
		return false, err
	}
	glass, err := identity.LastBreakGlassOf(tx, p.UserID)
	if err != nil || len(glass) > 0 {
		return false, err
	}
	return true, identity.Leave(tx, p.UserID)
}

// forgetOthers empties what earlier requests keep of the same person: an export of what is
// erased is none any more.
func forgetOthers(tx *db.Tx, p db.Person) error {
	var ids []string
	err := tx.Model(&Request{}).
		Where("kind = ? AND state IN ?", Export, []State{Ready, Asked}).
		Where(p.UserRows(tx, "user_id").
			Or("subject_hash = ?", hashOf(tx, Export, subject{Person: p}))).
		Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return err
	}
	return expire(tx, ids)
}

// finishErasure forgets whom the request was about.
func finishErasure(tx *db.Tx, r *Request) error {
	now := tx.Now()
	r.State = Done
	r.DoneAt = &now
	r.Subject = ""
	r.Stage = ""
	err := tx.Model(&Request{}).Where("id = ?", r.ID).
		Select("state", "done_at", "subject", "stage").Updates(r).Error
	if err != nil {
		return err
	}
	return note(tx, *r, "privacy.erased", map[string]any{"rows": r.Gone})
}

// Finding is a text that somebody wrote and that names an erased person.
type Finding struct {
	ID        string
	RequestID string
	Place     string // table.column
	RowID     string
	State     FindingState
	DecidedBy string
	DecidedAt *time.Time
}

// TableName is the table of findings.
func (Finding) TableName() string { return "privacy_findings" }

// FindingState says what was decided about a text.
type FindingState string

// The states of a Finding.
const (
	FindingOpen     FindingState = "OPEN"
	FindingReplaced FindingState = "REPLACED" // the pseudonym stands in the text
	FindingKept     FindingState = "KEPT"
)

// noteFindings keeps where texts name the person, a batch at a time, and returns how many are
// there to decide about. What an earlier request about the person kept is not asked again.
func noteFindings(tx *db.Tx, r Request, p db.Person) (open int64, more bool, err error) {
	for _, place := range FreeTexts() {
		rows, err := findIn(tx, place, r, p)
		if err != nil {
			return 0, false, err
		}
		if len(rows) > 0 {
			return 0, true, tx.Create(&rows).Error
		}
	}

	err = tx.Model(&Finding{}).Where("request_id = ? AND state = ?", r.ID, FindingOpen).
		Count(&open).Error
	return open, false, err
}

// findIn returns the next texts of one column that name the person, behind those that are
// noted; none where there are no more.
func findIn(tx *db.Tx, place db.FreeText, r Request, p db.Person) (out []Finding, err error) {
	var after string
	err = tx.Model(&Finding{}).Where("request_id = ? AND place = ?", r.ID, place.Place).
		Select("COALESCE(MAX(row_id), '')").Scan(&after).Error
	if err != nil {
		return nil, err
	}
	var kept []string
	err = tx.Model(&Finding{}).
		Joins("JOIN privacy_requests q ON q.id = privacy_findings.request_id").
		Where("q.subject_hash = ? AND place = ? AND privacy_findings.state = ?",
			r.SubjectHash, place.Place, FindingKept).
		Pluck("row_id", &kept).Error
	if err != nil {
		return nil, err
	}

	for len(out) == 0 {
		texts, err := place.Find(tx, p, after, eraseBatch)
		if err != nil || len(texts) == 0 {
			return nil, err
		}
		for _, t := range texts {
			after = t.RowID
			if p.Replace(t.Text) == t.Text || slices.Contains(kept, t.RowID) {
				continue
			}
			out = append(out, Finding{
				ID:        db.NewID(db.PrefixFinding),
				RequestID: r.ID,
				Place:     place.Place,
				RowID:     t.RowID,
				State:     FindingOpen,
			})
		}
	}
	return out, nil
}

// askToDecide has a person look at the texts.
func askToDecide(tx *db.Tx, r *Request) error {
	r.State = Decide
	err := tx.Model(&Request{}).Where("id = ?", r.ID).Update("state", r.State).Error
	if err != nil {
		return err
	}
	return tx.Raise(db.OperatorTask{
		Kind:      db.TaskPrivacyTexts,
		SubjectID: r.ID,
		What: "Decide about each text that names the erased person: " +
			"replace the name, or keep it.",
		Why: "People wrote these texts, and only a person can see whom they mean.",
	})
}

// FindingText is a finding with the text as it stands.
type FindingText struct {
	Finding
	Text string // empty: the row is gone
}

// FindingFilter narrows the texts of a request; empty fields do not narrow.
type FindingFilter struct {
	RequestID string
	IDs       []string
	Open      bool   // those that nobody has decided about
	After     string // id of the last of the page before
	Limit     int    // 1 to 200, 0 means 50
}

// Findings lists the texts of a request about which somebody has to decide or has decided, and the
// id behind which the next page begins; empty: there is none. It reads the texts of each column at
// once. For operators.
func (s *Privacy) Findings(
	ctx context.Context, f FindingFilter,
) (out []FindingText, next string, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		q := tx.Where("request_id = ? AND id > ?", f.RequestID, f.After)
		if f.Open {
			q = q.Where("state = ?", FindingOpen)
		}
		if len(f.IDs) > 0 {
			q = q.Where("id IN ?", f.IDs)
		}
		var rows []Finding
		limit := db.Page{Limit: f.Limit}.Size()
		if err := q.Order("id").Limit(limit + 1).Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			next = rows[limit-1].ID
		}

		texts, err := textsOf(tx, rows)
		if err != nil {
			return err
		}
		out = nil
		for _, row := range rows {
			out = append(out, FindingText{Finding: row, Text: texts[row.Place][row.RowID]})
		}
		return nil
	})
	return out, next, err
}

// textsOf reads the texts of findings as they stand, by their place and the id of the row.
func textsOf(tx *db.Tx, rows []Finding) (map[string]map[string]string, error) {
	ids := map[string][]string{}
	for _, f := range rows {
		ids[f.Place] = append(ids[f.Place], f.RowID)
	}
	out := map[string]map[string]string{}
	for place, of := range ids {
		found, err := textAt(place).ReadAll(tx, of)
		if err != nil {
			return nil, err
		}
		out[place] = map[string]string{}
		for _, t := range found {
			out[place][t.RowID] = t.Text
		}
	}
	return out, nil
}

func isNotFound(err error) bool {
	var refusal *rules.Error
	return errors.As(err, &refusal) && refusal.Code == rules.NotFound
}

func textAt(place string) db.FreeText {
	for _, f := range FreeTexts() {
		if f.Place == place {
			return f
		}
	}
	panic("no free text stands at " + place)
}

// mostDecided bounds the texts of one decision.
const mostDecided = 200

// DecideFindings decides about texts of a request alike, all or none: the pseudonym replaces the
// person's name, or the texts stay. The same decision again changes nothing, another one than
// before answers STATE_CONFLICT. The last decision ends the erasure. For operators.
func (s *Privacy) DecideFindings(
	ctx context.Context, requestID string, ids []string, to FindingState,
) error {
	if len(ids) == 0 || len(ids) > mostDecided {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/ids",
			Code:    rules.OutOfRange,
			Message: "That many texts cannot be decided about at once.",
			Remedy:  "Name 1 to 200 texts.",
		}})
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		var r Request
		if err := tx.ForUpdate().First(&r, "id = ?", requestID).Error; err != nil {
			return db.Found(err)
		}
		var rows []Finding
		err := tx.ForUpdate().Order("id").
			Find(&rows, "request_id = ? AND id IN ?", requestID, ids).Error
		if err != nil {
			return err
		}
		if len(rows) < len(ids) {
			return db.NotFound()
		}

		for _, f := range rows {
			if err := decide(tx, r, f, to); err != nil {
				return err
			}
		}
		return endWhereDecided(tx, &r)
	})
}

// decide decides about one text.
func decide(tx *db.Tx, r Request, f Finding, to FindingState) error {
	if f.State == to {
		return nil
	}
	if f.State != FindingOpen || (to != FindingReplaced && to != FindingKept) {
		return rules.Refuse(rules.StateConflict, "Somebody has decided about this text.",
			"Look at the request again.")
	}

	if to == FindingReplaced {
		p, err := r.person(tx)
		if err != nil {
			return err
		}
		place := textAt(f.Place)
		text, err := place.Read(tx, f.RowID)
		if err != nil && !isNotFound(err) {
			return err
		}
		if err := place.Write(tx, f.RowID, p.Replace(text)); err != nil {
			return err
		}
	}

	now := tx.Now()
	f.State = to
	f.DecidedBy = tx.Scope.Actor.ID
	f.DecidedAt = &now
	err := tx.Model(&Finding{}).Where("id = ?", f.ID).
		Select("state", "decided_by", "decided_at").Updates(&f).Error
	if err != nil {
		return err
	}
	return note(tx, r, "privacy.decided", map[string]any{
		"place":    f.Place,
		"row":      f.RowID,
		"decision": to,
	})
}

// endWhereDecided ends an erasure of which no text is open.
func endWhereDecided(tx *db.Tx, r *Request) error {
	if r.State != Decide {
		return nil
	}
	var open int64
	err := tx.Model(&Finding{}).Where("request_id = ? AND state = ?", r.ID, FindingOpen).
		Count(&open).Error
	if err != nil || open > 0 {
		return err
	}
	if err := tx.Settle(db.TaskPrivacyTexts, r.ID, "each text is decided"); err != nil {
		return err
	}
	return finishErasure(tx, r)
}
