package portal

import "net/url"

// cursorParameter is where a link to older lines carries the place at which it goes on.
const cursorParameter = "after"

// olderThan returns the address of a list's page behind the position.
func (v *visit) olderThan(list string, position string) string {
	cursor := v.db.Secrets().SignCursor(v.cursorPlace(list), position)
	return list + "?" + cursorParameter + "=" + url.QueryEscape(cursor)
}

// openCursor returns the position at which the request's page begins; empty: the list's
// first. A cursor that is not ours, or was given for another list or account, is refused.
func (v *visit) openCursor(list string) (string, error) {
	cursor := v.request.URL.Query().Get(cursorParameter)
	if cursor == "" {
		return "", nil
	}

	position, ok := v.db.Secrets().OpenCursor(v.cursorPlace(list), cursor)
	if !ok {
		return "", errBadCursor
	}
	return position, nil
}

// cursorPlace names the list of the account whose lines the visitor reads.
func (v *visit) cursorPlace(list string) string {
	return "portal\x00" + list + "\x00" + v.who.account().ID
}
