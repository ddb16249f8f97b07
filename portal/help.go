package portal

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/portal/help"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/web"
)

// The help is open to everybody, signed in or not: people need it most before they are in.

const (
	helpCountriesPath = help.Path + "/countries"

	helpVotesAnHour = 30        // of a network
	helpSameVote    = time.Hour // in which a browser's votes on one answer count once
)

// helpFor is the help in the visitor's language, with what this program calls things.
func (v *visit) helpFor() (*help.Edition, error) {
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return nil, err
	}
	return v.help.In(v.language.Locale(), helpValues(v.language, ref, v.db.Now()))
}

// helpValues are the placeholders of the help: everything that configuration or the catalogue
// decides (C8).
func helpValues(l *messages.Language, ref program.Reference, now time.Time) map[string]string {
	var (
		p      = ref.Program
		locale = l.Locale()
		count  = func(key string, n int) string { return l.Count(key, int64(n)) }
		models = modelNames(ref, civil.DateOf(now.UTC()))
	)

	return map[string]string{
		"program":              p.Name,
		"mailbox":              p.Mailbox,
		"sender":               p.Sender(locale),
		"invitation_subject":   p.Subject(rules.TemplateInvitation, locale),
		"confirmation_subject": p.Subject(rules.TemplateOrderConfirmation, locale),
		"service_orders":       p.ServiceOrdersLabel(locale),
		"people":               l.Say("menu.colleagues"),
		"jumpstart":            l.Say("service.JUMPSTART"),

		"invite_days":    count("help.days", p.InviteDays),
		"cancel_days":    count("help.days", p.CancelDays),
		"start_days":     count("help.days", p.StartFallbackDays),
		"jumpstart_days": count("help.days", rules.JumpStartDays),
		"question_days":  count("help.days", rules.ContactAnswerDays),
		"recall_days":    count("help.days", p.Replacement.SpareRecallDays),
		"return_days":    count("help.workdays", p.Replacement.ReturnDays),
		"fee_days":       count("help.workdays", p.Replacement.FeeConfirmDays),
		"cap_years":      count("help.years", p.WarrantyCapYears),
		"serial_hours":   count("help.hours", p.Replacement.SerialKnownHours),
		"reset_hours":    count("help.hours", int(identity.ResetLifetime.Hours())),
		"code_minutes":   count("help.minutes", int(identity.CodeLifetime.Minutes())),
		"user_limit":     count("help.people", p.UserLimit),
		"spare_ratio":    l.Number(int64(p.SpareRatio)),
		"password_least": l.Number(web.LeastPassword),
		"cut_off":        p.Replacement.CutOff,
		"file_mb":        l.Number(checks.MaxFile >> 20),
		"message_mb":     l.Number(checks.MaxMessage >> 20),
		"message_files":  l.Number(checks.MaxMessageFiles),
		"ticket_mb":      l.Number(checks.MaxGroup >> 20),

		"terms":       l.List(termsOnSale(l, ref, civil.DateOf(now.UTC()))),
		"hardware":    listOrDash(l, models[catalogue.KindHardware]),
		"accessories": listOrDash(l, models[catalogue.KindAccessory]),
		"software":    listOrDash(l, models[catalogue.KindSoftware]),
		"bundles":     listOrDash(l, models[catalogue.KindBundle]),
	}
}

func listOrDash(l *messages.Language, names []string) string {
	return cmp.Or(l.List(names), "–")
}

// modelNames are the names of the products that are supported on the day, by kind.
func modelNames(ref program.Reference, day civil.Date) map[catalogue.ModelKind][]string {
	names := map[catalogue.ModelKind][]string{}
	for code, versions := range ref.Models {
		if m, ok := catalogue.ModelOn(versions, code, day); ok {
			names[m.Kind] = append(names[m.Kind], m.Name)
		}
	}
	for _, list := range names {
		slices.Sort(list)
	}
	return names
}

// termsOnSale are the years for which a license of the program can be ordered on the day.
func termsOnSale(l *messages.Language, ref program.Reference, day civil.Date) []string {
	var years []int
	for _, sku := range ref.Catalogue {
		begun := sku.EffectiveFrom == nil || !day.Before(*sku.EffectiveFrom)
		over := sku.EffectiveTo != nil && !day.Before(*sku.EffectiveTo)
		if sku.ServiceType == catalogue.ServiceSelect && begun && !over {
			years = append(years, sku.TermYears)
		}
	}

	slices.Sort(years)
	var texts []string
	for _, n := range slices.Compact(years) {
		texts = append(texts, l.Number(int64(n)))
	}
	return texts
}

