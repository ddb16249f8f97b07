package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
)

// siteCommands are about the sites that parcels go to.
type siteCommands struct {
	List siteListCommand `cmd:"" help:"List sites."`
	Show siteShowCommand `cmd:"" help:"Show one with its address and who takes parcels there."`

	SetAddress siteSetAddressCommand `cmd:"" help:"Say where a site is, so that parcels can go there."`
	Courier    siteCourierCommand    `cmd:"" help:"Note whether a site's courier is unreliable."`
}

type siteListCommand struct {
	output
	apiOptions
	Account string `placeholder:"ACCOUNT" help:"Only those of this account: its id or the company's name."`
	Limit   int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (siteListCommand) Help() string {
	return `Example:
  roomcover site list --account "Acme Ltda"`
}

// Run lists.
func (c siteListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	list, err := every[api.SiteView](ctx, client, "/v1/sites",
		filters(map[string]string{"account_id": account}), c.Limit)
	if err != nil {
		return err
	}

	rooms, err := client.roomsOf(ctx, account)
	if err != nil {
		return err
	}
	without := withoutAddress(rooms, list)

	return c.showNamed(ctx, a, client, []any{list, without}, func(out io.Writer, w *words) {
		if len(list)+len(without) == 0 {
			fmt.Fprintln(out, "No sites.")
			return
		}

		t := a.table(out, "site", "customer", "address", "takes parcels", "courier", "id")
		for _, s := range list {
			t.AppendRow([]any{
				s.Name,
				w.name(s.AccountID),
				dash(s.Address.Line()),
				dash(s.ContactName),
				courier(s),
				s.ID,
			})
		}
		for _, r := range without {
			t.AppendRow([]any{r.Site, w.name(r.AccountID), "no address", "-", "-", "-"})
		}
		t.Render()
		fmt.Fprintf(out, "\n%s.\n", count(len(list)+len(without), "site"))
		if len(without) > 0 {
			fmt.Fprintf(out, "Without an address no replacement goes there by itself, "+
				"and no spare. Give it:\n  roomcover site set-address %s --account %s "+
				"--street ... --city ... --country %s\n",
				quoted(without[0].Site), quoted(w.name(without[0].AccountID)), without[0].Country)
		}
	})
}

// roomsOf reads the rooms of an account, or of all that the token sees.
func (c *apiClient) roomsOf(ctx context.Context, account string) ([]api.RoomItem, error) {
	return every[api.RoomItem](ctx, c, "/v1/rooms",
		filters(map[string]string{"account_id": account}), mostRooms)
}

// mostRooms is how many rooms are looked through for the sites that they name.
const mostRooms = 5000

// withoutAddress returns one room of each site that rooms name and that has no address.
func withoutAddress(rooms []api.RoomItem, sites []api.SiteView) (out []api.RoomItem) {
	known := map[string]bool{}
	key := func(account, site string) string { return account + "\n" + rules.SiteKey(site) }
	for _, s := range sites {
		known[key(s.AccountID, s.Name)] = true
	}

	for _, r := range rooms {
		if k := key(r.AccountID, r.Site); r.Site != "" && !known[k] {
			known[k] = true
			out = append(out, r)
		}
	}
	return out
}

// siteNamed returns how the account spells the site that was said, and whether neither a room
// nor an address of it has that name. It refuses one that is nearly called as
// another, unless that was said to be meant.
func (c *apiClient) siteNamed(
	ctx context.Context, account, site string, meant bool,
) (name string, isNew bool, err error) {
	if site == "" {
		return "", false, nil
	}

	rooms, err := c.roomsOf(ctx, account)
	if err != nil {
		return "", false, err
	}
	sites, err := every[api.SiteView](ctx, c, "/v1/sites",
		filters(map[string]string{"account_id": account}), 0)
	if err != nil {
		return "", false, err
	}

	var names []string
	for _, s := range sites {
		names = append(names, s.Name)
	}
	for _, r := range rooms {
		if r.Site != "" {
			names = append(names, r.Site)
		}
	}

	for _, name := range names {
		if rules.SiteKey(name) == rules.SiteKey(site) {
			return spelledAs(name, site), false, nil
		}
	}
	if near := rules.Nearest(site, names); len(near) > 0 && !meant {
		return "", false, settingsError{fmt.Errorf(
			"no site is called %q; there is %s: name that one, or say --new-site if it is another",
			site, strings.Join(near, ", "))}
	}
	return site, true, nil
}

// spelledAs returns the spelling that stays where a name is said again: the known one, if the
// other lacks its accents or its capitals.
func spelledAs(known, said string) string {
	accents := func(s string) int {
		s = rules.NormaliseText(s)
		return len(s) - len([]rune(s))
	}
	flat := func(s string) bool { return s == strings.ToLower(s) || s == strings.ToUpper(s) }
	if accents(said) < accents(known) || flat(said) && !flat(known) {
		return known
	}
	return said
}

// sayNewSite says aloud that a site came into being by its name alone.
func sayNewSite(out io.Writer, site, account, country string) {
	whose := ""
	if account != "" {
		whose = " --account " + quoted(account)
	}
	fmt.Fprintf(out, "\n%s is a new site, without an address: no replacement goes there by itself "+
		"before it has one. Give it: roomcover site set-address %s%s --country %s "+
		"--street \"...\" --city \"...\"\n", site, quoted(site), whose, country)
}

func courier(s api.SiteView) string {
	if s.CourierUnreliable {
		return "unreliable"
	}
	return "-"
}

// oneSite names the site that a command is about.
type oneSite struct {
	output
	apiOptions
	Site    string `arg:"" help:"The site: its name or id."`
	Account string `placeholder:"ACCOUNT" help:"Whose site it is, where several accounts have one of this name: id or the company's name."`
}

// find reads the site.
func (c oneSite) find(ctx context.Context) (*apiClient, api.SiteView, error) {
	var s api.SiteView
	client, err := c.client()
	if err != nil {
		return nil, s, err
	}

	_, id, err := client.placeIDs(ctx, c.Account, "", c.Site)
	if err != nil {
		return nil, s, err
	}

	return client, s, client.read(ctx, "/v1/sites/"+url.PathEscape(id), &s)
}

type siteShowCommand struct{ oneSite }

// Help is shown by --help.
func (siteShowCommand) Help() string {
	return `Example:
  roomcover site show HQ --account "Acme Ltda"`
}

// Run shows.
func (c siteShowCommand) Run(ctx context.Context, a *app) error {
	client, s, err := c.find(ctx)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, s,
		func(out io.Writer, w *words) { explainSite(out, w, s) })
}

