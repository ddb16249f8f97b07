package portal

// The methods below give the shared parts of templates/parts.html what they
// show.

type ordersPart struct {
	View   view
	Label  string
	Orders []orderView
}

// Orders is the table of service orders on the start page and on its own.
func (w view) Orders() ordersPart {
	switch p := w.Data.(type) {
	case homePage:
		return ordersPart{w, p.Label, p.Orders}
	case ordersPage:
		return ordersPart{w, p.Label, p.Orders}
	}
	return ordersPart{View: w}
}

type checklistPart struct {
	View  view
	Steps []step
}

// Checklist is the onboarding list on the start page and on its own.
func (w view) Checklist() checklistPart {
	switch p := w.Data.(type) {
	case homePage:
		return checklistPart{w, p.Steps.Steps}
	case onboarding:
		return checklistPart{w, p.Steps}
	}
	return checklistPart{View: w}
}

type progressPart struct {
	View view
	At   int
	Keys []string
}

// Progress is the line of three steps above the pages of an invitation.
func (w view) Progress(at int) progressPart {
	return progressPart{w, at, []string{"progress.invitation", "progress.code", "progress.person"}}
}

type problemPart struct{ ID, Text string }

// Problem is what is wrong with a field; id is what the field describes itself
// by.
func (w view) Problem(id, key string) problemPart {
	return problemPart{
		id, w.T(key, "least", leastPassword, "most", mostPassword, "mailbox", w.Mail),
	}
}

type problemsPart struct {
	View view
	ID   string
	Keys []string
}

// ProblemsOf is what is wrong with a field of the request for a replacement.
func (w view) ProblemsOf(field string) problemsPart {
	p := problemsPart{View: w, ID: field + "-problem"}
	if page, ok := w.Data.(requestPage); ok {
		p.Keys = page.Problems[field]
	}
	return p
}
