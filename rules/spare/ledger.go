package spare

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// SparesEarned returns the number of spare units that a customer's parent has
// earned: one per full ratio of Select licences in force (R81a, V5). A ratio
// below one means that the program grants no spares.
func SparesEarned(licences, ratio int) int {
	if licences < 0 || ratio < 1 {
		return 0
	}
	return licences / ratio
}

// CountedLicence is a licence as the counting of spares sees it.
type CountedLicence struct {
	ID            string
	ParentOrgID   string
	Service       catalogue.ServiceType
	State         rules.LicenceState
	ContractState rules.ContractState
	ContractEnd   *time.Time // nil before it starts
	Renews        string     // id of the licence it renews, or ""
}

// InForce reports whether the licence counts at t: a Select licence, purchased and
// neither over nor revoked, assigned or not, started or not (R81c, A5). One of a
// suspended contract counts: a dispute recalls no hardware.
func (l CountedLicence) InForce(t time.Time) bool {
	return l.Service == catalogue.ServiceSelect &&
		(l.State == rules.LicenceAvailable || l.State == rules.LicenceAssigned) &&
		l.ContractState != rules.ContractCancelled && l.ContractState != rules.ContractExpired &&
		(l.ContractEnd == nil || t.Before(*l.ContractEnd))
}

// CountLicences returns the licences in force of each parent at t, over all its
// accounts (R80, R82a). A renewal does not count beside the licence that it
// renews while that one is in force (S4); of two that name the same one, one
// counts.
func CountLicences(licences []CountedLicence, t time.Time) map[string]int {
	parentOf := make(map[string]string, len(licences))
	for _, l := range licences {
		if l.InForce(t) {
			parentOf[l.ID] = l.ParentOrgID
		}
	}

	counts := make(map[string]int)
	renewed := make(map[string]bool)
	for _, l := range licences {
		if !l.InForce(t) {
			continue
		}

		parent, running := parentOf[l.Renews]
		if running && parent == l.ParentOrgID && l.Renews != l.ID && !renewed[l.Renews] {
			renewed[l.Renews] = true
			continue
		}

		counts[l.ParentOrgID]++
	}

	return counts
}

// SpareCause is why a line stands in the ledger of spares.
type SpareCause string

// The causes. A transfer moves the balance of a merged parent (S27).
const (
	SpareByOrder        SpareCause = "ORDER"
	SpareByCancellation SpareCause = "CANCELLATION"
	SpareByExpiry       SpareCause = "EXPIRY"
	SpareByMerge        SpareCause = "MERGE"
	SpareBySplit        SpareCause = "SPLIT"
	SpareByTransfer     SpareCause = "TRANSFER"
)

// SpareEntry is one line of a parent's ledger of spares. SourceID is the id of the
// order, cancellation, contract or parent that caused it: a grant names the order
// that crossed the threshold (R81b).
type SpareEntry struct {
	Delta    int        `json:"delta"`
	Cause    SpareCause `json:"cause"`
	SourceID string     `json:"source_id"`
}

// SpareBalance adds up a ledger: the spares that the parent is entitled to.
func SpareBalance(ledger []SpareEntry) int {
	sum := 0
	for _, e := range ledger {
		sum += e.Delta
	}
	return sum
}

// RecountSpares returns the line that brings a parent's balance to what its licences
// in force earn (R81a): a grant when it grew (R81b), a reduction when it shrank,
// whose units are voided or recalled (S9). changed is false when the balance is
// right already, so doing it again adds nothing. The caller holds the lock on the
// parent's row.
func RecountSpares(
	licences, ratio, balance int, cause SpareCause, sourceID string,
) (entry SpareEntry, changed bool) {
	delta := SparesEarned(licences, ratio) - balance
	return SpareEntry{Delta: delta, Cause: cause, SourceID: sourceID}, delta != 0
}

// SpareMerge is what a merge of one parent into another writes (S27).
type SpareMerge struct {
	From []SpareEntry // closes the ledger of the parent that goes
	Into []SpareEntry // moves its balance over, and grants what the sum earns more
}

// MergeSpares merges the parent from into the parent into. licences counts both
// together. Units that were granted move with their parent; only growth grants,
// so 30 and 30 earn one (S27).
func MergeSpares(from, into string, fromBalance, intoBalance, licences, ratio int) SpareMerge {
	var m SpareMerge
	if fromBalance != 0 {
		m.From = append(m.From, SpareEntry{
			Delta:    -fromBalance,
			Cause:    SpareByTransfer,
			SourceID: into,
		})

		m.Into = append(m.Into, SpareEntry{
			Delta:    fromBalance,
			Cause:    SpareByTransfer,
			SourceID: from,
		})
	}

	if e, changed := RecountSpares(licences, ratio, intoBalance+fromBalance, SpareByMerge,
		from); changed {
		m.Into = append(m.Into, e)
	}

	return m
}

// SplitSpares recounts a parent and the one that accounts of it were split off to,
// each by its own licences and balance; what one loses follows S9 (S27).
func SplitSpares(
	kept, split string, keptLicences, splitLicences, keptBalance, splitBalance, ratio int,
) (keptEntries, splitEntries []SpareEntry) {
	if e, changed := RecountSpares(keptLicences, ratio, keptBalance, SpareBySplit, split); changed {
		keptEntries = append(keptEntries, e)
	}
	if e, changed := RecountSpares(splitLicences, ratio, splitBalance, SpareBySplit,
		kept); changed {
		splitEntries = append(splitEntries, e)
	}

	return keptEntries, splitEntries
}
