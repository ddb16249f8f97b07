package privacy

import (
	"archive/zip"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"html/template"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// storedExport is what an export is, until it has expired.
type storedExport struct {
	RequestID string `gorm:"primaryKey"`
	Content   []byte
	CreatedAt time.Time
}

// TableName is the table of exports.
func (storedExport) TableName() string { return "privacy_exports" }

// export is what is known of one person, and nobody else's data. Its names are those of the
// file export.json, which people and programs read.
type export struct {
	MadeAt       time.Time          `json:"made_at"`
	Profile      exportProfile      `json:"profile"`
	Memberships  []exportMembership `json:"memberships"`
	Invitations  []exportInvitation `json:"invitations"`
	Questions    []exportInvitation `json:"questions_about_you"`
	Sessions     []exportSession    `json:"sessions"`
	Mails        []exportMail       `json:"mails"`
	Tokens       []exportToken      `json:"api_tokens"`
	Directory    []exportDirectory  `json:"directory"`
	Replacements []exportRMA        `json:"replacements"`
	Sites        []exportSite       `json:"sites"`
	Orders       []exportOrder      `json:"orders"`
	Audit        []exportAudit      `json:"audit"`
}

type exportProfile struct {
	Names     []string   `json:"names"`
	Email     string     `json:"email"`
	Language  string     `json:"language"`
	TimeZone  string     `json:"time_zone"` // empty: the account's
	CreatedAt *time.Time `json:"created_at"`
}

type exportMembership struct {
	Company   string    `json:"company"`
	Role      string    `json:"role"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"created_at"`
}

type exportInvitation struct {
	Company     string    `json:"company"`
	Email       string    `json:"email"`
	ContactName string    `json:"contact_name"`
	State       string    `json:"state"`
	At          time.Time `json:"at"`
}

type exportSession struct {
	Label     string    `json:"label"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

type exportMail struct {
	Template  string     `json:"template"`
	State     string     `json:"state"`
	Locale    string     `json:"language"`
	CreatedAt time.Time  `json:"created_at"`
	SentAt    *time.Time `json:"sent_at"`
}

type exportToken struct {
	Label     string     `json:"label"`
	Prefix    string     `json:"prefix"`
	Scopes    string     `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at"`
}

// exportDirectory is what a company's directory says of the person.
type exportDirectory struct {
	Company    string    `json:"company"`
	UserName   string    `json:"user_name"`
	Email      string    `json:"email"`
	Name       string    `json:"name"`
	Active     bool      `json:"active"`
	Attributes string    `json:"attributes"` // JSON, as it was sent
	CreatedAt  time.Time `json:"created_at"`
}

type exportRMA struct {
	Number      string    `json:"number"`
	ModelCode   string    `json:"model"`
	Fault       string    `json:"fault"`
	State       string    `json:"state"`
	RequestedAt time.Time `json:"requested_at"`
}

type exportSite struct {
	Name         string `json:"name"`
	ContactName  string `json:"contact_name"`
	ContactEmail string `json:"contact_email"`
	Street       string `json:"street"`
	City         string `json:"city"`
	Country      string `json:"country"`
}

type exportOrder struct {
	PONumber    string    `json:"po_number"`
	ContactName string    `json:"contact_name"`
	Email       string    `json:"email"`
	CreatedAt   time.Time `json:"created_at"`
}

type exportAudit struct {
	At       time.Time `json:"at"`
	Verb     string    `json:"what"`
	ObjectID string    `json:"about"`
	ByYou    bool      `json:"by_you"`
	IP       string    `json:"your_address"` // of the person's own acts alone
}

// exportSQL reads each part of an export. @email and @user are the person; @account narrows to
// one account, and is empty where the person or an operator asks.
//
//go:embed export.sql
var exportSQL string

// exportParts are the queries of exportSQL by their names.
var exportParts = func() map[string]string {
	out := map[string]string{}
	for _, part := range strings.Split(exportSQL, "-- part: ")[1:] {
		name, query, _ := strings.Cut(part, "\n")
		out[strings.TrimSpace(name)] = query
	}
	return out
}()

// collectExport reads what is known of the person. Whatever others wrote or did stands in it
// without who they are.
func collectExport(tx *db.Tx, r Request, p db.Person) (out export, locale string, err error) {
	out = export{MadeAt: tx.Now(), Profile: exportProfile{Names: p.Names, Email: p.Email}}
	with := map[string]any{
		"email":   p.Email,
		"user":    p.UserID,
		"account": db.Text(r.AccountID),
	}

	var users []struct {
		Locale    string
		TimeZone  string
		CreatedAt time.Time
	}
	if err := tx.Raw(exportParts["profile"], with).Scan(&users).Error; err != nil {
		return out, "", err
	}
	if len(users) > 0 {
		locale = users[0].Locale
		out.Profile.Language = locale
		out.Profile.TimeZone = users[0].TimeZone
		out.Profile.CreatedAt = &users[0].CreatedAt
	}

	for name, into := range map[string]any{
		"memberships":  &out.Memberships,
		"invitations":  &out.Invitations,
		"questions":    &out.Questions,
		"sessions":     &out.Sessions,
		"mails":        &out.Mails,
		"tokens":       &out.Tokens,
		"directory":    &out.Directory,
		"replacements": &out.Replacements,
		"sites":        &out.Sites,
		"audit":        &out.Audit,
	} {
		if err := tx.Raw(exportParts[name], with).Scan(into).Error; err != nil {
			return out, "", err
		}
	}

	out.Orders, err = exportOrders(tx, r, p)
	return out, locale, err
}

// exportOrders reads what orders say of the person.
func exportOrders(tx *db.Tx, r Request, p db.Person) (out []exportOrder, err error) {
	var rows []struct {
		PONumber  string
		Payload   string
		CreatedAt time.Time
	}
	q := tx.Table("orders").Select("po_number, payload, created_at").
		Where(p.SaysEmail(tx, "payload")).Order("id")
	if r.AccountID != nil {
		q = q.Where("account_id = ?", *r.AccountID)
	}
	if err := q.Scan(&rows).Error; err != nil {
		return nil, err
	}

	for _, row := range rows {
		var form struct {
			EndCustomer rules.Party `json:"end_customer"`
		}
		if err := json.Unmarshal([]byte(row.Payload), &form); err != nil {
			return nil, err
		}
		one := exportOrder{PONumber: row.PONumber, CreatedAt: row.CreatedAt, Email: p.Email}
		if p.HasEmail(form.EndCustomer.Email) {
			one.ContactName = form.EndCustomer.ContactName
		}
		out = append(out, one)
	}
	return out, nil
}

// storeExport makes the file of an export, which can be fetched from then on.
func storeExport(tx *db.Tx, r Request, p db.Person) error {
	data, locale, err := collectExport(tx, r, p)
	if err != nil {
		return err
	}
	content, err := zipExport(data, locale)
	if err != nil {
		return err
	}

	now := tx.Now()
	until := now.Add(ExportKept)
	r.State = Ready
	r.DoneAt = &now
	r.ExpiresAt = &until
	err = tx.Model(&Request{}).Where("id = ?", r.ID).
		Select("state", "done_at", "expires_at").Updates(&r).Error
	if err != nil {
		return err
	}
	err = tx.Create(&storedExport{RequestID: r.ID, Content: content, CreatedAt: now}).Error
	if err != nil {
		return err
	}
	return tellReady(tx, r)
}

// The pages that hand out an export.
const (
	portalPage  = "/privacy"
	consolePage = "/console/settings/privacy/"
)

// tellReady queues the mail to who asked for an export that it can be fetched. It names the
// reader and nobody else. A program asks by itself, and gets no mail.
func tellReady(tx *db.Tx, r Request) error {
	var who []struct{ Email, Name, Locale, Page string }
	err := tx.Raw(`
		SELECT email, name, locale, @portal AS page FROM users WHERE id = @id
		UNION ALL
		SELECT email, name, locale, @console AS page FROM operators WHERE id = @id`,
		map[string]any{
			"id":      r.RequestedBy,
			"portal":  portalPage,
			"console": consolePage + r.ID,
		}).Scan(&who).Error
	if err != nil || len(who) == 0 || !rules.ValidEmail(who[0].Email) {
		return err
	}
	return notification.QueueSingle(tx, notification.Notification{
		Template:  rules.TemplateExportReady,
		SubjectID: r.ID,
		AccountID: r.AccountID,
		Recipient: who[0].Email,
		Locale:    who[0].Locale,
		Params: map[string]any{
			"person": who[0].Name,
			"page":   who[0].Page,
			"days":   int(ExportKept / (24 * time.Hour)),
		},
	})
}

//go:embed export.html
var exportPage string

// zipExport writes export.json, for programs, and export.html, for people.
func zipExport(data export, locale string) ([]byte, error) {
	raw, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		return nil, err
	}
	words := messages.In(locale)
	page, err := template.New("export").Funcs(template.FuncMap{
		"say":  func(key string) string { return words.Say("export." + key) },
		"date": func(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") },
	}).Parse(exportPage)
	if err != nil {
		return nil, err
	}
	var html bytes.Buffer
	err = page.Execute(&html, map[string]any{"Language": locale, "Data": data})
	if err != nil {
		return nil, err
	}

	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, file := range []struct {
		name    string
		content []byte
	}{
		{"export.json", raw},
		{"export.html", html.Bytes()},
	} {
		w, err := archive.Create(file.name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(file.content); err != nil {
			return nil, err
		}
	}
	err = archive.Close()
	return out.Bytes(), err
}

// FetchExport returns the file of an export and notes who fetched it: the person, the
// administrator who asked, or an operator. One that is not ready, or has expired, answers
// STATE_CONFLICT; one that the caller may not see NOT_FOUND. The caller has signed in freshly
// (S52).
func (s *Privacy) FetchExport(ctx context.Context, id string) ([]byte, error) {
	var content []byte
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		var r Request
		if err := db.Found(visible(tx).First(&r, "id = ?", id).Error); err != nil {
			return err
		}
		if r.State != Ready || !tx.Now().Before(*r.ExpiresAt) {
			return rules.Refuse(rules.StateConflict, "There is no file to fetch.",
				"Wait until it is ready, or ask for another export.")
		}
		var file storedExport
		if err := tx.First(&file, "request_id = ?", id).Error; err != nil {
			return db.Found(err)
		}
		content = file.Content
		return note(tx, r, "privacy.fetched", map[string]any{})
	})
	return content, err
}

// PruneExports deletes exports that have expired, and forgets whom they were about.
func PruneExports(tx *db.Tx, before time.Time, limit int) (int64, error) {
	var ids []string
	err := tx.Model(&Request{}).Where("state = ? AND expires_at <= ?", Ready, before).
		Order("id").Limit(limit).Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return int64(len(ids)), expire(tx, ids)
}

// expire deletes the files of exports and whom they were about.
func expire(tx *db.Tx, ids []string) error {
	if err := tx.Delete(&storedExport{}, "request_id IN ?", ids).Error; err != nil {
		return err
	}
	return tx.Model(&Request{}).Where("id IN ?", ids).Updates(map[string]any{
		"state":   Expired,
		"subject": "",
	}).Error
}
