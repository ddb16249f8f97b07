package stack

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// Access is what a person needs to use the API of a data folder: the service's
// key and one token per role. It stands in a file that only its owner reads.
type Access struct {
	Key    string       `json:"key"`
	Tokens []NamedToken `json:"tokens"`
}

// NamedToken is the token of a role.
type NamedToken struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
}

// Token is the secret of the named token, empty when there is none.
func (a Access) Token(name string) string {
	for _, t := range a.Tokens {
		if t.Name == name {
			return t.Secret
		}
	}
	return ""
}

// readAccess reads the folder's file; a new folder gets a new key.
func readAccess(dir string) (Access, error) {
	var a Access
	text, err := os.ReadFile(accessFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		b := make([]byte, 32)
		_, _ = rand.Read(b)
		a.Key = hex.EncodeToString(b)
		return a, a.write(dir)
	}
	if err != nil {
		return a, err
	}

	return a, json.Unmarshal(text, &a)
}

func accessFile(dir string) string { return filepath.Join(dir, "access.json") }

func (a Access) write(dir string) error {
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(accessFile(dir), text, 0o600)
}

// seedAccess makes the sellers of the examples and a token per role, once per
// folder.
func seedAccess(ctx context.Context, store *domains.Domains, a *Access, dir string) error {
	if len(a.Tokens) > 0 {
		return nil
	}

	ctx = db.WithSystem(ctx)
	today := "2020-01-01"
	reseller, err := store.Accounts.PutOrg(ctx, account.OrgChange{
		Kind:           account.OrgReseller,
		Name:           "Revenda Sul",
		AuthorisedFrom: today,
	})
	if err != nil {
		return err
	}

	distributor, err := store.Accounts.PutOrg(ctx, account.OrgChange{
		Kind:           account.OrgDistributor,
		Name:           "Distribuidora Norte",
		AuthorisedFrom: today,
	})
	if err != nil {
		return err
	}

	err = store.Accounts.RelateOrgs(ctx, distributor.ID, reseller.ID, true, "of the examples")
	if err != nil {
		return err
	}

	for _, t := range []struct {
		name, org string
		role      rules.Role
	}{
		{"reseller", reseller.ID, rules.Reseller},
		{"distributor", distributor.ID, rules.Distributor},
		{"operator", account.OperatorOrgID, rules.OperatorLead},
	} {
		_, secret, err := store.People.CreateToken(ctx, identity.NewToken{
			OrgID:     t.org,
			Role:      t.role,
			Label:     "dev " + t.name,
			Scopes:    api.ScopesFor(t.role),
			ExpiresAt: time.Now().AddDate(10, 0, 0),
		})
		if err != nil {
			return err
		}

		a.Tokens = append(a.Tokens, NamedToken{Name: t.name, Secret: secret})
	}

	return a.write(dir)
}
