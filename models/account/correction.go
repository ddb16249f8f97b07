package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// Correction corrects what is on record of an account. What is empty stays; a region or a
// postal code is corrected along with the street and the city around it.
type Correction struct {
	AccountID string
	LegalName string
	Address   rules.Address // the whole of it; a zero one stays
	TimeZone  string        // IANA name
	Locale    string        // BCP 47, one of the program's
	Mode      AccountMode
	Version   int64  // of the account, as the caller read it; 0 for any
	Reason    string // goes into the audit
}

// CorrectedField is a field that a correction changes.
type CorrectedField struct {
	Name          string // legal_name, address, time_zone, locale or mode
	Before, After string
}

// Effect is something that follows from a correction.
type Effect string

// What follows from corrections.
const (
	// EffectNameInMails: mails and papers say the new name from then on.
	EffectNameInMails Effect = "NAME_IN_MAILS"
	// EffectOrdersMatch: orders find the account by the new name and address only (R107a).
	EffectOrdersMatch Effect = "ORDERS_MATCH_ANEW"
	// EffectNear: another account of the company has nearly this address, so that its orders
	// are reviewed (S61).
	EffectNear Effect = "NEAR_ANOTHER_ACCOUNT"
	// EffectParentStays: the customer's parent stays, and keeps its name.
	EffectParentStays Effect = "PARENT_STAYS"
	// EffectHomeTerms: licences that are assigned from then on are compared with the terms of
	// the new country (R78e).
	EffectHomeTerms Effect = "HOME_TERMS"
	// EffectDaysCount: days count in the new zone from then on; what was promised stays.
	EffectDaysCount Effect = "DAYS_COUNT_ANEW"
	// EffectLanguage: papers, and mails to who does not sign in, come in the new language.
	EffectLanguage Effect = "LANGUAGE_OF_PAPERS"
	// EffectMode: balance and rooms stay as they are.
	EffectMode Effect = "BALANCE_STAYS"
)

// Corrected is what a correction changes, and what follows.
type Corrected struct {
	Account Account // as it is then
	Fields  []CorrectedField
	Effects []Effect
}

// PreviewCorrection says what Correct would do now, by the same decisions, and stores nothing.
func (s *Accounts) PreviewCorrection(ctx context.Context, c Correction) (Corrected, error) {
	return s.correct(ctx, c, false)
}

// Correct corrects an account, for the service's operators. Refusals: VALIDATION_FAILED with
// every wrong field, NOT_FOUND, FORBIDDEN, REASON_REQUIRED, and STATE_CONFLICT where it was
// changed since the version that the caller read, or where another account has the company and
// address. What is so already stays, and changes nothing.
func (s *Accounts) Correct(ctx context.Context, c Correction) (Corrected, error) {
	if err := rules.CheckReason(c.Reason); err != nil {
		return Corrected{}, err
	}
	return s.correct(ctx, c, true)
}

// errPreviewed ends the transaction of a preview, so that nothing of it is stored.
var errPreviewed = errors.New("account: only a preview")

func (s *Accounts) correct(ctx context.Context, c Correction, forGood bool) (Corrected, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Corrected{}, err
	}

	var out Corrected
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		out = Corrected{}
		if err := mayCorrect(tx.Scope); err != nil {
			return err
		}
		acc, err := Lock(tx, c.AccountID)
		if err != nil {
			return err
		}
		if err := db.Versioned(acc.Version, c.Version); err != nil {
			return err
		}

		before := acc
		if err := c.apply(&acc, ref.Program); err != nil {
			return err
		}
		out.Account = acc
		out.Fields = correctedFields(before, acc)
		if len(out.Fields) == 0 {
			return nil
		}
		if out.Effects, err = effects(tx, before, acc); err != nil {
			return err
		}
		if !forGood {
			return errPreviewed
		}

		acc.Version++
		out.Account = acc
		err = tx.Model(&Account{}).
			Where("id = ?", acc.ID).
			Select("legal_name", "company_key", "street", "city", "region", "postal_code",
				"country", "address_hash", "match_key", "time_zone", "locale", "mode", "version").
			Updates(&acc).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) { // an order has just opened that one
			return sameAccount()
		}
		if err != nil {
			return err
		}

		return Audit(tx, acc.ID, db.Entry{
			Verb:     "account.corrected",
			ObjectID: acc.ID,
			Details:  db.WithReason(c.Reason, correctionFacts(tx, before, acc, out.Fields)),
		})
	})
	if errors.Is(err, errPreviewed) {
		err = nil
	}
	return out, err
}