// helpPage is the first page of the help, and what a search found.
type helpPage struct {
	Query     string
	Hits      []help.Hit
	Chapters  []help.Chapter
	Countries string
}

func showHelp(v *visit) (answer, error) {
	edition, err := v.helpFor()
	if err != nil {
		return answer{}, err
	}

	p := helpPage{
		Query:     web.Shortened(v.request.URL.Query().Get("q"), web.LongestSearch),
		Chapters:  edition.Chapters,
		Countries: helpCountriesPath,
	}
	if !rules.Storable(p.Query) {
		p.Query = ""
	}
	p.Hits = edition.Search(p.Query)
	return answer{page: "help", title: "help.title", data: p}, nil
}

// helpChapterPage is a group of questions with their answers.
type helpChapterPage struct {
	help.Chapter
	Chapters []help.Chapter
	Voted    string // the anchor about which this visitor has just said something
	VotePath string
}

const helpVotePath = help.Path + "/useful"

func showHelpChapter(v *visit) (answer, error) {
	edition, err := v.helpFor()
	if err != nil {
		return answer{}, err
	}

	chapter, ok := edition.Chapter(v.param("group"))
	if !ok {
		return answer{}, errNoPage
	}

	return answer{
		page:  "helpchapter",
		label: chapter.Title,
		data: helpChapterPage{
			Chapter:  chapter,
			Chapters: edition.Chapters,
			Voted:    v.request.URL.Query().Get("voted"),
			VotePath: helpVotePath,
		},
	}, nil
}

// voteOnHelp counts whether an answer was useful. Nobody's name goes with it. A second vote of
// the same browser on the same answer is thanked for and not counted, so that a double click
// is one vote.
func voteOnHelp(v *visit) (answer, error) {
	anchor, useful := v.form("anchor"), v.form("useful")
	if !v.help.Has(anchor) || useful != "yes" && useful != "no" {
		return answer{}, errBadForm
	}
	if err := v.throttleNetwork("help", helpVotesAnHour, time.Hour); err != nil {
		return answer{}, err
	}

	same := strings.Join([]string{"help", anchor, v.language.Locale(), v.network, v.label}, "/")
	err := v.throttle(same, 1, helpSameVote)
	if err == nil {
		err = v.programs.VoteOnHelp(v.ctx, anchor, v.language.Locale(), useful == "yes")
	}
	if err != nil && rules.CodeOf(err) != rules.RateLimited {
		return answer{}, err
	}

	page, _, _ := strings.Cut(v.help.Path(anchor), "#")
	return redirect(page + "?voted=" + url.QueryEscape(anchor) + "#" + anchor), nil
}

// countriesPage shows the terms of every country (R78d), as GET /v1/countries does.
type countriesPage struct {
	Countries []countryView
	Changes   []countryChange
	Chapters  []help.Chapter
}

type countryView struct {
	Name, Speed, Languages, Since string
	Available                     bool
}

type countryChange struct{ Country, Says, Note, Day string }

func showCountries(v *visit) (answer, error) {
	edition, err := v.helpFor()
	if err != nil {
		return answer{}, err
	}
	all, err := v.programs.ListCountryTerms(v.ctx)
	if err != nil {
		return answer{}, err
	}

	p := countriesPage{Chapters: edition.Chapters}
	today := civil.DateOf(v.db.Now().UTC()).String()
	inForce := map[string]program.CountryTermsVersion{}
	var later []program.CountryTermsVersion
	for _, t := range all { // by country and version
		if t.EffectiveFrom <= today && t.EffectiveFrom >= inForce[t.Country].EffectiveFrom {
			inForce[t.Country] = t
		}
		if t.Version > 1 {
			later = append(later, t)
		}
	}

	for code, t := range inForce {
		p.Countries = append(p.Countries, countryView{
			Name:      v.countryName(code),
			Speed:     v.speedText(t.RMASpeed),
			Languages: v.spokenLanguages(t.Languages),
			Since:     v.sinceText(t),
			Available: t.Available,
		})
	}
	order := collate.New(language.Make(v.language.Locale()))
	slices.SortFunc(p.Countries, func(a, b countryView) int {
		return order.CompareString(a.Name, b.Name)
	})

	slices.SortStableFunc(later, func(a, b program.CountryTermsVersion) int {
		return cmp.Or(b.PublishedAt.Compare(a.PublishedAt), cmp.Compare(a.Country, b.Country),
			cmp.Compare(b.Version, a.Version))
	})
	for _, t := range later {
		says := v.say("help.countries.unavailable")
		if t.Available {
			says = v.speedText(t.RMASpeed) + "; " + v.spokenLanguages(t.Languages)
		}
		p.Changes = append(p.Changes, countryChange{
			Country: v.countryName(t.Country),
			Says:    says,
			Note:    t.Note,
			Day:     v.termsDay(t),
		})
	}

	return answer{page: "helpcountries", title: "help.countries.title", data: p}, nil
}

