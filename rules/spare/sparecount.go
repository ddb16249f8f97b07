package spare

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

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

// InForce tells whether the licence counts at t: a Select licence, purchased and
// neither over nor revoked, assigned or not, started or not (R81c, A5). One of a
// suspended contract counts: a dispute recalls no hardware.
func (l CountedLicence) InForce(t time.Time) bool {
	return l.Service == catalogue.ServiceSelect &&
		(l.State == rules.LicenceAvailable || l.State == rules.LicenceAssigned) &&
		l.ContractState != rules.ContractCancelled && l.ContractState != rules.ContractExpired &&
		(l.ContractEnd == nil || t.Before(*l.ContractEnd))
}

// CountLicences gives the licences in force of each parent at t, over all its
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
