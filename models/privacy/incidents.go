package privacy

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
)

// Incident is something that happened to personal data (S33). DueAt is when the authority and
// the people concerned have to know at the latest: the end of the third business day after it
// was noticed, by the operator's calendar.
type Incident struct {
	ID        string
	What      string // free text; it names nobody
	NoticedAt time.Time
	NoticedBy string // operator
	DueAt     time.Time
	Outcome   string
	CreatedAt time.Time
	ClosedBy  string
	ClosedAt  *time.Time
	OnceKey   *string // names the form that recorded it; nil: none did

	Tellings []Telling `gorm:"-"`
}

// Telling is that somebody was told of an incident, and when.
type Telling struct {
	ID         string
	IncidentID string
	Whom       string // an authority, or a group of people: no names
	ToldBy     string
	ToldAt     time.Time
	OnceKey    *string // names the form that noted it; nil: none did
}

// TableName is the table of tellings.
func (Telling) TableName() string { return "incident_tellings" }

// incidentDays are the business days that the operator has (ANPD, resolution 15/2024).
const incidentDays = 3

// maxText bounds what is said of an incident.
const maxText = 4000

// RecordIncident opens the record of an incident that was noticed at an instant, not ahead, and
// raises the task that is due when others have to know. once names the form that is sent: the same
// one again, by the same operator, is the record that is there. Empty, each call records another.
func (s *Privacy) RecordIncident(
	ctx context.Context, once, what string, noticedAt time.Time,
) (Incident, error) {
	if err := checkText("/what", what); err != nil {
		return Incident{}, err
	}

	var out Incident
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if noticedAt.After(tx.Now()) {
			return rules.Invalid([]rules.FieldError{{
				Pointer: "/noticed_at",
				Code:    rules.OutOfRange,
				Message: "The incident would be noticed only later.",
				Remedy:  "Give the instant at which it was noticed.",
			}})
		}

		due, err := s.incidentDue(tx, noticedAt)
		if err != nil {
			return err
		}
		out = Incident{
			ID:        db.NewID(db.PrefixIncident),
			What:      strings.TrimSpace(what),
			NoticedAt: noticedAt.UTC().Truncate(time.Microsecond),
			NoticedBy: tx.Scope.Actor.ID,
			DueAt:     due.UTC(),
			CreatedAt: tx.Now(),
			OnceKey:   onceKey(tx, once),
		}
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&out)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			key := out.OnceKey
			out = Incident{}
			return tx.First(&out, "once_key = ?", db.Text(key)).Error
		}

		err = tx.Raise(db.OperatorTask{
			Kind:      db.TaskIncident,
			SubjectID: out.ID,
			DueAt:     out.DueAt,
			What: "Tell the authority and the people concerned by " +
				out.DueAt.Format("2006-01-02 15:04") + " UTC, note whom you told, and close it.",
			Why: "An incident with personal data has to be told within three business days.",
		})
		if err != nil {
			return err
		}
		return tx.Audit(out.ID, nil, true, db.Entry{
			Verb:     "incident.recorded",
			ObjectID: out.ID,
			Details:  map[string]any{"noticed_at": out.NoticedAt, "due_at": out.DueAt},
		})
	})
	return out, err
}

// onceKey is what a form's name is stored as; nil where it has none.
func onceKey(tx *db.Tx, once string) *string {
	if once == "" {
		return nil
	}
	key := tx.Secrets().Fingerprint("incident form", tx.Scope.Actor.ID+"|"+once)
	return &key
}

// incidentDue is the end of the third business day after the day of an instant, by the calendar
// and the zone of the operator's first depot; without a depot by those of São Paulo.
func (s *Privacy) incidentDue(tx *db.Tx, at time.Time) (time.Time, error) {
	site := program.Site{Country: "BR", Region: "SP", TimeZone: "America/Sao_Paulo"}
	var depots []program.Site
	err := tx.Table("depots").Select("country", "region", "time_zone").
		Order("id").Limit(1).Scan(&depots).Error
	if err != nil {
		return time.Time{}, err
	}
	if len(depots) > 0 {
		site = depots[0]
	}

	calendar, err := s.programs.CalendarOf(tx, site)
	if err != nil {
		return time.Time{}, err
	}
	zone := db.ZoneOf(site.TimeZone)
	day, err := calendar.AddBusinessDays(rules.DateIn(at, zone), incidentDays)
	if err != nil {
		return time.Time{}, err
	}
	return day.AddDays(1).In(zone), nil
}

func checkText(pointer, text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return rules.Invalid([]rules.FieldError{{
			Pointer: pointer,
			Code:    rules.Required,
			Message: "A text is missing.",
			Remedy:  "Say it in a few words, without names.",
		}})
	case !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxText:
		return rules.Invalid([]rules.FieldError{{
			Pointer: pointer,
			Code:    rules.TooLong,
			Message: "The text is too long.",
			Remedy:  "Send at most 4000 characters, as UTF-8.",
		}})
	}
	return nil
}