// explainSite shows a site in plain words.
func explainSite(out io.Writer, w *words, s api.SiteView) {
	fmt.Fprintf(out, "%s of %s\n\n", s.Name, w.name(s.AccountID))
	writeFacts(out,
		fact{"Address", dash(s.Address.Line())},
		fact{"Time zone", s.TimeZone},
		fact{"Takes parcels", s.ContactName},
		fact{"Is told", s.ContactEmail},
		fact{"Courier", courier(s)},
	)
	fmt.Fprintf(out, "\n%s\n", s.ID)
}

type siteCourierCommand struct {
	oneSite
	Unreliable bool   `xor:"courier" required:"" help:"Parcels often come late there: a reason to keep a spare on site."`
	Reliable   bool   `xor:"courier" required:"" help:"They come on time."`
	Reason     string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (siteCourierCommand) Help() string {
	return `Example:
  roomcover site courier Manaus --account "Acme Ltda" --unreliable --reason "third late parcel"`
}

// Run notes it.
func (c siteCourierCommand) Run(ctx context.Context, a *app) error {
	client, s, err := c.find(ctx)
	if err != nil {
		return err
	}

	if s.CourierUnreliable == c.Unreliable {
		client.told.add(false)
	} else {
		err = client.post(ctx, "/v1/sites/"+url.PathEscape(s.ID)+"/courier",
			api.CourierRequest{Unreliable: c.Unreliable, Reason: c.Reason}, &s)
		if err != nil {
			return err
		}
	}
	return c.showNamed(ctx, a, client, s,
		func(out io.Writer, w *words) { explainSite(out, w, s) })
}
