package operations

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/rules"
)

// provedReason is what the audit of both parents says of a join.
const provedReason = "Administrators of both have proved the same mail domain."

// JoinProvedParents merges customers' parents whose accounts have the same proved mail
// domain (S60), into the oldest of them, each in a transaction of its own. Not joined are
// parents that an operator parted (S27), and those whose domain is on record as a seller's
// or a service partner's, whose people may administer several customers: an operator merges
// them where that is right. Again it changes nothing. It returns how many it merged, and
// what it met where it could not merge two; the others are merged all the same. About two that
// an enforced sign-in keeps apart (S49) an operator is asked. progress is called between two.
func (s *Operations) JoinProvedParents(
	ctx context.Context, progress func(),
) (joined int, err error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return 0, err
	}

	var domains []string
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		domains, err = identity.SharedDomains(tx)
		return err
	})
	if err != nil {
		return 0, err
	}

	var failures []error
	for batch := range db.Batches(domains, domainsAtOnce) {
		progress()
		var pairs [][2]string
		err := s.db.Read(ctx, func(tx *db.Tx) error {
			proved, err := identity.ProvedAt(tx, batch)
			pairs = parentsToJoin(proved)
			return err
		})
		if err != nil {
			return joined, errors.Join(append(failures, err)...)
		}

		n, err := s.joinPairs(ctx, ref, pairs, progress)
		joined += n
		failures = append(failures, err)
	}

	return joined, errors.Join(failures...)
}

// domainsAtOnce is how many domains are looked at in one transaction.
const domainsAtOnce = 200

// joinPairs merges each second parent into the first; what it meets with one pair does not
// keep it from the next.
func (s *Operations) joinPairs(
	ctx context.Context, ref program.Reference, pairs [][2]string, progress func(),
) (joined int, err error) {
	var failures []error
	for _, pair := range pairs {
		progress()
		into, from := pair[0], pair[1]
		var merged bool
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			merged = false
			may, err := mayJoin(tx, into, from)
			if err != nil || !may {
				return err
			}

			_, err = s.merge(tx, ref, from, into, provedReason)
			merged = err == nil
			return err
		})
		switch {
		case rules.CodeOf(err) == rules.StateConflict: // merged elsewhere meanwhile
		case rules.CodeOf(err) == sso.Outsiders, rules.CodeOf(err) == sso.NoBreakGlass:
			// It would lock people out of an enforced sign-in: they stay apart until an operator
			// has found out with the customer what to do first.
			failures = append(failures, s.askAboutSignIn(ctx, from, into, rules.CodeOf(err)))
		case err != nil:
			failures = append(failures, fmt.Errorf("join %s to %s: %w", from, into, err))
		case merged:
			joined++
		}
	}

	return joined, errors.Join(failures...)
}

// askAboutSignIn asks an operator about two parents that are one company, and that the sign-in of
// one of them keeps apart, which why says. It asks once about two: what an operator has closed
// stays closed.
func (s *Operations) askAboutSignIn(ctx context.Context, from, into, why string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		return tx.RaiseOnce(db.OperatorTask{
			ID:        db.NewID(db.PrefixTask),
			Kind:      db.TaskOneParent,
			State:     db.TaskOpen,
			SubjectID: from,
			DedupeKey: string(db.TaskOneParent) + "/" + from + "/" + into,
			What: "This customer's parent and " + into + " are one company, by a mail domain " +
				"that administrators of both have proved. Find out with the customer how " +
				"everybody is to sign in, and merge them, or close the task.",
			Why:       why,
			CreatedAt: tx.Now(),
		})
	})
}

// parentsToJoin pairs the parents that share a domain: the oldest with each other one.
func parentsToJoin(proved []identity.ProvedDomain) [][2]string {
	byDomain := map[string][]string{}
	for _, p := range proved {
		if !slices.Contains(byDomain[p.Domain], p.ParentID) {
			byDomain[p.Domain] = append(byDomain[p.Domain], p.ParentID)
		}
	}

	var pairs [][2]string
	for _, domain := range db.KeysOf(byDomain) {
		parents := slices.Sorted(slices.Values(byDomain[domain]))
		for _, other := range parents[1:] {
			pairs = append(pairs, [2]string{parents[0], other})
		}
	}
	return pairs
}

// mayJoin asks once more, in the transaction that joins them, whether the two parents share
// a proved domain that is no seller's, and that nobody has parted them.
func mayJoin(tx *db.Tx, into, from string) (bool, error) {
	parted, err := account.IsParted(tx, into, from)
	if err != nil || parted {
		return false, err
	}

	mine, err := identity.ProvedDomains(tx, into)
	if err != nil {
		return false, err
	}
	theirs, err := identity.ProvedDomains(tx, from)
	if err != nil {
		return false, err
	}

	for _, a := range mine {
		for _, b := range theirs {
			if a.Domain != b.Domain {
				continue
			}
			sellers, err := account.IsSellersDomain(tx, a.Domain)
			if err != nil || !sellers {
				return err == nil, err
			}
		}
	}
	return false, nil
}
