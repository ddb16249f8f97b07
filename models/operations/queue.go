package operations

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// QueueQuery asks for the open tasks of operators.
type QueueQuery struct {
	Kind      db.TaskKind
	AccountID string
	Subject   string // id of what it is about
	Assignee  string // an operator's id, QueueNobodys, or empty for all
	OrNobody  bool   // also what nobody has taken
	LateOnly  bool
	Zone      string // IANA name: where the day of the tasks begins and ends; empty: UTC
	Limit     int    // 1 to 200, 0 means 50
	After     AgendaCursor
}

// QueueNobodys stands for the tasks that nobody has taken.
const QueueNobodys = "nobody"

// QueueItem is an open task with the names of what it is about. It is due by the end of the
// day on which it was raised, as on the agenda.
type QueueItem struct {
	db.OperatorTask
	SubjectName  string
	AccountName  string
	AssigneeName string
	TimeZone     string // of the subject's place, else of the account; empty: of none
	Due          time.Time
	Late         bool
}

// Queue is a page of the open tasks, the longest waiting first.
type Queue struct {
	Items []QueueItem
	Next  AgendaCursor
	// Total and Late count what the query narrows to, Kinds what it does but for the kind.
	// They count 10,000 at most: More says that there are others.
	Total, Late int64
	Kinds       map[db.TaskKind]int64
	More        bool
}

// queueCounted bounds what is counted: nobody works through more.
const queueCounted = 10_000

// Queue lists the open tasks with what they are about, in three statements. For the service
// and its operators.
func (s *Operations) Queue(ctx context.Context, q QueueQuery) (Queue, error) {
	zone, err := time.LoadLocation(q.Zone)
	if err != nil {
		zone = time.UTC
	}
	today := rules.StartOfDay(rules.DateIn(s.db.Now(), zone), zone).UTC()

	var out Queue
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out = Queue{Kinds: map[db.TaskKind]int64{}}
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if err := q.count(tx, today, &out); err != nil {
			return err
		}

		page := db.Page{Limit: q.Limit}
		var tasks []db.OperatorTask
		rows := q.narrow(tx.Model(&db.OperatorTask{}), today)
		if q.Kind != "" {
			rows = rows.Where("kind = ?", q.Kind)
		}
		if q.After != (AgendaCursor{}) {
			rows = rows.Where("created_at > ? OR created_at = ? AND id > ?",
				q.After.At.UTC(), q.After.At.UTC(), q.After.ID)
		}
		err := rows.Order("created_at, id").Limit(page.Size() + 1).Find(&tasks).Error
		if err != nil {
			return err
		}

		if len(tasks) > page.Size() {
			tasks = tasks[:page.Size()]
			last := tasks[len(tasks)-1]
			out.Next = AgendaCursor{last.CreatedAt, last.ID}
		}
		for _, t := range tasks {
			out.Items = append(out.Items, QueueItem{
				OperatorTask: t,
				Due:          endOfDay(t.CreatedAt, zone),
				Late:         t.CreatedAt.Before(today),
			})
		}
		return nameItems(tx, out.Items)
	})
	return out, err
}

// OpenTasks counts the open tasks, and those of them that are late, each up to 10,000.
func (s *Operations) OpenTasks(ctx context.Context, zone string) (open, late int64, err error) {
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	today := rules.StartOfDay(rules.DateIn(s.db.Now(), place), place).UTC()

	var all Queue
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all = Queue{Kinds: map[db.TaskKind]int64{}}
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return QueueQuery{}.count(tx, today, &all)
	})
	return all.Total, all.Late, err
}

// QueueItemOf reads one task, open or done, as the queue shows it.
func (s *Operations) QueueItemOf(ctx context.Context, id, zone string) (QueueItem, error) {
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}

	var items []QueueItem
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		var t db.OperatorTask
		q := tx.Scope.Accounts(tx.DB, "account_id")
		if err := db.Found(q.First(&t, "id = ?", id).Error); err != nil {
			return err
		}
		due := endOfDay(t.CreatedAt, place)
		items = []QueueItem{{
			OperatorTask: t,
			Due:          due,
			Late:         t.State == db.TaskOpen && !s.db.Now().Before(due),
		}}
		return nameItems(tx, items)
	})
	if err != nil {
		return QueueItem{}, err
	}
	return items[0], nil
}

