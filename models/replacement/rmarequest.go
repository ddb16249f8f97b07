package replacement

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
)

// NewRMA asks for a replacement: of a device by its serial, or of an accessory by
// room, model and quantity (R74). It goes to the site that is named, to an address that is
// typed, or to the account's own; without any of them to the site of the room.
type NewRMA struct {
	AccountID     string // may be empty when a room is named, or a serial that is in scope
	Serial        string
	RoomID        string
	ModelCode     string
	Quantity      int
	SiteID        string
	ShipTo        *rules.SiteForm // becomes a site of the account; its name may be missing
	ShipToAccount bool            // the account's own address
	Fault         string          // what is wrong, in a person's words
	// where the proof is kept that the serial is the account's; else the device's own counts
	SerialProof     string
	SpareUnitID     string // a spare that is used at once (R35d); see UseSpare
	DefectConfirmed bool   // by an agent: approves at once where there is nothing to review
	TicketID        string // the ticket of the account that the device is about; see LinkTicket
	// Once names the request, where the caller may send it again: the same one again
	// answers with its RMA. Empty: not named.
	Once string
}

// onceKey returns the request's name as it is stored: two callers may choose the same
// one.
func (n NewRMA) onceKey(actor db.Actor) *string {
	if n.Once == "" {
		return nil
	}
	key := db.HashSecret(actor.Requester() + "\n" + n.Once)[:26]
	return &key
}

// The greatest lengths of people's texts, in characters.
const (
	maxFault       = 1000
	maxSerialProof = 200
)

func (n *NewRMA) validate() error {
	n.Serial = rules.NormaliseSerial(n.Serial)
	n.ModelCode = catalogue.NormaliseModelCode(n.ModelCode)
	n.Fault = strings.TrimSpace(n.Fault)
	n.SerialProof = strings.TrimSpace(n.SerialProof)

	var fields []rules.FieldError
	if n.Serial != "" {
		if problem := rules.SerialProblem("/serial", n.Serial); problem != nil {
			fields = append(fields, *problem)
		}
	} else if n.ModelCode == "" {
		fields = append(fields, rules.FieldError{
			Pointer: "/serial",
			Code:    rules.Required,
			Message: "Neither a serial number nor a model is named.",
			Remedy:  "Name the device's serial number, or an accessory's room, model and quantity.",
		})
	}

	if n.Fault == "" {
		fields = append(fields, rules.FieldError{
			Pointer: "/fault",
			Code:    rules.Required,
			Message: "This field is missing or empty.",
			Remedy:  "Say what is wrong.",
		})
	}

	if n.shipTos() > 1 {
		fields = append(fields, rules.FieldError{
			Pointer: "/ship_to",
			Code:    rules.Duplicate,
			Message: "The request says twice where the replacement goes.",
			Remedy:  "Send one of site_id, ship_to and ship_to_account.",
		})
	}

	fields = append(fields, rules.CheckLine("/fault", n.Fault, maxFault)...)
	fields = append(fields, rules.CheckLine("/serial_proof", n.SerialProof, maxSerialProof)...)
	return rules.Invalid(fields)
}

// RequestRMA stores a request for a replacement with the entitlement that covers it
// now, which stays whatever happens to the contract later (S3, R28d). The request of an
// agent who has confirmed the defect is approved at once, unless it is held for the
// proof of purchase (R125) or there is something to review (S25). The error names every
// refusal; see rma.MayRequestRMA.
func (s *Replacements) RequestRMA(ctx context.Context, n NewRMA) (RMA, error) {
	if err := n.validate(); err != nil {
		return RMA{}, err
	}

	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return RMA{}, err
	}

	var out RMA
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		w := s.newRMAChange(tx, ref)
		known, err := w.request(n)
		if err != nil {
			return err
		}

		if known {
			out = w.RMA
			return nil
		}
		if err := w.save(); err != nil {
			return err
		}

		if n.SpareUnitID != "" {
			w, err = s.swapAtOnce(tx, ref, w.ID, n.SpareUnitID)
			if err != nil {
				return err
			}
		}

		out = w.RMA
		return nil
	})

	return out, err
}

