package main

import (
	"context"
	"fmt"
	"net/url"
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
}

// only returns the id of the one candidate that has the name, in any case of its letters.
func only(what, said string, all []candidate) (string, error) {
	var exact, part []candidate
	for _, c := range all {
		for i, name := range c.names {
			switch {
			case name == "":
			case strings.EqualFold(rules.NormaliseText(name), rules.NormaliseText(said)):
				exact = append(exact, c)
			case i == 0 && strings.Contains(strings.ToLower(name), strings.ToLower(said)):
				part = append(part, c)
			default:
				continue
			}
			break
		}
	}

	switch {
	case len(exact) == 1:
		return exact[0].id, nil
	case len(exact) > 1:
		return "", settingsError{fmt.Errorf(
			"%s are called %q; say which one by its id: %s", count(len(exact), what), said,
			listed(exact),
		)}
	case len(part) > 0:
		return "", settingsError{fmt.Errorf(
			"no %s is called %q; there is %s", what, said, listed(part),
		)}
	}
	return "", settingsError{fmt.Errorf("no %s is called %q", what, said)}
}

// listed names candidates with their ids, up to five.
func listed(all []candidate) string {
	var out []string
	for i, c := range all {
		if i == 5 {
			out = append(out, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		out = append(out, c.names[0]+" ("+c.id+")")
	}
	return strings.Join(out, ", ")
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
		func(a api.AccountView) candidate { return candidate{a.ID, []string{a.LegalName}} })
	if err != nil {
		return "", err
	}
	return only("account", said, all)
}

// parentID finds a customer's parent by its id, its name, or an account of it.
func (c *apiClient) parentID(ctx context.Context, said string) (string, error) {
	if said == "" || isID(said, db.PrefixOrg) {
		return said, nil
	}

	all, err := candidates(ctx, c, "/v1/accounts", url.Values{},
		func(a api.AccountView) candidate {
			return candidate{a.ParentOrgID, []string{a.LegalName}}
		})
	if err != nil {
		return "", err
	}
	return only("account", said, all)
}

// orderID finds an order by its id, the sender's number (PO-1) or ours (SO-1RPCG).
func (c *apiClient) orderID(ctx context.Context, said string) (string, error) {
	if isID(said, db.PrefixOrder) {
		return said, nil
	}

	all, err := candidates(ctx, c, "/v1/orders", url.Values{"number": {said}},
		func(o api.OrderSummary) candidate {
			return candidate{o.ID, []string{said, o.PONumber, o.VendorOrderNo}}
		})
	if err != nil {
		return "", err
	}
	return only("order", said, all)
}

// isNumber reports whether what was said is a number for people, which the API takes as well
// as the id.
func isNumber(said, prefix string) bool {
	return strings.HasPrefix(strings.ToUpper(said), prefix+"-")
}

// rmaID finds a replacement by its id or number, or by the serial of the faulty unit or of the
// one that replaces it: the one that is open, or the only one.
func (c *apiClient) rmaID(ctx context.Context, said string) (string, error) {
	if isID(said, db.PrefixRMA) || isNumber(said, db.NumberOfRMA) {
		return said, nil
	}

	for _, open := range []string{"true", ""} {
		all, err := candidates(ctx, c, "/v1/rmas", filters(map[string]string{
			"serial": said,
			"open":   open,
		}), func(r api.RMAView) candidate { return candidate{r.ID, []string{said}} })
		if err != nil {
			return "", err
		}
		if len(all) > 0 {
			return only("replacement", said, all)
		}
	}
	return only("replacement", said, nil)
}

// spareID finds a spare unit by its id, number or serial.
func (c *apiClient) spareID(ctx context.Context, said string) (string, error) {
	if isID(said, db.PrefixSpareUnit) || isNumber(said, db.NumberOfSpare) {
		return said, nil
	}

	all, err := candidates(ctx, c, "/v1/spare-units", url.Values{"serial": {said}},
		func(s api.SpareUnitView) candidate { return candidate{s.ID, []string{said}} })
	if err != nil {
		return "", err
	}
	return only("spare unit", said, all)
}

// roomID finds a room by its id, or by its name in the account that is said, with its site
// behind a comma where several have the name.
func (c *apiClient) roomID(ctx context.Context, account, said string) (string, error) {
	if said == "" || isID(said, db.PrefixRoom) {
		return said, nil
	}

	name, _, _ := strings.Cut(said, ",")
	all, err := candidates(ctx, c, "/v1/rooms", filters(map[string]string{
		"account_id": account,
		"q":          strings.TrimSpace(name),
	}), func(r api.RoomItem) candidate {
		return candidate{r.ID, []string{r.Name, r.Name + ", " + r.Site}}
	})
	if err != nil {
		return "", err
	}
	return only("room", said, all)
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
		one := candidate{d.ID, []string{d.Serial}}
		all = append(all, one)
		if d.Serial == serial && d.State.Live() {
			live = append(live, one)
		}
	}
	if len(live) > 0 {
		return only("device", serial, live)
	}
	return only("device", serial, all)
}

// siteID finds a site by its id or its name in the account that is said.
func (c *apiClient) siteID(ctx context.Context, account, said string) (string, error) {
	if said == "" || isID(said, db.PrefixSite) {
		return said, nil
	}

	all, err := candidates(ctx, c, "/v1/sites", filters(map[string]string{"account_id": account}),
		func(s api.SiteView) candidate { return candidate{s.ID, []string{s.Name}} })
	if err != nil {
		return "", err
	}
	return only("site", said, all)
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
		all = append(all, candidate{d.ID, []string{d.Name, d.Code}})
	}
	return only("depot", said, all)
}

// csmID finds a customer success manager by id, e-mail or name.
func (c *apiClient) csmID(ctx context.Context, said string) (string, error) {
	if said == "" || isID(said, db.PrefixCSM) {
		return said, nil
	}

	all, err := candidates(ctx, c, "/v1/csms", url.Values{},
		func(m api.CSMView) candidate { return candidate{m.ID, []string{m.Name, m.Email}} })
	if err != nil {
		return "", err
	}
	return only("customer success manager", said, all)
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
			all = append(all, candidate{m.ID, []string{m.Name, m.Email}})
		}
	}
	return only("person", said, all)
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
			newest = append(newest, candidate{i.ID, []string{i.ContactName, i.Email}})
		}
		seen[i.Email] = true
	}
	return only("invitation", said, newest)
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
	}, func(k api.ContractView) candidate { return candidate{k.ID, []string{said}} })
	if err != nil {
		return "", err
	}
	return only("contract", said, all)
}

// taskID finds a task by its id, or the only open one about an order or a replacement.
func (c *apiClient) taskID(ctx context.Context, said string) (string, error) {
	if isID(said, db.PrefixTask) {
		return said, nil
	}

	subject, err := c.orderID(ctx, said)
	if err != nil {
		subject, err = c.rmaID(ctx, said)
	}
	if err != nil {
		return "", settingsError{fmt.Errorf(
			"no order and no replacement is called %q; roomcover task list shows the tasks", said,
		)}
	}

	all, err := candidates(ctx, c, "/v1/operator/tasks", url.Values{
		"state":      {"OPEN"},
		"subject_id": {subject},
	}, func(t api.TaskView) candidate { return candidate{t.ID, []string{said, t.What}} })
	if err != nil {
		return "", err
	}
	return only("open task", said, all)
}
