package spare

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

// RecountSpares gives the line that brings a parent's balance to what its licences
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
		m.From = append(m.From, SpareEntry{-fromBalance, SpareByTransfer, into})
		m.Into = append(m.Into, SpareEntry{fromBalance, SpareByTransfer, from})
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