// request reads everything that the decision needs, decides, and fills the RMA. known
// reports that the same request made an RMA before, which stays as it is.
func (w *rmaChange) request(n NewRMA) (known bool, err error) {
	acc, err := w.lockOwnerOf(n)
	if err != nil {
		return false, err
	}

	w.now = w.tx.Now() // not before the lock
	covered, err := w.coverOf(n, acc.ID, w.now)
	if err != nil {
		return false, err
	}

	to, err := w.typedSite(n, acc)
	if err != nil {
		return false, err
	}

	facts, err := w.readRequestFacts(n, to, acc.ID, covered)
	if err != nil {
		return false, err
	}

	if facts.Before != nil {
		err := w.tx.First(&w.RMA, "id = ?", *facts.Before).Error
		return true, db.Found(err)
	}

	if err := w.tx.Scope.CoversSite(facts.AccountSite.Name); err != nil {
		if to.isNew {
			return false, err
		}
		facts.AccountSite = account.AccountSite{} // as good as one that is not there
	}
	if n.TicketID != "" && facts.Ticket != nil && w.tx.Scope.Delegated.Limited() {
		err := w.tx.Table("tickets").
			Select("id").
			Where("id = ?", n.TicketID).
			Take(new(string)).Error
		if err := db.Found(err); err != nil {
			return false, err
		}
	}
	if n.TicketID != "" && facts.Ticket == nil {
		return false, db.NotFound()
	}

	verdict, err := rma.MayRequestRMA(rma.RMARequest{
		Role:       w.tx.Scope.Actor.Role,
		Now:        w.now,
		Terms:      w.ref.Program.Replacement,
		Serial:     n.Serial != "",
		Registered: covered.Device.ID != "",
		Device:     covered.Device.State,
		KnownSince: covered.Device.CreatedAt,
		Proof:      n.SerialProof != "" || covered.Device.PurchaseProof != "",
		OpenRMA:    facts.Open > 0,
		RoomKnown:  covered.Room.ID != "",
		Quantity:   n.Quantity,
		Cover:      covered.Answer,
		SiteKnown:  facts.AccountSite.ID != "",
		ShipTo:     facts.shipTo(),
		SiteWrong:  to.wrong,
		Recent:     facts.Recent,
		Fleet:      facts.Fleet,
		Undecided:  facts.Undecided,
	})
	if err != nil {
		return false, w.nameNearModels(err, cmp.Or(covered.Device.ModelCode, n.ModelCode))
	}

	if to.isNew {
		const reason = "ship-to of a replacement"
		err := account.StoreSites(w.tx, acc.ID, reason, []account.AccountSite{to.AccountSite})
		if err != nil {
			return false, err
		}
	}

	w.fill(n, acc, covered, facts)
	w.Held = verdict.Held
	w.ReviewReasons = append([]string{}, verdict.Review...)
	err = w.begin(n, covered.Answer)
	return false, err
}

// nameNearModels has a refusal for a model that is not supported name those that are spelled
// nearly so, and say how a device's model is put right.
func (w *rmaChange) nameNearModels(err error, code string) error {
	var refusal *rules.Error
	if !errors.As(err, &refusal) {
		return err
	}

	for i, f := range refusal.Fields {
		if f.Code == rules.ModelNotSupported {
			refusal.Fields[i].Message = "The model " + code +
				" is not in the list of supported products, so it is never covered."
			refusal.Fields[i].Remedy = strings.TrimSpace(
				catalogue.NearModel(code, w.ref.Models) +
					" Where the device is of another model, change its model and ask again.")
		}
	}
	return refusal
}

// lockOwnerOf locks the account that the request is about.
func (w *rmaChange) lockOwnerOf(n NewRMA) (account.Account, error) {
	if n.AccountID != "" {
		return account.Lock(w.tx, n.AccountID)
	}
	if n.RoomID != "" {
		return account.LockOwner(w.tx, "rooms", n.RoomID)
	}

	owner := w.tx.Table("devices").
		Select("account_id").
		Where("serial = ? AND state <> ?", n.Serial, licensing.DeviceRetired)
	var acc account.Account

	err := db.Found(
		db.ForUpdate(w.tx.Scope.Accounts(w.tx.DB, "id")).First(&acc, "id = (?)", owner).Error,
	)
	if rules.CodeOf(err) == rules.NotFound {
		err = serialUnknown(w.tx.Scope.Actor.Role)
	}

	return acc, err
}