func (v *visit) speedText(s calendar.RMASpeed) string {
	days, promised := s.BusinessDays()
	if !promised {
		return v.say("help.countries.nopromise")
	}
	return v.language.Count("help.countries.speed", int64(days))
}

// sinceText is the day from which terms count; the first ones have always counted.
func (v *visit) sinceText(t program.CountryTermsVersion) string {
	if t.Version <= 1 {
		return "–"
	}
	return v.termsDay(t)
}

func (v *visit) termsDay(t program.CountryTermsVersion) string {
	day, err := civil.ParseDate(t.EffectiveFrom)
	if err != nil {
		return t.EffectiveFrom
	}
	return v.day(day)
}

// helpLink leads from a part of a page to its answer.
type helpLink struct{ Path, Label string }

// Help is the "?" beside a heading: the way to the answer that an anchor names.
func (w view) Help(anchor string) helpLink {
	edition, err := w.edition()
	if err != nil {
		return helpLink{Path: help.Path, Label: w.T("help.title")}
	}
	entry, ok := edition.Entry(anchor)
	if !ok {
		return helpLink{Path: help.Path, Label: w.T("help.title")}
	}
	return helpLink{entry.Path, w.T("help.about", "question", entry.Title)}
}

// HelpHere is the way to the answer about what a page asks to confirm, by its address.
func (w view) HelpHere() helpLink {
	first, _, _ := strings.Cut(strings.TrimPrefix(w.Here, "/"), "/")
	return w.Help(helpOnPages[first])
}

// helpOnPages are the answers about lists and about acts that ask first, by the first part of
// their address.
var helpOnPages = map[string]string{
	"activity":       "activity",
	"contracts":      "license-status",
	"rooms":          "rooms-without-license",
	"devices":        "adding-devices",
	"directory":      "directory",
	"sites":          "sites",
	"privacy":        "personal-data",
	"sessions":       "sessions",
	"me":             "second-factor",
	"account":        "language-and-time-zone",
	"colleagues":     "changing-access",
	"own-sign-in":    "signing-in",
	"replacements":   "requesting-a-replacement",
	"service-orders": "canceling",
	"spares":         "choosing-spares",
	"sync":           "connecting-sync",
	"tickets":        "following-a-ticket",
	"tokens":         "api-keys",
	"partners":       "partners",
	"customers":      "partners",
}

// HelpOn is the way to what helps with an error: it is empty where no answer is about it.
func (w view) HelpOn(key string) helpLink {
	if anchor := helpOnProblem(key); anchor != "" {
		return w.Help(anchor)
	}
	return helpLink{}
}

// helpOnProblem is the anchor of the answer about an error that a page shows, by the key of
// its message; where a key of its own is not listed, the longest beginning that is counts.
func helpOnProblem(key string) string {
	for end := len(key); end > 0; end = strings.LastIndexByte(key[:end], '.') {
		if anchor, ok := helpOnProblems[key[:end]]; ok {
			return anchor
		}
	}
	return ""
}