// correctionFacts are what the audit says of a correction. Nothing leaves the audit, so the name
// and the address are there as fingerprints (S33): that they changed is seen, and not to what.
func correctionFacts(
	tx *db.Tx, before, after Account, fields []CorrectedField,
) map[string]any {
	facts := map[string]any{}
	var changed []string
	for _, f := range fields {
		changed = append(changed, f.Name)
		was, is := f.Before, f.After
		switch f.Name {
		case "legal_name":
			was, is = nameFingerprint(tx, was), nameFingerprint(tx, is)
		case "address":
			was = addressFingerprint(tx, before.Address())
			is = addressFingerprint(tx, after.Address())
			facts["country"] = beforeAndAfter(before.Country, after.Country)
			facts["region"] = beforeAndAfter(before.Region, after.Region)
		}
		facts[f.Name] = beforeAndAfter(was, is)
	}
	facts["changed"] = changed
	return facts
}

func beforeAndAfter(before, after string) map[string]any {
	return map[string]any{"before": before, "after": after}
}

func nameFingerprint(tx *db.Tx, name string) string {
	return tx.Secrets().Fingerprint("account-name", name)[:16]
}

func addressFingerprint(tx *db.Tx, a rules.Address) string {
	address := strings.Join([]string{a.Street, a.City, a.PostalCode}, "\n")
	return tx.Secrets().Fingerprint("account-address", address)[:16]
}

// mayCorrect refuses whoever may not correct accounts: what a customer is called and where it
// is decides whose orders are whose, so it is those who review orders.
func mayCorrect(scope db.Scope) error {
	role := scope.Actor.Role
	if role == "SYSTEM" || role.IsOperator() && rules.Allows(role, rules.ReviewOrders).Allowed() {
		return nil
	}
	return rules.Refuse(rules.Forbidden, "Your role may not correct an account.",
		"Ask an agent of the service.")
}

// apply puts the correction into the account, or names every field that is wrong.
func (c Correction) apply(acc *Account, program catalogue.Program) error {
	var wrong []rules.FieldError
	party := rules.Party{Company: acc.LegalName, Address: acc.Address()}
	renamed, readdressed := c.LegalName != "", c.Address != (rules.Address{})
	if renamed {
		party.Company = c.LegalName
	}
	if readdressed {
		party.Address = c.Address
	}
	if renamed || readdressed {
		party, wrong = checkCompany(party)
	}

	if c.TimeZone != "" {
		_, err := time.LoadLocation(c.TimeZone)
		if err != nil || c.TimeZone == "Local" {
			wrong = append(wrong, notATimeZone())
		}
		acc.TimeZone = c.TimeZone
	}
	if c.Locale != "" {
		wrong = append(wrong, program.CheckLocale("/locale", c.Locale)...)
		acc.Locale = c.Locale
	}
	switch c.Mode {
	case "":
	case ModeConsolidated, ModeSite:
		acc.Mode = c.Mode
	default:
		wrong = append(wrong, rules.FieldError{
			Pointer: "/mode",
			Code:    "UNKNOWN_MODE",
			Message: "There is no such mode.",
			Remedy:  "Send CONSOLIDATED or SITE.",
		})
	}
	if err := rules.Invalid(wrong); err != nil {
		return err
	}

	acc.LegalName = party.Company
	acc.CompanyKey = rules.CompanyKey(party.Company)
	acc.Street = party.Address.Street
	acc.City = party.Address.City
	acc.Region = party.Address.Region
	acc.PostalCode = party.Address.PostalCode
	acc.Country = party.Address.Country
	acc.AddressHash = rules.AddressHash(party.Address)
	if acc.MatchKey != nil {
		key := acc.CompanyKey + "|" + acc.AddressHash
		acc.MatchKey = &key
	}
	return nil
}