// serialUnknown refuses a serial without a device in scope, as the rules do: a foreign
// serial reads like one that nobody has.
func serialUnknown(role rules.Role) error {
	_, err := rma.MayRequestRMA(rma.RMARequest{
		Role:       role,
		Serial:     true,
		Registered: false,
		SiteKnown:  true,
	})
	return err
}

// coverOf asks what covers the subject of a request at an instant.
func (w *rmaChange) coverOf(
	n NewRMA, accountID string, at time.Time,
) (entitlement.CoveredSubject, error) {
	subject := entitlement.CoverSubject{Serial: n.Serial}
	if n.Serial == "" {
		subject = entitlement.CoverSubject{RoomID: n.RoomID, ModelCode: n.ModelCode}
	}
	return entitlement.CoverForHardware(w.tx, w.ref, accountID, subject, at)
}

// requestFacts are what else a request is decided by: the counts against fraud and
// for one open RMA per device (S25), the RMA that the same request made before, the
// ship-to, and who is told.
type requestFacts struct {
	Recent              int
	Fleet               int
	Undecided           int
	Open                int
	Before              *string
	Ticket              *string // the ticket that is named, where it is the account's
	Admins              *string
	account.AccountSite      // empty where the account has none such
	SiteApproved        bool // one asked for since its address was typed, and sent there
	SiteRejected        bool // one to an address that nobody knew, wherever
}

// shipToFactsSQL are the last two of requestFacts, about the site s of the account.
const shipToFactsSQL = `
	EXISTS (SELECT 1 FROM rmas r WHERE r.account_id = @account AND r.site_id = s.id
		AND r.requested_at >= s.address_typed_at
		AND r.approved_at IS NOT NULL AND r.swapped_at IS NULL) AS site_approved,
	EXISTS (SELECT 1 FROM rmas r WHERE r.account_id = @account AND r.approved_at IS NULL
		AND r.rejected_at IS NOT NULL
		AND CAST(r.review_reasons AS text) LIKE '%SHIP_TO_NEW%') AS site_rejected`

var requestFactsSQL = `
	SELECT n.*, s.*,
		` + shipToFactsSQL + `
	FROM (SELECT
		(SELECT COUNT(*) FROM rmas WHERE account_id = @account AND requested_at > @since) AS recent,
		(SELECT COUNT(*) FROM devices
			WHERE account_id = @account AND state NOT IN ('RETURNED','RETIRED','LOST')) AS fleet,
		(SELECT COUNT(*) FROM rmas WHERE device_id = @device AND closed_at IS NULL) AS open,
		(SELECT COUNT(*) FROM rmas
			WHERE account_id = @account AND closed_at IS NULL AND approved_at IS NULL) AS undecided,
		(SELECT id FROM rmas WHERE account_id = @account AND once_key = @once) AS before,
		(SELECT id FROM tickets WHERE account_id = @account AND id = @ticket) AS ticket,
		` + notification.AdminsSQL("@account") + ` AS admins) n
	LEFT JOIN sites s ON s.account_id = @account
		AND (s.id = @site OR (@site = '' AND s.name_key = @key))`

// shipTo is what is known of the address of the ship-to.
func (f requestFacts) shipTo() rma.ShipToFacts {
	return rma.ShipToFacts{
		TypedAt:  f.AddressTypedAt,
		Approved: f.SiteApproved,
		Rejected: f.SiteRejected,
	}
}

// reviewShipTo looks again at where a replacement would go that was turned down, and is asked
// for once more: its site may have moved meanwhile.
func (w *rmaChange) reviewShipTo() error {
	var f requestFacts
	err := w.tx.Raw(`SELECT s.*,`+shipToFactsSQL+` FROM sites s WHERE s.id = @site`,
		map[string]any{"account": w.AccountID, "site": w.SiteID}).Scan(&f).Error
	known := slices.Contains(w.ReviewReasons, rma.ReviewShipToNew)
	isNew := f.shipTo().IsNew(w.now, w.ref.Program.Replacement)
	if err == nil && isNew && !known && !w.tx.Scope.Actor.Role.IsOperator() {
		w.ReviewReasons = append(w.ReviewReasons, rma.ReviewShipToNew)
	}
	return err
}

