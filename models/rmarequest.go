package models

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// NewRMA asks for a replacement: of a device by its serial, or of an accessory by
// room, model and quantity (R74). Without a site it goes to the site of the room.
type NewRMA struct {
	AccountID       string // may be empty when a room is named, or a serial that is in scope
	Serial          string
	RoomID          string
	ModelCode       string
	Quantity        int
	SiteID          string
	Fault           string // what is wrong, in a person's words
	SerialProof     string // where the proof is kept that the serial is the account's
	SpareUnitID     string // a spare that is used at once (R35d); see UseSpare
	DefectConfirmed bool   // by an agent: approves at once where nothing is to review
	// Once names the request, where the caller may send it again: the same one again
	// answers with its RMA. Empty: not named.
	Once string
}

// onceKey is the request's name as it is stored: two callers may choose the same one.
func (n NewRMA) onceKey(actor Actor) *string {
	if n.Once == "" {
		return nil
	}
	key := HashSecret(actor.ID + "\n" + n.Once)[:26]
	return &key
}

const maxFault = 1000

func (n *NewRMA) validate() error {
	n.Serial, n.ModelCode = rules.NormaliseSerial(n.Serial), rules.NormaliseModelCode(n.ModelCode)
	n.Fault, n.SerialProof = strings.TrimSpace(n.Fault), strings.TrimSpace(n.SerialProof)
	var fields []rules.FieldError
	if n.Serial != "" {
		if problem := rules.SerialProblem("/serial", n.Serial); problem != nil {
			fields = append(fields, *problem)
		}
	} else if n.ModelCode == "" {
		fields = append(fields, rules.FieldError{Pointer: "/serial", Code: rules.Required, Message: "Neither a serial number nor a model is named.", Remedy: "Name the device's serial number, or an accessory's room, model and quantity."})
	}
	if n.Fault == "" {
		fields = append(fields, rules.FieldError{Pointer: "/fault", Code: rules.Required, Message: "This field is missing or empty.", Remedy: "Say what is wrong."})
	}
	fields = append(fields, rules.CheckLine("/fault", n.Fault, maxFault)...)
	return rules.Invalid(append(fields, rules.CheckLine("/serial_proof", n.SerialProof, 200)...))
}

// RequestRMA stores a request for a replacement with the entitlement that covers it
// now, which stays whatever happens to the contract later (S3, R28d). An agent who
// has confirmed the defect approves it by that, unless it is held for the proof of
// purchase (R125) or there is something to review (S25). The error names every
// refusal; see rules.MayRequestRMA.
func (s *Store) RequestRMA(ctx context.Context, n NewRMA) (RMA, error) {
	if err := n.validate(); err != nil {
		return RMA{}, err
	}
	ref, err := s.Reference(ctx)
	if err != nil {
		return RMA{}, err
	}
	var out RMA
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		w := &rmaWork{s: s, tx: tx, scope: scope, ref: ref, fresh: true}
		err := w.request(n)
		if err == nil && w.fresh {
			err = w.save()
		}
		if err == nil && w.fresh && n.SpareUnitID != "" {
			w, err = s.swapAtOnce(tx, scope, ref, w.ID, n.SpareUnitID)
		}
		if err == nil {
			out = w.RMA
		}
		return err
	})
	return out, err
}

// request reads everything that the decision needs, decides, and fills the RMA.
func (w *rmaWork) request(n NewRMA) error {
	acc, err := w.lockOwnerOf(n)
	if err != nil {
		return err
	}
	w.now = w.s.clock.Now()
	cover, device, room, err := w.coverOf(n, acc, w.now)
	if err != nil {
		return err
	}
	f, err := w.factsFor(n, acc.ID, device.ID, room)
	if err != nil {
		return err
	}
	if f.Before != nil {
		w.fresh = false
		return w.tx.First(&w.RMA, "id = ?", *f.Before).Error
	}
	verdict, err := rules.MayRequestRMA(rules.RMARequest{Role: w.scope.Actor.Role, Now: w.now, Terms: w.ref.Program.Replacement, Serial: n.Serial != "", Registered: device.ID != "", Device: device.State,
		KnownSince: device.CreatedAt, Proof: n.SerialProof != "", RoomKnown: room.ID != "", Quantity: n.Quantity, Cover: cover,
		Recent: f.Recent, Fleet: f.Fleet, OpenRMA: f.Open > 0, SiteKnown: f.AccountSite.ID != ""})
	if err != nil {
		return err
	}
	w.fill(n, acc, device, room, f.AccountSite)
	w.Admins = f.Admins
	w.Held, w.ReviewReasons = verdict.Held, append([]string{}, verdict.Review...)
	return w.begin(n, cover)
}

// lockOwnerOf locks the account that the request is about.
func (w *rmaWork) lockOwnerOf(n NewRMA) (Account, error) {
	switch {
	case n.AccountID != "":
		return w.s.lockAccount(w.tx, w.scope, n.AccountID)
	case n.RoomID != "":
		return w.s.lockOwner(w.tx, w.scope, "rooms", n.RoomID)
	}
	var acc Account
	owner := w.tx.Table("devices").Select("account_id").Where("serial = ? AND state <> ?", n.Serial, rules.DeviceRetired)
	err := found(w.s.forUpdate(w.scope.accounts(w.tx, "id")).First(&acc, "id = (?)", owner).Error)
	if rules.CodeOf(err) == rules.NotFound {
		_, err = rules.MayRequestRMA(rules.RMARequest{Role: w.scope.Actor.Role, Serial: true, SiteKnown: true}) // one that is foreign reads like one that is unknown
	}
	return acc, err
}

