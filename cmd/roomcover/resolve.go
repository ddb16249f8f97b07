package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// What a command is about may be said as people say it, by a name or a number, or by its id.
// There is one function for each kind of thing; each refuses what nothing or several have,
// and says which those are.

// isID reports whether what was said is an id of the kind.
func isID(said, prefix string) bool { return strings.HasPrefix(said, prefix+"_") }

// candidate is something that may be meant, and what it is called.
type candidate struct {
	id    string
	names []string

	// what tells it from others of its name, such as who sent it and when; nil: nothing does
	apart func(*words) []string
	view  any // what apart speaks of
}

// notCalled says that nothing has the name, so that it may be the name of something else.
type notCalled struct {
	error
	near bool // it names what is nearly called so
}

// only returns the id of the one candidate that has the name, in any case of its letters and
// with or without their accents. Where none has, it names those that are nearly called so,
// among them those that wider reads, if it is given: more than what was asked for by the name.
func (c *apiClient) only(
	ctx context.Context,
	what, said string,
	all []candidate,
	wider ...func() ([]candidate, error),
) (string, error) {
	var exact, part []candidate
	for _, one := range all {
		switch {
		case slices.ContainsFunc(one.names, func(name string) bool {
			return name != "" && rules.SearchKey(name) == rules.SearchKey(said)
		}):
			exact = append(exact, one)
		case len(one.names) > 0 &&
			strings.Contains(rules.SearchKey(one.names[0]), rules.SearchKey(said)):
			part = append(part, one)
		}
	}
	exact, part = distinct(exact), distinct(part)

	// Names that differ in their accents alone are told apart by them.
	if len(exact) > 1 {
		if spelled := spelledSo(exact, said); len(spelled) > 0 {
			exact = spelled
		}
	}
	if len(exact) == 0 && len(part) == 0 {
		for _, read := range wider {
			more, err := read()
			if err != nil {
				return "", err
			}
			all = append(all, more...)
		}
		part = distinct(nearly(all, said))
	}

	switch {
	case len(exact) == 1:
		return exact[0].id, nil
	case len(exact) > 1:
		these, err := c.listed(ctx, exact)
		if err != nil {
			return "", err
		}
		return "", settingsError{fmt.Errorf("%s are called %q; say which one by its id: %s",
			count(len(exact), what), said, these)}
	case len(part) > 0:
		these, err := c.listed(ctx, part)
		if err != nil {
			return "", err
		}
		return "", settingsError{notCalled{
			error: fmt.Errorf("no %s is called %q; there is %s", what, said, these),
			near:  true,
		}}
	}
	return "", settingsError{notCalled{error: fmt.Errorf("no %s is called %q", what, said)}}
}

// spelledSo returns the candidates whose name is written as it was said, case aside.
func spelledSo(all []candidate, said string) (found []candidate) {
	for _, one := range all {
		if slices.ContainsFunc(one.names, func(name string) bool {
			return strings.EqualFold(rules.NormaliseText(name), rules.NormaliseText(said))
		}) {
			found = append(found, one)
		}
	}
	return found
}

// nearly returns the candidates that are nearly called so, by any of their names.
func nearly(all []candidate, said string) (found []candidate) {
	var names []string
	for _, one := range all {
		names = append(names, one.names...)
	}
	near := rules.Nearest(said, names)
	for _, name := range append(near, rules.Nearest(rules.NormaliseSerial(said), names)...) {
		for _, one := range all {
			if slices.Contains(one.names, name) {
				found = append(found, one)
			}
		}
	}
	return found
}

// recent reads the newest things of a list, as many as a page holds, to find what is nearly
// called so.
func recent[T any](
	ctx context.Context, c *apiClient, path string, as func(T) candidate,
) func() ([]candidate, error) {
	return func() ([]candidate, error) {
		list, err := every[T](ctx, c, path, url.Values{}, 200)
		if err != nil {
			return nil, err
		}

		out := make([]candidate, len(list))
		for i, one := range list {
			out[i] = as(one)
			out[i].view = one
		}
		return out, nil
	}
}

// distinct drops what was found twice: accounts of one company stand for one parent.
func distinct(all []candidate) []candidate {
	var once []candidate
	for _, one := range all {
		if !slices.ContainsFunc(once, func(c candidate) bool { return c.id == one.id }) {
			once = append(once, one)
		}
	}
	return once
}

