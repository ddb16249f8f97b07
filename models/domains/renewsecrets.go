package domains

import (
	"context"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/sync"
)

// RenewSecrets encrypts with the service's present key whatever the rows of all domains have of
// keys of before: then those keys read nothing of the database any more. It says for each column
// what became of it. Again it changes nothing.
func (d *Domains) RenewSecrets(ctx context.Context) (out []db.Renewed, err error) {
	columns := slices.Concat(
		identity.Encrypted(), sso.Encrypted(), sync.Encrypted(), privacy.Encrypted())
	for _, column := range columns {
		renewed, err := d.DB.RenewSecrets(ctx, column)
		if err != nil {
			return out, err
		}
		out = append(out, renewed)
	}
	return out, nil
}
