package db

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// Person is whom an export or an erasure is about, as rows name people (S33).
type Person struct {
	UserID    string   `json:"user_id"`  // empty: nobody who signs in
	Email     string   `json:"email"`    // normalised
	Names     []string `json:"names"`    // as rows spell it
	Accounts  []string `json:"accounts"` // where rows know the person
	Pseudonym string   `json:"-"`        // what stands instead, such as Person 7F3K

	// NamesIn are the names by the account whose rows give them to the person; empty: outside
	// of accounts. A name is replaced nowhere else without somebody who decides: there, the
	// same words are another person, a company or a country.
	NamesIn map[string][]string `json:"names_in"`
}

// In is the person as the rows of one account name it.
func (p Person) In(accountID string) Person {
	p.Names = p.NamesIn[accountID]
	return p
}

// Nobody returns the address that stands in a row instead of an erased person's. No mail
// goes there: it has no domain.
func Nobody(rowID string) string { return "erased-" + rowID }

// Is reports whether a text is the person's address or one of the names.
func (p Person) Is(text string) bool {
	return p.HasEmail(text) || p.HasName(text)
}

// HasEmail reports whether a text is the person's address.
func (p Person) HasEmail(text string) bool { return rules.NormaliseEmail(text) == p.Email }

// HasName reports whether a text is one of the person's names.
func (p Person) HasName(text string) bool {
	key := rules.SearchKey(text)
	return key != "" && slices.ContainsFunc(p.Names, func(name string) bool {
		return rules.SearchKey(name) == key
	})
}