// coverOf asks rules.Cover about the subject at an instant, and gives the device
// and the room that it is about; empty where the account has none such.
func (w *rmaWork) coverOf(n NewRMA, acc Account, at time.Time) (rules.Answer, Device, Room, error) {
	g := &coverFacts{tx: w.tx, scope: Scope{AccountIDs: []string{acc.ID}, Actor: w.scope.Actor}, ref: w.ref}
	subject := CoverSubject{Serial: n.Serial}
	if n.Serial == "" {
		subject = CoverSubject{RoomID: n.RoomID, ModelCode: n.ModelCode}
	}
	if err := g.gather([]CoverSubject{subject}); err != nil {
		return rules.Answer{}, Device{}, Room{}, err
	}
	c := g.cover(subject, at, rules.ForHardware)
	return c.Answer, g.byID[c.DeviceID], g.rooms[c.Answer.RoomID], nil
}

// requestFacts are what else a request is decided by: the counts against fraud and
// for one open RMA per device (S25), the RMA that the same request made before, the
// ship-to, and who is told.
type requestFacts struct {
	Recent, Fleet, Open int
	Before, Admins      *string
	AccountSite         // empty where the account has none such
}

const requestFactsSQL = `SELECT n.*, s.* FROM (SELECT
		(SELECT COUNT(*) FROM rmas WHERE account_id = @account AND requested_at > @since) AS recent,
		(SELECT COUNT(*) FROM devices WHERE account_id = @account AND state NOT IN ('RETURNED','RETIRED','LOST')) AS fleet,
		(SELECT COUNT(*) FROM rmas WHERE device_id = @device AND closed_at IS NULL) AS open,
		(SELECT id FROM rmas WHERE account_id = @account AND once_key = @once) AS before, %s AS admins) n
	LEFT JOIN sites s ON s.account_id = @account AND (s.id = @site OR (@site = '' AND s.name_key = @key))`

// factsFor reads them after the account was locked. The ship-to is the site that is
// named, else that of the room.
func (w *rmaWork) factsFor(n NewRMA, accountID, deviceID string, room Room) (requestFacts, error) {
	var f requestFacts
	in := map[string]any{"account": accountID, "device": deviceID, "since": w.now.AddDate(0, 0, -w.ref.Program.Replacement.ReviewRateDays), "site": n.SiteID, "key": rules.SiteKey(room.Site),
		"once": text(n.onceKey(w.scope.Actor))}
	return f, w.tx.Raw(fmt.Sprintf(requestFactsSQL, fmt.Sprintf(adminsOf, "@account")), in).Scan(&f).Error
}

func (w *rmaWork) fill(n NewRMA, acc Account, d Device, room Room, site AccountSite) {
	w.RMA = RMA{ID: NewID(prefixRMA), AccountID: acc.ID, SiteID: site.ID, ModelCode: n.ModelCode, Quantity: max(n.Quantity, 1), Fault: n.Fault, SerialProof: n.SerialProof,
		RequestedBy: w.scope.Actor.ID, OnceKey: n.onceKey(w.scope.Actor), CreatedAt: w.now, StateSince: w.now}
	w.RequestedAt = w.now
	if d.ID != "" {
		w.DeviceID, w.FaultySerial, w.ModelCode, w.Quantity = &d.ID, text(d.Serial), d.ModelCode, 1
	}
	if room.ID != "" {
		w.RoomID, w.RoomName = &room.ID, &room.Name
	}
	w.AccountName, w.AccountLocale = acc.LegalName, acc.Locale
	w.SiteName, w.SiteZone, w.SiteCountry, w.SiteRegion, w.SiteContact = site.Name, site.TimeZone, site.Country, site.Region, site.ContactEmail
}

// begin freezes the entitlement, and approves or asks an operator to decide.
func (w *rmaWork) begin(n NewRMA, cover rules.Answer) error {
	if !w.Held {
		if err := w.freeze(cover); err != nil {
			return err
		}
	}
	w.note("rma.requested", map[string]any{"device": text(w.DeviceID), "room": text(w.RoomID), "site": w.SiteID, "model": w.ModelCode, "quantity": w.Quantity,
		"cover": w.CoverKind, "speed": w.Speed, "held": w.Held, "review": w.ReviewReasons})
	agent := rules.MayRMA(rules.RMAApprove, w.scope.Actor.Role, w.RMAFacts, w.now) == nil
	if agent && n.DefectConfirmed && !w.Held && len(w.ReviewReasons) == 0 {
		return w.approve()
	}
	w.mail("REQUESTED", nil)
	return w.askForDecision()
}

// freeze keeps the entitlement under which the RMA runs, and which cover and speed
// it gives (S3, S38).
func (w *rmaWork) freeze(cover rules.Answer) error {
	z, err := rules.Freeze(cover)
	if err != nil {
		return err
	}
	w.Frozen, w.CoverKind, w.CoverLicenceID, w.Speed = &z, z.Entitlement.Kind, z.Entitlement.LicenceID, z.RMASpeed
	return nil
}

func (w *rmaWork) askForDecision() error {
	why := "A replacement was requested."
	switch {
	case w.Held:
		why = rules.ProofRequired
	case len(w.ReviewReasons) > 0:
		why = joinCodes(w.ReviewReasons)
	}
	return w.raise(TaskDecideRMA, "Confirm the defect and approve the replacement, or reject it with a code.", why)
}
