package replacement

import (
	"roomcover.dev/roomcover/label"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/rma"
)

// shipTo is what a label shows of the site to which a parcel goes. It is personal data,
// read to be looked at and kept nowhere.
type shipTo struct {
	ShipContact  string
	ShipStreet   string
	ShipCity     string
	ShipPostCode string
}

const shipToColumns = `COALESCE(s.contact_name, '') AS ship_contact,
	COALESCE(s.street, '') AS ship_street,
	COALESCE(s.city, '') AS ship_city,
	COALESCE(s.postal_code, '') AS ship_post_code`

func shipToOf(s account.AccountSite) shipTo {
	return shipTo{
		ShipContact:  s.ContactName,
		ShipStreet:   s.Street,
		ShipCity:     s.City,
		ShipPostCode: s.PostalCode,
	}
}

// unprintable returns the letters of an address that no label can print, each once;
// empty where it prints as it is.
func (a shipTo) unprintable(company, site string) string {
	return string(label.Party{
		Name:       a.ShipContact + " " + site,
		Company:    company,
		Street:     a.ShipStreet,
		City:       a.ShipCity,
		PostalCode: a.ShipPostCode,
	}.Unreadable())
}

const (
	writeByHand = "Write name and address on the parcel by hand, or have the site's address " +
		"entered in letters that print and, for a replacement, readdress it."
	whyByHand = "No label can print these letters of the address: "
)

// toSend reports whether the replacement may still leave the warehouse.
func (r RMA) toSend() bool {
	switch r.RMAFacts.Outbound() {
	case rma.OutboundRequested, rma.OutboundApproved, rma.OutboundBackordered,
		rma.OutboundAllocated:
		return true
	}
	return false
}

// checkLabel keeps which letters of the address do not print, until the parcel has left,
// and asks an operator where there are such.
func (w *rmaChange) checkLabel() error {
	if !w.toSend() {
		return nil
	}

	w.Unprintable = w.Address.unprintable(w.AccountName, w.SiteName)
	if w.Unprintable == "" || w.Unprintable == w.before.Unprintable {
		return nil
	}
	return w.raise(db.TaskLabelUnreadable, writeByHand, whyByHand+w.Unprintable)
}

// toSend reports whether the unit has a site and has not left for it.
func (u SpareUnit) toSend() bool {
	return u.SiteID != nil && u.ShippedAt == nil && u.OnSiteAt == nil && !u.State.Over()
}

// checkLabel is that of an RMA.
func (w *spareUnitChange) checkLabel() error {
	if !w.SpareUnit.toSend() {
		return nil
	}

	w.Unprintable = w.Address.unprintable(w.AccountName, w.SiteName)
	if w.Unprintable == "" || w.Unprintable == w.before.Unprintable {
		return nil
	}
	return w.tx.Raise(db.OperatorTask{
		Kind:      db.TaskLabelUnreadable,
		SubjectID: w.ID,
		AccountID: w.AccountID,
		What:      w.Name() + ": " + writeByHand,
		Why:       whyByHand + w.Unprintable,
	})
}
