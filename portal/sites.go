package portal

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

const (
	sitesPath   = "/sites"
	newSitePath = sitesPath + "/new"
)

// siteView is one site as the list shows it.
type siteView struct {
	Path    string // of its form; empty: the visitor may not change it
	Name    string
	Address []string // lines
	Contact string
	Email   string
	Local   string // the time there
}

// nowhere is a site that rooms name and whose address nobody has told.
type nowhere struct{ Path, Name, Rooms string }

type sitesPage struct {
	Sites   []siteView
	Nowhere []nowhere
	NewPath string // empty: the visitor may not add one
}

// showSites lists where replacements can go (S25), and first what is missing.
func showSites(v *visit) (answer, error) {
	account := v.who.account()
	sites, err := v.accounts.EverySite(v.acting(), account.ID)
	if err != nil {
		return answer{}, err
	}

	named, err := v.entitlements.SitesOfRooms(v.acting(), account.ID)
	if err != nil {
		return answer{}, err
	}

	p := sitesPage{}
	if v.isAdmin() {
		p.NewPath = newSitePath
	}

	known := map[string]bool{}
	for _, s := range sites {
		known[s.NameKey] = true
		p.Sites = append(p.Sites, v.siteView(s))
	}
	slices.SortFunc(p.Sites, func(a, b siteView) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})

	for _, n := range named {
		if known[rules.SiteKey(n.Name)] {
			continue
		}
		missing := nowhere{
			Name:  n.Name,
			Rooms: v.language.Count("sites.rooms", int64(n.Rooms)),
		}
		if v.isAdmin() {
			missing.Path = newSitePath + "?room=" + n.RoomID
		}
		p.Nowhere = append(p.Nowhere, missing)
	}

	return answer{page: "sites", title: "sites.title", data: p, here: sitesPath}, nil
}

func (v *visit) siteView(s account.AccountSite) siteView {
	view := siteView{
		Name:    s.Name,
		Contact: s.ContactName,
		Email:   s.ContactEmail,
		Address: filled(
			s.Street,
			strings.Join(filled(s.City, s.Region, s.PostalCode), ", "),
			v.countryName(s.Country),
		),
		Local: v.language.DateTimeAt(v.db.Clock().Now(), s.TimeZone),
	}

	if v.isAdmin() {
		view.Path = sitesPath + "/" + s.ID
	}
	return view
}

// countryName is a country's name in the visitor's language.
func (v *visit) countryName(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	return display.Regions(language.Make(v.language.Locale())).Name(region)
}

// countryChoices are all countries by their names.
func (v *visit) countryChoices(chosen string) []choice {
	var list []choice
	for _, code := range rules.Countries() {
		list = append(list, choice{code, v.countryName(code), code == chosen})
	}

	order := collate.New(language.Make(v.language.Locale()))
	slices.SortFunc(list, func(a, b choice) int { return order.CompareString(a.Label, b.Label) })
	return list
}

// addressField is one field of a form about an address, with what is wrong with it.
type addressField struct {
	Name, Label, Value string // Label is a message key
	Problem            string // message key
	Auto               string // what browsers fill in there
	Type               string
	Most               int
	Options            []choice
	Required, First    bool
}

type siteFormPage struct {
	Action  string // the page's own path
	Room    string // whose address it is; empty: of none
	Version string
	Once    string // names the form of a new site: its button pressed twice adds one
	Heading string // message key
	Fields  []addressField
	Problem string // message key, of the form as a whole
}

// addressPointers are where the rules say what is wrong with which field of a site.
var addressPointers = map[string]string{
	"name":          "/name",
	"street":        "/address/street",
	"postal_code":   "/address/postal_code",
	"city":          "/address/city",
	"region":        "/address/region",
	"country":       "/address/country",
	"contact_name":  "/contact_name",
	"contact_email": "/contact_email",
}