// TellIncident notes that somebody was told. once names the form that is sent: the same one again,
// by the same operator, is the note that is there. Empty, each call notes another one. A closed
// incident answers STATE_CONFLICT.
func (s *Privacy) TellIncident(
	ctx context.Context, id, once, whom string, at time.Time,
) (Incident, error) {
	if err := checkText("/whom", whom); err != nil {
		return Incident{}, err
	}
	return s.changeIncident(ctx, id, func(tx *db.Tx, i *Incident) error {
		key := onceKey(tx, once)
		var noted int64
		err := tx.Model(&Telling{}).Where("incident_id = ? AND once_key = ?", i.ID, db.Text(key)).
			Count(&noted).Error
		if err != nil || noted > 0 {
			return err
		}

		if i.ClosedAt != nil {
			return incidentClosed()
		}
		if at.IsZero() {
			at = tx.Now()
		}
		if at.After(tx.Now()) || at.Before(i.NoticedAt) {
			return rules.Invalid([]rules.FieldError{{
				Pointer: "/told_at",
				Code:    rules.OutOfRange,
				Message: "Nobody can have been told then.",
				Remedy:  "Give an instant between the notice of the incident and now.",
			}})
		}

		t := Telling{
			ID:         db.NewID(db.PrefixTelling),
			IncidentID: i.ID,
			Whom:       strings.TrimSpace(whom),
			ToldBy:     tx.Scope.Actor.ID,
			ToldAt:     at.UTC().Truncate(time.Microsecond),
			OnceKey:    key,
		}
		if err := tx.Create(&t).Error; err != nil {
			return err
		}
		return tx.Audit(i.ID, nil, false, db.Entry{
			Verb:     "incident.told",
			ObjectID: i.ID,
			Details:  map[string]any{"telling": t.ID, "told_at": t.ToldAt},
		})
	})
}

// CloseIncident ends the record with what came of it, and its task. One that is closed stays as
// it is.
func (s *Privacy) CloseIncident(ctx context.Context, id, outcome string) (Incident, error) {
	if err := checkText("/outcome", outcome); err != nil {
		return Incident{}, err
	}
	return s.changeIncident(ctx, id, func(tx *db.Tx, i *Incident) error {
		if i.ClosedAt != nil {
			return nil
		}
		now := tx.Now()
		i.Outcome = strings.TrimSpace(outcome)
		i.ClosedAt = &now
		i.ClosedBy = tx.Scope.Actor.ID
		err := tx.Model(&Incident{}).Where("id = ?", i.ID).
			Select("outcome", "closed_at", "closed_by").Updates(i).Error
		if err != nil {
			return err
		}
		if err := tx.Settle(db.TaskIncident, i.ID, "the incident is closed"); err != nil {
			return err
		}
		return tx.Audit(i.ID, nil, false, db.Entry{Verb: "incident.closed", ObjectID: i.ID})
	})
}

func incidentClosed() error {
	return rules.Refuse(rules.StateConflict, "The incident is closed.",
		"Record another incident, if there is something new.")
}

// changeIncident locks an incident, changes it and reads it again.
func (s *Privacy) changeIncident(
	ctx context.Context, id string, change func(tx *db.Tx, i *Incident) error,
) (Incident, error) {
	var out Incident
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		out = Incident{}
		if err := db.Found(tx.ForUpdate().First(&out, "id = ?", id).Error); err != nil {
			return err
		}
		if err := change(tx, &out); err != nil {
			return err
		}
		return tx.Order("id").Find(&out.Tellings, "incident_id = ?", id).Error
	})
	return out, err
}

// GetIncident reads an incident with who was told of it.
func (s *Privacy) GetIncident(ctx context.Context, id string) (Incident, error) {
	return s.changeIncident(ctx, id, func(*db.Tx, *Incident) error { return nil })
}

// ListIncidents lists incidents, newest first, without who was told of each.
func (s *Privacy) ListIncidents(ctx context.Context, page db.Page) ([]Incident, string, error) {
	var out []Incident
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return page.Apply(tx.DB).Find(&out).Error
	})
	out, next := db.Cut(page, out, func(i Incident) string { return i.ID })
	return out, next, err
}

// incidentTexts are the columns of incidents that people write.
func incidentTexts() []db.FreeText {
	return []db.FreeText{
		{Place: "incidents.what", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&Incident{}).Where("id = ?", id).Update("what", text).Error
		}},
		{Place: "incidents.outcome", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&Incident{}).Where("id = ?", id).Update("outcome", text).Error
		}},
		{Place: "incident_tellings.whom", Write: func(tx *db.Tx, id, text string) error {
			return tx.Model(&Telling{}).Where("id = ?", id).Update("whom", text).Error
		}},
	}
}