// listed names candidates with what tells them apart and their ids, up to five.
func (c *apiClient) listed(ctx context.Context, all []candidate) (string, error) {
	shown := all[:min(len(all), 5)]
	var views []any
	for _, one := range shown {
		if one.apart != nil {
			views = append(views, one.view)
		}
	}

	w := &words{}
	if len(views) > 0 {
		var err error
		if w, err = c.words(ctx, views); err != nil {
			return "", err
		}
	}

	var out []string
	for _, one := range shown {
		var about []string
		if one.apart != nil {
			about = one.apart(w)
		}
		about = slices.DeleteFunc(append(about, one.id), func(s string) bool { return s == "" })
		out = append(out, one.names[0]+" ("+strings.Join(about, ", ")+")")
	}
	if more := len(all) - len(shown); more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, "; "), nil
}

// candidates reads a list of the API as what may be meant.
func candidates[T any](
	ctx context.Context, c *apiClient, path string, query url.Values, as func(T) candidate,
) ([]candidate, error) {
	all, err := every[T](ctx, c, path, query, 0)
	if err != nil {
		return nil, err
	}

	out := make([]candidate, len(all))
	for i, one := range all {
		out[i] = as(one)
		out[i].view = one
	}
	return out, nil
}

// accountID finds an account by its id or its company's name. A token of a customer has one
// account alone, so nothing needs to be said.
func (c *apiClient) accountID(ctx context.Context, said string) (string, error) {
	if said == "" || isID(said, db.PrefixAccount) {
		return said, nil
	}

	all, err := candidates(ctx, c, "/v1/accounts", url.Values{},
		func(a api.AccountView) candidate {
			return candidate{
				id:    a.ID,
				names: []string{a.LegalName},
				apart: func(*words) []string { return []string{a.Address.City, a.Address.Country} },
			}
		})
	if err != nil {
		return "", err
	}
	return c.only(ctx, "account", said, all)
}

// parentID finds a customer's parent by its id, its name, or an account of it.
func (c *apiClient) parentID(ctx context.Context, said string) (string, error) {
	if said == "" || isID(said, db.PrefixOrg) {
		return said, nil
	}

	all, err := candidates(ctx, c, "/v1/accounts", url.Values{},
		func(a api.AccountView) candidate {
			return candidate{
				id:    a.ParentOrgID,
				names: []string{a.LegalName},
				apart: func(*words) []string { return []string{a.Address.City, a.Address.Country} },
			}
		})
	if err != nil {
		return "", err
	}
	return c.only(ctx, "account", said, all)
}

// orderID finds an order by its id, the sender's number (PO-1) or ours (SO-1RPCG).
func (c *apiClient) orderID(ctx context.Context, said string) (string, error) {
	if isID(said, db.PrefixOrder) {
		return said, nil
	}

	named := func(o api.OrderSummary) candidate {
		return candidate{
			id:    o.ID,
			names: []string{o.PONumber, o.VendorOrderNo},
			apart: func(w *words) []string {
				return []string{
					"from " + w.name(o.ResellerID),
					plain(string(o.State)),
					"purchased " + w.day(o.PurchasedOn),
				}
			},
		}
	}

	all, err := candidates(ctx, c, "/v1/orders", url.Values{"number": {said}},
		func(o api.OrderSummary) candidate {
			one := named(o)
			one.names = append([]string{said}, one.names...)
			return one
		})
	if err != nil {
		return "", err
	}
	return c.only(ctx, "order", said, all, recent(ctx, c, "/v1/orders", named))
}

// isNumber reports whether what was said is a number for people, as of a replacement.
func isNumber(said, prefix string) bool {
	return strings.HasPrefix(strings.ToUpper(said), prefix+"-")
}

// numbered returns the id of what has a number for people; filters of the API know ids alone.
func (c *apiClient) numbered(
	ctx context.Context, what, collection, said string,
	wider ...func() ([]candidate, error),
) (string, error) {
	var found struct{ ID string }
	err := c.read(ctx, collection+url.PathEscape(said), &found)
	if refusedAs(err, http.StatusNotFound) {
		return c.only(ctx, what, said, nil, wider...)
	}
	return found.ID, err
}

