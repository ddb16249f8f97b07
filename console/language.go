package console

import (
	"slices"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/web"
)

func (s *site) languageCookie() string { return web.CookieName("roomcover-console-lang", s.secure) }

// chooseLanguage follows, in this order, the operator's own choice, the browser's cookie and
// what the browser accepts.
func (v *visit) chooseLanguage() *messages.Language {
	var wishes []string
	if v.who != nil {
		wishes = append(wishes, v.who.Locale)
	}
	if cookie, err := v.request.Cookie(v.languageCookie()); err == nil {
		wishes = append(wishes, cookie.Value)
	}
	for _, wish := range wishes {
		if messages.Knows(wish) {
			return messages.In(wish)
		}
	}
	return messages.In(web.Accepted(v.request.Header.Get("Accept-Language"), messages.Locales()))
}

// chooseLanguage stores in which language the console speaks: in the browser, and for an
// operator in every browser.
func chooseLanguage(v *visit) (answer, error) {
	locale := v.form("language")
	if !slices.Contains(messages.Locales(), locale) {
		return answer{}, errBadForm
	}
	if v.who != nil {
		err := v.operators.ChooseOperatorLanguage(v.named(), v.who.ID, locale)
		if err != nil {
			return answer{}, err
		}
	}
	v.tongue = locale
	if back := v.form("back"); v.isPage(back) {
		return redirect(back), nil
	}
	return redirect(Root), nil
}