// Scrub returns a value of a JSON document with the person's pseudonym instead of each text
// that is the name or the address.
func (p Person) Scrub(value any) any {
	switch v := value.(type) {
	case string:
		if p.Is(v) {
			return p.Pseudonym
		}
	case []any:
		for i := range v {
			v[i] = p.Scrub(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = p.Scrub(v[key])
		}
	}
	return value
}

// shortestName is how many letters a name has at least to be looked for within texts: a shorter
// one is in every other word.
const shortestName = 4

// said are the spellings that are looked for in texts, the longest first.
func (p Person) said() []string {
	out := []string{p.Email}
	for _, name := range p.Names {
		if utf8.RuneCountInString(name) >= shortestName {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}

// Replace returns a text that somebody wrote with the pseudonym instead of each name and
// address of the person, as whole words.
func (p Person) Replace(text string) string {
	for _, said := range p.said() {
		text = replaceWords(text, said, p.Pseudonym)
	}
	return text
}

// replaceWords replaces words wherever they stand, in whatever case, and never within a longer
// word or address: ana@x.example is not in joana@x.example.
func replaceWords(text, words, by string) string {
	if words == "" {
		return text
	}
	pattern := regexp.MustCompile(`(?i)` + regexp.QuoteMeta(words))

	var out strings.Builder
	from := 0
	for _, at := range pattern.FindAllStringIndex(text, -1) {
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		after, _ := utf8.DecodeRuneInString(text[at[1]:])
		if inWord(before) || strings.ContainsRune("._%+-", before) || inWord(after) {
			continue
		}
		out.WriteString(text[from:at[0]] + by)
		from = at[1]
	}
	return out.String() + text[from:]
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// Says returns the condition that a column of text may hold the address or a name of the
// person; Replace tells whether it does. SQLite compares capitals beyond ASCII as they are.
func (p Person) Says(tx *Tx, column string) clause.Expr {
	return holdsAny(tx, column, p.said())
}

// SaysEmail returns the condition that a column of JSON has the address as a whole value.
func (p Person) SaysEmail(tx *Tx, column string) clause.Expr {
	return holdsAny(tx, column, []string{p.quotedEmail()})
}

// quotedEmail is the address as a value of a JSON document.
func (p Person) quotedEmail() string { return string(JSONText(p.Email)) }

func holdsAny(tx *Tx, column string, said []string) clause.Expr {
	one := "instr(lower(" + column + "), lower(?)) > 0"
	if tx.Postgres() {
		one = "position(lower(CAST(? AS text)) IN lower(CAST(" + column + " AS text))) > 0"
	}
	return anyOf(one, said)
}

// SaysBytes returns the condition that a column of bytes has the address, or, in a row of an
// account, a name that this account gives to the person.
func (p Person) SaysBytes(tx *Tx, column, account string) clause.Expr {
	return clause.Expr{
		SQL: "(? OR ?)",
		Vars: []any{
			bytesHold(tx, column, []string{p.Email}),
			p.Named(account, func(in Person) clause.Expr {
				return bytesHold(tx, column, in.said())
			}),
		},
	}
}

// Named returns the condition that a row of an account names the person as this account's rows
// do. The condition of one account is made from the person as it is there.
func (p Person) Named(account string, says func(in Person) clause.Expr) clause.Expr {
	parts, vars := []string{"1 = 0"}, []any{}
	for _, id := range KeysOf(p.NamesIn) {
		if id != "" {
			parts = append(parts, account+" = ? AND ?")
			vars = append(vars, id, says(p.In(id)))
		}
	}
	return clause.Expr{SQL: "(" + strings.Join(parts, " OR ") + ")", Vars: vars}
}

// NamedAs is Named of a column that is a name and nothing else.
func (p Person) NamedAs(account, column string) clause.Expr {
	return p.Named(account, func(in Person) clause.Expr {
		return clause.Expr{SQL: column + " IN ?", Vars: []any{in.Names}}
	})
}

// bytesHold is the condition that a column of bytes has one of the texts.
func bytesHold(tx *Tx, column string, said []string) clause.Expr {
	one := "instr(" + column + ", CAST(? AS blob)) > 0"
	if tx.Postgres() {
		one = "position(convert_to(CAST(? AS text), 'UTF8') IN " + column + ") > 0"
	}
	return anyOf(one, said)
}

func anyOf(condition string, values []string) clause.Expr {
	parts := slices.Repeat([]string{condition}, len(values))
	return clause.Expr{
		SQL:  "(" + strings.Join(parts, " OR ") + ")",
		Vars: AnySlice(values),
	}
}

// JSONText returns a text as a value of a JSON document.
func JSONText(text string) []byte {
	raw, err := json.Marshal(text)
	if err != nil {
		panic("a text cannot fail to marshal: " + err.Error())
	}
	return raw
}

// JSONField is the SQL of a field of a column of JSON, as text.
func JSONField(tx *Tx, column, field string) string {
	if tx.Postgres() {
		return "(CAST(" + column + " AS jsonb) ->> '" + field + "')"
	}
	return "(" + column + " ->> '" + field + "')"
}

// Erasure is what becomes of the rows of one table that tell of a person. Rows finds those
// that still do, and Erase changes or deletes a batch of them, which Rows then finds no more:
// a run that follows a kill goes on with the others, and one that follows a whole run does
// nothing.
type Erasure struct {
	Table string
	Key   string // what tells the rows apart, as SQL; empty: id
	Rows  func(tx *Tx, p Person) *gorm.DB
	Erase func(tx *Tx, p Person, keys []string) error
}

// key is the column, or the expression, that tells the rows apart.
func (e Erasure) key() string {
	if e.Key == "" {
		return e.Table + ".id"
	}
	return e.Key
}

// Count returns how many rows still tell of the person.
func (e Erasure) Count(tx *Tx, p Person) (n int64, err error) {
	err = e.Rows(tx, p).Table(e.Table).Count(&n).Error
	return n, err
}

// EraseBatch erases at most limit rows and returns how many.
func (e Erasure) EraseBatch(tx *Tx, p Person, limit int) (int, error) {
	var keys []string
	err := e.Rows(tx, p).Table(e.Table).
		Select(e.key()+" AS k").
		Order("k").
		Limit(limit).
		Pluck("k", &keys).Error
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	return len(keys), e.Erase(tx, p, keys)
}

// FreeText is a column of texts that people wrote, which may name somebody: a person decides
// what becomes of each (S33).
type FreeText struct {
	Place string // table.column
	Field string // which field of a column of JSON; empty: the whole column
	Write func(tx *Tx, rowID, text string) error
}

// FoundText is a text with the id of its row.
type FoundText struct {
	RowID string
	Text  string
}

// at returns the table, and the text as SQL.
func (f FreeText) at(tx *Tx) (table, text string) {
	table, text, _ = strings.Cut(f.Place, ".")
	if f.Field != "" {
		text = JSONField(tx, text, f.Field)
	}
	return table, text
}

// Find returns texts behind a row's id that may name the person; Person.Replace tells.
func (f FreeText) Find(tx *Tx, p Person, after string, limit int) (out []FoundText, err error) {
	table, column := f.at(tx)
	err = tx.Table(table).Select("id AS row_id, "+column+" AS text").
		Where(p.Says(tx, column)).Where("id > ?", after).
		Order("id").Limit(limit).Scan(&out).Error
	return out, err
}

// Read returns the text of a row; NOT_FOUND where it is gone.
func (f FreeText) Read(tx *Tx, rowID string) (string, error) {
	table, column := f.at(tx)
	var texts []string
	err := tx.Table(table).Where("id = ?", rowID).Pluck(column, &texts).Error
	if err == nil && len(texts) == 0 {
		return "", NotFound()
	}
	if err != nil {
		return "", err
	}
	return texts[0], nil
}

// ReadAll returns the texts of rows; one that is gone is not among them.
func (f FreeText) ReadAll(tx *Tx, rowIDs []string) (out []FoundText, err error) {
	table, column := f.at(tx)
	err = tx.Table(table).Select("id AS row_id, "+column+" AS text").
		Where("id IN ? AND "+column+" IS NOT NULL", rowIDs).Scan(&out).Error
	return out, err
}

// Erasures is what becomes of the rows of this package: answers that are kept for a
// repetition go whole, and the audit forgets from where a person called.
func Erasures() []Erasure {
	return []Erasure{
		{
			Table: "idempotency_keys",
			Key:   "token_id || '/' || key",
			Rows: func(tx *Tx, p Person) *gorm.DB {
				return tx.Where(bytesHold(tx, "response", []string{p.quotedEmail()}))
			},
			Erase: func(tx *Tx, _ Person, keys []string) error {
				return tx.Delete(&IdempotencyKey{}, "token_id || '/' || key IN ?", keys).Error
			},
		},
		{
			Table: "audit_events",
			Rows: func(tx *Tx, p Person) *gorm.DB {
				return tx.Where("actor_id = ? AND ip <> ''", orNobody(p.UserID))
			},
			Erase: func(tx *Tx, p Person, ids []string) error {
				if tx.Postgres() {
					return tx.Exec("SELECT roomcover_forget_addresses(?, ?)",
						p.UserID, len(ids)).Error
				}
				return tx.Model(&AuditEvent{}).Where("id IN ?", ids).Update("ip", "").Error
			},
		},
	}
}

// orNobody is an id that no row has, for a person who signs in nowhere.
func orNobody(userID string) string {
	if userID == "" {
		return "nobody"
	}
	return userID
}

// UserRows narrows a table to the rows of the person's user; none for one who signs in
// nowhere.
func (p Person) UserRows(tx *Tx, column string) *gorm.DB {
	return tx.Where(clause.Eq{Column: clause.Column{Name: column}, Value: orNobody(p.UserID)})
}

// FreeTexts are the columns of this package that people write.
func FreeTexts() []FreeText {
	return []FreeText{
		{Place: "operator_task_notes.note", Write: func(tx *Tx, id, text string) error {
			return tx.Table("operator_task_notes").Where("id = ?", id).
				Update("note", text).Error
		}},
		{Place: "operator_tasks.resolution", Write: func(tx *Tx, id, text string) error {
			return tx.Model(&OperatorTask{}).Where("id = ?", id).Update("resolution", text).Error
		}},
		{Place: "operator_tasks.why", Write: func(tx *Tx, id, text string) error {
			return tx.Model(&OperatorTask{}).Where("id = ?", id).Update("why", text).Error
		}},
	}
}