// addressFields are the fields of a site's form with what was typed, and with the problems
// by the pointers of the rules.
func (v *visit) addressFields(f rules.SiteForm, problems map[string]string) []addressField {
	fields := []addressField{
		{Name: "name", Label: "sites.name", Value: f.Name, Most: 100, Required: true},
		{
			Name: "street", Label: "sites.street", Value: f.Address.Street,
			Auto: "address-line1", Most: rules.MaxStreet, Required: true,
		},
		{
			Name: "postal_code", Label: "sites.postalcode", Value: f.Address.PostalCode,
			Auto: "postal-code", Most: rules.MaxPostalCode,
		},
		{
			Name: "city", Label: "sites.city", Value: f.Address.City,
			Auto: "address-level2", Most: rules.MaxCity, Required: true,
		},
		{
			Name: "region", Label: "sites.region", Value: f.Address.Region,
			Auto: "address-level1", Most: 6,
		},
		{
			Name: "country", Label: "sites.country", Value: f.Address.Country,
			Options: v.countryChoices(f.Address.Country), Required: true,
		},
		{
			Name: "contact_name", Label: "sites.contactname", Value: f.ContactName,
			Auto: "off", Most: rules.MaxContactName,
		},
		{
			Name: "contact_email", Label: "sites.contactemail", Value: f.ContactEmail,
			Auto: "off", Type: "email", Most: rules.MaxEmailLength,
		},
	}

	first := true
	for i := range fields {
		field := &fields[i]
		field.Auto = cmp.Or(field.Auto, "off")
		field.Type = cmp.Or(field.Type, "text")
		field.Problem = problems[addressPointers[field.Name]]
		field.First = first && field.Problem != ""
		first = first && field.Problem == ""
	}
	return fields
}

// typedSite reads the fields of a site's form.
func (v *visit) typedSite() rules.SiteForm {
	return rules.SiteForm{
		Name: v.form("name"),
		Address: rules.Address{
			Street:     v.form("street"),
			City:       v.form("city"),
			Region:     v.form("region"),
			PostalCode: v.form("postal_code"),
			Country:    v.form("country"),
		},
		ContactName:  v.form("contact_name"),
		ContactEmail: v.form("contact_email"),
	}
}

// siteProblem gives the words for what is wrong with a field of a site.
func siteProblem(f rules.FieldError) string {
	switch {
	case f.Code == rules.Duplicate:
		return "sites.wrong.name"
	case f.Code == rules.StateConflict:
		return "sites.wrong.waiting"
	case f.Code == rules.Required:
		return "sites.wrong.missing"
	case f.Code == rules.NotAName:
		return "sites.wrong.link"
	case strings.HasSuffix(f.Pointer, "/region"):
		return "sites.wrong.region"
	case strings.HasSuffix(f.Pointer, "/contact_email"):
		return "email.invalid"
	}

	return "sites.wrong.text"
}

// siteProblems are the words of a refusal by the pointers below a prefix; ok is false where
// something else is wrong.
func siteProblems(err error, below string) (problems map[string]string, ok bool) {
	var refusal *rules.Error
	if !errors.As(err, &refusal) {
		return nil, false
	}

	problems = map[string]string{}
	for _, f := range refusal.Fields {
		if pointer, found := strings.CutPrefix(f.Pointer, below); found {
			problems[pointer] = siteProblem(f)
		}
	}
	return problems, len(problems) > 0
}

func (v *visit) siteForm(p siteFormPage, status int) answer {
	p.Heading = "sites.edit"
	if p.Action == newSitePath {
		p.Heading = "sites.add"
	}
	return answer{page: "site", title: p.Heading, data: p, here: p.Action, status: status}
}