// TaskDue returns when a task is due: at the end of the day on which it was raised, by the
// clock of the desk's zone.
func TaskDue(t db.OperatorTask, zone string) time.Time {
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	return endOfDay(t.CreatedAt, place)
}

// endOfDay is the end of the day in which an instant lies.
func endOfDay(at time.Time, zone *time.Location) time.Time {
	return rules.StartOfDay(rules.DateIn(at, zone).AddDays(1), zone).UTC()
}

// narrow narrows open tasks to what is asked for, but for their kind.
func (q QueueQuery) narrow(rows *gorm.DB, today time.Time) *gorm.DB {
	rows = rows.Where("state = ?", db.TaskOpen)
	if q.AccountID != "" {
		rows = rows.Where("account_id = ?", q.AccountID)
	}
	if q.Subject != "" {
		rows = rows.Where("subject_id = ?", q.Subject)
	}
	if q.LateOnly {
		rows = rows.Where("created_at < ?", today)
	}

	switch {
	case q.Assignee == QueueNobodys:
		rows = rows.Where("assignee_id IS NULL")
	case q.Assignee != "" && q.OrNobody:
		rows = rows.Where("(assignee_id = ? OR assignee_id IS NULL)", q.Assignee)
	case q.Assignee != "":
		rows = rows.Where("assignee_id = ?", q.Assignee)
	}
	return rows
}

func (q QueueQuery) count(tx *db.Tx, today time.Time, out *Queue) error {
	some := q.narrow(tx.Model(&db.OperatorTask{}), today).
		Select("kind, created_at").
		Order("created_at").
		Limit(queueCounted + 1)

	var rows []struct {
		Kind    db.TaskKind
		N, Late int64
	}
	err := tx.Table("(?) AS counted", some).
		Select(`kind, count(*) AS n,
			sum(CASE WHEN created_at < ? THEN 1 ELSE 0 END) AS late`, today).
		Group("kind").
		Scan(&rows).Error
	if err != nil {
		return err
	}

	counted := int64(0)
	for _, r := range rows {
		out.Kinds[r.Kind] = r.N
		counted += r.N
		if q.Kind == "" || q.Kind == r.Kind {
			out.Total += r.N
			out.Late += r.Late
		}
	}
	out.More = counted > queueCounted
	return nil
}

// nameItems gives the items the names of what they are about, whose they are and who has
// taken them.
func nameItems(tx *db.Tx, items []QueueItem) error {
	var ids []string
	for _, t := range items {
		ids = append(ids, t.SubjectID, db.Text(t.AccountID), db.Text(t.AssigneeID))
	}
	found, err := namesOf(tx, ids)
	if err != nil {
		return err
	}
	known := map[string]Name{}
	for _, n := range found {
		known[n.ID] = n
	}

	for i := range items {
		t := &items[i]
		subject, acc := known[t.SubjectID], known[db.Text(t.AccountID)]
		t.SubjectName = strings.TrimSpace(subject.Name)
		t.AccountName = acc.Name
		t.AssigneeName = known[db.Text(t.AssigneeID)].Name
		t.TimeZone = subject.TimeZone
		if t.TimeZone == "" {
			t.TimeZone = acc.TimeZone
		}
	}
	return nil
}

// IDOf returns the id of what somebody typed into a search: an id, or the number that we gave
// to an order, a replacement or a spare; empty where it is none.
func (s *Operations) IDOf(ctx context.Context, typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if db.KindOf(typed) != "" {
		return typed, nil
	}

	var id string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		found, err := db.IDNamed(tx, typed)
		if err != nil || found != typed {
			id = found
			return err
		}

		var ids []string
		err = tx.Table("orders").Where("vendor_order_no = ?", strings.ToUpper(typed)).
			Pluck("id", &ids).Error
		id = strings.Join(ids, "")
		return err
	})
	return id, err
}