// readRequestFacts reads them after the account was locked. The ship-to is the site that
// is named or typed, else that of the room.
func (w *rmaChange) readRequestFacts(
	n NewRMA, to typedSite, accountID string, c entitlement.CoveredSubject,
) (requestFacts, error) {
	days := w.ref.Program.Replacement.ReviewRateDays
	var f requestFacts
	err := w.tx.Raw(requestFactsSQL, map[string]any{
		"account": accountID,
		"device":  c.Device.ID,
		"since":   w.now.AddDate(0, 0, -days),
		"site":    cmp.Or(to.ID, n.SiteID),
		"key":     rules.SiteKey(c.Room.Site),
		"once":    db.Text(n.onceKey(w.tx.Scope.Actor)),
		"ticket":  n.TicketID,
	}).Scan(&f).Error
	if to.isNew {
		f.AccountSite = to.AccountSite
	}
	return f, err
}

// fill makes the new RMA, with what lockRMA reads of one that is stored.
func (w *rmaChange) fill(
	n NewRMA, acc account.Account, c entitlement.CoveredSubject, facts requestFacts,
) {
	site := facts.AccountSite
	w.fresh = true
	w.RMA = RMA{
		ID:          db.NewID(db.PrefixRMA),
		Number:      newRMANumber(),
		AccountID:   acc.ID,
		SiteID:      site.ID,
		ModelCode:   n.ModelCode,
		Quantity:    max(n.Quantity, 1),
		Fault:       n.Fault,
		SerialProof: cmp.Or(n.SerialProof, c.Device.PurchaseProof),
		TicketID:    facts.Ticket,
		RequestedBy: w.tx.Scope.Actor.ID,
		OnceKey:     n.onceKey(w.tx.Scope.Actor),
		StateSince:  w.now,
		CreatedAt:   w.now,
	}

	w.subjectID = w.ID
	w.RequestedAt = w.now
	w.Tellings = rma.Tellings[rma.RMAFact]{}
	if c.Device.ID != "" {
		w.DeviceID = &c.Device.ID
		w.FaultySerial = db.Text(c.Device.Serial)
		w.ModelCode = c.Device.ModelCode
		w.Quantity = 1
	}

	if c.Room.ID != "" {
		w.RoomID = &c.Room.ID
		w.RoomName = &c.Room.Name
	}

	w.AccountName = acc.LegalName
	w.SiteName = site.Name
	w.SiteZone = site.TimeZone
	w.SiteCountry = site.Country
	w.SiteRegion = site.Region
	w.Address = shipToOf(site)

	w.Told = notification.Audience{
		Admins:        facts.Admins,
		SiteContact:   site.ContactEmail,
		AccountLocale: acc.Locale,
	}
}

// begin freezes the entitlement, and approves or asks an operator to decide.
func (w *rmaChange) begin(n NewRMA, covered cover.Answer) error {
	if !w.Held {
		if err := w.freeze(covered); err != nil {
			return err
		}
	}

	details := map[string]any{
		"device":   db.Text(w.DeviceID),
		"room":     db.Text(w.RoomID),
		"site":     w.SiteID,
		"model":    w.ModelCode,
		"quantity": w.Quantity,
		"cover":    w.CoverKind,
		"speed":    w.Speed,
		"held":     w.Held,
		"review":   w.ReviewReasons,
	}
	if n.DefectConfirmed {
		details["defect_confirmed"] = true
	}
	w.note("rma.requested", details)

	agent := rma.MayRMA(rma.RMAApprove, w.tx.Scope.Actor.Role, w.RMAFacts, w.now) == nil
	if agent && n.DefectConfirmed && !w.Held && len(w.ReviewReasons) == 0 {
		return w.approve()
	}

	w.mail("REQUESTED", nil)
	return w.askForDecision()
}

// freeze stores the entitlement under which the RMA runs, and the cover and speed that
// it gives (S3, S38).
func (w *rmaChange) freeze(covered cover.Answer) error {
	frozen, err := cover.Freeze(covered)
	if err != nil {
		return err
	}

	w.Frozen = &frozen
	w.CoverKind = frozen.Entitlement.Kind
	w.CoverLicenceID = frozen.Entitlement.LicenceID
	w.Speed = frozen.RMASpeed
	return nil
}

func (w *rmaChange) askForDecision() error {
	why := "A replacement was requested."
	codes := w.ReviewReasons
	if w.Held {
		codes = append([]string{rules.ProofRequired}, codes...)
	}
	if len(codes) > 0 {
		why = db.JoinCodes(codes)
	}

	return w.raise(db.TaskDecideRMA,
		"Confirm the defect and approve the replacement, or reject it with a code.", why)
}