// rmaID finds a replacement by its id or number, or by the serial of the faulty unit or of the
// one that replaces it: the one that is open, or the only one.
func (c *apiClient) rmaID(ctx context.Context, said string) (string, error) {
	if isID(said, db.PrefixRMA) {
		return said, nil
	}
	if isNumber(said, db.NumberOfRMA) {
		return c.numbered(ctx, "replacement", "/v1/rmas/", said, c.replacements(ctx))
	}

	for _, open := range []string{"true", ""} {
		all, err := candidates(ctx, c, "/v1/rmas", filters(map[string]string{
			"serial": said,
			"open":   open,
		}), func(r api.RMAView) candidate {
			return candidate{
				id:    r.ID,
				names: []string{said},
				apart: func(w *words) []string {
					return []string{
						r.Number,
						w.name(r.AccountID),
						w.state("rma", string(r.State)),
						"since " + w.moment(r.StateSince, w.zone(r.SiteID, r.AccountID)),
					}
				},
			}
		})
		if err != nil {
			return "", err
		}
		if len(all) > 0 {
			return c.only(ctx, "replacement", said, all)
		}
	}
	return c.only(ctx, "replacement", said, nil, c.replacements(ctx))
}

// replacements reads the newest replacements by their numbers and serials.
func (c *apiClient) replacements(ctx context.Context) func() ([]candidate, error) {
	return recent(ctx, c, "/v1/rmas", func(r api.RMAView) candidate {
		return candidate{
			id: r.ID,
			names: []string{
				r.Number, strings.TrimPrefix(r.Number, db.NumberOfRMA+"-"), r.Serial,
				r.ReplacementSerial,
			},
			apart: func(w *words) []string { return []string{r.Serial, w.name(r.AccountID)} },
		}
	})
}

// spareID finds a spare unit by its id, number or serial.
func (c *apiClient) spareID(ctx context.Context, said string) (string, error) {
	if isID(said, db.PrefixSpareUnit) {
		return said, nil
	}
	if isNumber(said, db.NumberOfSpare) {
		return c.numbered(ctx, "spare unit", "/v1/spare-units/", said, c.spareUnits(ctx))
	}

	all, err := candidates(ctx, c, "/v1/spare-units", url.Values{"serial": {said}},
		func(s api.SpareUnitView) candidate {
			return candidate{
				id:    s.ID,
				names: []string{said},
				apart: func(w *words) []string {
					return []string{s.Number, w.known(s.AccountID), plain(string(s.State))}
				},
			}
		})
	if err != nil {
		return "", err
	}
	return c.only(ctx, "spare unit", said, all, c.spareUnits(ctx))
}

// spareUnits reads the newest spare units by their numbers and serials.
func (c *apiClient) spareUnits(ctx context.Context) func() ([]candidate, error) {
	return recent(ctx, c, "/v1/spare-units", func(s api.SpareUnitView) candidate {
		return candidate{
			id: s.ID,
			names: []string{
				s.Number, strings.TrimPrefix(s.Number, db.NumberOfSpare+"-"), s.Serial,
			},
			apart: func(w *words) []string { return []string{s.Serial, w.known(s.AccountID)} },
		}
	})
}

// roomID finds a room by its id, or by its name in the account that is said, with its site
// behind a comma where several have the name.
func (c *apiClient) roomID(ctx context.Context, account, said string) (string, error) {
	if said == "" || isID(said, db.PrefixRoom) {
		return said, nil
	}

	named := func(r api.RoomItem) candidate {
		return candidate{
			id:    r.ID,
			names: []string{r.Name, r.Name + ", " + r.Site},
			apart: func(w *words) []string { return []string{r.Site, w.name(r.AccountID)} },
		}
	}

	name, _, _ := strings.Cut(said, ",")
	all, err := candidates(ctx, c, "/v1/rooms", filters(map[string]string{
		"account_id": account,
		"q":          strings.TrimSpace(name),
	}), named)
	if err != nil {
		return "", err
	}
	return c.only(ctx, "room", said, all, recent(ctx, c, "/v1/rooms", named))
}