// checkCompany checks a company's name and address as an order's are checked, and returns them
// normalised.
func checkCompany(p rules.Party) (rules.Party, []rules.FieldError) {
	const at = "/end_customer"
	p.ContactName = "-"
	p.Email = "nobody@example.com"
	form := ordering.OrderForm{EndCustomer: p}

	var wrong []rules.FieldError
	var refused *rules.Error
	err := form.Validate(nil, civil.Date{Year: 2000, Month: 1, Day: 1})
	if errors.As(err, &refused) {
		for _, f := range refused.Fields {
			if len(f.Pointer) > len(at) && f.Pointer[:len(at)] == at {
				f.Pointer = f.Pointer[len(at):]
				wrong = append(wrong, f)
			}
		}
	}
	return form.Normalised().EndCustomer, wrong
}

func correctedFields(before, after Account) (out []CorrectedField) {
	note := func(name, was, is string) {
		if was != is {
			out = append(out, CorrectedField{name, was, is})
		}
	}
	note("legal_name", before.LegalName, after.LegalName)
	note("address", before.Address().Line(), after.Address().Line())
	note("time_zone", before.TimeZone, after.TimeZone)
	note("locale", before.Locale, after.Locale)
	note("mode", string(before.Mode), string(after.Mode))
	return out
}

// effects are what follows from a change of an account. It refuses a company and address that
// another account has: which of the two an order means could not be told any more.
func effects(tx *db.Tx, before, after Account) (out []Effect, err error) {
	if before.LegalName != after.LegalName {
		out = append(out, EffectNameInMails, EffectParentStays)
	}

	moved := before.CompanyKey != after.CompanyKey || before.AddressHash != after.AddressHash
	if moved {
		out = append(out, EffectOrdersMatch)
		same, err := MatchedAccounts(tx, after.LegalName, after.Address())
		if err != nil {
			return nil, err
		}
		for _, id := range same {
			if id != after.ID {
				return nil, sameAccount()
			}
		}

		near, err := NearAccounts(tx, after.LegalName, after.Address())
		if err != nil {
			return nil, err
		}
		for _, id := range near {
			if id != after.ID {
				out = append(out, EffectNear)
				break
			}
		}
	}

	if before.Country != after.Country {
		out = append(out, EffectHomeTerms)
	}
	if before.TimeZone != after.TimeZone {
		out = append(out, EffectDaysCount)
	}
	if before.Locale != after.Locale {
		out = append(out, EffectLanguage)
	}
	if before.Mode != after.Mode {
		out = append(out, EffectMode)
	}
	return out, nil
}

func sameAccount() error {
	return rules.Refuse(rules.StateConflict, "Another account has this company and address.",
		"Find out whether the two are one customer; an order could mean either.")
}

// EffectText says in English what follows.
func EffectText(e Effect) string { return effectTexts[e] }

var effectTexts = map[Effect]string{
	EffectNameInMails: "Mails and papers say the new name from now on; those that were sent stay.",
	EffectOrdersMatch: "Orders find the account by the new name and address; one with the old " +
		"ones opens another account or goes to review.",
	EffectNear: "Another account of the company has nearly this address, so orders for it " +
		"go to review.",
	EffectParentStays: "The customer's parent stays, and keeps its name.",
	EffectHomeTerms: "Licenses that are assigned from now on are compared with the terms of " +
		"the new country.",
	EffectDaysCount: "Days count in the new zone from now on; what was promised does not move.",
	EffectLanguage: "Papers, and mails to people who do not sign in, come in the new language " +
		"from now on.",
	EffectMode: "The balance and the rooms stay as they are.",
}