// showNewSite is the form of a new site: that of the room that is named, where it has no
// address yet, in the account's country.
func showNewSite(v *visit) (answer, error) {
	p := siteFormPage{Action: newSitePath, Room: v.roomOfSite()}
	p.Once = db.NewID("once")
	if v.resumes(newSitePath) {
		p.Once = v.form("once")
		p.Fields = v.addressFields(v.typedSite(), nil)
		return v.siteForm(p, 0), nil
	}

	form := rules.SiteForm{Address: rules.Address{Country: v.who.account().Country}}
	if p.Room != "" {
		room, err := v.entitlements.GetRoom(v.acting(), p.Room)
		if err != nil {
			return answer{}, err
		}
		form.Name = room.Site
		form.Address.Country = room.Country
		form.Address.Region = room.Region
	}

	p.Fields = v.addressFields(form, nil)
	return v.siteForm(p, 0), nil
}

// roomOfSite is the id of the room for whose site an address is added, from the query.
func (v *visit) roomOfSite() string {
	if id := v.request.URL.Query().Get("room"); ourID.MatchString(id) {
		return id
	}
	return ""
}

func addSite(v *visit) (answer, error) {
	form := v.typedSite()
	_, err := v.accounts.CreateSite(v.acting(), account.NewSite{
		AccountID: v.who.account().ID,
		Form:      form,
		Once:      v.form("once"),
	})
	return v.siteSaved(siteFormPage{
		Action: newSitePath,
		Room:   v.roomOfSite(),
		Once:   v.form("once"),
	}, form, err)
}

func showSite(v *visit) (answer, error) {
	s, err := v.ownSite(v.param("id"))
	if err != nil {
		return answer{}, err
	}

	p := siteFormPage{
		Action:  sitesPath + "/" + s.ID,
		Version: strconv.FormatInt(s.Version, 10),
	}
	form := formOf(s)

	// What was typed was typed over the version that the person read then.
	if v.resumes(p.Action) {
		p.Version = v.form("version")
		form = v.typedSite()
	}

	p.Fields = v.addressFields(form, nil)
	return v.siteForm(p, 0), nil
}

// formOf is the form of a site as it is.
func formOf(s account.AccountSite) rules.SiteForm {
	return rules.SiteForm{
		Name:         s.Name,
		Address:      s.Address(),
		ContactName:  s.ContactName,
		ContactEmail: s.ContactEmail,
	}
}

// changeSite replaces a site's data. The zone stays where the place does: somebody may
// have set it on purpose. What another person changed meanwhile is not overwritten; where
// the site says what the form does already, that was wanted.
func changeSite(v *visit) (answer, error) {
	s, err := v.ownSite(v.param("id"))
	if err != nil {
		return answer{}, err
	}

	form := v.typedSite()
	told := form.Normalised()
	if told.Address.Country == s.Country && told.Address.Region == s.Region {
		form.TimeZone = s.TimeZone
	}

	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil || version < 1 {
		version = -1 // that of no site
	}

	_, err = v.accounts.ChangeSite(v.acting(), s.ID, form, version, "")
	if rules.CodeOf(err) == rules.StateConflict {
		now, unread := v.ownSite(s.ID)
		if unread == nil && formOf(now).Normalised() == told {
			err = nil
		}
	}

	return v.siteSaved(siteFormPage{
		Action:  sitesPath + "/" + s.ID,
		Version: strconv.FormatInt(s.Version, 10),
	}, form, err)
}

// ownSite reads a site of the account at hand.
func (v *visit) ownSite(id string) (account.AccountSite, error) {
	return v.accounts.GetSite(v.acting(), id)
}

// siteSaved goes back to the list, or shows the form again with everything that was typed.
func (v *visit) siteSaved(p siteFormPage, form rules.SiteForm, err error) (answer, error) {
	if err == nil {
		return v.done(sitesPath, "flash.site.saved"), nil
	}

	status := http.StatusUnprocessableEntity
	problems, ok := siteProblems(err, "")
	switch {
	case rules.CodeOf(err) == rules.StateConflict:
		p.Problem = "sites.wrong.changed"
		status = http.StatusConflict
	case !ok:
		return answer{}, err
	}

	p.Fields = v.addressFields(form, problems)
	return v.siteForm(p, status), nil
}