// deviceID finds a device by its id, or by its serial in the account that is said: the one that
// is not retired, or the only one.
func (c *apiClient) deviceID(ctx context.Context, account, said string) (string, error) {
	if isID(said, db.PrefixDevice) {
		return said, nil
	}

	serial := rules.NormaliseSerial(said)
	devices, err := every[api.DeviceView](ctx, c, "/v1/devices", filters(map[string]string{
		"account_id": account,
		"q":          serial,
	}), 0)
	if err != nil {
		return "", err
	}

	var live, all []candidate
	for _, d := range devices {
		one := candidate{
			id:    d.ID,
			names: []string{d.Serial},
			apart: func(w *words) []string {
				return []string{d.Model, w.name(d.AccountID), plain(string(d.State))}
			},
			view: d,
		}
		all = append(all, one)
		if d.Serial == serial && d.State.Live() {
			live = append(live, one)
		}
	}
	if len(live) > 0 {
		return c.only(ctx, "device", serial, live)
	}
	return c.only(ctx, "device", serial, all, c.serials(ctx))
}

// serials reads the newest devices by their serials.
func (c *apiClient) serials(ctx context.Context) func() ([]candidate, error) {
	return recent(ctx, c, "/v1/devices", func(d api.DeviceView) candidate {
		return candidate{
			id:    d.ID,
			names: []string{d.Serial},
			apart: func(w *words) []string { return []string{d.Model, w.name(d.AccountID)} },
		}
	})
}

// siteID finds a site by its id or its name in the account that is said.
func (c *apiClient) siteID(ctx context.Context, account, said string) (string, error) {
	if said == "" || isID(said, db.PrefixSite) {
		return said, nil
	}

	all, err := candidates(ctx, c, "/v1/sites", filters(map[string]string{"account_id": account}),
		func(s api.SiteView) candidate {
			return candidate{
				id:    s.ID,
				names: []string{s.Name},
				apart: func(w *words) []string {
					return []string{s.Address.City, w.name(s.AccountID)}
				},
			}
		})
	if err != nil {
		return "", err
	}
	return c.only(ctx, "site", said, all)
}

// placeIDs finds a room and a site of an account, either of which may be left out.
func (c *apiClient) placeIDs(
	ctx context.Context, account, room, site string,
) (roomID, siteID string, err error) {
	if account, err = c.accountID(ctx, account); err != nil {
		return "", "", err
	}
	if roomID, err = c.roomID(ctx, account, room); err != nil {
		return "", "", err
	}
	siteID, err = c.siteID(ctx, account, site)
	return roomID, siteID, err
}

// depotID finds a depot by its id, code or name.
func (c *apiClient) depotID(ctx context.Context, said string) (string, error) {
	if said == "" || isID(said, db.PrefixDepot) {
		return said, nil
	}

	depots, err := c.depots(ctx)
	if err != nil {
		return "", err
	}

	var all []candidate
	for _, d := range depots {
		all = append(all, candidate{
			id:    d.ID,
			names: []string{d.Name, d.Code},
			apart: func(*words) []string { return []string{d.Code} },
		})
	}
	return c.only(ctx, "depot", said, all)
}

// csmID finds a customer success manager by id, e-mail or name.
func (c *apiClient) csmID(ctx context.Context, said string) (string, error) {
	if said == "" || isID(said, db.PrefixCSM) {
		return said, nil
	}

	all, err := candidates(ctx, c, "/v1/csms", url.Values{},
		func(m api.CSMView) candidate {
			return candidate{
				id:    m.ID,
				names: []string{m.Name, m.Email},
				apart: func(*words) []string { return []string{m.Email} },
			}
		})
	if err != nil {
		return "", err
	}
	return c.only(ctx, "customer success manager", said, all)
}

// memberID finds a person's place in an account by its id, or by the person's e-mail or name.
// Who was removed is found by the id alone.
func (c *apiClient) memberID(ctx context.Context, account, said string) (string, error) {
	if isID(said, db.PrefixMembership) {
		return said, nil
	}
	if account == "" {
		return "", settingsError{fmt.Errorf("say with --account in which account %q is", said)}
	}

	var acc api.AccountDetail
	if err := c.read(ctx, "/v1/accounts/"+url.PathEscape(account), &acc); err != nil {
		return "", err
	}

	var all []candidate
	for _, m := range acc.Members {
		if m.State != rules.MembershipRemoved {
			all = append(all, candidate{
				id:    m.ID,
				names: []string{m.Name, m.Email},
				apart: func(*words) []string { return []string{m.Email} },
			})
		}
	}
	return c.only(ctx, "person", said, all)
}