// helpOnProblems leads from each error that a person can meet to its answer.
var helpOnProblems = map[string]string{
	// A company's own sign-in.
	"ownsignin":      "signing-in",
	"saml.fault":     "signing-in",
	"saml.wrong":     "signing-in",
	"signin.address": "signing-in",
	"sso.fault":      "signing-in",
	"sso.problem":    "signing-in",

	// Pages of refusal.go.
	"problem.notfound":    "page-errors",
	"problem.internal":    "page-errors",
	"problem.unavailable": "page-errors",
	"problem.origin":      "page-errors",
	"problem.form":        "page-errors",
	"problem.cursor":      "page-errors",
	"problem.conflict":    "page-errors",
	"problem.readonly":    "roles",
	"problem.needsfactor": "second-factor",
	"problem.limited":     "too-many-attempts",
	"problem.strange":     "too-many-attempts",
	"problem.mails":       "inviting-colleagues",
	"problem.claims":      "earlier-warranties",
	"problem.lastadmin":   "last-administrator",
	"problem.userlimit":   "people-limit",
	"problem.directory":   "directory",
	"problem.sitelimit":   "sites",
	"problem.window":      "canceling",
	"deadlink":            "expired-invitation",
	"deadreset":           "signing-in",
	"wrongperson":         "wrong-person",
	"noaccount":           "signing-in",

	// Fields of signing in and of invitations.
	"signin":    "signing-in",
	"second":    "second-factor",
	"factor":    "second-factor",
	"passkey":   "second-factor",
	"password":  "signing-in",
	"proof":     "api-keys",
	"code":      "too-many-attempts",
	"code.none": "finding-the-invitation",
	"name":      "page-errors",
	"email":     "page-errors",
	"invite":    "inviting-colleagues",

	// Fields of the account's pages.
	"timezone":     "language-and-time-zone",
	"tokens":       "api-keys",
	"partners":     "partners",
	"partnerkeys":  "partners",
	"delegation":   "partners",
	"sites":        "sites",
	"cancellation": "canceling",
	"claim":        "earlier-warranties",
	"question":     "named-on-an-order",
	"contract":     "license-status",

	// Replacements and spares.
	"appeal":                        "appeal",
	"request":                       "requesting-a-replacement",
	"spares":                        "choosing-spares",
	"usespare":                      "using-a-spare",
	"agree":                         "choosing-spares",
	"refusal":                       "replacement-refused",
	"refusal.fault":                 "requesting-a-replacement",
	"refusal.text":                  "page-errors",
	"refusal.quantity":              "requesting-a-replacement",
	"refusal.device":                "requesting-a-replacement",
	"refusal.two":                   "requesting-a-replacement",
	"refusal.room":                  "requesting-a-replacement",
	"refusal.room.uncovered":        "what-is-covered",
	"refusal.NOT_COVERED":           "what-is-covered",
	"refusal.WARRANTY_CAP":          "age-limit",
	"refusal.SITE_UNKNOWN":          "sites",
	"refusal.MODEL_NOT_SUPPORTED":   "supported-products",
	"refusal.NOT_HARDWARE":          "supported-products",
	"refusal.COUNTRY_NOT_SUPPORTED": "rooms-in-other-countries",
	"refusal.UNPLACED":              "adding-devices",
	"refusal.SERIAL_NOT_REGISTERED": "adding-devices",

	// Rooms, devices, contracts, people, privacy: each by its pages.
	"equip":                  "adding-devices",
	"import":                 "files",
	"problem.imports":        "files",
	"portal.room":            "adding-rooms",
	"sync.group":             "importing-from-sync",
	"portal.move":            "moving-devices-and-licenses",
	"portal.assign":          "rooms-without-license",
	"people":                 "inviting-colleagues",
	"invitation":             "after-the-invitation",
	"privacy":                "personal-data",
	"problem.lookchanges":    "activity",
	"problem.lookfile":       "activity",
	"problem.lookover":       "activity",
	"ticket":                 "opening-a-ticket",
	"roomhelp":               "help-from-sync",
	"ticket.wrong.meanwhile": "following-a-ticket",
	"ticket.wrong.state":     "following-a-ticket",
	"session.wrong":          "following-a-ticket",
	"guests.wrong":           "guests-of-a-ticket",
	"askhelp":                "lost-invitation",
	"ticket.wrong.uncovered": "following-a-ticket",
	"ticket.wrong.gone":      "following-a-ticket",
	"portal.rooms":           "rooms-without-license",
	"portal.devices":         "adding-devices",
	"portal.contracts":       "license-status",
	"portal.people":          "changing-access",
	"portal.activity":        "activity",
	"portal.privacy":         "personal-data",
	"portal.me":              "language-and-time-zone",
}
