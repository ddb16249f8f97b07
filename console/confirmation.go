package console

import (
	"strconv"

	"roomcover.dev/roomcover/web"
)

// fieldConfirms is the field of a confirmation's answer.
const fieldConfirms = "confirmed"

// confirmation asks before an act: what will happen, in sentences, with the fields that it
// needs, and two ways on. Its texts are in the reader's language already.
type confirmation struct {
	Title   string
	Says    []string
	Notes   []told // sentences of the service
	Fields  []web.Field
	Hidden  []web.Hidden
	Action  string // where the answer goes
	Submit  string // the verb of the act
	Danger  bool   // it cannot be undone
	Back    string // address of leaving it
	Problem string // what was wrong with the answer before
	Remedy  string
}

// confirmed reports whether this form is the answer to a confirmation.
func (v *visit) confirmed() bool {
	return v.request.Method == post && v.form(fieldConfirms) == "yes"
}

// ask shows a confirmation instead of acting.
func (v *visit) ask(c confirmation) (answer, error) {
	return answer{page: "confirm", title: c.Title, data: c}, nil
}

// formVersion is the version that the visitor looked at: that of the form, else that of now.
func (v *visit) formVersion(now int64) string {
	if seen := v.form("version"); seen != "" && v.request.Method == post {
		return seen
	}
	return v.version(now)
}

// version is a version as a form carries it along.
func (v *visit) version(n int64) string { return strconv.FormatInt(n, 10) }