// invitationID finds an invitation by its id, or by the e-mail or name in an account: the one
// that was sent last.
func (c *apiClient) invitationID(ctx context.Context, account, said string) (string, error) {
	if isID(said, db.PrefixInvitation) {
		return said, nil
	}
	if account == "" {
		return "", settingsError{fmt.Errorf("say with --account in which account %q is", said)}
	}

	all, err := every[api.InvitationView](ctx, c,
		"/v1/accounts/"+url.PathEscape(account)+"/invitations", url.Values{}, 0)
	if err != nil {
		return "", err
	}

	var newest []candidate
	seen := map[string]bool{}
	for _, i := range all { // newest first
		if !seen[i.Email] {
			newest = append(newest, candidate{
				id:    i.ID,
				names: []string{i.ContactName, i.Email},
				apart: func(*words) []string { return []string{i.Email} },
			})
		}
		seen[i.Email] = true
	}
	return c.only(ctx, "invitation", said, newest)
}

// contractID finds a contract by its id, or the Select contract of the order of a number.
func (c *apiClient) contractID(ctx context.Context, said string) (string, error) {
	if said == "" || isID(said, db.PrefixContract) {
		return said, nil
	}

	order, err := c.orderID(ctx, said)
	if err != nil {
		return "", err
	}

	all, err := candidates(ctx, c, "/v1/contracts", url.Values{
		"order_id": {order},
		"type":     {"SELECT"},
	}, func(k api.ContractView) candidate {
		return candidate{
			id:    k.ID,
			names: []string{said},
			apart: func(*words) []string {
				return []string{
					count(int(k.Quantity), "license"),
					count(k.TermYears, "year"),
					plain(string(k.State)),
				}
			},
		}
	})
	if err != nil {
		return "", err
	}
	return c.only(ctx, "contract", said, all)
}

// taskID finds a task by its id, or the only open one about an order, a replacement or a spare
// unit.
func (c *apiClient) taskID(ctx context.Context, said string) (string, error) {
	if isID(said, db.PrefixTask) {
		return said, nil
	}

	named := func(t api.TaskView) candidate {
		return candidate{
			id:    t.ID,
			names: []string{said},
			apart: func(w *words) []string {
				return []string{plain(string(t.Kind)), strings.TrimSuffix(w.prose(t.What), ".")}
			},
		}
	}

	subject, err := c.taskSubject(ctx, said)
	if none := (notCalled{}); errors.As(err, &none) {
		id, byCompany := c.taskOfAccount(ctx, said, named)
		if !errors.As(byCompany, &none) || none.near {
			return id, byCompany
		}
		return "", err
	}
	if err != nil {
		return "", err
	}

	all, err := candidates(ctx, c, "/v1/operator/tasks", url.Values{
		"state":      {"OPEN"},
		"subject_id": {subject},
	}, named)
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", settingsError{fmt.Errorf("no open task is about %s", said)}
	}
	return c.only(ctx, "open task", said, all)
}

// taskSubject finds what tasks are about: an order, a replacement or a spare unit. Only where
// nothing of one kind has the name, the next kind is looked at.
func (c *apiClient) taskSubject(ctx context.Context, said string) (string, error) {
	for _, find := range []func(context.Context, string) (string, error){
		c.orderID, c.rmaID, c.spareID,
	} {
		id, err := find(ctx, said)
		if none := (notCalled{}); !errors.As(err, &none) {
			return id, err
		}
	}
	return "", settingsError{notCalled{error: fmt.Errorf(
		"no order, replacement or spare unit is called %q; roomcover task list shows the tasks",
		said)}}
}

// taskOfAccount finds the only open task about an account, by the company's name.
func (c *apiClient) taskOfAccount(
	ctx context.Context, said string, named func(api.TaskView) candidate,
) (string, error) {
	account, err := c.accountID(ctx, said)
	if err != nil {
		return "", err
	}

	open, err := candidates(ctx, c, "/v1/operator/tasks", url.Values{"state": {"OPEN"}},
		func(t api.TaskView) candidate {
			one := named(t)
			if t.AccountID != account {
				one.id = ""
			}
			return one
		})
	if err != nil {
		return "", err
	}

	open = slices.DeleteFunc(open, func(one candidate) bool { return one.id == "" })
	if len(open) == 0 {
		return "", settingsError{fmt.Errorf("no open task is about %s", said)}
	}
	return c.only(ctx, "open task", said, open)
}
